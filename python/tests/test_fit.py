"""Proves: fit, partial_fit and resumed trainings have the bits of the command. Ctrl-C and
callbacks keep what was learned. A failed fit changes nothing.

Does not prove: speed, or bits on a GPU.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import has_interrupts, idx_folder, interrupt, small

import apical


def command(*arguments: str) -> str:
    """Run the command and return its output."""
    run = [sys.executable, "-m", "apical", "--quiet", *arguments]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


def test_fit_has_bits_of_the_command(digits, test_digits):
    output = command(
        *("train --backend cpu --train-images 200 --test-images 50 --layers 20,10".split()),
        *("--batch-size 8 --epochs 2 --eval-every 40 --eval-images 20".split()),
    )
    clf = small(eval_every=40, eval_images=20)
    clf.fit(*digits, validation=test_digits)
    assert clf.weights_sha256_ in output
    assert f"test error  {clf.history_['test_error'][-1]:.2f} %" in output


@pytest.mark.parametrize("preset", ["quick", "paper-1", "hidden-2-batch-512"])
def test_presets_have_bits_of_the_command(preset, digits):
    output = command(
        *(f"train --preset {preset} --backend cpu --train-images 200 --test-images 1".split()),
        *("--epochs 1 --eval-every 0".split()),
    )
    clf = apical.Classifier(preset=preset, epochs=1, eval_every=0, device="cpu").fit(*digits)
    assert clf.weights_sha256_ in output


def test_partial_fit_equals_epochs(fitted, digits):
    clf = small()
    for _ in range(2):
        clf.partial_fit(*digits)
    assert clf.weights_sha256_ == fitted.weights_sha256_
    assert clf.history_["epoch"] == [1, 2]


def test_pickle_and_file_resume_to_the_bit(fitted, digits, tmp_path):
    clf = small().partial_fit(*digits)
    copy = pickle.loads(pickle.dumps(clf))
    clf.save(tmp_path / "w.safetensors")
    loaded = apical.load(tmp_path / "w.safetensors")
    for one in (clf, copy, loaded):
        one.partial_fit(*digits)
        assert one.weights_sha256_ == fitted.weights_sha256_
    assert loaded.settings_ == fitted.settings_
    assert loaded.history_["train_error"] == fitted.history_["train_error"]


def test_partial_fit_takes_other_images(digits):
    X, y = digits
    clf = small()
    clf.partial_fit(X[:100], y[:100], classes=range(10))
    before = clf.weights_sha256_
    is_one = y == 1
    clf.partial_fit(X[is_one], y[is_one])
    assert clf.weights_sha256_ != before
    with pytest.raises(ValueError, match="expected those of the first call"):
        clf.partial_fit(X, y, classes=[0, 1])
    texts = small().partial_fit(X, y.astype("S"), classes=y.astype("S"))
    texts.partial_fit(X, y.astype("S"), classes=y.astype("S"))
    assert texts.classes_.tolist() == list("0123456789")


def test_stopped_training_resumes_to_the_bit(fitted, digits):
    def stop(event):
        if event.kind == "epoch":
            raise apical.StopTraining

    clf = small().fit(*digits, callbacks=[stop])
    assert len(clf.history_) == 1
    clf.fit(*digits, resume=True)
    assert clf.weights_sha256_ == fitted.weights_sha256_
    assert len(clf.history_) == 2


def test_resume_refuses_other_images_and_layers(fitted, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"cannot resume: .*200 training .*found .*100 training"):
        small().fit(X, y).fit(X[:100], y[:100], resume=True)
    clf = small().fit(X, y).set_params(layers=[30, 10])
    with pytest.raises(
        ValueError, match=r"layers = \[30, 10\]: the trained network has \[20, 10\]"
    ):
        clf.partial_fit(X, y)
    assert clf.weights_sha256_ == fitted.weights_sha256_


def test_checkpoints_are_kept_and_loaded(fitted, digits, tmp_path):
    clf = small().fit(*digits, callbacks=[apical.Checkpoint(tmp_path / "run", every=80, keep=3)])
    assert clf.weights_sha256_ == fitted.weights_sha256_
    files = sorted((tmp_path / "run").iterdir())
    assert len(files) == 3
    assert apical.load(tmp_path / "run").weights_sha256_ == fitted.weights_sha256_
    assert apical.load(files[0]).fit(*digits, resume=True).weights_sha256_ == fitted.weights_sha256_


def test_callbacks_receive_events(digits, test_digits):
    events = []
    small().fit(*digits, validation=test_digits, callbacks=events.append)
    kinds = [event.kind for event in events]
    assert kinds[0] == "device" and kinds.count("epoch") == 2
    epoch = events[-1]
    assert (epoch.epoch, epoch.images) == (2, 200)
    assert 0 <= epoch.test_error <= 100


def test_callback_error_leaves_the_estimator_as_it_was(digits):
    def fail(event):
        if event.kind == "epoch":
            raise RuntimeError("own error")

    clf = small().fit(*digits)
    before = pickle.dumps(clf)
    with pytest.raises(RuntimeError, match="own error"):
        clf.set_params(seed=2).fit(*digits, callbacks=[fail])
    clf.set_params(seed=None)
    assert pickle.dumps(clf) == before


@has_interrupts
def test_interrupt_keeps_what_was_learned(tmp_path):
    before = """
(X, y), _ = apical.mnist()
clf = apical.Classifier(epochs=1000, device="cpu")
"""
    after = """
epoch, images = clf._model.position
assert images > 0 or epoch > 1
assert clf.predict(X[:2]).shape == (2,)
print("kept", epoch, images)
"""
    assert interrupt(tmp_path, "clf.fit(X, y)", before=before, after=after).startswith("kept")


FORKED = """
import os
import apical

(X, y), _ = apical.mnist()
clf = apical.Classifier(layers=[10], epochs=1, device="cpu").fit(X[:20], y[:20])
child = os.fork()
if child == 0:
    try:
        clf.predict(X[:1])
    except RuntimeError as error:
        os._exit(7 if "forked" in str(error) else 8)
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
def test_forked_process_gets_an_error():
    run = [sys.executable, "-W", "ignore", "-c", FORKED]
    ended = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "7\n"


def test_two_threads_train_side_by_side(fitted, digits):
    with ThreadPoolExecutor(2) as pool:
        trained = list(pool.map(lambda clf: clf.fit(*digits), [small(), small()]))
    assert [clf.weights_sha256_ for clf in trained] == [fitted.weights_sha256_] * 2


def test_saved_weights_are_read_by_the_command(digits, test_digits, tmp_path):
    file = tmp_path / "w.safetensors"
    clf = small().fit(*digits, validation=test_digits)
    clf.save(file)
    data = str(idx_folder(tmp_path, *test_digits))
    output = json.loads(command("test", str(file), "--data", data, "--backend", "cpu", "--json"))
    assert output["test_images"] == 50
    assert 0 <= output["test_error"] <= 100


def test_history_and_weights_have_shapes(fitted):
    shapes = {name: array.shape for name, array in fitted.weights_.items()}
    expected = {"W0": (20, 784), "b0": (20,), "Y0": (20, 10), "W1": (10, 20), "b1": (10,)}
    assert shapes == expected
    assert fitted.weights_["W0"].dtype == np.float32
    assert fitted.history_.columns[:2] == ["epoch", "images"]
    assert "<table>" in fitted.history_._repr_html_()
    assert Path(apical.__file__).with_name("py.typed").exists()
