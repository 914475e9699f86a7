"""The replicas of a global table, by Region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.values import canonical
from cfngen.review.alternatives import ALWAYS, if_alternatives
from cfngen.review.stack import Resource

TABLE = "AWS::DynamoDB::GlobalTable"


@dataclass(frozen=True)
class Replica:
    """One replica; where it depends on a condition it is not `certain`."""

    region: Any
    settings: dict[str, Any]
    certain: bool


def replicas(resource: Resource) -> dict[str, Replica]:
    """Return the replicas of a table by Region; in alternatives, the first of a Region."""
    by_region: dict[str, Replica] = {}
    for when, listed in if_alternatives(resource.properties.get("Replicas")):
        for item in listed if isinstance(listed, list) else []:
            for condition, replica in if_alternatives(item):
                if isinstance(replica, dict) and "Region" in replica:
                    certain = when == ALWAYS and condition == ALWAYS
                    region = replica["Region"]
                    by_region.setdefault(canonical(region), Replica(region, replica, certain))
    return by_region
