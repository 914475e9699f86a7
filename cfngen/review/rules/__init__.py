"""The rules of the review: a file each, in a directory of their concern.

A file `CODE_name.py` with a `RULE` in it *is* a rule; nothing lists it elsewhere.
"""

from __future__ import annotations

import dataclasses
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from cfngen.errors import Problems
from cfngen.review.model import Concern, Review
from cfngen.review.rule import RegisteredRule, Rule

FILE = re.compile(r"(?P<code>[A-Z]{1,4}\d{3})_(?P<name>[a-z][a-z0-9_]*)")


@cache
def rules() -> Mapping[str, RegisteredRule]:
    """Return our own rules by code, in the order of concerns and codes."""
    return combined([registered(import_module(__name__))])


def described(review: Review, registered_rules: Mapping[str, RegisteredRule]) -> Review:
    """Return a review with what the codes of its findings mean."""
    codes = {finding.code for finding in review.findings}
    # `replace` is a directory of rules here.
    return dataclasses.replace(
        review, rules=tuple(r.description for c, r in registered_rules.items() if c in codes)
    )


def combined(packages: Iterable[Iterable[RegisteredRule]]) -> dict[str, RegisteredRule]:
    """Return the rules of several packages by code.

    Raises:
        Problems: two rules have the same code.
    """
    by_code: dict[str, RegisteredRule] = {}
    problems = []
    for package in packages:
        for rule in package:
            other = by_code.setdefault(rule.code, rule)
            if other is not rule:
                problems.append(
                    f"two rules of the review have the code {rule.code}: {other.name} and"
                    f" {rule.name}; give one of them another"
                )
    if problems:
        raise Problems(problems)
    place = {concern: number for number, concern in enumerate(Concern)}
    return dict(sorted(by_code.items(), key=lambda item: (place[item[1].concern], item[0])))


def registered(package: ModuleType) -> Iterator[RegisteredRule]:
    """Yield the rules of a package, which has a directory for each concern.

    Raises:
        Problems: a file is called otherwise than a rule, or has none, or one without a check.
    """
    problems = []
    for concern in Concern:
        name = f"{package.__name__}.{concern.value}"
        directories = [f"{path}/{concern.value}" for path in package.__path__]
        for module in pkgutil.iter_modules(directories):
            match = FILE.fullmatch(module.name)
            rule = getattr(import_module(f"{name}.{module.name}"), "RULE", None)
            if match is None or not isinstance(rule, Rule):
                problems.append(
                    f"{name}.{module.name} is no rule of the review: its file is called as in"
                    " D101_resource_removed.py, and has a RULE"
                )
                continue
            if not rule.has_check:
                problems.append(f"{name}.{module.name} never finds anything: its RULE has no check")
            yield RegisteredRule(match["code"], match["name"], concern, rule)
    if problems:
        raise Problems(problems)
