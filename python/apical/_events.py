"""Events of a training, and what receives them."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from ._apical import Model
from ._files import write_atomic
from ._progress import Progress


class StopTraining(Exception):
    """Raised by a callback to end the training; what was learned is kept."""


@dataclass(frozen=True)
class Event:
    """Event of a training. Errors are in percent; None stands for values that it has not.

    `kind`: "device", "progress", "test_progress", "partial_eval", "weights", "epoch" or
    "checkpoint". The field `note` of "device" has the reason of an automatic choice.
    """

    kind: str
    epoch: int | None = None
    # Number of images of the epoch, or of the test, so far.
    images: int | None = None
    total_images: int | None = None
    train_error: float | None = None
    # Error on the validation images.
    test_error: float | None = None
    # Loss of the output, mean over the images.
    loss: float | None = None
    images_per_second: float | None = None
    # All fields.
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    # Network of a checkpoint.
    model: Model | None = field(default=None, repr=False)

    @classmethod
    def from_json(cls, line: str, model: Model | None) -> Event:
        """Read an event."""
        values = json.loads(line)
        known = {one.name for one in fields(cls)} - {"kind", "fields", "model"}
        given = {name: value for name, value in values.items() if name in known}
        return cls(kind=values["event"], fields=values, model=model, **given)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network of a checkpoint."""
        if self.model is None:
            raise ValueError(f"an event '{self.kind}' has no network to save")
        write_atomic(path, self.model.to_bytes())


Callback = Callable[[Event], object]


class _HasInterval(Protocol):
    every: str


class Checkpoint:
    """Writes the network and its state into a folder, for `apical.load`.

    `every`: interval, a number of images as 5000 or of epochs as "1epoch".
    `keep`: number of latest files to keep.
    """

    def __init__(
        self, folder: str | os.PathLike[str], every: int | str = "1epoch", keep: int = 2
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep = {keep}: expected at least 1")
        self.folder = Path(folder)
        self.every = str(every)
        self.keep = keep

    def __call__(self, event: Event) -> None:
        """Write a checkpoint that is due."""
        if event.kind != "checkpoint":
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        event.save(self.folder / f"epoch-{event.epoch:04}-image-{event.images:08}.safetensors")
        for old in checkpoints(self.folder)[: -self.keep]:
            old.unlink()


def checkpoints(folder: Path) -> list[Path]:
    """Return the files of `Checkpoint` in a folder, the latest last."""
    name = re.compile(r"epoch-\d{4,}-image-\d{8}\.safetensors")
    return sorted(path for path in folder.glob("epoch-*.safetensors") if name.fullmatch(path.name))


class Listener:
    """Passes events to callbacks and keeps the rows of the history."""

    def __init__(self, callbacks: Iterable[Callback | str] | Callback | str | None) -> None:
        if callbacks is None:
            callbacks = ()
        elif isinstance(callbacks, str) or callable(callbacks):
            callbacks = (callbacks,)
        elif not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks: expected functions, found {callbacks!r}")
        self.callbacks = [_callback(one) for one in callbacks]
        intervals = [one.every for one in self.callbacks if isinstance(one, Checkpoint)]
        if len(intervals) > 1:
            raise ValueError("expected at most one apical.Checkpoint in callbacks")
        self.checkpoints = intervals[0] if intervals else None
        self.rows: list[dict[str, Any]] = []
        self.device: str | None = None

    def __call__(self, line: str, model: Model | None) -> bool:
        """Handle an event; return whether to stop."""
        event = Event.from_json(line, model)
        if event.kind == "device":
            self.device = f"{event.fields['backend']}: {event.fields['name']}"
            if not event.fields["bit_exact"]:
                warnings.warn(event.fields["note"], UserWarning, stacklevel=4)
        elif event.kind == "epoch":
            self.rows.append({key: value for key, value in event.fields.items() if key != "event"})
        stops = False
        for callback in self.callbacks:
            try:
                callback(event)
            except StopTraining:
                stops = True
        return stops

    def close(self) -> None:
        """End progress bars."""
        for callback in self.callbacks:
            if isinstance(callback, Progress):
                callback.close()


def _callback(one: Callback | str) -> Callback:
    if one == "progress":
        return Progress()
    if isinstance(one, str) or not callable(one):
        raise TypeError(f'expected "progress" or a function in callbacks, found {one!r}')
    return one
