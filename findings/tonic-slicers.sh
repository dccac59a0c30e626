#!/usr/bin/env bash
# tonic 1.7.0 (PyPI, event-camera data): slicers drop the last events of a recording.
# Expected: SliceByTimeBins and SliceByEventBins split a whole recording into the requested number of parts.
# Seen: with events at 10, 20, 30 and 40 us in 3 parts, both omit the event at 40 us; with 1000 events in 300 parts,
# SliceByEventBins keeps 900. No error, no warning, no option to keep the rest.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q tonic==1.7.0 numpy==2.2.6
venv/bin/python - <<'PY'
import sys
import numpy as np
from tonic.io import make_structured_array
from tonic.slicers import SliceByEventBins, SliceByTimeBins

def parts(slicer, times):
    zeros = np.zeros(len(times), int)
    events = make_structured_array(zeros, zeros, times, zeros)
    return [part["t"].tolist() for part in slicer.slice(events, np.array([0]))[0]]

few = [10, 20, 30, 40]
by_time = parts(SliceByTimeBins(bin_count=3), few)
by_count = parts(SliceByEventBins(bin_count=3), few)
kept = sum(map(len, parts(SliceByEventBins(bin_count=300), range(1000))))
print("SliceByTimeBins(3)", by_time, "| SliceByEventBins(3)", by_count, "| SliceByEventBins(300) keeps", kept, "of 1000")
sys.exit(not (by_time == by_count == [[10], [20], [30]] and kept == 900))
PY
