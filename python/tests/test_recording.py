"""Proves: a recording shows the images as predict does, has the arrays of the command, and draws
pictures; HTML for notebooks has no scripts.
"""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from conftest import idx_folder, small

import apical


def test_recording_has_the_predictions_and_shapes(fitted, digits):
    X, _ = digits
    predicted = fitted.predict(X[:4])
    with fitted.recording("spikes soma apical", units=range(5)) as r:
        assert (fitted.predict(X[:4]) == predicted).all()
    assert r.spikes[0].shape == (4, 250, 5)
    assert set(r.spikes) == {"input", 0, 1}
    assert set(r.apical) == {0}
    assert r["soma1"].shape == (4, 250, 5)
    assert np.isin(r.spikes["input"], np.arange(10)).all()
    assert not hasattr(fitted, "_recording")
    with pytest.raises(AttributeError, match="no quantity 'spike', recorded are spikes_input"):
        r.spike  # noqa: B018


def test_scoring_records_both_phases(fitted, digits):
    X, y = digits
    before = fitted.weights_sha256_
    with fitted.recording("plateaus phases output_loss soma", layers=[0]) as r:
        fitted.score(X[:3], y[:3])
    assert r.plateaus[0].shape == (3, 2, 20)
    assert r.phases.shape == (3, 2)
    longest = int(r.phases.sum(axis=1).max())
    assert r.soma[0].shape == (3, longest, 20)
    assert np.isnan(r.soma[0]).any() == (len(set(r.phases.sum(axis=1))) > 1)
    assert fitted.weights_sha256_ == before
    with pytest.raises(ValueError, match=r"call score\(X, y\) instead of predict"):
        with fitted.recording("plateaus"):
            fitted.predict(X[:1])


def test_recording_is_that_of_the_command(fitted, tmp_path):
    _, (X, y) = apical.mnist()
    weights, file = tmp_path / "w.safetensors", tmp_path / "r.npz"
    fitted.save(weights)
    apical_record = [sys.executable, "-m", "apical", "--quiet", "record", str(weights)]
    options = "--quantities representations --indices 0-2 --backend cpu --out".split()
    data = ["--data", str(idx_folder(tmp_path, X, y))]
    subprocess.run([*apical_record, *options, str(file), *data], check=True, capture_output=True)
    with fitted.recording("representations") as r:
        fitted.predict(X[:3])
    saved = np.load(file)
    assert saved["representations0"].shape == r.representations[0].shape == (3, 20)
    assert (saved["representations_input"] == r.representations["input"]).all()


def test_recording_becomes_xarray_and_picture(fitted, digits):
    pytest.importorskip("xarray")
    with fitted.recording("spikes soma", layers=[0], units=range(2, 6), steps=range(30, 80)) as r:
        fitted.predict(digits[0][:2])
    data = r.to_xarray()
    assert data["spikes0"].dims == ("image", "step", "unit_spikes0")
    assert data["step"].values[0] == 30
    assert data["unit_soma0"].values.tolist() == [2, 3, 4, 5]
    assert "image 1" in r.raster(1).text
    with pytest.raises(IndexError, match="no image 2"):
        r.raster(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantities": "spike"}, "unknown quantity 'spike', expected one of spikes, rates"),
        ({"quantities": ""}, "expected names of quantities"),
        ({"quantities": "spikes", "units": range(0, 9, 2)}, r"units: expected range\(first, end\)"),
        ({"quantities": "spikes", "layers": ["output"]}, "layers: expected numbers"),
        ({"quantities": "spikes", "layers": [7]}, r'numbers from 0 to 1 or "input", found 7'),
    ],
)
def test_invalid_selections_raise(arguments, message, fitted):
    with pytest.raises(ValueError, match=message):
        fitted.recording(**arguments)


def test_recordings_nest_and_are_not_pickled(fitted, digits):
    X, _ = digits
    with fitted.recording("spikes", layers=0) as outer:
        with fitted.recording("soma", layers=[1]) as inner:
            fitted.predict(X[:1])
        assert pickle.loads(pickle.dumps(fitted)).weights_sha256_ == fitted.weights_sha256_
        fitted.predict(X[:2])
    assert list(outer.arrays) == ["spikes0"] and list(inner.arrays) == ["soma1"]
    assert outer.raster(-1).text == outer.raster(1).text
    with pytest.raises(ValueError, match="nothing is recorded"):
        fitted.recording("spikes").to_xarray()


def test_html_has_pictures_and_no_scripts(fitted, digits):
    with fitted.recording("spikes soma") as r:
        fitted.predict(digits[0][:1])
    shown = [fitted, small(), r, fitted.history_, fitted.curves(), *apical.devices()]
    pages = [one._repr_html_() for one in shown]
    assert not any("<script" in page for page in pages)
    for page in (pages[0], pages[2], pages[4]):
        assert "<svg" in page
    assert "<svg" in fitted.receptive_fields().text and "<svg" in fitted.weight_histograms().text
