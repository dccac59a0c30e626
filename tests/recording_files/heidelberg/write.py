"""Writes the files that `tests/recording_files/heidelberg.rs` reads, in the layout of the Spiking Heidelberg Digits.

Prints the expected numbers as h5py reads them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install h5py==3.16.0 numpy==2.4.6 tables==3.11.1
    /tmp/venv/bin/python tests/recording_files/heidelberg/write.py tests/recording_files/heidelberg
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import tables

KEYS = ["zero", "one", "fünf"]
LABELS = np.array([0, 1, 2, 1], "u2")


def recordings(seed):
    random = np.random.default_rng(seed)
    # The second recording is empty.
    for count in (5, 0, 12, 3):
        times = np.sort(random.uniform(0, 1.4, count)).astype("f2")
        yield times, random.integers(0, 700, count).astype("u2")


def write_h5py(path, seed, times_kind="f2", keys=KEYS, libver=None, **options):
    with h5py.File(path, "w", libver=libver) as file:
        for index, (name, kind) in enumerate([("times", times_kind), ("units", "u2")]):
            rows = file.create_dataset(f"spikes/{name}", len(LABELS), dtype=h5py.vlen_dtype(np.dtype(kind)), **options)
            for row, recording in enumerate(recordings(seed)):
                rows[row] = recording[index]
        file["labels"] = LABELS
        file["extra/keys"] = keys
        file["extra/speaker"] = np.zeros(len(LABELS), "u2")


def write_pytables(path, seed):
    with tables.open_file(path, "w") as file:
        for name, atom in [("times", tables.Float16Atom()), ("units", tables.UInt16Atom())]:
            rows = file.create_vlarray("/spikes", name, atom, createparents=True, chunkshape=8)
            for times, units in recordings(seed):
                rows.append(times if name == "times" else units)
        file.create_array("/", "labels", LABELS)
        file.create_array("/extra", "keys", [name.encode() for name in KEYS], createparents=True)


def main(folder):
    fixed = np.array([name.encode() for name in KEYS])
    packed = {"compression": "gzip", "shuffle": True, "chunks": (3,), "maxshape": (None,)}
    write_h5py(folder / "h5py_train.h5", 1)
    write_h5py(folder / "h5py_test.h5", 2, libver="latest")
    write_h5py(folder / "packed_train.h5", 1, keys=fixed, **packed)
    write_h5py(folder / "packed_test.h5", 2, keys=fixed, times_kind=">f4", libver="latest", **packed)
    write_pytables(folder / "pytables_train.h5", 1)
    write_pytables(folder / "pytables_test.h5", 2)
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as file:
            times, units = file["spikes/times"], file["spikes/units"]
            rows = zip(times, units, strict=True)
            if h5py.check_vlen_dtype(times.dtype) == ">f4":
                # h5py does not swap the bytes of rows, see findings/h5py-vlen-order.sh.
                rows = ((row.byteswap(), units) for row, units in rows)
            # The step of a spike is the whole number of milliseconds.
            steps = [
                [(int(time * 1000), int(unit)) for time, unit in zip(times.astype("f8"), units)]
                for times, units in rows
            ]
        print(path.name, [sorted(row) for row in steps])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
