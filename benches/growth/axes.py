"""The axes of the measurement and their points, each with the arguments of one `apical bench`."""

from dataclasses import dataclass

import numpy

import mnist


@dataclass(frozen=True)
class Point:
    x: int
    arguments: list
    batch: int = 32


@dataclass(frozen=True)
class Axis:
    name: str
    label: str
    note: str
    points: list


def layers(*hidden):
    return ["--layers", ",".join(map(str, [*hidden, 10]))]


def axes(quick, folder, data):
    """Returns all axes. `folder`: for generated images; `data`: folder of MNIST, their source."""
    default = layers(500)
    hidden = [100, 500, 2000, 16000] if quick else [100, 250, 500, 1000, 2000, 4000, 8000, 16000]
    batch = [1, 8, 64, 512, 4096] if quick else [4**k for k in range(7)]
    depth = [1, 2, 4, 8] if quick else range(1, 9)
    side = [28, 64, 128] if quick else [28, 40, 56, 80, 112, 128]
    steps = [50, 100, 200, 400] if quick else [50, 71, 100, 141, 200, 283, 400]
    return [
        Axis(
            "hidden",
            "hidden neurons",
            "784-n-10, minibatches of 32",
            [Point(n, layers(n)) for n in hidden],
        ),
        Axis(
            "batch",
            "images per minibatch",
            "784-500-10",
            [Point(n, [*default, "--batch-size", str(n)], n) for n in batch],
        ),
        Axis(
            "depth",
            "hidden layers of 500 neurons",
            "784-500-..-500-10, minibatches of 32",
            [Point(n, layers(*[500] * n)) for n in depth],
        ),
        Axis(
            "side",
            "side of the image, pixels",
            "digits enlarged; 500-10, minibatches of 32",
            [Point(n, [*default, "--data", str(enlarged(data, folder / str(n), n))]) for n in side],
        ),
        Axis(
            "steps",
            "shortest phase, steps (ms)",
            "784-500-10, minibatches of 32",
            [Point(n, [*default, "--phase-ms", str(n)]) for n in steps],
        ),
    ]


def enlarged(data, folder, side, counts=(512, 64)):
    """Writes the first digits of MNIST, enlarged to `side` pixels, as IDX files. Returns the folder."""
    for part, count in zip(mnist.FILES, counts):
        images, labels = mnist.load(data, part)
        old = numpy.arange(side) * images.shape[1] // side
        mnist.save(folder, part, images[:count][:, old][:, :, old], labels[:count])
    return folder
