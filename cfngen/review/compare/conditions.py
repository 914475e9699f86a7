"""Conditions and mappings that do not say the same on both sides, whatever they are called."""

from __future__ import annotations

from cfngen.cloudformation.resolve import OtherSide
from cfngen.cloudformation.values import canonical
from cfngen.review.stack import Stack


def changed_mappings(before: Stack, after: Stack) -> frozenset[str]:
    """Return the mappings that are not the same on both sides."""
    old, new = (side.resolver.resolve(side.section("Mappings")) for side in (before, after))
    return frozenset(
        name
        for name in {*old, *new}
        if name not in old or name not in new or canonical(old[name]) != canonical(new[name])
    )


def changed_conditions(before: Stack, after: Stack) -> frozenset[str]:
    r"""Return the conditions that say something that none says on the other side.

    A condition counts as well if it depends on one, or on a mapping, that says something else.

    >>> from cfngen.cloudformation.sections import Sections
    >>> text = "Conditions: {Prod: {'Fn::Equals': [!Ref Stage, %s]}, Big: {Condition: Prod}}\n"
    >>> sides = [Stack(Sections(text % value + "Resources: {}")) for value in "ab"]
    >>> sorted(changed_conditions(*sides))
    ['Big', 'Prod']
    """
    return frozenset(
        name
        for side, names in zip((before, after), _names(before, after), strict=True)
        for name in _meanings(side)
        if name not in names
    )


def other_sides(before: Stack, after: Stack) -> tuple[OtherSide, OtherSide]:
    """Return, for each of two sides, what of the other one counts for what its values mean."""
    names = _names(before, after)
    return (
        OtherSide(after.resolver.mappings, names[0]),
        OtherSide(before.resolver.mappings, names[1]),
    )


def same_conditions(before: Stack, after: Stack) -> frozenset[str]:
    """Return the conditions that say the same on both sides, those that are only renamed included.

    One more that says what another says is new all the same.
    """
    old, new = _meanings(before), _meanings(after)
    gone = {old[name] for name in old.keys() - new}
    come = {new[name] for name in new.keys() - old}
    return frozenset(
        name
        for name in {*old, *new}
        if (old.get(name) == new.get(name))
        or (name not in new and old[name] in come)
        or (name not in old and new[name] in gone)
    )


def _meanings(side: Stack) -> dict[str, str]:
    conditions = side.resolver.conditions
    return {str(name): conditions.meaning(name) for name in side.section("Conditions")}


def _names(before: Stack, after: Stack) -> tuple[dict[str, str], dict[str, str]]:
    """Return what conditions are called that both sides have, by their names on each side.

    One that both have under the same name keeps it.
    """
    old, new = _meanings(before), _meanings(after)
    called: dict[str, str] = {}
    for name, meaning in (
        *((name, meaning) for name, meaning in new.items() if old.get(name) == meaning),
        *((name, meaning) for name, meaning in new.items() if name not in old),
        *((name, meaning) for name, meaning in old.items() if name not in new),
    ):
        called.setdefault(meaning, name)
    shared = called.keys() & set(old.values()) & set(new.values())
    sides = (
        {name: called[meaning] for name, meaning in side.items() if meaning in shared}
        for side in (old, new)
    )
    return next(sides), next(sides)
