"""What a trained classifier shows: recordings, pictures and HTML for notebooks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from . import _apical
from ._html import Svg, page
from ._parameters import Parameters
from ._recording import Recording, monitor
from ._table import Table


class Views(Parameters):
    """Views of `apical.Classifier`."""

    _model: _apical.Model
    # Set inside a recording.
    _recording: Recording
    classes_: NDArray[Any]
    history_: Table
    image_shape_: tuple[int, int, int]

    def recording(
        self,
        quantities: str | Iterable[str],
        *,
        layers: Sequence[int | str] | int | str | None = None,
        units: range | slice | None = None,
        steps: range | slice | None = None,
    ) -> Recording:
        """Return a recording: `with clf.recording("spikes soma") as r: clf.predict(X)`.

        `predict(X)` shows test images, `score(X, y)` training images without a change of weights.
        `layers`: numbers from 0, and "input"; None: all. `units`, `steps`: ranges of neurons and of
        steps, ms; None: all.
        """
        self._check_fitted()
        count = len(json.loads(self._model.settings)["layers"])
        return Recording(self, monitor(quantities, layers, units, steps, count))

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle; an active recording is left out."""
        return {name: value for name, value in vars(self).items() if name != "_recording"}

    def curves(self) -> Svg:
        """Draw the learning curves."""
        self._check_fitted()
        drawn = self._model.curves()
        if drawn is None:
            raise ValueError("no epoch is complete yet")
        return Svg(drawn)

    def receptive_fields(self) -> Svg:
        """Draw the input weights of the first neurons of the lowest layer."""
        self._check_fitted()
        return Svg(dict(self._model.plots())["fields"])

    def weight_histograms(self) -> Svg:
        """Draw histograms of each layer's weights."""
        self._check_fitted()
        return Svg(dict(self._model.plots())["weights"])

    def _repr_html_(self) -> str:
        shown: dict[str, Any] = {
            name: value for name, value in self.get_params().items() if value is not None
        }
        if not self.__sklearn_is_fitted__():
            return page("Classifier, not fitted", shown)
        pictures = [picture for _, picture in self._model.plots()[:1]]
        if (curves := self._model.curves()) is not None:
            pictures.insert(0, curves)
        last = self.history_[-1] if len(self.history_) else {}
        known = {"images": self.image_shape_, "classes": ", ".join(map(str, self.classes_))}
        return page("Classifier", {**shown, **known, **last}, *pictures)
