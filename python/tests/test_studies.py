"""Proves: devices, comparisons, benchmarks, sweeps and experiments run and give the results of the
command.

Does not prove: results on a real GPU.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import has_interrupts, interrupt, small

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
    with pytest.raises(TypeError, match="unknown setting 'etta', did you mean 'eta'"):
        apical.sweep({"etta": [1]}, X, y)


@has_interrupts
@pytest.mark.parametrize(
    "work",
    [
        'apical.bench(roofline=True, device="cpu")',
        'apical.bench(layers=[2000, 10], batch_size=500, tasks="train", device="cpu")',
        'apical.reproduce("fig7a", device="cpu")',
        'apical.sweep({"eta": [0.1, 0.2]}, epochs=1000, device="cpu")',
    ],
)
def test_interrupt_stops_the_work(work, tmp_path):
    interrupt(tmp_path, work)


def test_sweep_without_layers_has_an_output_per_class(digits):
    X, y = digits
    table = apical.sweep({"eta": [0.1]}, X[:64], y[:64] % 3, epochs=1, device="cpu")
    clf = apical.Classifier(eta=0.1, epochs=1, device="cpu").fit(X[:64], y[:64] % 3)
    assert table["weights_sha256"] == [clf.weights_sha256_]


def test_only_the_highest_layer_learns_is_a_warning(digits):
    X, y = digits
    arguments = {"feedback": "layerwise", "layers": [8, 6, 10], "epochs": 1, "device": "cpu"}
    hint = "only the highest hidden layer learns: .*; hint: set g_apical above 0, or feedback='br"
    with pytest.warns(UserWarning, match=hint) as warned:
        apical.Classifier(**arguments).fit(X, y)
        apical.sweep({"seed": [1, 2]}, X, y, **arguments)
    assert [Path(one.filename).name for one in warned] == ["test_studies.py"] * 2


def test_invalid_studies_raise(digits, tmp_path):
    X, y = digits
    for error, message, call in [
        (ValueError, "layers: expected at least one", lambda: apical.bench(layers=[])),
        (ValueError, "replicas = -1: expected 1", lambda: apical.bench(replicas=-1)),
        (ValueError, "unknown task 'fly'", lambda: apical.bench(tasks="fly")),
        (TypeError, "eta: expected a list of values", lambda: apical.sweep({"eta": 0.1})),
        (ValueError, "X is None", lambda: apical.sweep({"eta": [0.1]}, None, y)),
        (ValueError, "replicas = 0", lambda: apical.sweep({}, X, y, replicas=0)),
        (TypeError, "validation: expected images", lambda: apical.sweep({}, X, y, validation=X)),
        (ValueError, "seeds = 0", lambda: apical.reproduce("fig7a", seeds=0, out=tmp_path / "r")),
        (apical.DeviceError, r"apical\.devices\(\)", lambda: apical.compare("cpu", "no such GPU")),
    ]:
        with pytest.raises(error, match=message):
            call()
    assert not (tmp_path / "r").exists()


def test_device_note_names_the_parameter(digits):
    notes = []
    clf = small(device="auto", epochs=1)
    clf.fit(*digits, callbacks=lambda event: notes.append(event.fields.get("note")))
    assert notes[0] is None or "--" not in notes[0]


def test_experiments_are_listed_and_unknown_ones_refused(tmp_path):
    assert "fig7a" in apical.experiments()["name"]
    with pytest.raises(ValueError, match="unknown experiment 'fig0', expected one of fig3"):
        apical.reproduce("fig0", out=tmp_path)


def test_reproduction_has_the_numbers_of_the_paper(tmp_path):
    found = apical.reproduce("fig4", quick=True, seeds=1, out=tmp_path)
    ours = {one["what"]: one["ours"]["mean"] for one in found.result["findings"]}
    assert ours["mean beyond 50 ms"] == pytest.approx(1.52, abs=0.03)
    assert ours["phases of 50 ms"] == pytest.approx(0.490, abs=0.006)
    assert found.findings["agrees"] == [True] * len(ours)
    assert list(found.figures) == ["lengths"]
    assert "<svg" in found._repr_html_()


def test_exceptions_are_ordinary():
    with pytest.raises(apical.InternalError, match="please report it: for a test"):
        _apical.panic_for_test()
    assert issubclass(apical.InternalError, RuntimeError)
    assert issubclass(apical.DeviceError, RuntimeError)
    assert json.loads(_apical.settings("quick"))["epochs"] == 7
