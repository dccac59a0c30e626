"""The command `apical`, the same code as the Rust program."""

from __future__ import annotations

import signal
import sys

from . import _apical


def main() -> None:
    """Run the command with the arguments of this process, and exit."""
    # The command has its own signal handlers, which stop and save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(_apical.command(["apical", *sys.argv[1:]]))
