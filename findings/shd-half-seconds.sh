#!/usr/bin/env bash
# Spiking Heidelberg Digits (HDF5, times as 16-bit floats in s) in bins of 1 ms: some bins have twice the spikes.
# Expected: a constant rate gives bins of equal counts, up to chance.
# Seen: between 1 and 2 s, neighbouring 16-bit floats are 0.977 ms apart, so 24 of 1000 bins hold two of them and the
# others one; between 0.5 and 1 s, 24 of 500 bins hold three instead of two; between 0.25 and 0.5 s, 24 of 250 hold five
# instead of four. A constant rate has 2.0, 1.5 and 1.2 times its mean in these bins, in tonic's ToFrame and in numpy's
# histogram, and 24 %, 12 % and 6 % of the spikes change their bin.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q tonic==1.7.0 h5py==3.16.0 numpy==2.2.6
venv/bin/python - <<'PY'
import sys
import h5py, numpy as np
from tonic.io import make_structured_array
from tonic.transforms import ToFrame

exact = np.sort(np.random.default_rng(0).uniform(0, 2, 2_000_000))
with h5py.File("shd.h5", "w") as file:
    rows = file.create_dataset("spikes/times", 1, dtype=h5py.vlen_dtype(np.dtype("f2")))
    rows[0] = exact.astype("f2")
with h5py.File("shd.h5") as file:
    times = file["spikes/times"][0].astype("f8")
# As tonic.datasets.SHD reads them: whole us, one channel.
events = make_structured_array(times * 1e6, np.zeros(len(times)), np.ones(len(times)),
                               dtype=np.dtype([("t", int), ("x", int), ("p", int)]))
# Counts of tonic's frames wrap at 32767; here they are below 3000.
frames = ToFrame(sensor_size=(1, 1, 1), time_window=1000, start_time=0, end_time=2_000_000)(events)
frames = frames.reshape(len(frames), -1).sum(1)
shown = []
for first, end, most in [(250, 500, 1.25), (500, 1000, 1.5), (1000, 2000, 2)]:
    counts = np.histogram(times, np.arange(first, end + 1) / 1000)[0]
    here = (exact * 1000 >= first) & (exact * 1000 < end)
    moved = (np.floor(exact[here] * 1000) != np.floor(times[here] * 1000)).mean()
    for name, bins in [("numpy", counts), ("tonic", frames[first:end])]:
        limit = (1 + most) / 2
        high = int((bins > limit * bins.mean()).sum())
        print(f"{first} to {end} ms, {name}: largest {bins.max() / bins.mean():.2f} of the mean, {high} bins above {limit};"
              f" {100 * moved:.0f} % of spikes in another bin")
        shown.append(high >= 20 and abs(bins.max() / bins.mean() - most) < 0.2)
sys.exit(not all(shown))
PY
