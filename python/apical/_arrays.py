"""Conversion of arrays to images of bytes and to labels."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bytes = NDArray[np.uint8]

# Number of values converted at once, so that the copy in double precision is small.
_CHUNK = 1 << 22
_CLASSES_MAX = 256


@dataclass(frozen=True)
class PixelRange:
    """Range of values that maps to the bytes 0 to 255."""

    low: float
    high: float
    # Whether the caller gave it. Values outside are then cut.
    is_given: bool = False

    def __str__(self) -> str:
        """Return the range as text, such as 0..255."""
        return f"{self.low:g}..{self.high:g}"


BYTES = PixelRange(0, 255)
FRACTIONS = PixelRange(0, 1)


@dataclass(frozen=True)
class Images:
    """Images as bytes, [images, height * width * channels]."""

    bytes: Bytes
    # Height, width and channels.
    shape: tuple[int, int, int]
    range: PixelRange


def to_images(
    X: ArrayLike,
    *,
    pixel_range: PixelRange | None = None,
    shape: tuple[int, int, int] | None = None,
) -> Images:
    """Convert images of numbers to bytes.

    `pixel_range`: range of the values, by default 0..1 if all are in it, otherwise 0..255.
    `shape`: height, width and channels of the images that a network takes.
    """
    array = _numbers(X)
    if array.ndim not in (2, 3, 4):
        raise ValueError(
            f"expected X of shape [n, pixels], [n, h, w] or [n, h, w, 3], found {array.shape}."
            " Reshape your data: X.reshape(1, -1) is one image"
        )
    if array.shape[0] == 0:
        raise ValueError(f"Found array with 0 sample(s) (shape={array.shape})")
    pixels = math.prod(array.shape[1:])
    if pixels == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is required."
        )
    found = _image_shape(array.shape, shape)
    range_ = pixel_range or _detect_range(array)
    return Images(_to_bytes(array, pixels, range_), found, range_)


def _numbers(X: ArrayLike) -> NDArray[Any]:
    if hasattr(X, "toarray"):
        raise TypeError("Sparse data was passed for X, but dense data is required: X.toarray()")
    _check_mask("X", X)
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise ValueError(f"cannot read X: {error}") from None
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            if any(map(_is_missing, array.flat)):
                raise ValueError("Input X contains NaN or missing values") from None
            raise type(error)(f"cannot read X: {error}") from None
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported: expected real numbers in X")
    if array.dtype.kind not in "buif":
        raise TypeError(f"expected numbers in X, found the type {array.dtype}")
    return array


def _check_mask(name: str, values: ArrayLike) -> None:
    # numpy.asarray drops the mask.
    if np.ma.is_masked(values):
        raise ValueError(f"expected no masked values in {name}")


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or the missing value of pandas."""
    is_nan = isinstance(value, (float, np.floating)) and math.isnan(value)
    is_na = not isinstance(value, str) and str(value) in {"<NA>", "NaT"}
    return value is None or is_nan or is_na


