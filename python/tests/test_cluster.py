"""Proves: jobs of executors give the table of networks side by side, in order; errors and Ctrl-C
cancel them; trials of Optuna are pruned; the worker of examples/ finishes a search of which another
worker was killed.

Does not prove: jobs on other machines.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import small

import apical

EXAMPLE = Path(__file__).parents[2] / "examples" / "optuna_worker.py"
GRID = {"eta": [[0.05, 0.02], [0.1]], "beta1": [0.5]}
SETTINGS = {"layers": [20, 10], "epochs": 1, "batch_size": 8, "device": "cpu"}


def processes() -> concurrent.futures.Executor:
    # A process that was forked from one with threads has lost them.
    context = multiprocessing.get_context("spawn")
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=context)


def test_jobs_give_the_table_of_one_process(digits, test_digits, tmp_path):
    submitit = pytest.importorskip("submitit")
    arguments = {"replicas": 2, "validation": test_digits, **SETTINGS}
    table = apical.sweep(GRID, *digits, **arguments)
    assert len(table) == 4
    with processes() as executor:
        assert apical.sweep(GRID, *digits, executor=executor, **arguments) == table
    local = submitit.LocalExecutor(folder=tmp_path)
    assert apical.sweep(GRID, *digits, executor=local, **arguments) == table


def test_swept_seeds_vary_fastest(digits):
    grid = {"seed": [5, 3], "beta1": [0.5, 0.6]}
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        table = apical.sweep(grid, *digits, executor=executor, **SETTINGS)
    assert table["seed"] == [5, 3, 5, 3]
    assert table == apical.sweep(grid, *digits, **SETTINGS)


def test_failing_job_names_its_settings(digits, test_digits):
    X, y = test_digits
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        message = r"cannot train the network with eta = 0\.1, seed = 1: validation: "
        with pytest.raises(RuntimeError, match=message) as error:
            apical.sweep(
                {"eta": [0.1]}, *digits, validation=(X[:, :5], y), executor=executor, **SETTINGS
            )
    assert isinstance(error.value.__cause__, ValueError)


class Interrupted:
    """Executor whose second job is interrupted."""

    def __init__(self) -> None:
        self.jobs: list[Interrupted.Job] = []

    class Job:
        def __init__(self, is_interrupted: bool) -> None:
            self.is_interrupted = is_interrupted
            self.is_cancelled = False

        def result(self) -> dict[str, float]:
            if self.is_interrupted:
                raise KeyboardInterrupt
            return {}

        def cancel(self) -> None:
            self.is_cancelled = True

    def submit(self, function, /, **keywords):
        self.jobs.append(self.Job(is_interrupted=len(self.jobs) == 1))
        return self.jobs[-1]


def test_interrupt_cancels_the_jobs(digits):
    executor = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        apical.sweep({}, *digits, replicas=3, executor=executor, **SETTINGS)
    assert [job.is_cancelled for job in executor.jobs] == [True] * 3


def test_sweep_is_refused_alike_with_an_executor(digits):
    executor = Interrupted()
    for error, message, grid, replicas in [
        (TypeError, "unknown setting 'etta', did you mean 'eta'", {"etta": [1]}, 1),
        (ValueError, "eta: expected at least one value", {"eta": []}, 1),
        (ValueError, "eta: duplicate value 0.5", {"eta": [0.5, 0.1, 0.5]}, 1),
        (ValueError, "layers: cannot be swept", {"layers": [[20, 10], [30, 10]]}, 1),
        (ValueError, "cannot sweep seed with 2 replicas", {"seed": [1, 2]}, 2),
        (ValueError, "replicas = 0", {}, 0),
    ]:
        for runner in (None, executor):
            with pytest.raises(error, match=message):
                apical.sweep(grid, *digits, replicas=replicas, executor=runner, **SETTINGS)
    assert executor.jobs == []


def test_invalid_jobs_are_not_submitted(digits):
    executor = Interrupted()
    for error, message, grid, more in [
        (ValueError, "callbacks: cannot be called", {}, {"callbacks": print}),
        (TypeError, "executor: expected an object with submit", {}, {"executor": 3}),
    ]:
        with pytest.raises(error, match=message):
            apical.sweep(grid, *digits, **{"executor": executor, **SETTINGS, **more})
    assert executor.jobs == []


def test_pruned_trial_ends_the_training(digits, test_digits):
    optuna = pytest.importorskip("optuna")
    from apical.optuna import PruningCallback  # noqa: PLC0415

    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0))
    epochs = []

    def objective(trial):
        callbacks = [lambda event: epochs.append(event.epoch), PruningCallback(trial)]
        small(epochs=3).fit(*digits, validation=test_digits, callbacks=callbacks)

    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert trial.state == optuna.trial.TrialState.PRUNED
    assert list(trial.intermediate_values) == [1]
    assert max(epoch for epoch in epochs if epoch is not None) == 1

    study = optuna.create_study()
    with pytest.raises(ValueError, match="there are no validation images; hint: give validation"):
        small().fit(*digits, callbacks=PruningCallback(study.ask()))
    clf = small().fit(*digits, callbacks=PruningCallback(trial := study.ask(), "train_error"))
    reported = study.trials[trial.number].intermediate_values
    assert reported == dict(enumerate(clf.history_["train_error"], start=1))
    with pytest.raises(ValueError, match="metric: expected"):
        PruningCallback(trial, "loss")


def test_missing_optuna_is_named():
    lines = "import sys; sys.modules['optuna'] = None; import apical.optuna"
    run = [sys.executable, "-c", lines]
    ended = subprocess.run(run, capture_output=True, text=True, check=False)
    assert 'the package optuna is missing; hint: pip install "apical[optuna]"' in ended.stderr


def test_trial_of_a_killed_worker_is_repeated(tmp_path):
    optuna = pytest.importorskip("optuna")
    text = EXAMPLE.read_text(encoding="utf-8")
    journal = tmp_path / "search.log"

    def worker(name: str, epochs: int) -> subprocess.Popen[bytes]:
        # Small, and without an end for the worker to be killed.
        changed = text.replace("[:6000]", "[:120]").replace("5000", "100")
        changed = changed.replace("epochs=5", f"epochs={epochs}").replace(
            "STALE = 600", "STALE = 20"
        )
        path = tmp_path / name
        path.write_text(changed, encoding="utf-8")
        return subprocess.Popen([sys.executable, str(path), str(journal), "4"], cwd=tmp_path)

    def trials() -> list[optuna.trial.FrozenTrial]:
        backend = optuna.storages.journal.JournalFileBackend(str(journal))
        storage = optuna.storages.JournalStorage(backend)
        if not storage.get_all_studies():
            return []
        return optuna.load_study(study_name="search", storage=storage).trials

    killed = worker("killed.py", epochs=1_000_000)
    try:
        while not any(trial.intermediate_values for trial in trials()):
            assert killed.poll() is None
            time.sleep(0.1)
        other = worker("other.py", epochs=2)
        while len(trials()) < 2:
            assert other.poll() is None
            time.sleep(0.1)
    finally:
        killed.kill()
        killed.wait()
    assert other.wait() == 0

    lost, *others = trials()
    states = optuna.trial.TrialState
    assert lost.state == states.FAIL
    assert [trial.state in (states.COMPLETE, states.PRUNED) for trial in others] == [True] * 4
    (repeated,) = (trial for trial in others if trial.user_attrs.get("retry_of") == 0)
    assert repeated.params == lost.params
