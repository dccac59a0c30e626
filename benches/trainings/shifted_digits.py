#!/usr/bin/env python3
"""Writes MNIST with each digit at a random place of a larger image, as an .npz file (requires numpy)."""

import argparse
import gzip
import pathlib

import numpy as np

MNIST = pathlib.Path(__file__).resolve().parents[2] / "data" / "mnist"
SIDE = 64
NAMES = {"train": "train", "test": "t10k"}


def read(name):
    """Returns the array of an IDX file of bytes."""
    data = gzip.decompress((MNIST / name).read_bytes())
    dimensions = data[3]
    sizes = np.frombuffer(data, ">u4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(sizes)


def shifted(digits, random):
    """Returns images of SIDE x SIDE pixels with one digit each, uniform over all places where it fits."""
    count, height, width = digits.shape
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    tops = random.integers(0, SIDE - height + 1, count)
    lefts = random.integers(0, SIDE - width + 1, count)
    for image, digit, top, left in zip(images, digits, tops, lefts, strict=True):
        image[top : top + height, left : left + width] = digit
    return images


def main():
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=pathlib.Path, help="file to write, such as shifted.npz")
    file = parser.parse_args().file
    random = np.random.default_rng(1)
    arrays = {}
    for split, name in NAMES.items():
        arrays[f"x_{split}"] = shifted(read(f"{name}-images-idx3-ubyte.gz"), random)
        arrays[f"y_{split}"] = read(f"{name}-labels-idx1-ubyte.gz")
    np.savez_compressed(file, **arrays)


if __name__ == "__main__":
    main()
