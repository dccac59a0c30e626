"""Recordings of the activity of a network."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _apical, _nwb
from ._html import Svg, page
from ._settings import DeviceChoice

if TYPE_CHECKING:
    from types import TracebackType

    from ._views import Views

Array = NDArray[np.float32]


class Recording:
    """Arrays recorded by the last `predict` or `score` inside `with clf.recording(..) as r`.

    `r.spikes[0]`: the spikes of the lowest layer [images, steps, units]; `r.spikes["input"]`: those
    of the input. `r["spikes0"]`: an array by its name; `r.arrays`: all of them. Values after the
    last step of an image are NaN. `r.steps`: number of recorded steps of each image;
    `r.predicted`: class of each image; `r.first_index`: index of the first element along each axis
    of an array.
    """

    def __init__(self, classifier: Views, monitor: _apical.Monitor) -> None:
        self._classifier = classifier
        self._monitor = monitor
        self._recorded: _apical.Recorded | None = None
        # Recording around this one.
        self._outer: Recording | None = None
        self._axes: dict[str, list[str]] = {}
        self._labels: NDArray[np.uint8] | None = None
        self.arrays: dict[str, Array] = {}
        self.first_index: dict[str, list[int]] = {}
        self.predicted: list[Any] = []
        self.steps: NDArray[np.uint32] = np.zeros(0, np.uint32)

    def __enter__(self) -> Recording:
        """Start to record."""
        self._outer = vars(self._classifier).get("_recording")
        self._classifier._recording = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop recording."""
        if self._outer is None:
            del self._classifier._recording
        else:
            self._classifier._recording = self._outer

    def _record(
        self,
        model: _apical.Model,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8] | None,
        device: DeviceChoice,
    ) -> NDArray[np.uint8]:
        """Show images and return the predicted classes."""
        return self._keep(self._monitor.record(model, images, labels, device), labels)

    def _record_data(
        self,
        model: _apical.Model,
        data: _apical.Data,
        both: bool,
        device: DeviceChoice,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Show the test set of a data set, in both phases or in the forward phase.

        Return the predicted classes and the labels.
        """
        recorded, labels = self._monitor.record_data(model, data, both, device)
        return self._keep(recorded, labels if both else None), labels

    def _keep(
        self, recorded: _apical.Recorded, labels: NDArray[np.uint8] | None
    ) -> NDArray[np.uint8]:
        """Copy all arrays and return the predicted classes."""
        self._recorded, self._labels = recorded, labels
        self.arrays, self._axes, self.first_index = {}, {}, {}
        for name, axes, first, values in recorded.arrays():
            self.arrays[name], self._axes[name], self.first_index[name] = values, axes, first
        predicted = recorded.predicted()
        self.predicted, self.steps = self._classes(predicted), recorded.steps()
        return predicted

    def _classes(self, indices: NDArray[np.uint8]) -> list[Any]:
        """Return classes by their indices."""
        classes: list[Any] = self._classifier.classes_[indices].tolist()
        return classes

    def __getitem__(self, name: str) -> Array:
        """Return the array of this name."""
        if name not in self.arrays:
            raise KeyError(f"no array '{name}', recorded are {', '.join(self.arrays) or 'none'}")
        return self.arrays[name]

    def __getattr__(self, quantity: str) -> Any:
        """Return the arrays of a quantity by layer, or its only array."""
        arrays: dict[str, Array] = self.__dict__.get("arrays", {})
        if quantity in arrays:
            return arrays[quantity]
        layers: dict[int | str, Array] = {}
        for name, values in arrays.items():
            suffix = name.removeprefix(quantity)
            if suffix.isdecimal():
                layers[int(suffix)] = values
            elif suffix == "_input":
                layers["input"] = values
        if not layers:
            raise AttributeError(
                f"no quantity '{quantity}', recorded are {', '.join(arrays) or 'none'}"
            )
        return layers

    def to_xarray(self) -> Any:
        """Return an xarray.Dataset with named axes; steps are in ms."""
        import xarray as xr  # noqa: PLC0415

        self._check_recorded()

        variables = {}
        coordinates: dict[str, Any] = {}
        for name, values in self.arrays.items():
            dimensions = []
            for axis, first, length in zip(
                self._axes[name], self.first_index[name], values.shape, strict=True
            ):
                # Populations and arrays may differ in these lengths.
                dimension = f"{axis}_{name}" if axis in {"unit", "below"} else axis
                dimensions.append(dimension)
                if axis in {"step", "unit"}:
                    coordinates[dimension] = np.arange(first, first + length)
            variables[name] = (dimensions, values)
        return xr.Dataset(variables, coordinates)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file: .npz, .safetensors, .csv, or .h5 (SONATA: spikes and voltages)."""
        self._check_recorded().save(os.fspath(path))

    def to_nwb(self, **fields: Any) -> Any:
        """Return a pynwb.NWBFile with a unit per neuron, a trial per image, and series of voltages.

        Images follow one another in time. `fields` are those of pynwb.NWBFile, such as identifier
        and session_start_time. To write it: `pynwb.NWBHDF5IO("r.nwb", "w").write(r.to_nwb())`.
        """
        self._check_recorded()
        labels = None if self._labels is None else self._classes(self._labels)
        return _nwb.to_nwb(self, labels, fields)

    def raster(self, image: int = 0) -> Svg:
        """Draw the spikes and voltages of an image."""
        recorded = self._check_recorded()
        count = len(recorded.predicted())
        index = operator.index(image)
        if not -count <= index < count:
            raise IndexError(f"no image {image}: {count} are recorded")
        return Svg(recorded.raster(index % count))

    def _check_recorded(self) -> _apical.Recorded:
        if self._recorded is None:
            raise ValueError("nothing is recorded: call predict(X) inside the recording")
        return self._recorded

    def __repr__(self) -> str:
        """Return names and shapes of the arrays."""
        shapes = (f"{name} {list(values.shape)}" for name, values in self.arrays.items())
        return f"Recording({', '.join(shapes)})"

    def _repr_html_(self) -> str:
        shapes: Mapping[str, str] = {
            name: " x ".join(
                f"{length} {axis}s"
                for axis, length in zip(self._axes[name], values.shape, strict=True)
            )
            for name, values in self.arrays.items()
        }
        pictures = [self.raster().text] if self._recorded is not None else []
        return page("Recording", shapes, *pictures)


def monitor(
    quantities: str | Iterable[str],
    layers: Sequence[int | str] | int | str | None,
    units: range | slice | None,
    steps: range | slice | None,
    count: int,
) -> _apical.Monitor:
    """Check a selection of quantities, layers, neurons and steps. `count`: number of layers."""
    expected = 'expected names of quantities, as "spikes soma apical"'
    if not isinstance(quantities, Iterable):
        raise TypeError(f"{expected}, found {quantities!r}")
    names = quantities.split() if isinstance(quantities, str) else list(quantities)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"{expected}, found {names!r}")
    if not names:
        raise ValueError(expected)
    if isinstance(layers, (int, str)):
        layers = [layers]
    populations = None if layers is None else [_population(layer, count) for layer in layers]
    return _apical.Monitor(names, populations, _ends("units", units), _ends("steps", steps))


def _population(layer: int | str, count: int) -> int:
    if layer == "input":
        return 0
    if isinstance(layer, str) or layer not in range(count):
        raise ValueError(
            f'layers: expected numbers from 0 to {count - 1} or "input", found {layer!r}'
        )
    return int(layer) + 1


def _ends(name: str, chosen: range | slice | None) -> tuple[int, int] | None:
    if chosen is None:
        return None
    if not isinstance(chosen, (range, slice)):
        raise TypeError(f"{name}: expected range(first, end), found {chosen!r}")
    first, end, step = chosen.start or 0, chosen.stop, chosen.step or 1
    if step != 1 or end is None or not 0 <= first < end:
        raise ValueError(f"{name}: expected range(first, end), found {chosen!r}")
    return first, end
