#!/usr/bin/env python3
"""Measures how spike noise, the length of the phases and depth limit learning.

Trains the networks that benches/results/noise/trainings.jsonl lacks, one after another, and writes
benches/results/noise.md. An interrupted call continues with the first missing training.
"""

import argparse

from study import Condition, Study, run

NETWORK = "--preset hidden-1-batch-32"
ONE, TWO = f"{NETWORK} --epochs 3", "--preset hidden-2-batch-32 --epochs 3"
THREE = "--preset hidden-3-batch-32 --epochs 2"
WIDE = f"{NETWORK} --layers 500,500,10 --eta 0.03,0.02 --epochs 3"
BERNOULLI = "--spike-distribution bernoulli"
MORE_SPIKES = f"--phi-max 0.4 {BERNOULLI}"
HIGH_RATES = f"{MORE_SPIKES} --eta 0.03,0.01"
WINDOW = "--phase-ms 65 --averaging-window from30"
SYMMETRIC = "--feedback layerwise --feedback-weights symmetric"
STEADY = "--dynamics steady-state"

CONDITIONS = [
    Condition("one: 200 Hz, Poisson", ONE),
    Condition("one: phases of 35 ms", f"{ONE} --phase-ms 35", "5.3"),
    Condition("one: phases of 35 ms, epsilon 3e-4", f"{ONE} --phase-ms 35 --optimizer-eps 3e-4", "6.5"),
    Condition("one: window of 35 ms", f"{ONE} {WINDOW}", "5.1"),
    Condition("one: window of 55 ms", f"{ONE} --phase-ms 85 --averaging-window from30", "4.1"),
    Condition("one: feedback by rates", f"{ONE} --feedback-signal rates", "4.8"),
    Condition("one: rates up to 400 Hz, Bernoulli", f"{ONE} {HIGH_RATES}", "3.9"),
    Condition("one: rates up to 400 Hz, Bernoulli, larger learning rate",
              f"{ONE} {MORE_SPIKES} --eta 0.06,0.02", "4.4"),
    Condition("one: rates up to 400 Hz, Bernoulli, four times the learning rate",
              f"{ONE} {MORE_SPIKES} --eta 0.12,0.04", "3.7"),
    Condition("one: rates up to 400 Hz, Bernoulli, window of 35 ms", f"{ONE} {HIGH_RATES} {WINDOW}", "3.5"),
    Condition("one: rates up to 400 Hz, Bernoulli, window of 35 ms, symmetric feedback",
              f"{ONE} {HIGH_RATES} {WINDOW} {SYMMETRIC}", "3.5"),
    Condition("one: rates up to 400 Hz, Bernoulli, window of 35 ms, feedback by rates",
              f"{ONE} {HIGH_RATES} {WINDOW} --feedback-signal rates", "3.4"),
    Condition("one: rates up to 600 Hz, Bernoulli", f"{ONE} --phi-max 0.6 {BERNOULLI} --eta 0.02,0.007", "3.8"),
    Condition("one: Bernoulli", f"{ONE} {BERNOULLI}", "5.2"),
    Condition("one: symmetric feedback", f"{ONE} {SYMMETRIC}", "5.0"),
    Condition("one: half the learning rate", f"{ONE} --eta 0.03,0.01", "5.6"),
    Condition("one: weight decay", f"{ONE} --weight-decay 0.01", "4.9"),
    Condition("one: 200 Hz, Poisson, 10 epochs", f"{NETWORK} --epochs 10", "3.5"),
    Condition("one: rates up to 400 Hz, Bernoulli, 8 epochs", f"{NETWORK} --epochs 8 {HIGH_RATES}", "2.9"),
    Condition("one: rates up to 400 Hz, Bernoulli, larger learning rate, 8 epochs",
              f"{NETWORK} --epochs 8 {MORE_SPIKES} --eta 0.06,0.02", "2.75"),
    Condition("one: steady states", f"{ONE} {STEADY}", "3.2"),
    Condition("one: steady states, symmetric feedback", f"{ONE} {STEADY} {SYMMETRIC}", "2.6"),
    Condition("one: steady states, half the learning rate", f"{ONE} {STEADY} --eta 0.03,0.01", "2.9"),
    Condition("one: steady states, bursts", "--epochs 3 --preset bursts-1", "2.6"),
    Condition("one: steady states, 8 epochs", f"{NETWORK} --epochs 8 {STEADY}", "2.3"),
    Condition("two: window of 35 ms", f"{TWO} {WINDOW}", "4.3"),
    Condition("two: rates up to 400 Hz, Bernoulli", f"{TWO} {MORE_SPIKES}", "3.7"),
    Condition("two: rates up to 400 Hz, Bernoulli, a third of the learning rate in the output",
              f"{TWO} {MORE_SPIKES} --eta 0.06,0.06,0.02", "4.0"),
    Condition("two: rates up to 400 Hz, Bernoulli, half the learning rate", f"{TWO} {MORE_SPIKES} --eta 0.03", "4.1"),
    Condition("two: rates up to 400 Hz, Bernoulli, window of 35 ms", f"{TWO} {MORE_SPIKES} {WINDOW}", "3.4"),
    Condition("two: steady states", f"{TWO} {STEADY}", "2.9"),
    Condition("two: steady states, backpropagation",
              f"{TWO} {STEADY} --credit-assignment backpropagation", "2.7"),
    Condition("two: steady states, weak feedback", f"{TWO} {STEADY} --feedback-gain 0.2", "2.9"),
    Condition("two: steady states, 8 epochs",
              f"--preset hidden-2-batch-32 --epochs 8 {STEADY}", "2.3"),
    Condition("two, 500 each, eta 0.03: steady states", f"{WIDE} {STEADY}", "2.6"),
    Condition("three: phases of 50 ms", THREE),
    Condition("three: phases of 70 ms", f"{THREE} --phase-ms 70", "5.6"),
]

STUDY = Study(
    "noise",
    "Noise, phases and depth",
    # The last 10,000 training images are held out; the first 4,000 of them are evaluated.
    ["--validation-images", "10000", "--test-images", "4000"],
    "50,000 training images, and errors\nof 4,000 held-out training images after each epoch. They are harder than the "
    "other held-out images: the first\nnetwork has 5.30 % on them and 4.35 % on all 10,000 (without `--test-images`).",
    CONDITIONS,
)

if __name__ == "__main__":
    run(STUDY, argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter))
