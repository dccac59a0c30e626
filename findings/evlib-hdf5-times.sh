#!/usr/bin/env bash
# evlib 0.13.2 (PyPI) writes and reads events of event cameras as HDF5 files.
# Expected: the events that it wrote. Times in seconds, as its text files, filters and limits have them, keep their
# microseconds; polarities of -1 and 1 stay apart.
# Seen: whole seconds are read as microseconds (4.350002 s as 4 us), and -1 as 1. Times in microseconds are read as they
# were written, and polarities of 0 and 1 as -1 and 1. A text file in seconds is read correctly.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q evlib==0.13.2 numpy==2.4.6 polars==2.1.0
venv/bin/python - 2>/dev/null <<'PY'
import sys
import evlib
import numpy as np

seconds = np.array([0.25, 1.5, 4.350002])
x, y = np.array([1, 2, 3]), np.array([4, 5, 6])

def events(path):
    table = evlib.load_events(path).collect()
    return table["t"].dt.total_microseconds().to_list(), table["polarity"].to_list()

def written(times, polarities):
    evlib.save_events_to_hdf5(x, y, times, polarities, "events.h5")
    return events("events.h5")

with open("events.txt", "w") as file:
    file.writelines(f"{time:.6f} 1 4 1\n" for time in seconds)
seen = {
    "text, s": events("events.txt")[0],
    "HDF5, s": written(seconds, np.array([0, 1, 0]))[0],
    "HDF5, us": written(seconds * 1e6, np.array([0, 1, 0]))[0],
    "polarities 0, 1, 0": written(seconds * 1e6, np.array([0, 1, 0]))[1],
    "polarities -1, 1, -1": written(seconds * 1e6, np.array([-1, 1, -1]))[1],
}
for name, value in seen.items():
    print(f"{name:20} {value}")
right = [250000, 1500000, 4350002]
expected = [right, [0, 1, 4], right, [-1, 1, -1], [1, 1, 1]]
sys.exit(0 if list(seen.values()) == expected else 1)
PY
