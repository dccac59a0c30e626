"""Tables of results."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, overload

from ._html import value_text


class Table:
    """Rows of values by column. `table["name"]` is a column, `table[0]` a row."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order of their first value."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...
    def __getitem__(self, key: str | int) -> list[Any] | dict[str, Any]:
        """Return a column or a row."""
        if isinstance(key, int):
            return self.rows[key]
        if key not in self.columns:
            raise KeyError(f"no column '{key}', expected one of {', '.join(self.columns)}")
        return [row.get(key) for row in self.rows]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        """Compare the rows."""
        return self.rows == other.rows if isinstance(other, Table) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def to_pandas(self) -> Any:
        """Return a pandas.DataFrame."""
        import pandas as pd  # noqa: PLC0415

        return pd.DataFrame(self.rows)

    def __repr__(self) -> str:
        """Return the table as aligned text."""
        columns = self.columns
        lines = [columns, *([value_text(row.get(name)) for name in columns] for row in self.rows)]
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        aligned = (zip(line, widths, strict=True) for line in lines)
        return "\n".join("  ".join(text.rjust(width) for text, width in line) for line in aligned)

    def _repr_html_(self) -> str:
        columns = self.columns
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(value_text(row.get(name)))}</td>" for name in columns)
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
