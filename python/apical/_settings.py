"""Settings as keywords."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

from . import _apical

P = ParamSpec("P")
R = TypeVar("R")


class DeviceChoice(NamedTuple):
    """Device of the work, which does not change a bit of its result."""

    device: str
    threads: int
    memory: int | None


class TrainArguments(NamedTuple):
    """Settings and extent of a training."""

    # All settings as JSON.
    settings: str
    # "all", "rest" or "pass".
    part: str
    # Interval of the checkpoints sent to the listener; None: none are sent.
    checkpoints: str | None


def settings(preset: str = "quick", **values: Any) -> dict[str, Any]:
    """Return all settings of a preset, with some other values.

    The reference lists each setting; `apical.presets()` the presets.
    """
    found: dict[str, Any] = json.loads(_apical.settings(preset, _as_text(values)))
    return found


def presets() -> list[str]:
    """Return the names of the presets."""
    return _apical.preset_names()


def settings_json(preset: str, values: Mapping[str, Any]) -> str:
    """Return all settings as JSON, with `values` that are not None instead of the preset's."""
    given = {name: value for name, value in values.items() if value is not None}
    if not isinstance(preset, str):
        raise TypeError(f"preset: expected a text, found {preset!r}")
    return _apical.settings(preset, _as_text(given))


def settings_of_classes(preset: str, values: Mapping[str, Any], classes: int) -> str:
    """Return all settings as JSON; without `layers`, the output has a neuron per class."""
    if values.get("layers") is None:
        layers = json.loads(settings_json(preset, {}))["layers"]
        values = {**values, "layers": [*layers[:-1], classes]}
    return settings_json(preset, values)


def device_choice(device: str | int, threads: int, memory: int | None) -> DeviceChoice:
    """Check the parameters of a device."""
    if isinstance(device, bool) or not isinstance(device, (str, int, np.integer)) or device == "":
        raise TypeError(
            'device: expected "auto", "cpu", "gpu", or the name or index of a GPU,'
            f" found {device!r}"
        )
    if memory is not None:
        memory = whole("memory", memory, 1, 2**63)
    return DeviceChoice(str(device), whole("threads", threads, 0, 1024), memory)


def whole(name: str, value: Any, least: int, most: int = 2**31) -> int:
    """Return a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number, found {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} = {value}: expected {least} to {most}")
    return int(value)


def _as_text(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, setting_text(name, value)) for name, value in values.items()]


def setting_text(name: str, value: Any) -> str:
    """Return a value as a file of settings has it, without quotes; colons separate elements."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError(f"{name}: expected at least one value, found {value!r}")
        return ":".join(setting_text(name, element) for element in value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError(f"{name}: expected a number, a text or a list, found {value!r}")
    return str(value)


def names_nearest(init: Callable[P, R]) -> Callable[P, R]:
    """Make a function name the nearest setting if it gets an unknown keyword."""

    @functools.wraps(init)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        known = init.__kwdefaults__ or {}
        for name in kwargs:
            if name not in known:
                # Raises the error of an unknown setting, or else Python raises its own.
                _apical.settings("quick", [(name, "")])
        return init(*args, **kwargs)

    return checked
