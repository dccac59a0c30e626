"""Entry point of `python -m apical`."""

from ._command import main

main()
