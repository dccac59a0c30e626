"""The studies: their trainings, with what was predicted before each."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Condition:
    """A training: arguments of `apical train` and the predicted error, %."""

    name: str
    arguments: str
    predicted: str = "-"


@dataclasses.dataclass(frozen=True)
class Study:
    """Trainings with common arguments, and the introduction of their report."""

    title: str
    common: list[str]
    text: str
    conditions: list[Condition]


ONE, TWO, THREE = "--epochs 3", "--preset hidden-2-batch-32 --epochs 3", "--preset hidden-3-batch-32 --epochs 2"
WIDE = "--layers 500,500,10 --eta 0.03,0.02 --epochs 3"
HIGH_RATES = "--phi-max 0.4 --spike-distribution bernoulli --eta 0.03,0.01"

NOISE = [
    Condition("one: default", ONE),
    Condition("one: phases of 35 ms", f"{ONE} --phase-ms 35", "5.3"),
    Condition("one: phases of 35 ms, epsilon 3e-4", f"{ONE} --phase-ms 35 --optimizer-eps 3e-4", "6.5"),
    Condition("one: window of 35 ms", f"{ONE} --phase-ms 65 --averaging-window from30", "5.1"),
    Condition("one: window of 55 ms", f"{ONE} --phase-ms 85 --averaging-window from30", "4.1"),
    Condition("one: feedback by rates", f"{ONE} --feedback-signal rates", "4.8"),
    Condition("one: rates up to 400 Hz, Bernoulli", f"{ONE} {HIGH_RATES}", "3.9"),
    Condition("one: steady states", f"{ONE} --dynamics steady-state", "3.2"),
    Condition("one: steady states, 8 epochs", "--epochs 8 --dynamics steady-state", "2.3"),
    Condition("two: window of 35 ms", f"{TWO} --phase-ms 65 --averaging-window from30", "4.3"),
    Condition("two: steady states", f"{TWO} --dynamics steady-state", "2.9"),
    Condition("two: steady states, backpropagation",
              f"{TWO} --dynamics steady-state --credit-assignment backpropagation", "2.7"),
    Condition("two: steady states, weak feedback", f"{TWO} --dynamics steady-state --feedback-gain 0.2", "2.9"),
    Condition("two: steady states, 8 epochs",
              "--preset hidden-2-batch-32 --epochs 8 --dynamics steady-state", "2.3"),
    Condition("two, 500 each, eta 0.03: steady states", f"{WIDE} --dynamics steady-state", "2.6"),
    Condition("three: phases of 50 ms", THREE),
    Condition("three: phases of 70 ms", f"{THREE} --phase-ms 70", "5.6"),
]

BURSTS = "--rule bursts --feedback layerwise --feedback-weights symmetric --epochs 3"
# The smallest baseline that the strongest teacher allows.
STRONG = f"{BURSTS} --burst-baseline 0.2 --burst-teacher 4"
FASTER = "--eta 0.18,0.06"
TEN = "--layers 500,100"
WINDOW = "--phase-ms 135 --averaging-window from30"
BERNOULLI = "--spike-distribution bernoulli"

SPIKES = [
    Condition("two phases", "--epochs 3", "10"),
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
]

STUDIES = {
    # The last 10,000 training images are held out; the first 4,000 of them are evaluated.
    "noise": Study("Noise, phases and depth", ["--validation-images", "10000", "--test-images", "4000"],
                   "50,000 training images, and errors\nof 4,000 held-out training images after each epoch. They are "
                   "harder than the other held-out images: the default has\n5.30 % on them and 4.35 % on all 10,000 "
                   "(without `--test-images`).", NOISE),
    "bursts": Study("Bursts of spikes",
                    ["--train-images", "10000", "--validation-images", "10000", "--test-images", "2000"],
                    "10,000 training\nimages, and errors of 2,000 held-out training images after each epoch. Chance is "
                    "90 %.", SPIKES),
}
