"""What is said beside a policy: what it does not cover, what it means, how it came about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.capabilities import macros
from cfngen.cloudformation.schemas import CUSTOM, schema
from cfngen.deploy.role.arns import Resource
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.names import Place
from cfngen.deploy.role.property_texts import leaves

HAS_ROLE = re.compile(r"(?i)role(_?arn)\Z")


def strange_types(resources: dict[str, Resource]) -> dict[str, list[str]]:
    """Return the types of which nobody says what they need, with the resources of each."""
    found: dict[str, list[str]] = {}
    for resource in resources.values():
        known = schema(resource.type)
        custom = resource.type.startswith("Custom::") or resource.type == CUSTOM
        if not custom and not (known.body.get("handlers") or known.overlay.get("handlers")):
            found.setdefault(resource.type, []).append(resource.name)
    return found


def _listed(strange: dict[str, list[str]]) -> str:
    return "; ".join(f"{type_ or '(none)'} ({', '.join(ids)})" for type_, ids in strange.items())


def refusal(name: str, strange: dict[str, list[str]]) -> str:
    """Return why there is no policy: a hole in it would show at deploy time only."""
    what = f"{name}: not known what CloudFormation needs for {_listed(strange)}"
    if any(type_.startswith("AWS::Serverless::") for type_ in strange):
        what += "; of a SAM template, give the one that the transform made"
    return (
        f"{what}. A newer cfn-lint may have the schemas of these types;"
        " --skip-unknown prints a policy that does not cover them, and says so"
    )


def not_covered(strange: dict[str, list[str]]) -> Iterator[str]:
    """Yield what the policy lacks for types of which nothing is known."""
    if strange:
        yield (
            f"NOT COVERED, since it is not known what CloudFormation needs: {_listed(strange)}."
            " Add that yourself; without it the deployment is refused."
        )


def notes(body: dict[str, Any], resources: dict[str, Resource]) -> Iterator[str]:
    """Yield what nobody should overlook."""
    types = {resource.type for resource in resources.values()}
    if types & {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"}:
        yield (
            "It may give the roles that it makes any permission, so whoever writes the template is"
            " an administrator; a permissions boundary would limit that."
        )
    if "AWS::CloudFormation::Stack" in types:
        yield "Nested templates need policies of their own beside this: cfngen deploy-role FILE."
    if found := macros(body):
        yield f"What these transforms call or read is not in it: {', '.join(found)}."


def _unlisted(resources: dict[str, Resource]) -> Iterator[str]:
    """Yield which resources have a role that their handlers do not say they pass on."""
    found = [
        f"{resource.name} ({resource.type})"
        for resource in resources.values()
        if "iam:PassRole" not in actions(resource.type)
        and not resource.type.startswith(("AWS::IAM::", "Custom::"))
        and any(HAS_ROLE.search(leaf.name) for leaf in leaves(resource.type, resource.properties))
    ]
    if found:
        yield (
            "A role stands in these, and their schemas do not list iam:PassRole, so it is not in"
            f" the policy for them: {', '.join(found)}. Add it if the service asks for it."
        )


def remarks(resources: dict[str, Resource], place: Place) -> Iterator[str]:
    """Yield how the policy came about, and what would narrow all of it."""
    parts = ("partition", "region", "account")
    if anywhere := [part for part in parts if getattr(place, part) == "*"]:
        options = ", ".join(f"--{part}" for part in anywhere)
        yield f"For any {', any '.join(anywhere)}; narrow it with {options}."
    types = {resource.type for resource in resources.values()}
    by_overlay = sorted(
        t for t in types if not schema(t).body.get("handlers") and schema(t).permissions("create")
    )
    if by_overlay:
        yield (
            "The schema does not say what CloudFormation needs for these, so it is taken from the"
            f" service's API: {', '.join(by_overlay)}."
        )
    yield from _unlisted(resources)
