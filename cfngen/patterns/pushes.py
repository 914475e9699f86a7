"""Event patterns for pushes to CodeCommit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from cfngen.authoring.parameters import Parameters, parameter
from cfngen.cloudformation.quotas import EVENT_PATTERN, ROLE_POLICIES
from cfngen.deprecation import renamed_keywords, warn_renamed

__all__ = [
    "policy_problems",
    "push_pattern",
    "push_patterns",
    "repositories_parameter",
    "repository_problems",
]

# The name of a repository (AWS page "Quotas in AWS CodeCommit").
NAME = r"(?!.*\.git$)[A-Za-z0-9._-]{1,100}"
BEGINNING = r"(?=[^*]{0,99}\*$)[A-Za-z0-9._-]*\*"
# Of a pattern's characters, what `pattern` needs besides names and details, with references
# resolved.
FRAME = 400
# What a repository's ARN has besides the name, with quotes and a comma, in the longest region.
REPOSITORY_ARN = len('"arn:aws:codecommit:ap-southeast-2:123456789012:",')


def repositories_parameter(purpose: str, *, when: Callable[[Any], bool] | None = None) -> parameter:
    """Return a parameter for the repositories, instead of a list in the options.

    Args:
        purpose: what becomes of them, such as `mirror`.
        when: returns for the options whether the template has it; always, without.
    """
    return parameter(
        f"Repository to {purpose}, or the beginning of names followed by *. Enter * for all.",
        AllowedPattern=rf"{NAME}|[A-Za-z0-9._-]{{0,99}}\*",
        ConstraintDescription="Enter the name of a repository, or the beginning of names followed"
        " by *, such as team-*.",
        group="Source",
        when=when,
    )


def repositories_question(purpose: str) -> type[Parameters]:
    """Return a class that declares `repositories_parameter` as `Repositories`; its earlier form.

    Args:
        purpose: what becomes of them, such as `mirror`.
    """
    old = "cfngen.patterns.pushes.repositories_question()"
    warn_renamed(old, "repositories_parameter(), for a class of your own", stacklevel=3)
    return type("Source", (Parameters,), {"Repositories": repositories_parameter(purpose)})


def repository_problems(repositories: Sequence[str], *, single: bool = False) -> list[str]:
    """Return the problems of names, and of prefixes followed by `*`.

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


def policy_problems(repositories: Sequence[str], *, taken: int) -> list[str]:
    """Return what is wrong with so many names, if each has a place in one role's inline policies.

    Args:
        repositories: as an option has them.
        taken: characters of the policies besides the ARNs of the repositories.
    """
    size = taken + sum(REPOSITORY_ARN + len(name) for name in repositories)
    if size <= ROLE_POLICIES:
        return []
    problem = (
        f"repositories: with {len(repositories)} names, the policies of one role may have {size:,}"
        f" characters; IAM takes {ROLE_POLICIES:,}; use beginnings of names followed by *, or"
        " several templates"
    )
    return [problem]


@renamed_keywords(asked="parameter_value")
def push_patterns(
    *, repositories: Sequence[str], parameter_value: Any, events: Sequence[str], **detail: Any
) -> dict[str, Any]:
    """Return the patterns of rules for changes of branches and tags, by their logical IDs.

    Where the repositories are too many for one pattern there are several, and each repository is
    in one of them.

    Args:
        repositories: names, and prefixes followed by `*`.
        parameter_value: a `Ref` to the parameter that says it instead, used if there are none.
        events: `referenceCreated`, `referenceUpdated`, `referenceDeleted`.
        detail: what else the event's detail has to be.

    Source: AWS page "Monitoring CodeCommit events in Amazon EventBridge and Amazon CloudWatch
    Events".
    """
    tests: list[list[Any]] = [[]]
    if not repositories:
        tests = [[{"wildcard": parameter_value}]]
    elif "*" not in repositories:
        wanted = [{"prefix": n.rstrip("*")} if n.endswith("*") else n for n in repositories]
        taken = FRAME + len(json.dumps(detail))
        tests = in_patterns(wanted, taken, lambda test: len(json.dumps(test)))
    return numbered("Push", [push_pattern(names, events=events, **detail) for names in tests])


def in_patterns(tests: Sequence[Any], taken: int, length: Callable[[Any], int]) -> list[list[Any]]:
    """Return what one field of an event may be, in as many lists as it needs patterns.

    Args:
        tests: names, or tests such as `{"prefix": "a"}`; they stay in their order.
        taken: characters that a pattern needs besides them.
        length: how many characters a test has once it is deployed, its quotes counted.
    """
    lists: list[list[Any]] = [[]]
    limit = EVENT_PATTERN - taken
    for test in tests:
        # Brackets, and a comma and a space between two.
        if sum(length(name) + 2 for name in [*lists[-1], test]) > limit and lists[-1]:
            lists.append([])
        lists[-1].append(test)
    return lists


def numbered(title: str, patterns: Sequence[Any]) -> dict[str, Any]:
    """Return patterns by the logical IDs of their rules: `Push`, `Push2`, `Push3`."""
    return {f"{title}{n if n > 1 else ''}": each for n, each in enumerate(patterns, start=1)}


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
