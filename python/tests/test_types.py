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


def test_package_has_no_type_errors():
    check("mypy", "--config-file", str(SOURCE.parent / "pyproject.toml"), str(SOURCE))
