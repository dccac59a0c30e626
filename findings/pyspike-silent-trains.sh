#!/usr/bin/env bash
# PySpike 0.9.0 (PyPI) writes and reads spike trains as text files, one per line.
# Expected: the trains that it wrote, with those of silent neurons.
# Seen: trains without spikes are dropped on reading, without a warning, so those behind them have other indices.
# ignore_empty_lines=False reads all.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q pyspike==0.9.0 numpy==2.4.6
venv/bin/python - 2>/dev/null <<'PY'
import sys
import pyspike

written = [pyspike.SpikeTrain(spikes, 4.0) for spikes in ([1.0, 2.0], [], [3.0])]
pyspike.save_spike_trains_to_txt(written, "trains.txt")

def read(**options):
    return [train.spikes.tolist() for train in pyspike.load_spike_trains_from_txt("trains.txt", 4.0, **options)]

seen = [read(), read(ignore_empty_lines=False)]
print("written ", [train.spikes.tolist() for train in written])
print("read    ", seen[0])
print("all read", seen[1])
sys.exit(0 if seen == [[[1.0, 2.0], [3.0]], [[1.0, 2.0], [], [3.0]]] else 1)
PY
