"""Connections to where code is kept, whose ARNs have one of two prefixes."""

from __future__ import annotations

import re

from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import Resource, Taken
from cfngen.deploy.role.handlers import prefixes
from cfngen.deploy.role.names import Place, asked, patterns
from cfngen.deploy.role.property_texts import Leaf, texts

CONNECTION = "AWS::CodeConnections::Connection"
OLDER = "AWS::CodeStarConnections::Connection"
NAME = re.compile(r"(?i)connection(arn)?\Z")
# What acts on a connection that exists already.
ACTION = re.compile(r"(?P<service>[a-z-]+):(Pass|Use|Get)Connection\Z")


def connections(
    action: str, resource: Resource, resources: dict[str, Resource], place: Place
) -> Taken | None:
    """Return the connections that a resource names, as ARNs with the prefix of an action.

    An ARN that is known has one prefix, and the action with the other one is of no use to it: then
    there are no ARNs. `None` for other actions, and where no property has a connection.
    """
    match = ACTION.match(action)
    if not match or len(prefixes(match["service"])) == 1:
        return None
    if resource.type in (CONNECTION, OLDER):
        return None
    named = [leaf for leaf in texts(resource.properties) if NAME.search(leaf.name)]
    if not named:
        return None
    found: dict[str, None] = {}
    notes: dict[str, None] = {}
    for leaf in named:
        for arn, note in _arns(match["service"], leaf, resource, resources, place):
            found[arn] = None
            if note:
                notes[note] = None
    return Taken(tuple(found), "; ".join(notes))


def _arns(
    service: str, leaf: Leaf, resource: Resource, resources: dict[str, Resource], place: Place
) -> list[tuple[str, str]]:
    """Return the ARNs with a prefix that a text may be, and why they are no narrower."""
    start = f"arn:{place.partition}:{service}:{place.region}:{place.account}:connection/"
    types = {resources[name].type for name, _ in references(leaf.text) if name in resources}
    if CONNECTION in types:  # its ARNs have the newer prefix only
        what = "the IDs of connections are given when they are made"
        return [(start + "*", what)] if service == "codeconnections" else []
    found = []
    for pattern in patterns(leaf.text, place):
        if pattern.startswith("arn:"):
            found += [(pattern, "")] if f":{service}:" in pattern else []
        else:
            what = f"{leaf.path} of {resource.name} is {asked(leaf.text, place)}"
            found.append((start + "*", what))
    return found
