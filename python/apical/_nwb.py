"""Recordings as files of Neurodata Without Borders."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._recording import Recording

# Length of a step, s.
STEP = 1e-3
# Quantities with a value per step, except spikes, and their units.
SERIES = {
    "soma": ("somatic voltages", "a.u."),
    "basal": ("basal voltages, or dendritic voltages of the output", "a.u."),
    "apical": ("apical voltages", "a.u."),
    "rates": ("rates", "1/ms"),
}


def to_nwb(recording: Recording, labels: list[Any] | None, fields: dict[str, Any]) -> Any:
    """Return a pynwb.NWBFile."""
    from pynwb import NWBFile, TimeSeries  # noqa: PLC0415

    for name in recording.arrays:
        if _parts(name)[0] not in {"spikes", *SERIES}:
            raise ValueError(
                f"cannot store {name} in an NWB file, which holds spikes, voltages and rates"
            )
    required = {
        "session_description": "recording of a network simulated by apical",
        "identifier": str(uuid.uuid4()),
        "session_start_time": datetime.datetime.now(datetime.timezone.utc),
    }
    nwb = NWBFile(**{**required, **fields})
    steps = recording.steps
    _add_trials(nwb, recording, labels)
    for name, values in recording.arrays.items():
        quantity, population = _parts(name)
        first = recording.first_index[name][-1]
        if quantity == "spikes":
            _add_units(nwb, population, first, values, steps)
        else:
            meaning, unit = SERIES[quantity]
            data = np.concatenate([of[:count] for of, count in zip(values, steps, strict=True)])
            last = first + data.shape[1] - 1
            description = f"{meaning} of {population}, neurons {first} to {last}"
            series = TimeSeries(
                name=name,
                data=data,
                unit=unit,
                starting_time=0.0,
                rate=1 / STEP,
                description=description,
            )
            # pynwb makes this method when it is imported.
            nwb.add_acquisition(series)  # pyright: ignore[reportCallIssue]
    return nwb


def _parts(name: str) -> tuple[str, str]:
    """Split the name of an array into quantity and population."""
    if name.endswith("_input"):
        return name.removesuffix("_input"), "input"
    quantity = name.rstrip("0123456789")
    return quantity, f"layer{name.removeprefix(quantity)}"


def _add_trials(nwb: Any, recording: Recording, labels: list[Any] | None) -> None:
    """Add a trial per image."""
    nwb.add_trial_column("predicted", "predicted class")
    if labels is not None:
        nwb.add_trial_column("label", "class of the image")
    ends = np.cumsum(recording.steps)
    for image, end in enumerate(ends):
        of_image = {} if labels is None else {"label": labels[image]}
        start = end - recording.steps[image]
        times = {"start_time": start * STEP, "stop_time": end * STEP}
        nwb.add_trial(**times, predicted=recording.predicted[image], **of_image)


def _add_units(
    nwb: Any,
    population: str,
    first: int,
    values: NDArray[np.float32],
    steps: NDArray[np.uint32],
) -> None:
    """Add a unit per neuron. Several spikes in one step have one time."""
    from pynwb.misc import Units  # noqa: PLC0415

    if nwb.units is None:
        nwb.units = Units(name="units", description="neurons", resolution=STEP)
        nwb.add_unit_column("population", "input, or layer and its number from the lowest")
        nwb.add_unit_column("neuron", "index of the neuron in its population")
    counts = np.concatenate([of[:count] for of, count in zip(values, steps, strict=True)])
    counts = counts.astype(np.int64)
    # Optional in the format, but neo reads no units without it.
    interval = [[0.0, len(counts) * STEP]]
    for unit in range(counts.shape[1]):
        times = np.repeat(np.arange(len(counts)), counts[:, unit]) * STEP
        nwb.add_unit(
            spike_times=times, obs_intervals=interval, population=population, neuron=first + unit
        )
