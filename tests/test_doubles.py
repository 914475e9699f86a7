"""Of all that ships it is known what stood for AWS in the tests, and where that is kinder."""

from __future__ import annotations

from emulator.doubles import DOUBLES, table
from support.drawn import PROJECT, drawn


def test_every_type_that_ships_has_its_double() -> None:
    """And no other has: the page says nothing of what is not there."""
    ships = {
        resource["Type"]
        for name in PROJECT.templates
        for resource in drawn(name).document.body["Resources"].values()
    }
    assert set(DOUBLES) == ships
    assert list(DOUBLES) == sorted(DOUBLES)


def test_each_says_where_it_is_kinder() -> None:
    """A double that is as strict as AWS in everything would be AWS."""
    assert all(double.by and double.kinder for double in DOUBLES.values())
    assert table().count("\n") == len(DOUBLES) + 2
