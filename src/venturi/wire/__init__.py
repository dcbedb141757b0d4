"""The forms that cross between processes: encode and decode only, standard library only, never pickle."""

PROTOCOL = 1
"""Raised when a frame changes its meaning. A crew of another protocol finishes what it has and takes no more."""
