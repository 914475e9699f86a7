"""The actions of a statement, with wildcards expanded by the list of all IAM actions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cfngen.cloudformation.glob import covers, wild
from cfngen.cloudformation.schemas import iam_actions
from cfngen.cloudformation.text import AnyText, split
from cfngen.cloudformation.values import shown

MAX_LISTED = 8  # so many actions are always listed one by one


@dataclass(frozen=True)
class Actions:
    """What `Action` matches, as the policy writes it; or `NotAction`, where `negated` is true."""

    patterns: tuple[AnyText, ...]
    negated: bool = False
    description: str = field(default="", compare=False)  # what a reader sees instead

    @cached_property
    def expanded(self) -> frozenset[AnyText]:
        """Every action that is matched, in lower case; an unknown one stands for itself."""
        named = frozenset[AnyText]().union(*map(expanded, self.patterns))
        return all_actions() - named if self.negated else named

    @cached_property
    def unclear(self) -> frozenset[AnyText]:
        """Names in `NotAction` that are not known actions, so that their effect is unclear."""
        return self.expanded_names - all_actions() if self.negated else frozenset()

    @cached_property
    def expanded_names(self) -> frozenset[AnyText]:
        """The actions that are named, whether they are included or excluded."""
        return frozenset[AnyText]().union(*map(expanded, self.patterns))

    def names(self, action: AnyText) -> bool:
        """Whether an action or pattern is certainly among those that are matched."""
        if self.negated:
            return isinstance(action, str) and not wild(action) and not self._named(action)
        return self._named(action)

    def _named(self, action: AnyText) -> bool:
        return any(covers(pattern.lower(), action) for pattern in self.patterns)


def uncovered_actions(wanted: Actions, given: Iterable[Actions]) -> frozenset[AnyText]:
    """Return which of the wanted actions none of the given covers.

    >>> wanted = Actions(("sqs:SendMessage", "sqs:DeleteQueue"))
    >>> sorted(uncovered_actions(wanted, [Actions(("sqs:Send*",))]))
    ['sqs:deletequeue']
    """
    rest = wanted.expanded
    for actions in given:
        if not rest:
            break
        if not actions.unclear <= wanted.unclear:
            continue
        rest -= actions.expanded
        rest -= {action for action in rest - all_actions() if actions.names(action)}
    return rest


@lru_cache(maxsize=20_000)
def expanded(pattern: AnyText) -> frozenset[AnyText]:
    """Return the actions that a pattern matches, in lower case; itself where it matches none.

    >>> sorted(expanded("sqs:*QueueTags"))
    ['sqs:listqueuetags']
    """
    if not isinstance(pattern, str) or not wild(pattern):
        return frozenset({pattern.lower() if isinstance(pattern, str) else pattern})
    small = pattern.lower()
    if small in ("*", "*:*"):
        return all_actions()
    service, _, verb = small.partition(":")
    verbs = iam_actions().get(service)
    if verbs is not None and not wild(service):
        actions = frozenset[AnyText](f"{service}:{n}" for n in verbs if covers(verb, n))
    elif wild(service):
        actions = _matching(small)
    else:
        actions = frozenset()
    return actions or frozenset({small})


@lru_cache(maxsize=20_000)
def wild_service(pattern: AnyText) -> bool:
    """Whether a pattern may match actions of several services, but not of all."""
    return wild(split(pattern, ":", 1)[0]) and pattern not in ("*", "*:*")


def _matching(pattern: str) -> frozenset[AnyText]:
    """Return every action that matches, whatever its service.

    What stands between two stars matches where it first can, and no other place is tried: all of
    the actions take some milliseconds.
    """
    *parts, last = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    rule = "".join(f"(?>{'.*?' if number else ''}{part})" for number, part in enumerate(parts))
    matcher = re.compile(f"{rule}.*{last}" if parts else last)
    return frozenset(action for action in all_actions() if matcher.fullmatch(str(action)))


@lru_cache(maxsize=1)
def all_actions() -> frozenset[AnyText]:
    """Return every known action, in lower case."""
    return frozenset(
        f"{service}:{action}" for service, names in iam_actions().items() for action in names
    )


def format_actions(
    wanted: Actions, rest: frozenset[AnyText], spelling: dict[AnyText, str]
) -> tuple[str, ...]:
    """Return actions for a reader: a pattern where all of its actions are meant.

    `spelling` has the spelling of actions that are written out somewhere. Of a pattern of which
    most actions are meant, the excluded ones are named.

    >>> wanted = Actions(("sqs:*Queue*",))
    >>> format_actions(wanted, wanted.expanded, {})
    ('sqs:*Queue*',)
    >>> format_actions(wanted, wanted.expanded & expanded("sqs:*Queue"), {})
    ('sqs:createqueue', 'sqs:deletequeue', 'sqs:purgequeue', 'sqs:tagqueue', 'sqs:untagqueue')
    """
    if wanted.description:
        return (wanted.description,)
    if wanted.negated:
        name = "every action but " + ", ".join(sorted(map(shown, wanted.patterns)))
        return (name,) if rest == wanted.expanded else _part(name, wanted.expanded, rest, spelling)
    formatted: list[str] = []
    for pattern in wanted.patterns:
        whole = expanded(pattern)
        if whole <= rest:
            formatted.append(shown(pattern))
        elif whole & rest:
            formatted += _part(shown(pattern), whole, rest, spelling)
    return tuple(dict.fromkeys(formatted))


def _part(
    name: str, whole: frozenset[AnyText], rest: frozenset[AnyText], spelling: dict[AnyText, str]
) -> tuple[str, ...]:
    """Return some of a pattern's actions, by name or by those that are excluded."""
    included = _by_service(whole & rest, spelling)
    if len(included) <= MAX_LISTED:
        return included
    excluded = _by_service(whole - rest, spelling)
    if len(included) <= len(excluded):
        return included
    return (f"{name} (except {', '.join(excluded)})",)


def _by_service(some: frozenset[AnyText], spelling: dict[AnyText, str]) -> tuple[str, ...]:
    """Return actions, with `service:*` where all actions of a service are meant."""
    by_service: dict[str, list[AnyText]] = {}
    for action in sorted(some):
        # Nearly all are known words, for which a text's own way takes a tenth of the time.
        service = action.partition(":")[0] if isinstance(action, str) else split(action, ":", 1)[0]
        by_service.setdefault(str(service), []).append(action)
    formatted: list[str] = []
    for service, actions in by_service.items():
        if len(actions) > 1 and len(actions) == len(iam_actions().get(service, ())):
            formatted.append(f"{service}:*")
        else:
            formatted += [spelling.get(action, shown(action)) for action in actions]
    return tuple(formatted)
