"""Proves: SONATA files open in h5py and libsonata with the recorded numbers, NWB files in pynwb and
neo, `.npz` and `.safetensors` in their own libraries. The command writes the same numbers to all.

Does not prove: other readers of HDF5.
"""

from __future__ import annotations

import datetime
import subprocess
import sys

import numpy as np
import pytest
from conftest import idx_folder

import apical


@pytest.fixture(scope="module")
def recording(fitted, digits):
    """Return spikes and voltages of images through both phases, which differ in length."""
    X, y = digits
    with fitted.recording("spikes soma basal apical", steps=range(20, 500)) as r:
        fitted.score(X[:6], y[:6])
    assert len(set(r.steps)) > 1
    return r


def rows(recording, name):
    """Return the recorded steps of all images, one after another."""
    values = recording[name]
    return np.concatenate([values[i, :count] for i, count in enumerate(recording.steps)])


def spikes_of(recording, name):
    """Return times and neurons of spikes, ordered by time."""
    counts = rows(recording, name).astype(int)
    times, neurons = np.nonzero(counts)
    repeats = counts[times, neurons]
    return np.repeat(times, repeats), np.repeat(neurons, repeats)


def test_sonata_opens_in_libsonata(recording, tmp_path):
    libsonata = pytest.importorskip("libsonata")
    path = tmp_path / "r.h5"
    recording.save(path)
    reader = libsonata.SpikeReader(str(path))
    assert reader.get_population_names() == ["input", "layer0", "layer1"]
    names = {"input": "spikes_input", "layer0": "spikes0", "layer1": "spikes1"}
    for population, name in names.items():
        spikes = reader[population]
        assert (spikes.sorting, spikes.time_units) == ("by_time", "ms")
        times, neurons = spikes_of(recording, name)
        found = spikes.get_dict()
        assert (found["timestamps"] == times).all() and (found["node_ids"] == neurons).all()
        assert len(times) > 0
    report = libsonata.ElementReportReader(str(path))
    assert report.get_population_names() == ["layer0", "layer1"]
    frames = int(recording.steps.sum())
    for population, units, compartments in [
        ("layer0", 20, ["soma0", "basal0", "apical0"]),
        ("layer1", 10, ["soma1", "basal1"]),
    ]:
        voltages = report[population]
        assert voltages.times == (0.0, frames, 1.0)
        assert (voltages.time_units, voltages.data_units, voltages.sorted) == ("ms", "a.u.", True)
        assert list(voltages.get_node_ids()) == list(range(units))
        frame = voltages.get()
        assert len(frame.times) == frames
        for element, name in enumerate(compartments):
            columns = [i for i, (_, of) in enumerate(frame.ids) if of == element]
            assert [frame.ids[i][0] for i in columns] == list(range(units))
            assert (frame.data[:, columns] == rows(recording, name)).all()
        # Some neurons and times.
        part = voltages.get(node_ids=[3, 7], tstart=30.0, tstop=40.0)
        assert (part.data[:, 0] == rows(recording, compartments[0])[30:41, 3]).all()


