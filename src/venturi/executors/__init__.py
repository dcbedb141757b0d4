"""Where attempts run: a small contract, and `local`, which talks to this host's crew."""
