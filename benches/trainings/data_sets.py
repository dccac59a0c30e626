#!/usr/bin/env python3
"""Measures how well networks learn data sets other than MNIST.

Trains the networks that benches/results/data_sets/trainings.jsonl lacks, one after another, and writes
benches/results/data_sets.md. An interrupted call continues with the first missing training.
FOLDER has fashion-mnist/ with the four IDX files and shifted.npz, written by shifted_digits.py.
"""

import argparse
import pathlib

from study import Condition, Study, run

TEXT = """five epochs of all
60,000 training images, and errors of all 10,000 test images after each epoch. The recipes are those of MNIST: nothing
was chosen on these data sets.

- **Fashion-MNIST** (Xiao, Rasul & Vollgraf 2017): ten kinds of clothing, 28 x 28 grey pixels.
- **Shifted digits**: MNIST, each digit at a random place of 64 x 64 pixels (`shifted_digits.py`). The networks have no
  convolutions, so they must learn each class at each place.

`apical data fetch fashion-mnist --out FOLDER/fashion-mnist` fetches the first, or on Debian `apt-get download
dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb .`, which has it in usr/share/datasets. `python
benches/trainings/shifted_digits.py FOLDER/shifted.npz` writes the second. KMNIST comes in no package and was not
run."""

NETWORKS = {
    "no hidden layer": "--preset hidden-0-batch-32",
    "one hidden layer": "--preset hidden-1-batch-32",
    "one hidden layer, 400 Hz": "--preset hidden-1-batch-32-400-hz",
    "two hidden layers": "--preset hidden-2-batch-32",
    "one, steady states": "--preset hidden-1-batch-32 --dynamics steady-state",
    "one, steady states, bursts": "--preset bursts-1",
    "two, steady states, backpropagation":
        "--preset hidden-2-batch-32 --dynamics steady-state --credit-assignment backpropagation",
}

DATA_SETS = {
    "MNIST": ("", ["8.0", "3.8", "2.9", "4.1", "2.3", "1.9", "2.2"]),
    "Fashion-MNIST": ("--data fashion-mnist ", ["16", "14", "13", "14.5", "12", "11.5", "11.5"]),
    "shifted digits": ("--data shifted.npz ", ["75", "45", "40", "50", "30", "30", "25"]),
}

CONDITIONS = [
    Condition(f"{data_set}: {network}", data + arguments, predicted)
    for data_set, (data, predictions) in DATA_SETS.items()
    for (network, arguments), predicted in zip(NETWORKS.items(), predictions, strict=True)
]

STUDY = Study("data_sets", "Beyond MNIST", ["--epochs", "5"], TEXT, CONDITIONS, " FOLDER")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="folder of the data sets")
    run(STUDY, parser)
