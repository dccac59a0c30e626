"""Proves: arrays of any type, order and byte order give the same images. Faults raise exceptions
of fitting types, with messages that name the argument.
"""

from __future__ import annotations

import numpy as np
import pytest
from conftest import small

import apical
from apical import _apical
from apical._arrays import to_images


def strided(X):
    wide = np.zeros((2 * len(X), 28, 30), dtype=X.dtype)
    wide[::2, :, 1:29] = X
    return wide[::2, :, 1:29]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize(
    "convert",
    [
        np.asfortranarray,
        strided,
        read_only,
        lambda X: X.reshape(len(X), -1),
        lambda X: X[..., None],
        lambda X: (X / 255).astype(np.float32),
        lambda X: (X / 255).astype(np.float16),
        lambda X: X.astype(object),
        lambda X: np.ascontiguousarray(X[:, ::-1])[:, ::-1],
        memoryview,
        lambda X: (X / 255).astype(">f8"),
        lambda X: X.astype(">i4"),
        lambda X: np.asfortranarray(X.astype(np.float64)),
        lambda X: X.tolist(),
        lambda X: X[::-1][::-1],
    ],
)
def test_arrays_give_the_same_bytes(convert, digits):
    X, _ = digits
    images = to_images(convert(X))
    assert images.bytes.flags.c_contiguous
    assert (images.bytes == X.reshape(len(X), -1)).all()
    assert images.shape == (28, 28, 1)


def test_rust_refuses_fortran_order():
    X = np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(2, 6))
    y = np.array([0, 1], dtype=np.uint8)
    with pytest.raises(TypeError, match="C order"):
        _apical.Data((X, y), None, (2, 3, 1), ["a", "b"], "test")


def test_range_of_pixels_is_told_and_kept(digits):
    X, y = digits
    clf = small(epochs=1).fit(X / 255, y)
    assert clf.pixel_range_ == (0, 1)
    assert small(epochs=1).fit(X, y).weights_sha256_ == clf.weights_sha256_
    with pytest.raises(ValueError, match=r"expected pixels in 0\.\.1, found 255"):
        clf.predict(X)
    clf = small(epochs=1).fit(X.astype(float), y)
    assert clf.pixel_range_ == (0, 255)
    with pytest.warns(UserWarning, match="the images are dark"):
        clf.predict(X / 255)
    clf = small(epochs=1, pixel_range=(-1, 1)).fit(X / 127.5 - 1, y)
    assert clf.pixel_range_ == (-1, 1)


def test_colour_images_have_three_channels(digits):
    X, y = digits
    colour = np.repeat(X[:40, ::4, ::4, None], 3, axis=3)
    clf = small(epochs=1).fit(colour, y[:40])
    assert clf.image_shape_ == (7, 7, 3)
    assert clf.weights_["W0"].shape == (20, 147)
    assert clf.predict(colour[:3].reshape(3, -1)).shape == (3,)


def test_labels_are_texts_or_numbers(digits, tmp_path):
    X, y = digits
    numbers = small(epochs=1).fit(X, y)
    texts = small(epochs=1).fit(X, np.array([f"digit {label}" for label in y]))
    assert texts.weights_sha256_ == numbers.weights_sha256_
    assert texts.predict(X[:1])[0] == f"digit {numbers.predict(X[:1])[0]}"
    for clf in (numbers, texts):
        clf.save(tmp_path / "w.safetensors")
        loaded = apical.load(tmp_path / "w.safetensors")
        assert (loaded.predict(X[:5]) == clf.predict(X[:5])).all()
        assert loaded.score(X, y if clf is numbers else texts.classes_[y]) == clf.score(
            X, y if clf is numbers else texts.classes_[y]
        )


FAULTS = [
    (lambda X, y: (X[:10], y[:9]), ValueError, "10 images, but 9 labels"),
    (lambda X, y: (X, None), ValueError, "y is None"),
    (lambda X, y: (X[:0], y[:0]), ValueError, "0 sample"),
    (lambda X, y: (X[0, 0], y), ValueError, r"expected X of shape"),
    (lambda X, y: (np.where(X > 9, np.nan, X), y), ValueError, "NaN"),
    (
        lambda X, y: (X.astype(int) - 1, y),
        ValueError,
        r"Negative values in data X: .* found -1;",
    ),
    (lambda X, y: (X * 1j, y), ValueError, "Complex data not supported"),
    (lambda X, y: (np.full((200, 4), "a"), y), TypeError, "expected numbers"),
    (lambda X, y: (X, y * 0), ValueError, "at least two classes"),
    (lambda X, y: (np.ma.masked_array(X, X > 3), y), ValueError, "no masked values in X"),
    (lambda X, y: (np.where(X > 9, None, X), y), ValueError, "NaN"),
    (lambda X, y: (X, [None, *y[1:]]), ValueError, "Input y contains NaN or None"),
    (lambda X, y: (X, np.where(y > 3, np.nan, y.astype(object))), ValueError, "Input y contains"),
    (lambda X, y: (X, np.array(["a", *y[1:]], dtype=object)), TypeError, "in y, found"),
    (lambda X, y: ([[1, 2], [3]], y[:2]), ValueError, "cannot read X"),
    (lambda X, y: (X, y + 0.5), ValueError, "Unknown label type"),
    (lambda X, y: (X * 0, y), ValueError, "black images only"),
    (lambda X, y: (np.zeros((200, 4, 4, 2)), y), ValueError, "1 or 3 channels"),
]


@pytest.mark.parametrize(("change", "error", "message"), FAULTS)
def test_invalid_data_raises_and_changes_nothing(change, error, message, fitted, digits):
    before = dict(vars(fitted))
    with pytest.raises(error, match=message):
        fitted.fit(*change(*digits))
    assert vars(fitted) == before


