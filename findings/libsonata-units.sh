#!/usr/bin/env bash
# libsonata 0.2.2 (PyPI, the reader of SONATA spike files and reports): units and number types.
# Expected: the attribute `units` of spike times is optional, or applied if required; 64-bit reports are read.
# Seen: a file without it cannot be opened, but times in seconds are returned unconverted, as if in ms. Reports of 64-bit
# floats are refused although their times must be 64-bit.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q libsonata==0.2.2 h5py==3.16.0 numpy==2.2.6
venv/bin/python - 2>/dev/null <<'PY'
import sys
import h5py, libsonata, numpy as np

def spikes(units):
    with h5py.File("spikes.h5", "w") as file:
        group = file.create_group("spikes/cells")
        group.attrs.create("sorting", 2, dtype=h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1"))
        times = group.create_dataset("timestamps", data=np.array([0.001, 0.002]))
        if units:
            times.attrs["units"] = units
        group.create_dataset("node_ids", data=np.array([0, 1], "u8"))
    try:
        return libsonata.SpikeReader("spikes.h5")["cells"].get()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def report(number):
    with h5py.File("report.h5", "w") as file:
        group = file.create_group("report/cells")
        group.create_dataset("data", data=np.zeros((3, 1), number)).attrs["units"] = "mV"
        mapping = group.create_group("mapping")
        mapping.create_dataset("node_ids", data=np.array([0], "u8")).attrs["sorted"] = np.uint8(1)
        mapping.create_dataset("index_pointers", data=np.array([0, 1], "u8"))
        mapping.create_dataset("element_ids", data=np.array([0], "u4"))
        mapping.create_dataset("time", data=np.array([0.0, 3.0, 1.0])).attrs["units"] = "ms"
    try:
        return libsonata.ElementReportReader("report.h5")["cells"].get().data.shape
    except Exception as error:
        return f"{type(error).__name__}: {error}"

seen = {"s": spikes("s"), "ms": spikes("ms"), "no units": spikes(None), "f4": report("f4"), "f8": report("f8")}
for name, value in seen.items():
    print(f"{name:9} {value}")
sys.exit(0 if seen["s"] == seen["ms"] == [(0, 0.001), (1, 0.002)] and "units" in seen["no units"]
         and seen["f4"] == (3, 1) and "Float32" in seen["f8"] else 1)
PY
