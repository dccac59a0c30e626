"""A worker that times the PyTorch model: reads one request per line, writes one row of JSON per request.

A worker has one form, one device and one number of threads. It keeps a network per case, trained before
timing, because an untrained network has other spike rates. Between requests it sleeps, so that workers
can take turns. A time is that of a slice of whole minibatches, including the device's work.
"""

import argparse
import json
import sys
import time

import numpy
import torch

import mnist
from cases import PIXELS, ROOT
from torch_model import FORMS, Network

SLICE_SECONDS = 0.2
# Fastest numbers of test images per minibatch: on a CPU they must fit the caches.
TEST_BATCH = {"cpu": 16, "cuda": 512}


class Subject:
    """A network and its images, used cyclically."""

    def __init__(self, case, form, device):
        layers = [PIXELS, *case["layers"]]
        self.network = Network(layers, case["optimizer"], case["eta"], form, device)
        self.device, self.batch = device, case["batch"]
        self.images, self.labels = load("train", device)
        self.order = shuffled(len(self.labels), device)
        self.next = 0
        for _ in range(-(-case["warm_up"] // self.batch)):
            self.train()
        if case["task"] == "test":
            self.images, self.labels = load("test", device)
            self.order = shuffled(len(self.labels), device)
            self.batch, self.next = TEST_BATCH[device], 0
        self.step = getattr(self, case["task"])
        for _ in range(3):
            self.step()

    def minibatch(self):
        if self.next + self.batch > len(self.order):
            self.next = 0
        chosen = self.order[self.next : self.next + self.batch]
        self.next += self.batch
        return self.images[chosen].float() / 255, self.labels[chosen]

    def train(self):
        self.network.train(*self.minibatch())

    def test(self):
        self.network.test(self.minibatch()[0])

    def slice(self):
        """Returns wall-clock and CPU time of a minibatch, mean over a slice, ms."""
        count, wall, cpu = 0, time.perf_counter(), time.process_time()
        while count == 0 or time.perf_counter() - wall < SLICE_SECONDS:
            self.step()
            count += 1
            if self.device == "cuda" and count % 8 == 0:
                # Without this the host would queue work beyond the slice.
                torch.cuda.synchronize()
        if self.device == "cuda":
            torch.cuda.synchronize()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return 1e3 * wall / count, 1e3 * cpu / count


def load(part, device):
    images, labels = mnist.load(ROOT / "data" / "mnist", part)
    images = torch.from_numpy(images.reshape(len(images), -1).copy()).to(device)
    return images, torch.from_numpy(labels.astype(numpy.int64)).to(device)


def shuffled(count, device):
    return torch.randperm(count, generator=torch.Generator().manual_seed(1)).to(device)


def measure(subject, seconds):
    slices, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        slices.append(subject.slice())
    wall, cpu = numpy.median(slices, axis=0)
    return {
        "ms_per_image": wall / subject.batch,
        "cpu_ms_per_image": cpu / subject.batch,
        "batch": subject.batch,
        "raw_ms": [wall for wall, _ in slices],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--device", choices=TEST_BATCH, default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tf32", action="store_true", help="allow TF32 matrix products (CUDA)")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high" if options.tf32 else "highest")
    subjects = {}
    for line in sys.stdin:
        case = json.loads(line)
        if case["name"] not in subjects:
            subjects[case["name"]] = Subject(case, options.form, options.device)
        print(json.dumps(measure(subjects[case["name"]], case["seconds"])), flush=True)


if __name__ == "__main__":
    main()
