"""Proves: the README's lines run, and end at the weights of the command."""

import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_lines_of_the_readme_give_the_weights_of_the_command(tmp_path):
    lines = README.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    command = [sys.executable, "-m", "apical", "train", "--epochs", "1", "--seed", "1"]
    shown, trained = [
        subprocess.run(run, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
        for run in ([sys.executable, "-c", lines], command)
    ]
    weights = shown.split()[-1]
    assert len(weights) == 64
    assert weights in trained
