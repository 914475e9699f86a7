"""What a user says of where a stack will be, checked: all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.deploy.role.names import Place
from cfngen.errors import Problems, did_you_mean

# AWS's partitions, each with how its regions begin; the first has the others.
PARTITIONS = {
    "aws": "",
    "aws-cn": "cn-",
    "aws-us-gov": "us-gov-",
    "aws-iso": "us-iso-",
    "aws-iso-b": "us-isob-",
    "aws-iso-e": "eu-isoe-",
    "aws-iso-f": "us-isof-",
    "aws-eusc": "eusc-",
}


def place(
    body: Any,
    *,
    stack: str,
    partition: str = "*",
    region: str = "*",
    account: str = "*",
    parameters: tuple[str, ...] = (),
    regions: tuple[str, ...] = (),
) -> Place:
    """Return where a stack will be, as far as it is given; `*` is anywhere.

    Args:
        body: the template, as plain data.
        stack: the stack's name.
        partition: such as `aws-cn`.
        region: such as `eu-west-1`.
        account: the account's number.
        parameters: what parameters will be, each as `NAME=VALUE`.
        regions: every region there is; any is taken if they are not known.

    Raises:
        Problems: all that cannot be.
    """
    problems = [
        *_wrong_stack(stack),
        *_wrong_place(partition, region, regions),
        *_wrong_account(account),
    ]
    declared = body.get("Parameters") if isinstance(body, dict) else None
    declared = declared if isinstance(declared, dict) else {}
    given: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        problems += (
            _wrong_parameter(parameter, declared, given) if equals else [_unequal(parameter)]
        )
        given[name] = value
    if problems:
        raise Problems(problems)
    return Place(stack, partition, region, account, given)


def _wrong_stack(stack: str) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack):
        yield (
            f"--stack-name {stack!r}: no name of a stack: letters, digits and dashes, a letter"
            " first, at most 128"
        )


def _wrong_place(partition: str, region: str, regions: tuple[str, ...]) -> Iterator[str]:
    if partition not in ("*", *PARTITIONS):
        hint = did_you_mean(partition, PARTITIONS)
        yield f"--partition {partition!r}: no such partition{hint} (there are: {_all(PARTITIONS)})"
    if region == "*":
        return
    if regions and region not in regions:
        yield f"--region {region!r}: no such region{did_you_mean(region, regions)}"
    elif partition in PARTITIONS and partition != (its := _partition(region)):
        yield f"--region {region}: in the partition {its}, not in {partition}"


def _partition(region: str) -> str:
    """Return the partition of a region."""
    found = [name for name, start in PARTITIONS.items() if start and region.startswith(start)]
    return found[0] if found else "aws"


def _wrong_account(account: str) -> Iterator[str]:
    if account != "*" and not re.fullmatch(r"[0-9]{12}", account):
        yield f"--account {account!r}: the number of an account has 12 digits"


def _wrong_parameter(text: str, declared: dict[str, Any], given: dict[str, str]) -> Iterator[str]:
    name, _, value = text.partition("=")
    about = declared.get(name)
    if name not in declared:
        have = _all(declared) or "none"
        yield (
            f"--parameter {text}: the template has no parameter"
            f" {name!r}{did_you_mean(name, declared)} (there are: {have})"
        )
    elif given.get(name, value) != value:
        yield f"--parameter {text}: {name} is {given[name]!r} already"
    elif isinstance(about, dict) and isinstance(values := about.get("AllowedValues"), list):
        allowed = list(map(str, values))
        if value not in allowed:
            yield (
                f"--parameter {text}: not an allowed value{did_you_mean(value, allowed)}"
                f" (there are: {', '.join(allowed)})"
            )


def _unequal(parameter: str) -> str:
    return f"--parameter {parameter}: write NAME=VALUE"


def _all(names: dict[str, Any]) -> str:
    return ", ".join(map(str, names))
