"""Notes beside a policy: what it does not cover, what it means, how it came about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfngen.cloudformation.capabilities import macros
from cfngen.cloudformation.schemas import is_custom, schema
from cfngen.cloudformation.template import Resource, TemplateBody
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.handlers import actions
from cfngen.deploy.role.property_texts import leaves

HAS_ROLE = re.compile(r"(?i)role(_?arn)\Z")


def types_without_handlers(resources: dict[str, Resource]) -> dict[str, list[str]]:
    """Return the types of which no schema says what they need, with the resources of each."""
    unknown: dict[str, list[str]] = {}
    for resource in resources.values():
        entry = resource.schema
        if not (
            is_custom(resource.type) or entry.body.get("handlers") or entry.overlay.get("handlers")
        ):
            unknown.setdefault(resource.type, []).append(resource.name)
    return unknown


def _listed(unknown: dict[str, list[str]]) -> str:
    return "; ".join(f"{type_ or '(none)'} ({', '.join(ids)})" for type_, ids in unknown.items())


def unknown_types_message(name: str, unknown: dict[str, list[str]]) -> str:
    """Return why there is no policy: a hole in it would show at deploy time only."""
    what = f"{name}: not known what CloudFormation needs for {_listed(unknown)}"
    if any(type_.startswith("AWS::Serverless::") for type_ in unknown):
        what += "; of a SAM template, give the one that the transform made"
    return (
        f"{what}. A newer cfn-lint may have the schemas of these types;"
        " --skip-unknown prints a policy that does not cover them, and says so"
    )


def warnings(template: TemplateBody, unknown: dict[str, list[str]]) -> Iterator[str]:
    """Yield what nobody should overlook.

    Args:
        template: the template.
        unknown: types that the policy does not cover, with the resources of each.
    """
    if unknown:
        yield (
            f"NOT COVERED, since it is not known what CloudFormation needs: {_listed(unknown)}."
            " Add that yourself; without it the deployment is refused."
        )
    types = {resource.type for resource in template.resources.values()}
    if types & {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"}:
        yield (
            "It may give the roles that it makes any permission, so whoever writes the template is"
            " an administrator; a permissions boundary would limit that."
        )
    if "AWS::CloudFormation::Stack" in types:
        yield "Nested templates need policies of their own beside this: cfngen deploy-role FILE."
    if transforms := macros(template.body):
        yield f"What these transforms call or read is not in it: {', '.join(transforms)}."


def _unlisted(resources: dict[str, Resource]) -> Iterator[str]:
    """Yield which resources have a role that their handlers do not say they pass on."""
    names = [
        f"{resource.name} ({resource.type})"
        for resource in resources.values()
        if "iam:PassRole" not in actions(resource.type)
        and not resource.type.startswith(("AWS::IAM::", "Custom::"))
        and any(HAS_ROLE.search(leaf.name) for leaf in leaves(resource.type, resource.properties))
    ]
    if names:
        yield (
            "A role stands in these, and their schemas do not list iam:PassRole, so it is not in"
            f" the policy for them: {', '.join(names)}. Add it if the service asks for it."
        )


def explanations(resources: dict[str, Resource], destination: Destination) -> Iterator[str]:
    """Yield how the policy came about, and what would narrow all of it."""
    parts = ("partition", "region", "account")
    if anywhere := [part for part in parts if getattr(destination, part) == "*"]:
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
