"""Pruning of Optuna's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from optuna.exceptions import TrialPruned
except ImportError as missing:
    raise ImportError(
        "cannot import apical.optuna: the package optuna is missing;"
        ' hint: pip install "apical[optuna]"'
    ) from missing

if TYPE_CHECKING:
    from optuna.trial import Trial

    from ._events import Event

__all__ = ["PruningCallback"]


class PruningCallback:
    """Reports the error after each epoch to a trial, and ends the training if the trial is pruned.

    For `callbacks` of `Classifier.fit`, which then raises `optuna.TrialPruned`.

    `metric`: "test_error", which needs the argument `validation` of `fit`, or "train_error"; in
    percent.
    """

    def __init__(self, trial: Trial, metric: str = "test_error") -> None:
        """Report to this trial."""
        if metric not in ("test_error", "train_error"):
            raise ValueError(f'metric: expected "test_error" or "train_error", found {metric!r}')
        self.trial = trial
        self.metric = metric

    def __call__(self, event: Event) -> None:
        """Report an epoch."""
        if event.kind != "epoch":
            return
        error = getattr(event, self.metric)
        if error is None:
            raise ValueError(
                "test_error: there are no validation images; hint: give validation to fit,"
                ' or metric "train_error"'
            )
        assert event.epoch is not None
        self.trial.report(error, event.epoch)
        if self.trial.should_prune():
            raise TrialPruned(f"pruned after epoch {event.epoch}: {self.metric} {error:.2f} %")
