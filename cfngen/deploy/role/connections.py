"""Connections to where code is kept, whose ARNs have one of two prefixes."""

from __future__ import annotations

import re

from cfngen.cloudformation.template import Resource
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import ActionResources
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.handlers import prefixes
from cfngen.deploy.role.names import describe_unknown, patterns
from cfngen.deploy.role.property_texts import Leaf, texts

CONNECTION = "AWS::CodeConnections::Connection"
EARLIER_CONNECTION = "AWS::CodeStarConnections::Connection"
PROPERTY_NAME = re.compile(r"(?i)connection(arn)?\Z")
# What acts on a connection that exists already.
ACTION = re.compile(r"(?P<service>[a-z-]+):(Pass|Use|Get)Connection\Z")


def connections(
    action: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources | None:
    """Return the connections that a resource names, as ARNs with the prefix of an action.

    An ARN that is known has one prefix, and the action with the other one is of no use to it: then
    there are no ARNs. `None` for other actions, and where no property has a connection.
    """
    match = ACTION.match(action)
    if not match or len(prefixes(match["service"])) == 1:
        return None
    if resource.type in (CONNECTION, EARLIER_CONNECTION):
        return None
    leaves_with_connection = [
        leaf for leaf in texts(resource.properties) if PROPERTY_NAME.search(leaf.name)
    ]
    if not leaves_with_connection:
        return None
    arns: dict[str, None] = {}
    notes: dict[str, None] = {}
    for leaf in leaves_with_connection:
        for arn, note in _arns(match["service"], leaf, resource, resources, destination):
            arns[arn] = None
            if note:
                notes[note] = None
    return ActionResources(tuple(arns), "; ".join(notes))


def _arns(
    service: str,
    leaf: Leaf,
    resource: Resource,
    resources: dict[str, Resource],
    destination: Destination,
) -> list[tuple[str, str]]:
    """Return the ARNs with a prefix that a text may be, and why they are no narrower."""
    start = destination.arn(service, "connection/")
    types = {resources[name].type for name, _ in references(leaf.text) if name in resources}
    if CONNECTION in types:  # its ARNs have the newer prefix only
        note = "the IDs of connections are given when they are made"
        return [(start + "*", note)] if service == "codeconnections" else []
    arns = []
    for pattern in patterns(leaf.text, destination):
        if pattern.startswith("arn:"):
            arns += [(pattern, "")] if f":{service}:" in pattern else []
        else:
            note = f"{leaf.path} of {resource.name} is {describe_unknown(leaf.text, destination)}"
            arns.append((start + "*", note))
    return arns
