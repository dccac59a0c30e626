"""Writes the arrays that tests/dataset_formats/numpy_arrays.rs reads.

Run with NumPy 2.3.5: python make.py
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def images(first, count, *shape):
    """Returns images whose bytes all differ from those of their neighbours, on every axis."""
    values = np.arange(first, first + count)[:, None] * 37 + np.arange(np.prod(shape)) * 11
    return (values % 256).astype("uint8").reshape(count, *shape)


def save(name, x_train, x_test, y_train=(0, 1, 2, 0, 1, 2), y_test=(2, 1, 0)):
    np.savez_compressed(
        HERE / f"{name}.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
    )


grey, grey_test = images(0, 6, 4, 5), images(6, 3, 4, 5)
save("uint8", grey, grey_test)
for kind in ["float16", "float32", "float64"]:
    save(f"{kind}-fractions", (grey / 255).astype(kind), (grey_test / 255).astype(kind))
save("float64-bytes", grey.astype("float64"), grey_test.astype("float64"))
save("float32-rounded", grey.astype("float32") * 0.999, grey_test.astype("float32") * 0.999)
save("int64", grey.astype("int64"), grey_test.astype("int64"))
save("bool", grey > 127, grey_test > 127)
save("big-endian-float", (grey / 255).astype(">f4"), (grey_test / 255).astype(">f4"))
save("big-endian-integer", grey.astype(">i4"), grey_test.astype(">i4"),
     np.array([0, 1, 2, 0, 1, 2], ">i8"), np.array([2, 1, 0], ">i8"))
save("fortran", np.asfortranarray(grey / 255), np.asfortranarray(grey_test / 255))
rows, rows_test = grey.reshape(6, 20), grey_test.reshape(3, 20)
save("rows", rows, rows_test)
save("fortran-rows", np.asfortranarray(rows), np.asfortranarray(rows_test))
save("last-1", grey[..., None], grey_test[..., None])
save("first-1", grey[:, None], grey_test[:, None])
colour, colour_test = images(0, 6, 4, 5, 3), images(6, 3, 4, 5, 3)
save("last-3", colour, colour_test)
save("first-3", colour.transpose(0, 3, 1, 2), colour_test.transpose(0, 3, 1, 2))
save("fortran-first-3", np.asfortranarray(colour.transpose(0, 3, 1, 2)),
     np.asfortranarray(colour_test.transpose(0, 3, 1, 2)))

labels, labels_test = np.array([0, 1, 2, 0, 1, 2]), np.array([2, 1, 0])
save("labels-column", grey, grey_test, labels[:, None], labels_test[:, None])
save("labels-one-hot", grey, grey_test, np.eye(3, dtype="float32")[labels], np.eye(3)[labels_test])
save("labels-one-hot-fortran", grey, grey_test, np.asfortranarray(np.eye(3, dtype="int32")[labels]),
     np.asfortranarray(np.eye(3, dtype="int32")[labels_test]))
save("labels-float", grey, grey_test, labels.astype("float32"), labels_test.astype("float32"))
names = np.array(["ant", "bee", "cow"])
save("labels-text", grey, grey_test, names[labels], names[labels_test])
save("labels-bytes", grey, grey_test, names.astype("S")[labels], names.astype("S")[labels_test])
numbers = np.array(["2", "9", "10"])
save("labels-numbers-as-text", grey, grey_test, numbers[labels], numbers[labels_test])

np.savez_compressed(HERE / "medmnist.npz", train_images=grey, train_labels=labels[:, None],
                    val_images=images(9, 2, 4, 5), val_labels=[[1], [0]],
                    test_images=grey_test, test_labels=labels_test[:, None])
np.savez_compressed(HERE / "pair.npz", X=grey, y=labels)
for folder in ["kmnist", "npy"]:
    (HERE / folder).mkdir(exist_ok=True)
for name, array in [("train-imgs", grey), ("train-labels", labels),
                    ("test-imgs", grey_test), ("test-labels", labels_test)]:
    np.savez_compressed(HERE / "kmnist" / f"kmnist-{name}.npz", array)
for name, array in [("x_train", grey), ("y_train", labels),
                    ("x_test", grey_test), ("y_test", labels_test)]:
    np.save(HERE / "npy" / f"{name}.npy", array)
