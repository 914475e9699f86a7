"""Rules that refuse a stack in a region where a service lacks what the stack needs.

CloudFormation evaluates them before it makes anything.
"""

from __future__ import annotations

from typing import Any

from troposphere import AWSHelperFn, Not, Region

from cfngen.cloudformation.regions import regions

__all__ = ["arm_builds_rule", "codecommit_rule"]


class Contains(AWSHelperFn):  # type: ignore[misc]
    """`Fn::Contains`, which troposphere lacks: whether a list has a value; for rules only."""

    def __init__(self, values: list[str], value: Any) -> None:
        """Remember the list and the value."""
        self.data = {"Fn::Contains": [values, value]}


def arm_builds_rule() -> dict[str, Any]:
    """Return the rule of a template whose builds run on ARM: not where CodeBuild has no machines.

    It names the Regions that are known to have none, so that a new one is not refused for that.

    Source: AWS page "Build environment compute modes and types".

    Example:
        >>> rule = arm_builds_rule()
        >>> rule["Assertions"][0]["AssertDescription"].partition(". ")[2]
        'Build the template with architecture = "x86_64" for this Region.'
    """
    data = regions()
    return _rule(
        Not(Contains(list(data.without_arm_builds), Region)),
        f"CodeBuild has no ARM builds in this Region, as of {data.as_of}."
        ' Build the template with architecture = "x86_64" for this Region.',
    )


def codecommit_rule(parameter: str, region: Any) -> dict[str, Any]:
    """Return the rule that a parameter names a region which has CodeCommit.

    This one names the regions that have it: a name that is misspelt is refused as well.

    Args:
        parameter: the name of the parameter.
        region: a `Ref` to it.
    """
    data = regions()
    return _rule(
        Contains(list(data.codecommit), region),
        f"{parameter} must be a Region that has CodeCommit, as of {data.as_of}.",
    )


def _rule(assertion: Any, description: str) -> dict[str, Any]:
    return {"Assertions": [{"Assert": assertion, "AssertDescription": description}]}
