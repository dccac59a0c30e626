"""Proves: the classifier passes all checks of scikit-learn, and works in pipelines, grid searches
and clones.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from conftest import small

sklearn = pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402


# Range of pixels: as found in the data, or that of data around 0.
@pytest.mark.parametrize("pixel_range", [None, (-3, 3)])
def test_check_estimator_passes(pixel_range):
    # Two inputs drive the neurons of these checks, instead of 784: they need the highest rate.
    clf = small(
        preset="hidden-0-batch-32",
        layers=None,
        epochs=20,
        eta=[0.3],
        phi_max=1,
        pixel_range=pixel_range,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(clf, on_fail=None, on_skip=None)
    failed = {one["check_name"]: one["exception"] for one in results if one["status"] == "failed"}
    assert not failed
    assert len(results) > 40


def test_clone_has_the_parameters_only(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "classes_")
    assert is_classifier(copy)


def test_pipeline_and_grid_search(digits):
    X, y = digits
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    pipeline = make_pipeline(flat, MinMaxScaler(clip=True), small(epochs=1))
    assert pipeline.fit(X, y).predict(X[:3]).shape == (3,)
    search = GridSearchCV(small(epochs=1), {"eta": [[0.05], [0.1]], "seed": [1, 2]}, cv=2)
    search.fit(X.reshape(len(X), -1), y)
    assert set(search.best_params_) == {"eta", "seed"}
    scores = cross_val_score(small(epochs=1), X.reshape(len(X), -1), y, cv=2, n_jobs=2)
    assert np.isfinite(scores).all()
