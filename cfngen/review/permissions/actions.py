"""The actions of a statement, wildcards expanded through the list of all IAM actions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cfngen.cloudformation.schemas import iam_actions
from cfngen.cloudformation.values import literal, shown
from cfngen.review.permissions.glob import covers, wild

FEW = 8  # so many actions are always told one by one


@dataclass(frozen=True)
class Actions:
    """What `Action` says, as the policy writes it, or `NotAction` where `but` is true."""

    patterns: tuple[str, ...]
    but: bool = False
    words: str = field(default="", compare=False)  # what a person is told instead

    @cached_property
    def expanded(self) -> frozenset[str]:
        """Every action that is meant, in small letters; one that nobody knows is itself."""
        named = frozenset[str]().union(*map(expanded, self.patterns))
        return every() - named if self.but else named

    @cached_property
    def unclear(self) -> frozenset[str]:
        """Those of `NotAction` of which nobody knows what they take away."""
        return self.expanded_names - every() if self.but else frozenset()

    @cached_property
    def expanded_names(self) -> frozenset[str]:
        """What is named, whether it is meant or what is not."""
        return frozenset[str]().union(*map(expanded, self.patterns))

    def names(self, action: str) -> bool:
        """Whether an action or pattern is among what is meant, as far as is known."""
        if self.but:
            return literal(action) and not wild(action) and not self._named(action)
        return self._named(action)

    def _named(self, action: str) -> bool:
        return any(covers(pattern.lower(), action) for pattern in self.patterns)


def left(wanted: Actions, given: Iterable[Actions]) -> frozenset[str]:
    """Return which of the wanted actions none of the given has."""
    rest = wanted.expanded
    for one in given:
        if not rest:
            break
        if not one.unclear <= wanted.unclear:
            continue
        rest -= one.expanded
        rest -= {action for action in rest - every() if one.names(action)}
    return rest


@lru_cache(maxsize=20_000)
def expanded(pattern: str) -> frozenset[str]:
    """Return the actions that a pattern means, in small letters; itself where there are none."""
    small = pattern.lower() if literal(pattern) else pattern
    if not wild(small):
        return frozenset({small})
    if small in ("*", "*:*"):
        return every()
    service, _, verb = small.partition(":")
    known = iam_actions().get(service)
    if known is not None and not wild(service):
        found = frozenset(f"{service}:{one}" for one in known if covers(verb, one))
    elif wild(service):
        found = _matching(small)
    else:
        found = frozenset()
    return found or frozenset({small})


def wild_service(pattern: str) -> bool:
    """Whether a pattern may mean actions of any service, short of all of them."""
    return wild(pattern.partition(":")[0]) and pattern not in ("*", "*:*")


def _matching(pattern: str) -> frozenset[str]:
    """Return every action that matches, whatever its service.

    What stands between two stars matches where it first can, and no other place is tried: all of
    the actions take some milliseconds.
    """
    *parts, last = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    rule = "".join(f"(?>{'.*?' if number else ''}{part})" for number, part in enumerate(parts))
    found = re.compile(f"{rule}.*{last}" if parts else last)
    return frozenset(action for action in every() if found.fullmatch(action))


@lru_cache(maxsize=1)
def every() -> frozenset[str]:
    """Return every action that is known."""
    return frozenset(
        f"{service}:{action}" for service, names in iam_actions().items() for action in names
    )


def told(wanted: Actions, rest: frozenset[str], case: dict[str, str]) -> tuple[str, ...]:
    """Return actions for a person: as the policy has them where all of a pattern's are meant.

    `case` has the spelling of actions that are written out somewhere. Of a pattern of which most
    are meant, those that are not are told.
    """
    if wanted.words:
        return (wanted.words,)
    if wanted.but:
        name = "every action but " + ", ".join(sorted(map(shown, wanted.patterns)))
        return (name,) if rest == wanted.expanded else _part(name, wanted.expanded, rest, case)
    found: list[str] = []
    for pattern in wanted.patterns:
        whole = expanded(pattern)
        if whole <= rest:
            found.append(shown(pattern))
        elif whole & rest:
            found += _part(shown(pattern), whole, rest, case)
    return tuple(dict.fromkeys(found))


def _part(
    name: str, whole: frozenset[str], rest: frozenset[str], case: dict[str, str]
) -> tuple[str, ...]:
    """Tell some of a pattern's actions: one by one, or by those that are missing."""
    mine = _gathered(whole & rest, case)
    without = _gathered(whole - rest, case)
    if len(mine) <= FEW or len(mine) <= len(without):
        return mine
    return (f"{name} (except {', '.join(without)})",)


def _gathered(some: frozenset[str], case: dict[str, str]) -> tuple[str, ...]:
    """Return names, `service:*` for a service of which all actions are meant."""
    by_service: dict[str, list[str]] = {}
    for action in sorted(some):
        by_service.setdefault(action.partition(":")[0], []).append(action)
    found: list[str] = []
    for service, mine in by_service.items():
        if len(mine) > 1 and len(mine) == len(iam_actions().get(service, ())):
            found.append(f"{service}:*")
        else:
            found += [case.get(action, shown(action)) for action in mine]
    return tuple(found)
