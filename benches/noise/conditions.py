"""The trainings, with what was predicted before each."""

import dataclasses

# The last 10,000 training images are held out; the first 4,000 of them are evaluated.
HELD_OUT = ["--validation-images", "10000", "--test-images", "4000"]


@dataclasses.dataclass(frozen=True)
class Condition:
    """A training: arguments of `apical train` and the predicted error, %."""

    name: str
    arguments: str
    predicted: str = "-"
    # Whether errors are those of held-out training images; otherwise of the test set, after training on all images.
    is_held_out: bool = True


ONE, TWO, THREE = "--epochs 3", "--preset hidden-2-batch-32 --epochs 3", "--preset hidden-3-batch-32 --epochs 2"
WIDE = "--layers 500,500,10 --eta 0.03,0.02 --epochs 3"
HIGH_RATES = "--phi-max 0.4 --spike-distribution bernoulli --eta 0.03,0.01"

CONDITIONS = [
    Condition("one: default", ONE),
    Condition("one: phases of 35 ms", f"{ONE} --phase-ms 35", "5.3"),
    Condition("one: phases of 35 ms, epsilon 3e-4", f"{ONE} --phase-ms 35 --optimizer-eps 3e-4", "6.5"),
    Condition("one: window of 35 ms", f"{ONE} --phase-ms 65 --averaging-window from30", "5.1"),
    Condition("one: window of 55 ms", f"{ONE} --phase-ms 85 --averaging-window from30", "4.1"),
    Condition("one: feedback by rates", f"{ONE} --feedback-signal rates", "4.8"),
    Condition("one: rates up to 400 Hz, Bernoulli", f"{ONE} {HIGH_RATES}", "3.9"),
    Condition("one: steady states", f"{ONE} --dynamics steady-state", "3.2"),
    Condition("two: window of 35 ms", f"{TWO} --phase-ms 65 --averaging-window from30", "4.3"),
    Condition("two: steady states", f"{TWO} --dynamics steady-state", "2.9"),
    Condition("two, 500 each, eta 0.03: steady states", f"{WIDE} --dynamics steady-state", "2.6"),
    Condition("three: phases of 50 ms", THREE),
    Condition("three: phases of 70 ms", f"{THREE} --phase-ms 70", "5.6"),
    *[Condition(f"test: rates up to 400 Hz, Bernoulli, seed {seed}", f"--epochs 6 {HIGH_RATES} --seed {seed}",
                "2.7", is_held_out=False) for seed in (1, 2, 3)],
    Condition("test: default, seed 1", "--epochs 10 --seed 1", "3.1", is_held_out=False),
]