def _image_shape(
    found: tuple[int, ...], expected: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    """Return height, width and channels of images."""
    pixels = math.prod(found[1:])
    if expected is not None:
        height, width, channels = expected
        if pixels != math.prod(expected):
            raise ValueError(
                f"X has {pixels} features, but Classifier is expecting"
                f" {math.prod(expected)} features as input."
            )
        shapes = [(pixels,), (height, width), (height, width, channels)]
        if found[1:] not in shapes:
            raise ValueError(f"expected images of shape {expected}, found {found[1:]}")
        return expected
    if len(found) == 4:
        if found[3] not in (1, 3):
            raise ValueError(f"expected 1 or 3 channels in X [n, h, w, channels], found {found[3]}")
        return found[1], found[2], found[3]
    if len(found) == 3:
        return found[1], found[2], 1
    # Rows that can be square images are, so that receptive fields can be drawn.
    side = math.isqrt(pixels)
    return (side, side, 1) if side * side == pixels else (1, pixels, 1)


def _detect_range(array: NDArray[Any]) -> PixelRange:
    if array.dtype.kind == "b":
        return FRACTIONS
    if array.dtype == np.uint8 or array.dtype.kind in "ui":
        return BYTES
    _check_finite(array)
    return FRACTIONS if float(array.max()) <= 1 else BYTES


def _check_finite(array: NDArray[Any]) -> None:
    # A sum finds NaN and infinity without a copy, unless it overflows.
    if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
        if not np.isfinite(array).all():
            raise ValueError("Input X contains NaN or infinity: expected finite numbers")


def _to_bytes(array: NDArray[Any], pixels: int, range_: PixelRange) -> Bytes:
    rows = array.shape[0]
    if array.dtype == np.uint8 and range_ == BYTES:
        return np.ascontiguousarray(array).reshape(rows, pixels)
    _check_finite(array)
    if not range_.is_given:
        _check_range(array, range_)
    result = np.empty((rows, pixels), dtype=np.uint8)
    scale = 255 / (range_.high - range_.low)
    step = max(1, _CHUNK // pixels)
    for first in range(0, rows, step):
        chunk = array[first : first + step].reshape(-1, pixels).astype(np.float64)
        np.subtract(chunk, range_.low, out=chunk)
        np.multiply(chunk, scale, out=chunk)
        np.clip(np.rint(chunk, out=chunk), 0, 255, out=chunk)
        result[first : first + step] = chunk
    return result


def _check_range(array: NDArray[Any], range_: PixelRange) -> None:
    low, high = float(array.min()), float(array.max())
    if low < range_.low or high > range_.high:
        value, start = (low, "Negative values in data X: ") if low < 0 else (high, "")
        raise ValueError(
            f"{start}expected pixels in {range_}, found {value:g}; hint: pixel_range=(low, high)"
            " names the values of black and white"
        )
    is_fraction = array.dtype.kind == "f" and high <= 1 and range_ == BYTES
    if is_fraction and bool((array != np.rint(array)).any()):
        warnings.warn(
            "all pixels are at most 1, but fit took pixels in 0..255: the images are dark",
            UserWarning,
            stacklevel=4,
        )


def to_labels(y: ArrayLike | None, images: int) -> NDArray[Any]:
    """Return labels as an array [images] of integers, strings or whole numbers."""
    if y is None:
        raise ValueError(
            "Classifier requires y to be passed, but the target y is None: expected the labels"
        )
    _check_mask("y", y)
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected.",
            _conversion_warning(),
            stacklevel=3,
        )
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"expected y of shape [n], found {labels.shape}")
    if labels.shape[0] != images:
        raise ValueError(
            f"expected one label per image: {images} images, but {labels.shape[0]} labels in y"
        )
    return check_labels(labels)


def check_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels or classes as an array of integers, strings or whole numbers."""
    if labels.dtype.kind == "O":
        labels = _typed(labels)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise ValueError("Input y contains NaN or infinity: expected labels")
        if (labels != np.rint(labels)).any():
            raise ValueError("Unknown label type: continuous. Expected classes in y")
    elif labels.dtype.kind not in "buiU":
        raise TypeError(f"expected integers or strings in y, found {labels.dtype}")
    return labels


def _typed(labels: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects as one of texts or of numbers."""
    if any(map(_is_missing, labels)):
        raise ValueError("Input y contains NaN or None: expected a label per image")
    if all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    if all(isinstance(label, (bool, int, float, np.number, np.bool_)) for label in labels):
        return np.array(labels.tolist())
    types = sorted({type(label).__name__ for label in labels})
    raise TypeError(f"expected integers or strings in y, found {', '.join(types)}")


def _conversion_warning() -> type[UserWarning]:
    try:
        from sklearn.exceptions import DataConversionWarning  # noqa: PLC0415
    except ImportError:
        return UserWarning
    return DataConversionWarning  # type: ignore[no-any-return]


def find_classes(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the sorted classes of training labels."""
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"expected at least two classes in y, found 1 class: {classes[0]!r}")
    if len(classes) > _CLASSES_MAX:
        raise ValueError(f"expected at most {_CLASSES_MAX} classes in y, found {len(classes)}")
    return classes


def check_kind(labels: NDArray[Any], classes: NDArray[Any]) -> None:
    """Check that texts are compared with texts and numbers with numbers."""
    found, expected = ("texts" if one.dtype.kind == "U" else "numbers" for one in (labels, classes))
    if found != expected:
        raise TypeError(f"expected {expected} in y, as in fit, found {found}: {labels[0]!r}")


def to_indices(labels: NDArray[Any], classes: NDArray[Any]) -> Bytes:
    """Return the index of each label's class."""
    check_kind(labels, classes)
    indices = np.searchsorted(classes, labels)
    indices[indices == len(classes)] = 0
    unknown = classes[indices] != labels
    if unknown.any():
        raise ValueError(
            f"expected the classes {', '.join(map(str, classes))} in y, found {labels[unknown][0]}"
        )
    return np.ascontiguousarray(indices, dtype=np.uint8)
