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
    return _apical.settings(preset, _as_text(given))


def device_choice(device: str | int, threads: int, memory: int | None) -> DeviceChoice:
    """Check the parameters of a device."""
    if isinstance(device, bool) or not isinstance(device, (str, int)) or device == "":
        raise TypeError(
            'device: expected "auto", "cpu", "gpu", or the name or index of a GPU,'
            f" found {device!r}"
        )
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)):
        raise TypeError(f"threads: expected a number, found {threads!r}")
    if not 0 <= threads <= 1024:
        raise ValueError(f"threads = {threads}: expected 0 (one per CPU) to 1024")
    return DeviceChoice(str(device), int(threads), memory)


def _as_text(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, setting_text(name, value)) for name, value in values.items()]


def setting_text(name: str, value: Any) -> str:
    """Return a value as a file of settings has it, without quotes; colons separate elements."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
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
