"""Proves: the notebooks run, and their pictures are pictures without scripts.

Does not prove: how the pictures look.
"""

from __future__ import annotations

from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).parents[1] / "notebooks"


@pytest.mark.parametrize(("name", "pictures"), [("first-network", 2), ("inside-a-neuron", 2)])
def test_notebook_runs(name, pictures):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "save it without outputs"
    nbclient.NotebookClient(notebook, timeout=300).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    html = [output["data"].get("text/html", "") for output in outputs if "data" in output]
    assert sum("<svg" in page for page in html) >= pictures
    assert not any("<script" in page for page in html if "xarray" not in page)
    # No escape codes in a cell.
    text = [output.get("text", "") for output in outputs]
    assert not any("\x1b" in part for part in text)
