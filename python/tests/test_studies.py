"""Proves: devices, comparisons, benchmarks, sweeps and experiments run and give the results of the
command.

Does not prove: results on a real GPU.
"""

from __future__ import annotations

import json

import pytest
from conftest import small

import apical
from apical import _apical


def has_gpu() -> bool:
    return any(device.backend == "gpu" for device in apical.devices())


def test_devices_start_with_the_cpu():
    cpu, *gpus = apical.devices()
    assert cpu.backend == "cpu" and cpu.is_exact
    assert all(gpu.backend == "gpu" and "driver" in gpu.details for gpu in gpus)


def test_cpu_and_gpu_are_identical():
    if not has_gpu():
        pytest.skip("there is no GPU, not even a software one")
    compared = apical.compare("cpu", "gpu", images=16, test_images=4, layers=[10, 10], batch_size=8)
    assert compared
    assert (compared.images, compared.minibatches) == (16, 2)


def test_comparison_needs_a_gpu():
    with pytest.raises(ValueError, match='expected "cpu" and a GPU'):
        apical.compare("cpu", "cpu")
    with pytest.raises(apical.DeviceError):
        apical.compare("cpu", "no such GPU")


def test_bench_has_a_row_per_network_and_task():
    rows = apical.bench(
        layers=[[10], [20, 10]], batch_size=8, train_images=64, quick=True, device="cpu"
    )
    assert [row["layers"] for row in rows] == [[10], [10], [20, 10], [20, 10]]
    assert rows["task"] == ["train", "test"] * 2
    assert all(speed > 0 for speed in rows["images_per_second"])


def test_sweep_has_the_bits_of_single_trainings(digits, test_digits):
    X, y = digits
    table = apical.sweep(
        {"eta": [[0.05, 0.02], [0.1]], "beta1": [0.5]},
        X,
        y,
        replicas=2,
        validation=test_digits,
        layers=[20, 10],
        epochs=1,
        batch_size=8,
        device="cpu",
    )
    assert table["seed"] == [1, 2, 1, 2]
    assert table["eta"] == [[0.05, 0.02], [0.05, 0.02], [0.1], [0.1]]
    clf = small(eta=[0.1], seed=2, epochs=1).fit(X, y, validation=test_digits)
    assert table[3]["weights_sha256"] == clf.weights_sha256_
    assert table[3]["test_error"] == clf.history_["test_error"][-1]
    pandas = pytest.importorskip("pandas")
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    with pytest.raises(ValueError, match="unknown setting 'etta', did you mean 'eta'"):
        apical.sweep({"etta": [1]}, X, y)


def test_experiments_are_listed_and_unknown_ones_refused(tmp_path):
    assert "fig7a" in apical.experiments()["name"]
    with pytest.raises(ValueError, match="unknown experiment 'fig0', expected one of fig3"):
        apical.reproduce("fig0", out=tmp_path)


def test_exceptions_are_ordinary():
    with pytest.raises(apical.InternalError, match="please report it: for a test"):
        _apical.panic_for_test()
    assert issubclass(apical.InternalError, RuntimeError)
    assert issubclass(apical.DeviceError, RuntimeError)
    assert json.loads(_apical.settings("quick"))["epochs"] == 10
