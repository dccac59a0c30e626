#!/usr/bin/env python3
"""Measures how the noise of bursts of spikes limits learning, and what averages it out.

Trains the networks that benches/results/bursts/trainings.jsonl lacks, one after another, and writes
benches/results/bursts.md. An interrupted call continues with the first missing training.
"""

import argparse

from study import Condition, Study, run

NETWORK = "--preset hidden-1-batch-32"
BURSTS = f"{NETWORK} --rule bursts --feedback layerwise --feedback-weights symmetric --epochs 3"
# The smallest baseline that the strongest teacher allows.
STRONG = f"{BURSTS} --burst-baseline 0.2 --burst-teacher 4"
FASTER = "--eta 0.18,0.06"
TEN = "--layers 500,100"
WINDOW = "--phase-ms 135 --averaging-window from30"
BERNOULLI = "--spike-distribution bernoulli"

CONDITIONS = [
    Condition("two phases", f"{NETWORK} --epochs 3", "10"),
    Condition("bursts: rates", f"{BURSTS} --dynamics steady-state", "9"),
    Condition("bursts: default", BURSTS, "45"),
    Condition("strong teacher: slope 20", f"{STRONG} --burst-slope 20", "33"),
    Condition("strong teacher: slope 20, hidden layer fixed", f"{STRONG} --burst-slope 20 --eta 0,0.02", "50"),
    Condition("strong teacher: slope 20, three times eta", f"{STRONG} --burst-slope 20 {FASTER}", "26"),
    Condition("strong teacher: slope 20, minibatches of 128, three times eta",
              f"{STRONG} --burst-slope 20 {FASTER} --batch-size 128", "27"),
    Condition("strong teacher: slope 20, rates up to 1 kHz, Bernoulli",
              f"{STRONG} --burst-slope 20 --phi-max 1 {BERNOULLI} --eta 0.036,0.012", "18"),
    Condition("strong teacher: slope 20, window of 105 ms", f"{STRONG} --burst-slope 20 {WINDOW}", "18"),
    Condition("ten neurons per class: slope 6", f"{STRONG} --burst-slope 6 {TEN}", "25"),
    Condition("ten neurons per class: slope 6, window of 105 ms, rates up to 400 Hz, Bernoulli",
              f"{STRONG} --burst-slope 6 {TEN} {WINDOW} --phi-max 0.4 {BERNOULLI}", "9"),
    Condition("ten neurons per class: slope 6, window of 105 ms, rates up to 1 kHz, Bernoulli",
              f"{STRONG} --burst-slope 6 {TEN} {WINDOW} --phi-max 1 {BERNOULLI} --eta 0.036,0.012", "7.4"),
    Condition("two hidden layers: strong teacher, slope 20", f"{STRONG} --burst-slope 20 --layers 500,500,10", "45"),
    Condition("two hidden layers, ten neurons per class: slope 6, rates up to 1 kHz, Bernoulli",
              f"{STRONG} --burst-slope 6 --layers 500,500,100 --phi-max 1 {BERNOULLI} --eta 0.036,0.012", "15"),
    Condition("two hidden layers, ten neurons per class: slope 6, window of 105 ms, rates up to 1 kHz, Bernoulli",
              f"{STRONG} --burst-slope 6 --layers 500,500,100 {WINDOW} --phi-max 1 {BERNOULLI} --eta 0.012", "20"),
]

STUDY = Study(
    "bursts",
    "Bursts of spikes",
    ["--train-images", "10000", "--validation-images", "10000", "--test-images", "2000"],
    "10,000 training\nimages, and errors of 2,000 held-out training images after each epoch. Chance is 90 %.",
    CONDITIONS,
)

if __name__ == "__main__":
    run(STUDY, argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter))
