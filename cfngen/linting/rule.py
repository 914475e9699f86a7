"""What a rule of ours is, and what it says of a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """One thing that AWS would refuse.

    `path` leads to it from the template's root: `("Resources", "Rule", "Properties", …)`. `message`
    says what is wrong, and what to do. What is not `certain` depends on how long names, ARNs and
    values of parameters are.
    """

    path: tuple[str | int, ...]
    message: str
    certain: bool = True


@dataclass(frozen=True)
class Rule:
    """A rule beside cfn-lint's own, which cfn-lint numbers, configures, ignores and waives.

    Args:
        id: `E9…` for an error, `W9…` for a warning; cfn-lint keeps the nines for others' rules.
        title: what holds where the rule finds nothing.
        description: why that matters.
        source: the page that says so.
        problems: yields what is wrong with a template, given as plain data with functions in
            their long form; what is malformed is passed over.
    """

    id: str
    title: str
    description: str
    source: str
    problems: Callable[[dict[str, Any]], Iterator[Problem]]
