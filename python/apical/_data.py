"""Data sets."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _apical
from ._array_types import ArrayTypes
from ._arrays import Bytes, Images, to_images, to_indices, to_labels
from ._html import page

# Images and labels of the caller.
Labelled = tuple[ArrayLike, ArrayLike]
LabelledBytes = tuple[Bytes, Bytes]


def mnist() -> tuple[LabelledBytes, LabelledBytes]:
    """Return the embedded digits: training images [n, 28, 28] and labels [n], then test ones.

    The package contains a sample; `apical data fetch mnist` downloads all of MNIST.
    """
    return _apical.mnist()


class Dataset:
    """Images or recorded spikes of a training and a test set, read by `apical.load_data`.

    `Classifier.fit` takes it in place of X and y: it trains on the training set and evaluates the
    test set after each epoch, as the command does. `predict`, `score` and `decision_function` show
    the test set.

    Attributes
    ----------
    name : path as given, or the name of the embedded images
    classes : classes, as the labels name them
    y_train, y_test : labels [n]
    shape : height, width and channels of an image; height and width of the units of a recording
    is_recorded : whether it has recorded spikes in place of images
    conversions : how the files were read, one sentence each
    warnings : skipped files and other oddities, one sentence each
    """

    def __init__(self, data: _apical.Data) -> None:
        self._data = data
        self.name: str = data.name
        self.is_recorded: bool = data.is_recorded
        self.conversions: list[str] = data.conversions
        self.warnings: list[str] = data.warnings
        height, width, channels = data.shape
        self.shape: tuple[int, ...] = (
            (height, width) if data.is_recorded else (height, width, channels)
        )
        self.classes: NDArray[Any] = ArrayTypes.from_json(None).classes(data.class_names)
        training, test = data.labels()
        self.y_train: NDArray[Any] = self.classes[training]
        self.y_test: NDArray[Any] = self.classes[test]

    def _summary(self) -> str:
        kind = "recordings" if self.is_recorded else "images"
        training, test = self._data.counts
        return f"{training} training and {test} test {kind}"

    def __repr__(self) -> str:
        """Return name, counts and shape."""
        return f"Dataset({self.name}: {self._summary()} of {' x '.join(map(str, self.shape))})"

    def _repr_html_(self) -> str:
        shown = {
            "content": self._summary(),
            "shape": " x ".join(map(str, self.shape)),
            "classes": ", ".join(map(str, self.classes)),
            "conversions": "; ".join(self.conversions) or "none",
            "warnings": "; ".join(self.warnings) or "none",
        }
        return page(self.name, shown)


def load_data(
    path: str | os.PathLike[str] | None = None,
    *,
    image_size: tuple[int, int] | None = None,
    rgb: bool = False,
    background: str | None = None,
    max_value: int | None = None,
    csv_header: bool | None = None,
    transposed: bool | None = None,
    channels: str | None = None,
    test_fraction: float | None = None,
    forward_part: tuple[int, int] | None = None,
    target_part: tuple[int, int] | None = None,
    test_part: tuple[int, int] | None = None,
    pool: int | None = None,
    merge_channels: bool = False,
    single_spikes: bool = False,
) -> Dataset:
    """Read a data set in any format of `--data` of the command; None: the embedded MNIST.

    Images
    ------
    image_size : width and height, to which image files are scaled
    rgb : read red, green and blue instead of grey
    background : "black" or "white", behind transparent pixels
    max_value : pixel value of full brightness
    csv_header : whether the first line of a table is a header; None: detect it
    transposed : whether images in IDX files and tables are stored column by column; None: only in
        files named emnist..
    channels : "first" or "last" axis of arrays of colour images; None: detect it
    test_fraction : fraction of each class's images that become the test set of data without one

    Recorded spikes
    ---------------
    forward_part, target_part, test_part : first and end of the part that a phase shows, ms
    pool : side of the square of sensor pixels that are one unit
    merge_channels : one unit for all channels of a pixel
    single_spikes : at most one spike of a unit per step
    """
    options = {
        "image_size": _pair("image_size", image_size, "x"),
        "rgb": _flag("rgb", rgb),
        "background": _text("background", background, '"black" or "white"'),
        "max_value": _number("max_value", max_value),
        "csv_header": None if csv_header is None else _flag("csv_header", csv_header),
        "transposed": None if transposed is None else _flag("transposed", transposed),
        "channels": _text("channels", channels, '"first" or "last"'),
        "test_fraction": _fraction("test_fraction", test_fraction),
        "forward_part": _pair("forward_part", forward_part, "-"),
        "target_part": _pair("target_part", target_part, "-"),
        "test_part": _pair("test_part", test_part, "-"),
        "pool": _number("pool", pool),
        "merge_channels": _flag("merge_channels", merge_channels),
        "single_spikes": _flag("single_spikes", single_spikes),
    }
    given = [(name, value) for name, value in options.items() if value is not None]
    data = Dataset(_apical.Data.open(None if path is None else os.fspath(path), given))
    for warning in data.warnings:
        warnings.warn(warning, UserWarning, stacklevel=2)
    return data


def _flag(name: str, value: Any) -> str:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, found {value!r}")
    return "true" if value else "false"


def _text(name: str, value: Any, expected: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: expected {expected}, found {value!r}")
    return value


def _fraction(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (float, np.floating)):
        raise TypeError(f"{name}: expected a fraction such as 0.2, found {value!r}")
    return repr(float(value))


def _number(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number, found {value!r}")
    return str(value)


def _pair(name: str, value: Any, between: str) -> str | None:
    """Return two numbers as the command takes them."""
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name}: expected two whole numbers, found {value!r}")
    first, second = (_number(name, number) for number in value)
    return f"{first}{between}{second}"


def check_alone(y: ArrayLike | None, validation: Labelled | None) -> None:
    """Check that there are no arrays beside a data set, which has labels and a test set."""
    for name, given in (("y", y), ("validation", validation)):
        if given is not None:
            raise TypeError(f"{name}: expected None with a data set, which has labels of its own")


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
