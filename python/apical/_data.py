"""Data sets."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from . import _apical
from ._array_types import ArrayTypes
from ._arrays import Bytes, Images, to_images, to_indices, to_labels

# Images and labels of the caller.
Labelled = tuple[ArrayLike, ArrayLike]
LabelledBytes = tuple[Bytes, Bytes]


def mnist() -> tuple[LabelledBytes, LabelledBytes]:
    """Return the embedded digits: training images [n, 28, 28] and labels [n], then test ones.

    The package contains a sample; `apical data fetch mnist` downloads all of MNIST.
    """
    return _apical.mnist()


def to_data(
    images: Images, labels: NDArray[Any], classes: NDArray[Any], validation: Labelled | None
) -> _apical.Data:
    """Return a data set of training images and, if given, of test images."""
    training = images.bytes, to_indices(labels, classes)
    test = _to_test(validation, images, classes)
    names = list(map(str, classes.tolist()))
    described = ArrayTypes.of(labels, images.range).to_json()
    return _apical.Data(training, test, images.shape, names, described)


def _to_test(
    validation: Labelled | None, images: Images, classes: NDArray[Any]
) -> LabelledBytes | None:
    """Convert test images, with the range and shape of `images`, and their labels."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError("validation: expected images and labels, (X, y)")
    try:
        shown = to_images(validation[0], pixel_range=images.range, shape=images.shape)
        labels = to_labels(validation[1], len(shown.bytes))
        return shown.bytes, to_indices(labels, classes)
    except (TypeError, ValueError) as error:
        raise type(error)(f"validation: {error}") from None
