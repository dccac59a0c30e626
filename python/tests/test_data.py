"""Proves: `apical.load_data` reads data sets as the command does, and a classifier trains on them
to the weights of the command, on images and on recorded spikes. Spikes read from N-MNIST are those
that tonic reads.

Does not prove: every format, which the tests of the library read.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import idx_folder, small

import apical

# y of a record that is no event, and the time that it adds to later ones, us.
OVERFLOW_Y, OVERFLOW_US = 240, 1 << 13


def write_n_mnist(folder, seed=0):
    """Write two classes of 6 recordings, each with events in its half of the sensor."""
    random = np.random.default_rng(seed)
    for part in ("Train", "Test"):
        for label in range(2):
            of_class = folder / part / str(label)
            of_class.mkdir(parents=True)
            for recording in range(6):
                count = 400
                times = np.sort(random.integers(0, 100_000, count))
                x = random.integers(17 * label, 17 * label + 17, count)
                y, on = random.integers(0, 34, count), random.integers(0, 2, count)
                records = np.zeros((count + 1, 5), np.uint8)
                # The later half of the events is stored after a record that adds to their times.
                half = count // 2
                times[half:] = np.maximum(times[half:], OVERFLOW_US)
                stored = times - np.where(np.arange(count) < half, 0, OVERFLOW_US)
                rows = np.delete(np.arange(count + 1), half)
                records[rows] = np.stack(
                    [x, y, on << 7 | stored >> 16, stored >> 8 & 255, stored & 255], axis=1
                )
                records[half, 1] = OVERFLOW_Y
                (of_class / f"{recording:05}.bin").write_bytes(records.tobytes())
    return folder


@pytest.fixture(scope="module")
def n_mnist(tmp_path_factory):
    """Return a folder of recordings."""
    return write_n_mnist(tmp_path_factory.mktemp("n-mnist"))


@pytest.fixture(scope="module")
def recorded(n_mnist):
    """Return a classifier trained on recordings, and its data set."""
    data = apical.load_data(n_mnist, forward_part=(0, 100), pool=2)
    return small(layers=[20, 2], batch_size=2, epochs=20).fit(data), data


def sha256_of_command(folder, data, *arguments):
    command = [sys.executable, "-m", "apical", "train", "--backend", "cpu"]
    command += ["--data", str(data), "--out", str(folder / "run"), *arguments]
    subprocess.run(command, check=True, capture_output=True)
    return apical.load(folder / "run" / "weights.safetensors").weights_sha256_


def test_recordings_train_to_the_weights_of_the_command(recorded, n_mnist, tmp_path):
    clf, data = recorded
    assert data.is_recorded and data.shape == (34, 17)
    assert "forward phase: ms 0 to 99" in "\n".join(data.conversions)
    arguments = "--forward-part 0-100 --pool 2 --layers 20,2 --batch-size 2 --epochs 20".split()
    assert clf.weights_sha256_ == sha256_of_command(tmp_path, n_mnist, *arguments)
    assert "test_error" in clf.history_[0]
    found = clf.predict(data)
    assert found.shape == data.y_test.shape
    assert clf.score(data) == (found == data.y_test).mean() > 0.8
    assert (clf.decision_function(data).shape, clf.classes_.tolist()) == ((12,), [0, 1])
    # A file of the classifier takes the same data.
    clf.save(tmp_path / "w.safetensors")
    assert (apical.load(tmp_path / "w.safetensors").predict(data) == found).all()


def test_images_train_to_the_weights_of_the_command(digits, tmp_path):
    X, y = digits
    folder = idx_folder(tmp_path, X, y)
    data = apical.load_data(folder)
    assert (data.shape, data.is_recorded, len(data.y_train)) == ((28, 28, 1), False, 200)
    clf = small().fit(data)
    arguments = "--layers 20,10 --batch-size 8 --epochs 2".split()
    assert clf.weights_sha256_ == sha256_of_command(tmp_path, folder, *arguments)
    # The test set is shown as arrays are.
    assert (clf.predict(data) == clf.predict(X)).all()
    assert clf.score(data) == clf.score(X, y)
    twice = small().partial_fit(data).partial_fit(data)
    assert twice.weights_sha256_ == clf.weights_sha256_


def test_input_spikes_are_the_events_of_tonic(n_mnist):
    tonic_io = pytest.importorskip("tonic.io")
    data = apical.load_data(n_mnist, forward_part=(0, 100))
    clf = small(layers=[4, 2], epochs=1, test_ms=100).fit(data)
    with clf.recording("spikes", layers="input") as r:
        clf.predict(data)
    kind = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])
    paths = sorted((n_mnist / "Test").glob("*/*.bin"))
    assert len(paths) == len(r.spikes["input"]) == 12
    for path, spikes in zip(paths, r.spikes["input"], strict=True):
        events = tonic_io.read_mnist_file(str(path), dtype=kind)
        assert len(events) == 400
        counts = np.zeros((100, 2, 34, 34))
        np.add.at(counts, (events["t"] // 1000, events["p"], events["y"], events["x"]), 1)
        assert (spikes == counts.reshape(100, -1)).all()


def test_recording_of_both_phases_has_labels(recorded):
    clf, data = recorded
    with clf.recording("spikes plateaus", layers=0) as r:
        assert 0 <= clf.score(data) <= 1
    assert r.spikes[0].shape[0] == 12
    assert np.isfinite(r.plateaus[0]).all()


def test_lone_set_of_arrays_is_split(digits, tmp_path):
    y = digits[1]
    lone = tmp_path / "lone.npz"
    # An image of 3 x 4 pixels in 3 channels: first or last?
    images = np.zeros((200, 3, 4, 3), np.uint8)
    images[:, 0] = y[:, None, None] + 1
    np.savez(lone, X=images, y=y)
    with pytest.raises(ValueError, match="--test-fraction"):
        apical.load_data(lone, channels="last")
    with pytest.raises(ValueError, match="channels"):
        apical.load_data(lone, test_fraction=0.25)
    data = apical.load_data(lone, channels="last", test_fraction=0.25)
    assert data.shape == (3, 4, 1)
    # Each class gives a quarter of its images, rounded.
    assert abs(len(data.y_test) - 50) <= 5
    assert len(data.y_train) + len(data.y_test) == 200
    assert set(data.y_test) == set(y)
    data = apical.load_data(lone, channels="first", test_fraction=0.25)
    assert data.shape == (4, 3, 1)


def test_conversion_to_the_network_is_one_warning(digits, tmp_path):
    X, y = digits
    clf = small(epochs=1).fit(X, np.array(list("abcdefghij"))[y])
    data = apical.load_data(idx_folder(tmp_path, X, y))
    for show in (clf.predict, clf.decision_function, clf.score):
        with pytest.warns(UserWarning, match="classes are matched by order") as warned:
            show(data)
        assert [Path(one.filename).name for one in warned] == ["test_data.py"]


def test_faults_name_the_argument(recorded, digits, n_mnist, tmp_path):
    X, y = digits
    clf, data = recorded
    for arguments, kind, text in [
        ({"forward_part": (9, 5)}, ValueError, "forward_part: invalid time range '9-5'"),
        ({"test_part": "0-5"}, TypeError, "test_part: expected two whole numbers"),
        ({"pool": 0}, ValueError, "pool: "),
        ({"pool": 1.5}, TypeError, "pool: expected a whole number"),
        ({"rgb": 1}, TypeError, "rgb: expected True or False"),
        ({"image_size": (28, 0)}, ValueError, "image_size: invalid size '28x0'"),
        ({"background": "grey"}, ValueError, "background: "),
        ({"channels": 1}, TypeError, 'channels: expected "first" or "last"'),
        ({"channels": "middle"}, ValueError, "channels: "),
        ({"test_fraction": 1.5}, ValueError, "test_fraction: invalid fraction '1.5'"),
        ({"test_fraction": 5}, TypeError, "test_fraction: expected a fraction"),
        ({"rgb": True}, ValueError, "expected images, for which options are given"),
    ]:
        with pytest.raises(kind, match=text):
            apical.load_data(n_mnist, **arguments)
    with pytest.raises(FileNotFoundError):
        apical.load_data(tmp_path / "none")
    with pytest.raises(TypeError, match="y: expected None with a data set"):
        small().fit(data, data.y_train)
    with pytest.raises(TypeError, match="validation: expected None with a data set"):
        small().fit(data, validation=(X, y))
    images = small().fit(X, y)
    with pytest.raises(ValueError, match="the network expects images, as in the network's"):
        images.predict(data)
    with pytest.raises(ValueError, match="expected recorded spikes, as in the network's"):
        clf.predict(np.zeros((1, 34, 17)))


def test_warnings_of_files_are_warnings(n_mnist, tmp_path):
    folder = write_n_mnist(tmp_path / "own")
    (folder / "Train/0/notes.txt").write_text("not a recording")
    with pytest.warns(UserWarning, match=r"1 file skipped, not .bin files: notes.txt"):
        data = apical.load_data(folder)
    assert len(data.warnings) == 1
    assert "12 training and 12 test recordings" in repr(data)
    assert "notes.txt" in data._repr_html_()
