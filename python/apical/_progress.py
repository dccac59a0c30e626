"""Progress of a training: tqdm if it is installed, otherwise a line per epoch."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._events import Event

# Without tqdm's rate, which includes the time of tests.
_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class Progress:
    """Shows a bar per epoch, in a notebook as a widget."""

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings():
                # Without ipywidgets, a notebook shows text.
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm  # noqa: PLC0415
        except ImportError:
            tqdm = None
        self._tqdm: Any = tqdm
        self._bar: Any = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "device" and event.fields["note"]:
            print(event.fields["note"], file=sys.stderr, flush=True)
        elif event.kind == "progress":
            self._show(event)
        elif event.kind == "epoch":
            self._end(event)

    def _show(self, event: Event) -> None:
        if self._tqdm is None:
            return
        if self._bar is None:
            self._bar = self._tqdm(
                total=event.total_images, desc=f"epoch {event.epoch}", bar_format=_FORMAT
            )
        self._bar.n = event.images
        self._bar.set_postfix_str(f"training error {event.train_error:.1f} %")

    def _end(self, event: Event) -> None:
        errors = f"training error {event.train_error:.2f} %"
        if event.test_error is not None:
            errors += f", validation error {event.test_error:.2f} %"
        if self._bar is None:
            print(f"epoch {event.epoch}: {errors}", file=sys.stderr, flush=True)
            return
        self._bar.n = self._bar.total
        self._bar.set_postfix_str(errors)
        self.close()

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
