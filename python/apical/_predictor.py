"""Images as a classifier takes them, and its predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _apical
from ._arrays import Images, PixelRange, check_kind, to_images, to_indices, to_labels
from ._data import Dataset, check_alone
from ._estimator import weighted_mean
from ._settings import whole
from ._views import Views


class Predictor(Views):
    """Images for `apical.Classifier`, and its predictions."""

    pixel_range_: tuple[float, float]

    def _images(self, X: ArrayLike, model: _apical.Model | None) -> Images:
        """Convert images of a first training, or of one with `model`."""
        given = None
        if self.pixel_range is not None:
            try:
                low, high = map(float, self.pixel_range)
            except (TypeError, ValueError):
                low = high = 0
            if not -np.inf < low < high < np.inf:
                raise ValueError(f"pixel_range = {self.pixel_range}: expected (low, high)")
            given = PixelRange(low, high, is_given=True)
        if model is None:
            return to_images(X, pixel_range=given)
        range_ = given or PixelRange(*self.pixel_range_)
        return to_images(X, pixel_range=range_, shape=self.image_shape_)

    def _presented(
        self, X: ArrayLike | Dataset, repeats: int = 1
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.uint8] | None]:
        """Return the index of each image's class, and the scores [n, classes], mV.

        Also return the index of each label of a data set.
        """
        repeats = whole("repeats", repeats, 1)
        self._check_fitted()
        if isinstance(X, Dataset):
            shown, labels = self._model.predict_data(X._data, self._device(), repeats)
            return *shown[:2], labels
        classes, scores, _ = self._model.predict(self._shown(X), self._device(), repeats)
        return classes, scores, None

    def _shown(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Return the bytes of images for the trained network."""
        self._check_fitted()
        self._check_feature_names(X)
        return self._images(X, self._model).bytes

    def predict(self, X: ArrayLike | Dataset, *, repeats: int = 1) -> NDArray[Any]:
        """Return the class of each image, found most often in `repeats` presentations.

        X may be a data set, whose test set is shown.
        """
        recording = getattr(self, "_recording", None)
        if recording is None:
            indices = self._presented(X, repeats)[0]
        elif isinstance(X, Dataset):
            indices, _ = recording._record_data(self._model, X._data, False, self._device())
        else:
            indices = recording._record(self._model, self._shown(X), None, self._device())
        predicted: NDArray[Any] = self.classes_[indices]
        return predicted

    def decision_function(self, X: ArrayLike | Dataset) -> NDArray[np.float64]:
        """Return the mean voltage of each class's output neurons [n, classes], mV.

        With two classes, the difference between the second and the first, [n].
        """
        scores = self._presented(X)[1]
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def score(
        self,
        X: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the fraction of images whose class is predicted.

        X may be a data set, without y, whose test set is shown. Inside a recording, images are
        shown as in training, through both phases, and the forward phase predicts.
        """
        recording = getattr(self, "_recording", None)
        if isinstance(X, Dataset):
            check_alone(y, None)
            if recording is None:
                found, _, true = self._presented(X)
            else:
                found, true = recording._record_data(self._model, X._data, True, self._device())
            return weighted_mean(found == true, sample_weight)
        if recording is not None:
            images = self._shown(X)
            labels = to_indices(to_labels(y, len(images)), self.classes_)
            found = recording._record(self._model, images, labels, self._device())
            return weighted_mean(found == labels, sample_weight)
        predicted = self.predict(X)
        labels = to_labels(y, len(predicted))
        check_kind(labels, self.classes_)
        return weighted_mean(predicted == labels, sample_weight)
