"""The measured cases, for both programs: the preset `paper-1`, with Adam if minibatches are larger than 1."""

import json
import pathlib
from dataclasses import asdict, dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIXELS = 784


@dataclass(frozen=True)
class Case:
    name: str
    task: str
    batch: int
    optimizer: str
    eta: float
    layers: tuple = (500, 10)

    def request(self, **more):
        """Returns a line of JSON for `torch_bench.py`."""
        return json.dumps(asdict(self) | more)

    def arguments(self):
        """Returns the arguments of `apical bench`."""
        return [
            *("--preset", "paper-1"),
            *("--layers", ",".join(map(str, self.layers)), "--batch-size", str(self.batch)),
            *("--optimizer", self.optimizer, "--eta", str(self.eta)),
            *("--g-apical", "0", "--replicas", "1", "--task", self.task),
        ]


def cases(batches):
    """Returns training with Adam per batch size, training with batch size 1 as in the paper, and the test."""
    adam = [Case(f"train, batch {n}, Adam", "train", n, "adam", 0.01) for n in batches]
    single = Case("train, batch 1, plain gradient", "train", 1, "sgd", 0.21)
    return [*adam, single, Case("test, 250 steps", "test", max(batches), "adam", 0.01)]
