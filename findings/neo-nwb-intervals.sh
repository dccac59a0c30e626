#!/usr/bin/env bash
# neo 0.14.6 (PyPI) reads files of Neurodata Without Borders (pynwb 4.2.0).
# Expected: units with spike times alone are read; intervals of observation are optional in the NWB schema.
# Seen: KeyError 'obs_intervals' for the whole file. With one interval for each unit, spikes and its limits are read.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q neo==0.14.6 pynwb==4.2.0 hdmf==6.2.0 h5py==3.16.0 numpy==2.4.6 quantities==0.16.4
venv/bin/python - 2>/dev/null <<'PY'
import datetime, sys
import neo, pynwb

def trains(path, **interval):
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    nwb = pynwb.NWBFile("spikes", "id", start)
    nwb.add_unit(spike_times=[0.1, 0.2], **interval)
    nwb.add_unit(spike_times=[], **interval)
    with pynwb.NWBHDF5IO(path, "w") as file:
        file.write(nwb)
    try:
        (block,) = neo.io.NWBIO(path, "r").read_all_blocks()
        return [(train.magnitude.tolist(), float(train.t_stop)) for train in block.segments[0].spiketrains]
    except Exception as error:
        return f"{type(error).__name__}: {error}"

seen = {"without": trains("a.nwb"), "with": trains("b.nwb", obs_intervals=[[0.0, 1.0]])}
for name, value in seen.items():
    print(f"{name:8} {value}")
sys.exit(0 if seen == {"without": "KeyError: 'obs_intervals'", "with": [([0.1, 0.2], 1.0), ([], 1.0)]} else 1)
PY
