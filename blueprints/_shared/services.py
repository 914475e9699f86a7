"""What templates of one service have in common: the service's name, and the region they are for."""

import re
from collections.abc import Iterator

from troposphere import Equals, Region

from cfngen import Template
from cfngen.patterns.stores import SERVICE


def service_problems(service: str) -> Iterator[str]:
    """Yield why the option `service` cannot be the name of a service."""
    if not re.fullmatch(SERVICE, service):
        yield (
            f"service: {service!r} cannot be the name of a service: use at most 64 letters, digits"
            " and hyphens, beginning with a letter"
        )


def add_home_rule(t: Template, home: str) -> None:
    """Refuse the stack in another region than that of the pipeline and its stores."""
    rule = {
        "Assert": Equals(Region, home),
        "AssertDescription": f"This template can be deployed only in the Region {home}.",
    }
    t.add_rule("HomeRegion", {"Assertions": [rule]})
