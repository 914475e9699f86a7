"""What a rule says of a template."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that AWS would refuse.

    `path` leads to it from the template's root: `("Resources", "Rule", "Properties", …)`. `message`
    says what is wrong, and what to do. What is not `certain` depends on how long names, ARNs and
    answers to parameters are.
    """

    path: tuple[str | int, ...]
    message: str
    certain: bool = True
