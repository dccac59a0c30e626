#!/usr/bin/env bash
# expelliarmus 1.1.12 (PyPI, event-camera files): times of EVT 3.0 files are wrong.
# Expected: TIME_HIGH gives the upper 12 bits of the time and TIME_LOW the lower 12 bits; a file written by the package
# has the times passed in.
# Seen: events at 5000, 9000 and 70,000 us are read as 5000, 13,096 and 78,192. Each TIME_LOW below its predecessor adds
# 4096 us, although TIME_HIGH already includes the carry. After writing and reading with the package, 20 and 70,000 us
# become 20 and 368. No error, no warning. faery 0.7.1 reads the first file correctly.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q expelliarmus==1.1.12 faery==0.7.1 numpy==2.2.6
venv/bin/python - <<'PY'
import sys
import faery, numpy as np
from expelliarmus import Wizard

def faery_times(path):
    return faery.events_stream_from_file(path).to_array()["t"].tolist()

def times(path):
    return Wizard("evt3").read(path)["t"].tolist()

given = [5000, 9000, 70_000]
words = []
for time in given:
    # TIME_HIGH, TIME_LOW, ADDR_Y 2, ADDR_X 1 of polarity 1.
    words += [0x8000 | time >> 12, 0x6000 | time & 0xFFF, 2, 0x2801]
with open("read.raw", "wb") as file:
    file.write(b"% evt 3.0\n% geometry 1280x720\n% end\n" + np.array(words, "<u2").tobytes())
read, control = times("read.raw"), faery_times("read.raw")
print("given", given, "| expelliarmus", read, "| faery", control)

events = np.array([(20, 1, 2, 1), (70_000, 1, 2, 1)], [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")])
Wizard("evt3").save("written.raw", events)
written = times("written.raw")
print("given", events["t"].tolist(), "| written and read by expelliarmus", written)
sys.exit(not (read == [5000, 13_096, 78_192] and control == given and written == [20, 368]))
PY
