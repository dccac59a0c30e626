"""Small data sets and classifiers."""

from __future__ import annotations

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
