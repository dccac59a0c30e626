"""Reads and writes IDX files, the format of MNIST: a header with the shape, then bytes."""

import gzip
import struct

import numpy

FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


def read(path):
    """Reads a uint8 array from a gzip-compressed IDX file."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, dimensions = struct.unpack(">HBB", data[:4])
    if (zero, kind) != (0, 8):
        raise ValueError(f"{path}: expected an IDX file of unsigned bytes")
    shape = struct.unpack(f">{dimensions}I", data[4 : 4 + 4 * dimensions])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def write(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(numpy.uint8).tobytes(), 1))


def load(folder, part):
    """Returns images, [n, side, side], and labels, [n], of `part`: "train" or "test"."""
    images, labels = (read(folder / name) for name in FILES[part])
    return images, labels


def save(folder, part, images, labels):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(FILES[part], (images, labels)):
        write(folder / name, array)
