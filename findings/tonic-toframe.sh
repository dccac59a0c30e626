#!/usr/bin/env bash
# tonic 1.7.0 (PyPI, event-camera data): ToFrame drops and miscounts events.
# Expected: include_incomplete=True keeps every event, n_time_bins distributes all events, counts are correct.
# Seen: with windows of 1,000 us and events at 0, 1000, 2000 and 3000 the last event is dropped with and without
# include_incomplete. Eleven events in three bins give 3, 3, 3. A pixel with 40,000 events counts -25,537: 16-bit integers
# wrap, and the last event is missing.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q tonic==1.7.0 numpy==2.2.6
venv/bin/python - <<'PY'
import sys
import numpy as np, tonic.transforms as transforms

def events(times):
    array = np.zeros(len(times), np.dtype([("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "i1")]))
    array["t"] = times
    return array

def counts(times, **options):
    frames = transforms.ToFrame(sensor_size=(1, 1, 1), **options)(events(times))
    return frames[:, 0, 0, 0].tolist()

whole = [counts([0, 1000, 2000, 3000], time_window=1000, include_incomplete=kept) for kept in (False, True)]
partial = [counts([0, 1000, 2000, 2999], time_window=1000, include_incomplete=kept) for kept in (False, True)]
bins = counts(range(11), n_time_bins=3)
many = counts(range(40_000), n_time_bins=1)
print("events at 0, 1000, 2000, 3000:", whole, "| at 0, 1000, 2000, 2999:", partial)
print("11 events in 3 bins:", bins, "| 40,000 events in one bin:", many)
sys.exit(0 if whole == [[1, 1, 1]] * 2 and partial == [[1, 1], [1, 1, 2]] and bins == [3, 3, 3]
         and many == [-25_537] else 1)
PY
