#!/usr/bin/env bash
# h5py 3.16.0 (PyPI, HDF5 files): rows of variable length in the other byte order are read with swapped bytes.
# Expected: a dataset of h5py.vlen_dtype(">f4") returns the numbers that were written, as a dataset of ">f4" does.
# Seen: h5py writes the right bytes, but returns them as native numbers: 1.0 and 2.5 become 4.6e-41 and 1.2e-41, and
# the integers 1 and 2 become 16777216 and 33554432. No error, no warning. check_vlen_dtype still reports ">f4".
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q h5py==3.16.0 numpy==2.2.6
venv/bin/python - <<'PY'
import struct, sys
from pathlib import Path
import h5py, numpy as np

with h5py.File("rows.h5", "w") as file:
    for kind, values in [(">f4", [1.0, 2.5]), (">i4", [1, 2]), ("<f4", [1.0, 2.5])]:
        file.create_dataset(f"plain {kind}", data=np.array(values, kind))
        rows = file.create_dataset(f"rows {kind}", 1, dtype=h5py.vlen_dtype(np.dtype(kind)))
        rows[0] = np.array(values, kind)
print(h5py.version.info.splitlines()[3:5])
wrong = []
with h5py.File("rows.h5") as file:
    for name, dataset in file.items():
        found = dataset[0] if name.startswith("rows") else dataset[:]
        expected = [1, 2] if "i4" in name else [1.0, 2.5]
        print(name, found.tolist(), found.dtype.str)
        if found.tolist() != expected:
            wrong.append(name)
# The plain array and the rows have the same bytes in the file.
written = Path("rows.h5").read_bytes().count(struct.pack(">2f", 1.0, 2.5))
print("right bytes in the file:", written, "of 2")
sys.exit(not (wrong == ["rows >f4", "rows >i4"] and written == 2))
PY