def test_sonata_has_the_layout_of_the_specification(recording, tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "r.sonata"
    recording.save(path)
    with h5py.File(path) as file:
        assert (file.attrs["magic"], file.attrs["version"].tolist()) == (0x0A7A, [0, 1])
        spikes = file["spikes/layer0"]
        assert h5py.check_enum_dtype(spikes.attrs.get_id("sorting").dtype) == {
            "none": 0,
            "by_id": 1,
            "by_time": 2,
        }
        assert (spikes["timestamps"].dtype, spikes["node_ids"].dtype) == ("f8", "u8")
        assert spikes["timestamps"].maxshape == (None,)
        assert spikes["timestamps"].attrs["units"] in ("ms", b"ms")
        report = file["report/layer0"]
        assert (report["data"].dtype, report["data"].shape[1]) == ("f4", 60)
        mapping = report["mapping"]
        types = {name: values.dtype for name, values in mapping.items()}
        assert types == {
            "element_ids": "u4",
            "element_pos": "f4",
            "index_pointer": "u8",
            "index_pointers": "u8",
            "node_ids": "u8",
            "time": "f8",
        }
        assert mapping["element_ids"][:6].tolist() == [0, 1, 2, 0, 1, 2]
        assert mapping["element_pos"][:].tolist() == [0.5] * 60
        for name in ("index_pointer", "index_pointers"):
            assert mapping[name][:].tolist() == list(range(0, 61, 3))
        assert mapping["node_ids"].attrs["sorted"] == 1
        images = file["images"]
        assert (images["steps"][:] == recording.steps).all()
        assert (images["start"][:] == np.cumsum(recording.steps) - recording.steps).all()
        assert (images["predicted"][:] == recording.predicted).all()


def test_sonata_of_many_spikes_has_all(fitted, digits, tmp_path):
    """More chunks than a node of a tree has, which is 64 of 16,384 spikes."""
    h5py = pytest.importorskip("h5py")
    with fitted.recording("spikes", layers=["input"]) as r:
        fitted.predict(np.concatenate([digits[0]] * 2))
    r.save(tmp_path / "r.h5")
    times, neurons = spikes_of(r, "spikes_input")
    assert len(times) > 65 * 16384
    with h5py.File(tmp_path / "r.h5") as file:
        spikes = file["spikes/input"]
        assert (spikes["timestamps"][:] == times).all() and (spikes["node_ids"][:] == neurons).all()


def test_command_writes_equal_numbers_to_all_formats(fitted, tmp_path):
    h5py = pytest.importorskip("h5py")
    _, (X, y) = apical.mnist()
    weights = tmp_path / "w.safetensors"
    fitted.save(weights)
    command = [sys.executable, "-m", "apical", "--quiet", "record", str(weights)]
    command += ["--data", str(idx_folder(tmp_path, X, y)), "--backend", "cpu", "--layers", "0"]
    command += ["--quantities", "soma,spikes", "--indices", "0-2", "--steps", "10-59", "--out"]
    for name in ["r.npz", "r.h5", "r.csv"]:
        subprocess.run([*command, str(tmp_path / name)], check=True, capture_output=True)
    arrays = np.load(tmp_path / "r.npz")
    assert arrays["soma0"].shape == (3, 50, 20)
    with h5py.File(tmp_path / "r.h5") as file:
        assert (file["report/layer0/data"][:] == arrays["soma0"].reshape(150, 20)).all()
        times, _ = np.nonzero(arrays["spikes0"].reshape(150, 20))
        assert set(file["spikes/layer0/timestamps"][:]) == set(times)
        assert file["images/start"][:].tolist() == [0, 50, 100]
        assert "sha256" in str(file["images"].attrs["data"])
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 3 * 50 * 20
    voltages = [line.rpartition(",")[2] for line in lines if line.startswith("soma0,")]
    assert (np.array(voltages, "f4") == arrays["soma0"].ravel()).all()


def test_arrays_open_in_numpy_and_safetensors(recording, tmp_path):
    load_file = pytest.importorskip("safetensors.numpy").load_file
    recording.save(tmp_path / "r.npz")
    recording.save(tmp_path / "r.safetensors")
    for arrays in [np.load(tmp_path / "r.npz"), load_file(tmp_path / "r.safetensors")]:
        for name, values in recording.arrays.items():
            assert np.array_equal(arrays[name], values, equal_nan=True)
        assert (arrays["predicted"] == recording.predicted).all()


def test_quantities_without_a_place_raise(fitted, digits, tmp_path):
    with fitted.recording("rates") as r:
        with pytest.raises(ValueError, match="nothing is recorded"):
            r.save(tmp_path / "r.h5")
        fitted.predict(digits[0][:1])
    with pytest.raises(ValueError, match="cannot store rates in a SONATA file"):
        r.save(tmp_path / "r.h5")
    with pytest.raises(ValueError, match=r"ends in .npz, .safetensors, .csv or .h5"):
        r.save(tmp_path / "r.mat")
    assert list(tmp_path.iterdir()) == []


def test_nwb_opens_in_neo(recording, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    neo = pytest.importorskip("neo")
    path = str(tmp_path / "r.nwb")
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(recording.to_nwb())
    (block,) = neo.io.NWBIO(path, "r").read_all_blocks()
    (segment,) = block.segments
    trains = segment.spiketrains
    assert len(trains) == 784 + 20 + 10
    end = recording.steps.sum() * 1e-3
    limits = {(float(train.t_start), round(float(train.t_stop), 9)) for train in trains}
    assert limits == {(0.0, round(float(end), 9))}
    times, neurons = spikes_of(recording, "spikes0")
    for neuron, train in enumerate(trains[784:804]):
        assert np.allclose(train.magnitude, times[neurons == neuron] * 1e-3, atol=1e-12, rtol=0)
    assert {signal.name for signal in segment.analogsignals} >= {"soma0", "soma1"}


def test_nwb_refuses_quantities_without_a_place(fitted, digits):
    pytest.importorskip("pynwb")
    for quantity, name in [("plateaus", "plateaus0"), ("output-loss", "output_loss")]:
        with fitted.recording(["spikes", quantity]) as r:
            fitted.score(digits[0][:1], digits[1][:1])
        with pytest.raises(ValueError, match=f"cannot store {name} in an NWB file"):
            r.to_nwb()


def test_nwb_opens_in_pynwb(recording, fitted, digits, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    nwb = recording.to_nwb(identifier="r", session_start_time=start)
    path = str(tmp_path / "r.nwb")
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(nwb)
    assert pynwb.validate(path=path) == []
    with pynwb.NWBHDF5IO(path, "r") as file:
        read = file.read()
        assert (read.identifier, read.session_start_time) == ("r", start)
        assert len(read.units) == 784 + 20 + 10
        table = read.units.to_dataframe()
        times, neurons = spikes_of(recording, "spikes0")
        of_layer = table[table.population == "layer0"]
        assert of_layer.neuron.tolist() == list(range(20))
        for neuron, found in zip(of_layer.neuron, of_layer.spike_times, strict=True):
            assert np.allclose(found, times[neurons == neuron] * 1e-3, atol=1e-12, rtol=0)
        trials = read.trials.to_dataframe()
        assert trials.label.tolist() == digits[1][:6].tolist()
        assert trials.predicted.tolist() == recording.predicted
        assert np.allclose(trials.stop_time, np.cumsum(recording.steps) * 1e-3)
        soma = read.acquisition["soma0"]
        assert (soma.rate, soma.unit, soma.data.dtype) == (1000.0, "a.u.", "f4")
        assert (soma.data[:] == rows(recording, "soma0")).all()
    inspector = pytest.importorskip("nwbinspector")
    severe = inspector.Importance.CRITICAL
    found = inspector.inspect_nwbfile(nwbfile_path=path, importance_threshold=severe)
    # A simulation has no subject.
    assert [message.message for message in found] == ["Subject is missing."]
