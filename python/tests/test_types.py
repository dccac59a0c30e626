"""Proves: the stubs are those of the Rust module, and the package has no type errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

SOURCE = Path(__file__).parents[1] / "apical"


def check(*arguments: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_stubs_are_those_of_the_module():
    check("mypy.stubtest", "apical._apical", "--ignore-disjoint-bases")


def test_package_has_no_type_errors_in_mypy():
    check("mypy", "--config-file", str(SOURCE.parent / "pyproject.toml"), str(SOURCE))


USER = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import apical

X, y = np.zeros((4, 8, 8)), ["a", "b", "a", "b"]
clf = apical.Classifier(preset="quick", epochs=1).fit(X, y, callbacks=["progress", print])
accuracy: float = clf.score(X, y)
weights: np.ndarray = clf.weights_["W0"]
error: float = clf.history_[0]["train_error"]
with clf.recording("spikes", units=range(2)) as r:
    clf.predict(X)
apical.sweep({"eta": [0.1]}, executor=ThreadPoolExecutor())
print(r.raster(0).text, apical.sweep({"eta": [0.1]})["seed"], apical.devices()[0].name)
apical.Classifier(epochs="two")  # expected
"""


def pyright(*arguments: str) -> str:
    pytest.importorskip("pyright")
    run = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *arguments]
    return subprocess.run(run, capture_output=True, text=True, check=False).stdout


def test_pyright_finds_only_the_error_of_the_user(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(USER)
    output = pyright(str(SOURCE), str(file))
    errors = [line for line in output.splitlines() if " error: " in line]
    assert len(errors) == 1 and "user.py:15:" in errors[0], output
