"""Conventions of scikit-learn's estimators, without scikit-learn."""

from __future__ import annotations

import inspect
import warnings
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Self = TypeVar("Self", bound="Estimator")


class Estimator:
    """Parameters of an estimator by name, and whether it is fitted."""

    _estimator_type = "classifier"
    n_features_in_: int
    pixel_range: tuple[float, float] | None
    feature_names_in_: Any

    @classmethod
    def _names(cls) -> list[str]:
        parameters = inspect.signature(cls.__init__).parameters
        return sorted(name for name in parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self: Self, **parameters: Any) -> Self:
        """Set parameters by name."""
        known = self._names()
        for name in parameters:
            if name not in known:
                # Names the nearest.
                type(self)(**{name: None})
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}.")
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Return the parameters that differ from the defaults."""
        parameters = inspect.signature(type(self).__init__).parameters
        values = self.get_params()
        changed = (name for name in parameters if name != "self")
        shown = [
            f"{name}={values[name]!r}"
            for name in changed
            if repr(values[name]) != repr(parameters[name].default)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "_model")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            name = type(self).__name__
            raise _not_fitted_error()(
                f"This {name} instance is not fitted yet: call fit before using it."
            )

    def __sklearn_tags__(self) -> Any:
        """Return what the estimator can do, for scikit-learn."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # noqa: PLC0415

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            # Pixels are not negative, unless the caller names the value of black.
            input_tags=InputTags(three_d_array=True, positive_only=self.pixel_range is None),
        )

    @staticmethod
    def _feature_names(X: Any) -> Any:
        """Return the names of a table's columns; None if there are none."""
        columns = getattr(X, "columns", None)
        if columns is None:
            return None
        names = np.asarray(columns, dtype=object)
        are_texts = [isinstance(name, str) for name in names]
        if any(are_texts) and not all(are_texts):
            raise TypeError("expected texts only as names of X's columns")
        return names if all(are_texts) else None

    def _keep_feature_names(self, names: Any) -> None:
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_feature_names(self, X: Any) -> None:
        """Compare the names of columns with those of fit."""
        found, fitted = self._feature_names(X), getattr(self, "feature_names_in_", None)
        name = type(self).__name__
        if found is None and fitted is None:
            return
        if fitted is None:
            warnings.warn(
                f"X has feature names, but {name} was fitted without feature names", stacklevel=4
            )
        elif found is None:
            warnings.warn(
                f"X does not have valid feature names, but {name} was fitted with feature names",
                stacklevel=4,
            )
        elif len(found) == len(fitted) and (found != fitted).any():
            raise ValueError(_names_differ(list(found), list(fitted)))


def _names_differ(found: list[str], fitted: list[str]) -> str:
    message = "The feature names should match those that were passed during fit.\n"
    unseen, missing = sorted(set(found) - set(fitted)), sorted(set(fitted) - set(found))
    if unseen:
        message += "Feature names unseen at fit time:\n" + _listed(unseen)
    if missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _listed(missing)
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    return message


def _listed(names: list[str]) -> str:
    most = 5
    more = ["- ...\n"] if len(names) > most else []
    return "".join([*(f"- {name}\n" for name in names[:most]), *more])


def _not_fitted_error() -> type[Exception]:
    try:
        from sklearn.exceptions import NotFittedError  # noqa: PLC0415
    except ImportError:
        return ValueError
    return NotFittedError  # type: ignore[no-any-return]


def weighted_mean(is_right: NDArray[np.bool_], sample_weight: ArrayLike | None) -> float:
    """Return the weighted mean of right predictions."""
    if sample_weight is None:
        return float(is_right.mean())
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != is_right.shape:
        raise ValueError(
            f"sample_weight: expected one per image, [{len(is_right)}], found {weights.shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ValueError("sample_weight: expected finite numbers from 0, not all of them 0")
    return float(np.average(is_right, weights=weights))
