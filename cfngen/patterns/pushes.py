"""Which pushes to CodeCommit the rules of EventBridge see."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cfngen.parameters import Parameters, parameter

# The name of a repository (AWS page "Quotas in AWS CodeCommit").
NAME = r"(?!.*\.git$)[A-Za-z0-9._-]{1,100}"
BEGINNING = r"(?=[^*]{0,99}\*$)[A-Za-z0-9._-]*\*"
# What a pattern may have (AWS page "Amazon EventBridge quotas").
PATTERN_ROOM = 2048
# Of that, what `pattern` needs besides names and details, with references resolved.
FRAME = 400


def repositories_question(purpose: str) -> type[Parameters]:
    """Return the question which repositories there are, in place of a list.

    Args:
        purpose: what becomes of them, such as `mirror`.
    """

    class Source(Parameters):
        Repositories = parameter(
            f"Repository to {purpose}, or the beginning of names and *; * for all",
            AllowedPattern=rf"{NAME}|[A-Za-z0-9._-]{{0,99}}\*",
            ConstraintDescription="a name, or the beginning of names followed by *",
            group="Source",
        )

    return Source


def repository_problems(repositories: Sequence[str], *, single: bool = False) -> list[str]:
    """Return what is wrong with names, and beginnings of names followed by `*`.

    Args:
        repositories: as an option has them.
        single: whether each has to be one repository's.
    """
    allowed = NAME if single else f"{NAME}|{BEGINNING}"
    hint = "" if single else ", nor the beginning of names followed by *"
    return [
        f"repositories: {name!r} is not the name of a repository{hint}"
        for name in repositories
        if not re.fullmatch(allowed, name)
    ]


def push_patterns(
    *, repositories: Sequence[str], asked: Any, events: Sequence[str], **detail: Any
) -> dict[str, Any]:
    """Return the patterns of rules that see changes of branches and tags, by their logical IDs.

    Where the repositories are too many for one pattern there are several, and each repository is
    in one of them.

    Args:
        repositories: names, and beginnings of names followed by `*`.
        asked: what is asked for at deploy time instead: a `Ref`, used if there are none.
        events: `referenceCreated`, `referenceUpdated`, `referenceDeleted`.
        detail: what else the event's detail has to be.

    Source: AWS page "Monitoring CodeCommit events in Amazon EventBridge and Amazon CloudWatch
    Events".
    """
    tests: list[list[Any]] = [[]]
    room = PATTERN_ROOM - FRAME - len(json.dumps(detail))
    if not repositories:
        tests = [[{"wildcard": asked}]]
    elif "*" not in repositories:
        for name in repositories:
            test = {"prefix": name.rstrip("*")} if name.endswith("*") else name
            if len(json.dumps([*tests[-1], test])) > room:
                tests.append([])
            tests[-1].append(test)
    return {
        f"Push{number if number > 1 else ''}": push_pattern(names, events=events, **detail)
        for number, names in enumerate(tests, start=1)
    }


def push_pattern(names: Sequence[Any], *, events: Sequence[str], **detail: Any) -> dict[str, Any]:
    """Return one pattern; without names, of every repository."""
    return {
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Repository State Change"],
        "detail": {
            "event": list(events),
            **detail,
            **({"repositoryName": list(names)} if names else {}),
        },
    }
