#!/usr/bin/env bash
# bmtk 1.2.0 (PyPI) writes and reads voltages as reports of SONATA; libsonata 0.2.2 (PyPI) reads the same format.
# Expected: four steps of 1 ms are at 0, 1, 2 and 3 ms, and libsonata opens the file.
# Seen: bmtk's time_trace gives 0, 1.33, 2.67 and 4 ms: the end of the report becomes the time of the last step. libsonata
# refuses the file: it requires the name index_pointers, which is index_pointer in bmtk's file, a unit of time, and 32-bit
# floats. With all three, it has the times of the steps.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q bmtk==1.2.0 libsonata==0.2.2 h5py==3.16.0 numpy==2.4.6
venv/bin/python - 2>/dev/null <<'PY'
import sys
import h5py, libsonata, numpy as np
from bmtk.utils.reports.compartment import CompartmentReport

report = CompartmentReport("report.h5", mode="w", variable="v", units="mV", tstart=0.0, tstop=4.0, dt=1.0)
report.add_cell(node_id=0, population="cells", element_ids=[0], element_pos=[0.5])
for step in range(4):
    report.record_cell(node_id=0, population="cells", vals=[float(step)], tstep=step)
report.close()

def times():
    try:
        return [float(time) for time in libsonata.ElementReportReader("report.h5")["cells"].get().times]
    except Exception as error:
        return f"{type(error).__name__}: {error}".split(":")[1].strip()

trace = np.round(CompartmentReport("report.h5", "r").time_trace(population="cells"), 2).tolist()
before = times()
with h5py.File("report.h5", "a") as file:
    mapping = file["report/cells/mapping"]
    mapping["index_pointers"] = mapping["index_pointer"][()].astype("u8")
    mapping["time"].attrs["units"] = "ms"
    values = file["report/cells/data"][()].astype("f4")
    del file["report/cells/data"]
    file["report/cells/data"] = values
    file["report/cells/data"].attrs["units"] = "mV"
after = times()
print(f"bmtk:      {trace} ms\nlibsonata: {before}\nchanged:   {after} ms")
right = trace == [0.0, 1.33, 2.67, 4.0] and "index_pointers" in str(before) and after == [0.0, 1.0, 2.0, 3.0]
sys.exit(0 if right else 1)
PY
