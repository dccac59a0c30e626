"""HTML for notebooks: no scripts, so that it survives a conversion of the notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from ._files import write_atomic


@dataclass(frozen=True)
class Svg:
    """Picture, shown in a notebook."""

    text: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an SVG file."""
        write_atomic(path, self.text.encode())

    def __repr__(self) -> str:
        """Return the size of the picture's file."""
        return f"Svg({len(self.text)} bytes)"

    def _repr_html_(self) -> str:
        return self.text

    def _repr_svg_(self) -> str:
        return self.text


def page(title: str, values: Mapping[str, Any], *pictures: str) -> str:
    """Return a title, a table of values and pictures."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(value_text(value))}</td></tr>"
        for name, value in values.items()
    )
    shown = "".join(f"<div>{picture}</div>" for picture in pictures)
    return f"<div><strong>{escape(title)}</strong><table>{rows}</table>{shown}</div>"


def value_text(value: Any) -> str:
    """Return a value of a table as text; empty for None."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
