#!/usr/bin/env bash
# neo 0.14.6 (PyPI): text files of spike trains (AsciiSpikeTrainIO), written and read by neo itself.
# Expected: read_segment returns the times that write_segment wrote.
# Seen: each time is written with its unit (`10.0 ms`), and such a file cannot be read: "could not convert string to
# float". Numbers alone are read, by default as seconds.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q neo==0.14.6 numpy==2.4.6 quantities==0.16.4
venv/bin/python - 2>/dev/null <<'PY'
import sys
from pathlib import Path
import neo

def read(path):
    try:
        (train,) = neo.io.AsciiSpikeTrainIO(path).read_segment().spiketrains
        return [f"{time:g} {train.dimensionality}" for time in train.magnitude]
    except Exception as error:
        return f"{type(error).__name__}: {error}"

segment = neo.Segment()
segment.spiketrains.append(neo.SpikeTrain([10.0, 20.0], units="ms", t_stop=100.0))
neo.io.AsciiSpikeTrainIO("written.txt").write_segment(segment)
Path("numbers.txt").write_text("10.0\t20.0\n")
text = Path("written.txt").read_text()
seen = {name: read(f"{name}.txt") for name in ["written", "numbers"]}
print(f"text    {text!r}")
for name, value in seen.items():
    print(f"{name} {value}")
sys.exit(0 if text.startswith("10.0 ms\t20.0 ms") and "could not convert string" in seen["written"]
         and seen["numbers"] == ["10 s", "20 s"] else 1)
PY
