"""Small data sets and classifiers, and interrupted work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import apical


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the first 200 training digits."""
    (X, y), _ = apical.mnist()
    return X[:200], y[:200]


@pytest.fixture(scope="session")
def test_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the first 50 test digits."""
    _, (X, y) = apical.mnist()
    return X[:50], y[:50]


def small(**settings: Any) -> apical.Classifier:
    """Return a classifier that trains in a second."""
    values = {"layers": [20, 10], "epochs": 2, "batch_size": 8, "device": "cpu", **settings}
    return apical.Classifier(**values)


@pytest.fixture(scope="session")
def fitted(digits: tuple[np.ndarray, np.ndarray]) -> apical.Classifier:
    """Return a classifier trained on `digits`; tests do not change it."""
    return small().fit(*digits)


def idx_folder(folder, X, y):
    """Write IDX files with these images as both sets."""
    for part in ("train", "t10k"):
        head = np.array([0x803, *X.shape], dtype=">u4").tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + X.tobytes())
        head = np.array([0x801, len(y)], dtype=">u4").tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + y.tobytes())
    return folder


_INTERRUPTED = """
import os, signal, threading, time
import apical

# A shell's background job, and so its children, ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
sent = []
def interrupt():
    time.sleep(1.5)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
BEFORE
threading.Thread(target=interrupt, daemon=True).start()
try:
    WORK
except KeyboardInterrupt:
    seconds = time.monotonic() - sent[0]
# A fraction of a second on an idle machine.
assert seconds < 10, seconds
AFTER
"""

has_interrupts = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGINT for one process"
)


def interrupt(folder: Path, work: str, *, before: str = "", after: str = "") -> str:
    """Interrupt lines of Python in another process and return the output of the lines after."""
    lines = _INTERRUPTED.replace("BEFORE", before).replace("WORK", work).replace("AFTER", after)
    run = [sys.executable, "-c", lines]
    ended = subprocess.run(
        run, capture_output=True, text=True, timeout=120, check=False, cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