def test_invalid_validation_is_named(fitted, digits):
    X, y = digits
    for validation, message in [
        ((X[:3], y[:2]), "validation: expected one label per image: 3 images, but 2 labels in y"),
        ((X[:0], y[:0]), "validation: Found array with 0 sample"),
        ((X[:1], [77]), "validation: expected the classes 0, 1, .* in y, found 77"),
    ]:
        with pytest.raises(ValueError, match=message):
            fitted.fit(X, y, validation=validation)
    with pytest.raises(TypeError, match="callbacks: expected functions, found 3"):
        fitted.fit(X, y, callbacks=3)


def test_tables_are_read_as_arrays(fitted, digits):
    X, y = digits
    rows = X.reshape(len(X), -1)
    names = [f"p{number}" for number in range(784)]
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for table, labels in [
        (pandas.DataFrame(rows, columns=names, index=range(9, 209)), pandas.Series(y)),
        (pandas.DataFrame(rows, columns=names).astype("Int64"), pandas.Series(y).astype("Int64")),
        (polars.DataFrame(rows, schema=names), polars.Series("y", y)),
    ]:
        assert small().fit(table, labels).weights_sha256_ == fitted.weights_sha256_
    assert small(epochs=1).fit(X, y.astype("S")).classes_.tolist() == list("0123456789")
    named = np.array(["NaT", "<NA>"], dtype=object)[y % 2]
    assert small(layers=None, epochs=1).fit(X, named).classes_.tolist() == ["<NA>", "NaT"]
    with pytest.raises(ValueError, match="Input y contains NaN or None"):
        small().fit(X, pandas.Series([pandas.NA, *map(str, y[1:])], dtype="string"))
    missing = pandas.DataFrame(rows, columns=names).astype("Int64")
    missing.iloc[0, 0] = pandas.NA
    with pytest.raises(ValueError, match="Input X contains NaN or missing values"):
        small().fit(missing, y)


@pytest.mark.parametrize("convert", [str, bool, float, int])
def test_file_keeps_types_of_labels_and_pixels(convert, digits, tmp_path):
    X, y = digits
    labels = [convert(label) for label in y]
    clf = small(layers=None, epochs=1).fit(X / 255, labels)
    clf.save(tmp_path / "w.safetensors")
    loaded = apical.load(tmp_path / "w.safetensors")
    assert loaded.classes_.tolist() == clf.classes_.tolist()
    assert loaded.pixel_range_ == (0, 1)
    assert loaded.score(X / 255, labels) == clf.score(X / 255, labels)


def test_score_and_predict_check_their_arguments(fitted, digits):
    X, y = digits
    with pytest.raises(TypeError, match="expected numbers in y, as in fit, found texts"):
        fitted.score(X[:2], ["1", "2"])
    with pytest.raises(ValueError, match="repeats = 0"):
        fitted.predict(X[:2], repeats=0)
    for weights, message in [([1], "one per image"), ([0, 0], "not all"), ([1, np.nan], "finite")]:
        with pytest.raises(ValueError, match=f"sample_weight: expected .*{message}"):
            fitted.score(X[:2], y[:2], sample_weight=weights)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"phi_max": 2}, ValueError, r"phi_max = 2.0: expected 1e-6 to 1"),
        ({"layers": [20, 11]}, ValueError, r"layers = 11: expected a multiple of 10"),
        ({"optimizer": "adm"}, ValueError, "unknown variant 'adm', expected one of"),
        ({"epochs": "many"}, ValueError, "epochs = many: expected a number"),
        ({"epochs": object()}, TypeError, "epochs: expected a number, a text or a list"),
        ({"train_images": 1000}, ValueError, "1000"),
        ({"preset": "quik"}, ValueError, "unknown preset 'quik'"),
        ({"device": "no such GPU"}, apical.DeviceError, "no such GPU|no GPU"),
        ({"threads": -1}, ValueError, "threads = -1"),
        ({"memory": 1000}, MemoryError, "of available memory; hint: reduce batch_size"),
        ({"memory": "1 GB"}, TypeError, "memory: expected a whole number"),
        ({"layers": []}, ValueError, "layers: expected at least one value"),
        ({"preset": None}, TypeError, "preset: expected a text, found None"),
        ({"pixel_range": 3}, ValueError, "pixel_range = 3: expected"),
        ({"pixel_range": (1, 0)}, ValueError, "pixel_range"),
    ],
)
def test_invalid_settings_raise(settings, error, message, digits):
    clf = small(**settings)
    with pytest.raises(error, match=message):
        clf.fit(*digits)
    assert not hasattr(clf, "classes_")


def test_unknown_setting_names_the_nearest():
    with pytest.raises(TypeError, match="unknown setting 'epoch', did you mean 'epochs'"):
        apical.Classifier(epoch=3)
    with pytest.raises(TypeError, match="did you mean 'batch_size'"):
        small().set_params(batchsize=3)


def test_every_setting_is_a_keyword():
    own = {"preset", "device", "threads", "memory", "pixel_range"}
    assert set(apical.Classifier().get_params()) - own == set(apical.settings())
    assert apical.settings("paper-1", eta=[0.1, 0.2])["eta"] == [0.1, 0.2]
    assert "hidden-1-batch-512" in apical.presets()


def test_missing_and_damaged_files_raise(tmp_path, fitted):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        apical.load(tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match="no folder"):
        fitted.save(tmp_path / "no" / "w.safetensors")
    file = tmp_path / "w.safetensors"
    fitted.save(file)
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        apical.load(file)


def test_prediction_before_fit_raises(digits):
    with pytest.raises(ValueError, match="not fitted yet"):
        small().predict(digits[0])
