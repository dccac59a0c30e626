#!/usr/bin/env bash
# libsonata 0.2.2 (PyPI): length of `mapping/index_pointers` in reports of SONATA.
# Expected: one pointer per node, as the developer guide of SONATA says (shape: N_nodes).
# Seen: such a report cannot be opened; a last pointer, the number of values, is required.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q libsonata==0.2.2 h5py==3.16.0 numpy==2.2.6
venv/bin/python - 2>/dev/null <<'PY'
import sys
import h5py, libsonata, numpy as np

def report(pointers):
    with h5py.File("report.h5", "w") as file:
        group = file.create_group("report/cells")
        group.create_dataset("data", data=np.zeros((3, 2), "f4")).attrs["units"] = "mV"
        mapping = group.create_group("mapping")
        mapping.create_dataset("node_ids", data=np.array([0, 1], "u8"))
        mapping.create_dataset("index_pointers", data=np.array(pointers, "u8"))
        mapping.create_dataset("element_ids", data=np.array([0, 0], "u4"))
        mapping.create_dataset("time", data=np.array([0.0, 3.0, 1.0])).attrs["units"] = "ms"
    try:
        return libsonata.ElementReportReader("report.h5")["cells"].get().data.shape
    except Exception as error:
        return f"{type(error).__name__}: {error}"

seen = [report([0, 1]), report([0, 1, 2])]
print(f"one per node: {seen[0]}\none more:     {seen[1]}")
sys.exit(0 if "plus one" in str(seen[0]) and seen[1] == (3, 2) else 1)
PY
