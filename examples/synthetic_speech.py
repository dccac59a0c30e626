"""Writes synthetic spoken words in the layout of the Spiking Heidelberg Digits: shd_train.h5 and shd_test.h5.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install h5py numpy
    /tmp/venv/bin/python examples/synthetic_speech.py /tmp/speech
    apical train --preset hidden-1-batch-32 --data /tmp/speech --layers 100,20 \\
        --forward-part 200-400 --target-part 200-400

There are 20 words of 700 channels: ten of three sounds, each of about 200 ms, and the same ten backwards. A sound is
two bumps of activity on the channels. A word and its reverse have the same sounds in another order. A speaker shifts
the channels, stretches time and changes the rate; all else is Poisson. The script also prints the test error of linear
least squares on the histograms of the whole recordings, which lack the order.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

CHANNELS, SOUND_S, SPIKES = 700, 0.2, 2500
SOUNDS, WORDS = 12, 10
COUNTS = {"train": 4000, "test": 1000}


def words(random):
    """Return the centres of both bumps of each sound, and the sounds of each word, the last ten backwards."""
    centres = random.uniform(60, CHANNELS - 60, (SOUNDS, 2))
    forward = np.array([random.permutation(SOUNDS)[:3] for _ in range(WORDS)])
    return centres, np.concatenate([forward, forward[:, ::-1]])


def recording(random, centres, sounds):
    """Return times in s and units of one word."""
    stretch, shift, count = random.uniform(0.9, 1.1), random.normal(0, 15), random.poisson(SPIKES)
    times = random.uniform(0, 3 * SOUND_S, count)
    sound = sounds[(times / SOUND_S).astype(int)]
    channels = centres[sound, random.integers(0, 2, count)] + random.normal(shift, 30, count)
    is_background = random.random(count) < 0.1
    channels = np.where(is_background, random.uniform(0, CHANNELS, count), channels)
    order = np.argsort(times)
    return (times * stretch)[order], np.clip(channels, 0, CHANNELS - 1).astype("u2")[order]


def write(path, random, centres, sounds, count):
    """Write one set and return its histograms and labels."""
    labels = random.integers(0, len(sounds), count)
    histograms = np.zeros((count, CHANNELS))
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", count, dtype=h5py.vlen_dtype(np.dtype("f2")))
        units = file.create_dataset("spikes/units", count, dtype=h5py.vlen_dtype(np.dtype("u2")))
        for index, label in enumerate(labels):
            times[index], units[index] = recording(random, centres, sounds[label])
            histograms[index] = np.bincount(units[index], minlength=CHANNELS)
        file["labels"] = labels.astype("u2")
        names = [f"word {index}" for index in range(WORDS)] + [f"back {index}" for index in range(WORDS)]
        file["extra/keys"] = np.array(names, "S")
    return histograms, labels


def main(folder):
    """Write both sets and print the error of least squares."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20)
    centres, sounds = words(random)
    sets = {
        name: write(folder / f"shd_{name}.h5", random, centres, sounds, count) for name, count in COUNTS.items()
    }
    (X, y), (X_test, y_test) = sets["train"], sets["test"]
    targets = np.eye(2 * WORDS)[y]
    solve = np.linalg.solve(X.T @ X + 100 * np.eye(CHANNELS), X.T @ targets)
    found = (X_test @ solve).argmax(1)
    error, without_order = 100 * (found != y_test).mean(), 100 * (found % WORDS != y_test % WORDS).mean()
    print(f"least squares on histograms: test error {error:.1f} %,"
          f" with a word and its reverse as one {without_order:.1f} %")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
