"""The estimator."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _apical
from ._array_types import ArrayTypes
from ._arrays import BYTES, Images, PixelRange, check_labels, find_classes, to_labels
from ._data import Dataset, Labelled, check_alone, to_data
from ._events import Callback, Listener, checkpoints
from ._files import write_atomic
from ._predictor import Predictor
from ._settings import TrainArguments, settings_json
from ._table import Table

Callbacks = Iterable[Callback | str] | Callback | str | None


class Classifier(Predictor):
    """Classifier of images by a network of neurons with segregated dendrites.

    Follows the conventions of scikit-learn, which is not required.

    Parameters
    ----------
    preset : name of the settings to start from, see `apical.presets()`
    device : "auto", "cpu", "gpu", or the index or a part of the name of a GPU
    threads : number of threads on the CPU; 0: one per CPU
    memory : memory for arrays, bytes; None: the free memory
    pixel_range : values of black and white; None: 0..1 if all pixels are in it, otherwise 0..255
    layers, epochs, seed, ... : settings; None: as in the preset. Without `layers`, the output has
        one neuron per class.

    Attributes after fit
    --------------------
    classes_ : classes of the labels, sorted
    history_ : table with a row per epoch; errors in percent
    weights_ : arrays by name: W0 [units, below], b0, Y0, c0, W1 and so on
    weights_sha256_ : SHA-256 of the weights, as the command prints it
    image_shape_ : height, width and channels of an image
    pixel_range_ : values of black and white that fit took
    device_ : backend and name of the device
    """

    def fit(
        self,
        X: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        *,
        validation: Labelled | None = None,
        callbacks: Callbacks = None,
        resume: bool = False,
    ) -> Classifier:
        """Train on images X [n, pixels], [n, h, w] or [n, h, w, 3] with labels y [n].

        X may be a data set of `apical.load_data`, without y, whose test set is evaluated after each
        epoch.
        `validation`: images and labels that are evaluated after each epoch.
        `callbacks`: "progress", `apical.Checkpoint`, functions that receive each `apical.Event`.
        `resume`: continue a training that was stopped, with the same bits as without the stop.

        Ctrl-C keeps what was learned and raises KeyboardInterrupt. After any other error, the
        estimator is as it was before.
        """
        if resume:
            self._check_fitted()
            return self._train("rest", X, y, self.classes_, validation, callbacks=callbacks)
        return self._train("all", X, y, None, validation, callbacks=callbacks)

    def partial_fit(
        self,
        X: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        *,
        validation: Labelled | None = None,
        callbacks: Callbacks = None,
    ) -> Classifier:
        """Train on images once, as an epoch of `fit`. The first call may name all classes.

        The range of pixels and the brightest pixel are those of the first call.
        """
        known = getattr(self, "classes_", None)
        if classes is not None:
            given = find_classes(check_labels(np.asarray(classes)))
            if known is None:
                known = given
            elif not np.array_equal(known, given):
                raise ValueError(
                    f"classes: expected those of the first call, {known}, found {classes!r}"
                )
        return self._train("pass", X, y, known, validation, callbacks=callbacks)

    def _train(
        self,
        part: str,
        X: ArrayLike | Dataset,
        y: ArrayLike | None,
        classes: NDArray[Any] | None,
        validation: Labelled | None,
        *,
        callbacks: Callbacks,
    ) -> Classifier:
        start = getattr(self, "_model", None) if part != "all" else None
        if start is not None:
            self._check_layers(start)
        if isinstance(X, Dataset):
            check_alone(y, validation)
            names, images, data = None, _as_images(X), X._data
            if classes is not None and not np.array_equal(classes, X.classes):
                raise ValueError(
                    f"X: expected a data set of the classes {classes}, found {X.classes}"
                )
            classes = X.classes
        else:
            names = self._feature_names(X)
            images = self._images(X, start)
            labels = to_labels(y, len(images.bytes))
            if classes is None:
                classes = find_classes(labels)
            data = to_data(images, labels, classes, validation)
        listener = Listener(callbacks)
        try:
            arguments = TrainArguments(self._settings(len(classes)), part, listener.checkpoints)
            model, interruption = _apical.train(data, arguments, self._device(), listener, start)
        finally:
            listener.close()
        # The exception of a callback is an error; Ctrl-C is not.
        if interruption is not None and not isinstance(interruption, KeyboardInterrupt):
            raise interruption
        if model is not None:
            before = self.history_.rows if start is not None else []
            self._keep(model, classes, images, Table([*before, *listener.rows]))
            self.device_ = listener.device or ""
            self._keep_feature_names(names)
        if interruption is not None:
            raise interruption
        return self

    def _keep(
        self, model: _apical.Model, classes: NDArray[Any], images: Images, history: Table
    ) -> None:
        self._model = model
        self.classes_ = classes
        self.history_ = history
        self.image_shape_ = images.shape
        self.pixel_range_ = (images.range.low, images.range.high)
        self.n_features_in_ = int(np.prod(images.shape))

    @property
    def weights_(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the weights by name: W0 [units, below], b0, Y0, c0, W1 and so on."""
        self._check_fitted()
        return self._model.weights()

    @property
    def weights_sha256_(self) -> str:
        """SHA-256 of the weights, as the command prints it."""
        self._check_fitted()
        return self._model.sha256

    @property
    def settings_(self) -> dict[str, Any]:
        """All settings of the training."""
        self._check_fitted()
        found: dict[str, Any] = json.loads(self._model.settings)
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights, settings and state as a safetensors file, which the command also reads.

        `apical.load` reads it; the training then continues with the same bits.
        """
        self._check_fitted()
        write_atomic(path, self._model.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """Read a file of `save` or of the command, or a folder of a run or of checkpoints."""
        path = Path(path)
        if path.is_dir() and (found := checkpoints(path)):
            path = found[-1]
        model = _apical.Model.load(path)
        values = json.loads(model.settings)
        base = json.loads(settings_json("quick", {}))
        own = {name: value for name, value in values.items() if value != base[name]}
        own["layers"] = values["layers"]
        classifier = cls(**own)
        shape = model.image_shape
        arrays = ArrayTypes.from_json(model.arrays)
        range_ = PixelRange(*arrays.pixel_range)
        nothing = np.empty((0, 0), dtype=np.uint8)
        history = Table([row for row in map(json.loads, model.metrics.splitlines())])
        epochs = [row for row in history.rows if row.pop("event") == "epoch"]
        images = Images(nothing, shape, range_)
        classifier._keep(model, arrays.classes(model.class_names), images, Table(epochs))
        return classifier


def _as_images(data: Dataset) -> Images:
    """Return no images, of the shape that a data set has, in bytes."""
    return Images(np.empty((0, 0), dtype=np.uint8), data._data.shape, BYTES)


def load(path: str | os.PathLike[str]) -> Classifier:
    """Read a classifier, see `Classifier.load`."""
    return Classifier.load(path)
