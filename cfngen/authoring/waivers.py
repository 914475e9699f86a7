"""Waivers of scanner findings, attached to the resource or statement that they are about."""

from __future__ import annotations

import re
import sys
from typing import TypeVar

from troposphere import BaseAWSObject

from cfngen.authoring.iam import Statement
from cfngen.cloudformation.document import Origin, Waiver
from cfngen.errors import WaiverError

__all__ = ["Waiver", "waive", "waivers_of"]

# Where a resource keeps them: not a property, so that it is never a part of the template.
ATTRIBUTE = "cfngen_waivers"
RULE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*:\S+")

Waived = TypeVar("Waived")


def waive(thing: Waived, *rules: str, reason: str) -> Waived:
    """Waive findings of scanners about a resource or a statement, with a reason.

    A pattern or blueprint calls it where it creates the resource. Waivers are not in the
    template: they are in `Document.waivers`, and `cfngen build --waivers DIRECTORY` writes
    them in the formats of the scanners. A second reason for the same rule replaces the first
    one: a blueprint may know more than the pattern that it uses.

    Args:
        thing: a troposphere resource or a part of one, or a statement from `allow` or `deny`,
            whose waivers then go with it to whichever role or policy has it.
        rules: each as `SCANNER:RULE`, such as `checkov:CKV_AWS_115`; `*` is any text. cdk-nag's
            findings on policies are sub-rules, such as `cdk-nag:AwsSolutions-IAM5/every-resource`.
        reason: why, in whole sentences.

    Returns:
        What was given.

    Raises:
        TypeError: `thing` is neither.
        WaiverError: there is no rule or no reason, or a rule is not `SCANNER:RULE`.

    Example:
        >>> from troposphere.sns import Topic
        >>> topic = waive(Topic("Alerts"), "checkov:CKV_AWS_26", reason="It holds no secret.")
        >>> [waiver.rule for waiver in waivers_of(topic)]
        ['checkov:CKV_AWS_26']
    """
    if not isinstance(thing, (BaseAWSObject, Statement)):
        raise TypeError(f"waive() takes a resource, a part of one or a statement, not {thing!r}")
    if not rules or not reason.strip():
        raise WaiverError(f"waive({', '.join(rules)}): name at least one rule, and say reason=")
    for rule in rules:
        if not RULE.fullmatch(rule):
            raise WaiverError(
                f"waive({rule!r}): write the scanner and its rule, such as 'checkov:CKV_AWS_115'"
            )
    caller = sys._getframe(1)  # noqa: SLF001 - what `inspect` uses, too, without its cost
    origin = Origin(caller.f_code.co_filename, caller.f_lineno)
    kept = [waiver for waiver in waivers_of(thing) if waiver.rule not in rules]
    added = [Waiver(rule, reason, origin) for rule in rules]
    vars(thing)[ATTRIBUTE] = (*kept, *added)
    return thing


def waivers_of(thing: object) -> tuple[Waiver, ...]:
    """Return the waivers that are attached to a resource or a statement itself, in order."""
    attached: tuple[Waiver, ...] = getattr(thing, "__dict__", {}).get(ATTRIBUTE, ())
    return attached
