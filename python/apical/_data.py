"""Data sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _apical

Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def mnist() -> tuple[Labelled, Labelled]:
    """Return the embedded digits: training images [n, 28, 28] and labels [n], then test ones.

    The package contains a sample; `apical data fetch mnist` downloads all of MNIST.
    """
    return _apical.mnist()
