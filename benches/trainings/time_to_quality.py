#!/usr/bin/env python3
"""Measures how long the preset `quick` takes to reach an error, and how long its predecessor took.

Trains the networks that benches/results/time_to_quality/trainings.jsonl lacks, one after another, and writes
benches/results/time_to_quality.md. An interrupted call continues with the first missing training.
"""

import argparse

from study import Condition, Study, run

# Spikes at up to 200 Hz, the default until 30 November 2026; and at up to 400 Hz.
BEFORE, NOW = "--preset hidden-1-batch-32", "--preset hidden-1-batch-32-400-hz"


def condition(name, preset, epochs, predicted):
    """Returns trainings of a preset over some epochs, one per seed."""
    return [
        Condition(f"{name}, {epochs} epochs, seed {seed}", f"{preset} --epochs {epochs} --seed {seed}", predicted)
        for seed in (1, 2)
    ]


CONDITIONS = [
    *condition("200 Hz", BEFORE, 10, "3.2"),
    *condition("200 Hz", BEFORE, 13, "3.0"),
    *condition("400 Hz", NOW, 5, "3.1"),
    *condition("400 Hz", NOW, 7, "2.9"),
]

STUDY = Study(
    "time_to_quality",
    "Time to quality",
    # The last 10,000 training images are held out; the first 4,000 of them are evaluated.
    ["--validation-images", "10000", "--test-images", "4000"],
    "50,000 training images, and errors\nof 4,000 held-out training images after each epoch.",
    CONDITIONS,
)

if __name__ == "__main__":
    run(STUDY, argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter))
