"""The rules as cfn-lint's own, so that it numbers, configures, ignores and waives them.

cfn-lint keeps `E9…` and `W9…` for rules that are not its own. `cfngen lint` and `cfngen build`
always load these; cfn-lint itself does with `--append-rules cfngen.linting.rules.cfn_lint`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from cfngen.linting.rules.api_limits import beyond_api
from cfngen.linting.rules.budgets import over_budget
from cfngen.linting.rules.problem import Problem

API = "https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/supported-resources.html"
QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html"


class _Rule(CloudFormationLintRule):  # type: ignore[misc]
    """A rule of ours, which yields problems of a template."""

    tags: ClassVar = ["cfngen"]

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what the rule says."""
        raise NotImplementedError

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return what the rule says, as cfn-lint asks for it."""
        return [RuleMatch(list(one.path), one.message) for one in self.problems(cfn.template)]


class ApiLimits(_Rule):
    """A value that the API behind the resource refuses."""

    id = "E9401"
    shortdesc = "Values are of the pattern, length and range that the resource's API takes"
    description = (
        "CloudFormation's handler passes the property on to an API, whose published model refuses"
        " the value: the resource fails to be created, and the stack rolls back"
    )
    source_url = API

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what is beyond a pattern, a length or a range."""
        return (problem for what, problem in beyond_api(body) if what != "enum")


class ApiEnumerations(_Rule):
    """A value that the API behind the resource did not know when our data was written."""

    id = "W9401"
    shortdesc = "Values are among those that the resource's API lists"
    description = (
        "The API's published model does not list the value. The model that we have may be older"
        " than the value: look it up"
    )
    source_url = API

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what is no member of an enumeration."""
        return (problem for what, problem in beyond_api(body) if what == "enum")


class OverBudget(_Rule):
    """Something that is larger than AWS takes, whatever the stack is called."""

    id = "E9402"
    shortdesc = "Policies, patterns, environments and names are no larger than AWS takes"
    description = (
        "AWS measures what is left once names, ARNs and regions are filled in, and refuses what is"
        " too large in the middle of a deployment, which rolls back"
    )
    source_url = QUOTAS

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what is certainly too large."""
        return (problem for problem in over_budget(body) if problem.certain)


class MayBeOverBudget(_Rule):
    """Something that is larger than AWS takes if all that a template leaves open is long."""

    id = "W9402"
    shortdesc = "Policies, patterns and environments fit whatever their stack is called"
    description = (
        "With a stack's name of 24 characters or more, the longest region and the longest answers"
        " that its parameters take, this is larger than AWS takes"
    )
    source_url = QUOTAS

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what is too large in some deployments."""
        return (problem for problem in over_budget(body) if not problem.certain)


def rules() -> list[CloudFormationLintRule]:
    """Return all of ours."""
    return [ApiLimits(), ApiEnumerations(), OverBudget(), MayBeOverBudget()]
