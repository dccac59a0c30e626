"""Plots a run of apical: test error, receptive fields of its first neurons, and spikes of one image.

python -m venv venv && venv/bin/pip install numpy matplotlib safetensors
apical train --epochs 3 --out run
apical record run/weights.safetensors --quantities spikes --indices 0 --out run/spikes.npz
venv/bin/python examples/plot_run.py run run.png
"""

import sys

run, picture = sys.argv[1:]

# %% Read the files of a run
import json

import numpy as np
from safetensors.numpy import load_file

lines = [json.loads(line) for line in open(f"{run}/metrics.jsonl")]
epochs = [line for line in lines if line["event"] == "epoch"]
weights = load_file(f"{run}/weights.safetensors")  # W0 [500, 784], b0 [500], Y0 [500, 10], W1, b1
spikes = np.load(f"{run}/spikes.npz")["spikes0"]  # [images, steps, neurons]

# %% Plot them
import matplotlib.pyplot as plt

figure, (curve, fields, raster) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")

curve.plot([line["epoch"] for line in epochs], [line["test_error"] for line in epochs], marker="o")
curve.set(xlabel="epoch", ylabel="test error, %", title="learning")
curve.xaxis.get_major_locator().set_params(integer=True)

side = 28
tiles = weights["W0"][:16].reshape(4, 4, side, side).swapaxes(1, 2).reshape(4 * side, 4 * side)
fields.imshow(tiles, cmap="RdBu", vmin=-abs(tiles).max(), vmax=abs(tiles).max())
fields.set(title="receptive fields", xticks=[], yticks=[])

steps, neurons = np.nonzero(spikes[0, :, :100])
raster.plot(steps, neurons, ".", markersize=2)
raster.set(xlabel="time, ms", ylabel="hidden neuron", title="spikes of one image")

figure.savefig(picture, dpi=100)
