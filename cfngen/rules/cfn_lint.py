"""The rules as cfn-lint's own, so that it numbers, configures, ignores and waives them.

cfn-lint keeps `E9…` and `W9…` for rules that are not its own. It loads these with
`cfn-lint --append-rules cfngen.rules.cfn_lint`, too; `cfngen lint` and `cfngen build` always do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from cfngen.rules.api_limits import beyond_api
from cfngen.rules.problem import Problem

API = "https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/supported-resources.html"


class _Rule(CloudFormationLintRule):  # type: ignore[misc]
    """A rule of ours, which yields problems of a template."""

    tags: ClassVar = ["cfngen"]

    def problems(self, body: dict[str, Any]) -> Iterator[Problem]:
        """Yield what the rule says."""
        raise NotImplementedError

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return what the rule says, as cfn-lint asks for it."""
        return [RuleMatch(list(path), message) for path, message in self.problems(cfn.template)]


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


def rules() -> list[CloudFormationLintRule]:
    """Return all of ours."""
    return [ApiLimits(), ApiEnumerations()]
