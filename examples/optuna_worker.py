"""Worker of a search with Optuna, without a server. Start any number on machines that share a disk:

python examples/optuna_worker.py search.log 40

`search.log` is the journal of the study, 40 the number of trials of all workers together. A worker
ends when all are finished. A trial whose worker was killed is queued again after STALE seconds
without a new epoch.
"""

import sys
import time

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import apical
from apical.optuna import PruningCallback

# Longer than an epoch, s.
STALE = 600

(X, y), _ = apical.mnist()
X, y = X[:6000], y[:6000]
# Trials are judged by images that none of them trains on.
training, validation = (X[:5000], y[:5000]), (X[5000:], y[5000:])


def objective(trial: optuna.Trial) -> float:
    """Train a network and return its validation error, %."""
    eta = trial.suggest_float("eta", 0.003, 0.3, log=True)
    clf = apical.Classifier(layers=[50, 10], epochs=5, eta=eta)
    clf.fit(*training, validation=validation, callbacks=[PruningCallback(trial)])
    return clf.history_["test_error"][-1]


class Watch:
    """Finds trials whose workers were killed. A journal has no sign of life of its workers."""

    def __init__(self, study: optuna.Study) -> None:
        self.study = study
        # Number of epochs of each running trial, and when it was first seen by the own clock.
        self.seen: dict[int, tuple[int, float]] = {}

    def requeue(self) -> None:
        """Queue again each running trial that has had no new epoch for STALE seconds."""
        for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            epochs, since = self.seen.get(trial.number, (-1, 0.0))
            if epochs != len(trial.intermediate_values):
                self.seen[trial.number] = len(trial.intermediate_values), time.monotonic()
            elif time.monotonic() - since > STALE:
                try:
                    self.study.tell(trial.number, state=TrialState.FAIL)
                except (ValueError, RuntimeError):
                    continue  # finished, or queued by another worker
                self.study.enqueue_trial(trial.params, {"retry_of": trial.number})


def work(study: optuna.Study, count: int) -> None:
    """Run trials until `count` are finished."""
    watch = Watch(study)
    while True:
        watch.requeue()
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        finished = sum(state in (TrialState.COMPLETE, TrialState.PRUNED) for state in states)
        if finished >= count:
            return
        if TrialState.WAITING in states or finished + states.count(TrialState.RUNNING) < count:
            study.optimize(objective, n_trials=1)
        else:
            # Other workers run the last trials.
            time.sleep(1)


if __name__ == "__main__":
    journal, count = sys.argv[1:]
    storage = JournalStorage(JournalFileBackend(journal))
    study = optuna.create_study(
        study_name="search",
        storage=storage,
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    work(study, int(count))
    print(f"best: {study.best_value:.2f} % with {study.best_params}")
