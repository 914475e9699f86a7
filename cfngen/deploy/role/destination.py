"""The partition, Region and account that a stack is deployed to, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cfngen.cloudformation.template import TemplateBody
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


@dataclass(frozen=True)
class Destination:
    """Where a stack is deployed to, as far as that is known; `*` for what is not.

    >>> here = Destination("shop", region="eu-west-1")
    >>> here.arn("lambda", "function:*")
    'arn:*:lambda:eu-west-1:*:function:*'
    >>> here.arn("iam", "role/shop-*", region="")
    'arn:*:iam::*:role/shop-*'
    """

    stack: str
    partition: str = "*"
    region: str = "*"
    account: str = "*"
    parameters: dict[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()  # the parameters that the template has
    defaults: dict[str, str] = field(default_factory=dict)  # of parameters that have one
    # ARNs of roles that other stacks export, as patterns, by the names of the exports.
    exports: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what a reference to a parameter comes to, `*` where only the deployment knows."""
        pseudo = {
            "AWS::StackName": self.stack,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
        }
        return pseudo.get(name) or self.parameters.get(name, "*")

    def arn(
        self, service: str, resource: str, *, region: str | None = None, account: str | None = None
    ) -> str:
        """Return the ARN of a resource in this Region and account, unless others are given.

        Args:
            service: the prefix of the service, such as `lambda`.
            resource: what follows the account.
            region: another Region; empty for services that are global, such as IAM.
            account: another account; empty for resources that have none in their ARN.
        """
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


def parse_destination(
    body: Any,
    *,
    stack: str,
    partition: str = "*",
    region: str = "*",
    account: str = "*",
    parameters: tuple[str, ...] = (),
    regions: tuple[str, ...] = (),
) -> Destination:
    """Return where a stack will be deployed to, by the options of a command; `*` is anywhere.

    Args:
        body: the template, as plain data.
        stack: the stack's name.
        partition: such as `aws-cn`.
        region: such as `eu-west-1`.
        account: the account's ID.
        parameters: values of parameters, each as `NAME=VALUE`.
        regions: every AWS Region; any name is accepted without them.

    Raises:
        Problems: every mistake in the options.
    """
    problems = [
        *_wrong_stack(stack),
        *_wrong_region(partition, region, regions),
        *_wrong_account(account),
    ]
    declared = TemplateBody.of(body).parameters
    given: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        problems += (
            _wrong_parameter(parameter, declared, given) if equals else [_unequal(parameter)]
        )
        given[name] = value
    if problems:
        raise Problems(problems)
    return Destination(stack, partition, region, account, given)


def _wrong_stack(stack: str) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack):
        yield (
            f"--stack-name {stack!r}: not the name of a stack: letters, digits and dashes, a"
            " letter first, at most 128 characters"
        )


def _wrong_region(partition: str, region: str, regions: tuple[str, ...]) -> Iterator[str]:
    if partition not in ("*", *PARTITIONS):
        hint = did_you_mean(partition, PARTITIONS)
        names = _listed(PARTITIONS)
        yield f"--partition {partition!r}: no such partition{hint} (partitions: {names})"
    if region == "*":
        return
    if regions and region not in regions:
        yield f"--region {region!r}: no such region{did_you_mean(region, regions)}"
    elif partition in PARTITIONS and partition != (actual := partition_of(region)):
        yield f"--region {region}: in the partition {actual}, not in {partition}"


def partition_of(region: str) -> str:
    """Return the partition of a region.

    >>> partition_of("cn-north-1"), partition_of("eu-west-1")
    ('aws-cn', 'aws')
    """
    names = (name for name, start in PARTITIONS.items() if start and region.startswith(start))
    return next(names, "aws")


def _wrong_account(account: str) -> Iterator[str]:
    if account != "*" and not re.fullmatch(r"[0-9]{12}", account):
        yield f"--account {account!r}: an account ID has 12 digits"


def _wrong_parameter(
    text: str, declared: dict[str, dict[str, Any]], given: dict[str, str]
) -> Iterator[str]:
    name, _, value = text.partition("=")
    if name not in declared:
        names = _listed(declared) or "none"
        yield (
            f"--parameter {text}: the template has no parameter"
            f" {name!r}{did_you_mean(name, declared)} (parameters: {names})"
        )
    elif given.get(name, value) != value:
        yield f"--parameter {text}: {name} is {given[name]!r} already"
    elif isinstance(values := declared[name].get("AllowedValues"), list):
        allowed = list(map(str, values))
        if value not in allowed:
            yield (
                f"--parameter {text}: not an allowed value{did_you_mean(value, allowed)}"
                f" (allowed: {', '.join(allowed)})"
            )


def _unequal(parameter: str) -> str:
    return f"--parameter {parameter}: write NAME=VALUE"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(str, names))
