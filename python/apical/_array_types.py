"""Types of the arrays that a classifier was fitted on, kept in its file."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._arrays import PixelRange


class ArrayTypes(NamedTuple):
    """Type of the labels and range of the pixels."""

    # "b", "i", "f" or "U", as `numpy.dtype.kind`; "" for files of the command.
    labels: str
    pixel_range: tuple[float, float]

    @classmethod
    def of(cls, labels: NDArray[Any], range_: PixelRange) -> ArrayTypes:
        """Describe the arrays of a training."""
        kind = labels.dtype.kind
        return cls("i" if kind == "u" else kind, (range_.low, range_.high))

    def to_json(self) -> str:
        """Write as JSON."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str | None) -> ArrayTypes:
        """Read from JSON; files of the command have none."""
        if text is None:
            return cls("", (0, 255))
        try:
            values = json.loads(text)
            low, high = map(float, values["pixel_range"])
            return cls(str(values["labels"]), (low, high))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"invalid metadata 'arrays' {text!r}: {error!r}") from None

    def classes(self, names: list[str]) -> NDArray[Any]:
        """Return class names as labels; those of the command are integers if all can be."""
        match self.labels:
            case "b":
                return np.array([name == "True" for name in names])
            case "f":
                return np.array([float(name) for name in names])
            case "U":
                return np.array(names)
        numbers = [int(name) for name in names if name.lstrip("-").isdecimal()]
        return np.array(numbers) if list(map(str, numbers)) == names else np.array(names)
