"""What a lookup in a mapping may come to, where that differs between the sides of a review."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cfngen.cloudformation.text import AnyText, Text
from cfngen.cloudformation.values import canonical

Tables = Mapping[str, Any]


def differing_cells(
    own: Tables, other: Tables, changed: Collection[str], key: tuple[AnyText, AnyText, AnyText]
) -> Any:
    """Return the cells that a lookup may come to; nothing if both sides have the same in them.

    Args:
        own: the mappings of this side.
        other: those of the other side.
        changed: the names of mappings that are not the same on both sides.
        key: the mapping, the row and the column that are looked up, as far as they are known.
    """
    name, row, column = key
    names = [name] if isinstance(name, str) else sorted(own)
    tables = [each for each in names if each in changed and each in own]
    cells, others = (
        {each: _cells(these.get(each), those.get(each), row, column) for each in tables}
        for these, those in ((own, other), (other, own))
    )
    if canonical(cells) == canonical(others):
        return None
    return cells if len(names) > 1 else cells[tables[0]]


def _cells(table: Any, other: Any, row: AnyText, column: AnyText) -> Any:
    """Return the cells of a mapping that a lookup may read, of rows that both sides have.

    A stack that runs reads none of a row that is new, and one of a row that is gone is not updated.
    """
    if not isinstance(table, dict) or not isinstance(other, dict):
        return table
    others = {str(key): cells for key, cells in other.items()}
    rows = {str(key): cells for key, cells in table.items() if isinstance(cells, dict)}
    return {
        name: {
            str(key): value
            for key, value in cells.items()
            if column == str(key) or (isinstance(column, Text) and key in others[name])
        }
        for name, cells in rows.items()
        if isinstance(others.get(name), dict) and (isinstance(row, Text) or row == name)
    }
