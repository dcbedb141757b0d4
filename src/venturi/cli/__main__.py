"""`python -m venturi.cli`: the `venturi` command where its script is not on the path."""

from . import main

main()
