"""What is asserted of the parameters before the stack is made."""

from typing import Any

from troposphere import Equals, Not, Region

from cfngen import Template
from cfngen.patterns import arm_builds_rule, codecommit_rule

from .options import Options
from .parameters import Params


def add_rules(t: Template, p: Params, options: Options) -> None:
    """Add rules against Regions without a service, and destinations that would be sources, too."""
    if options.image == "build" and options.architecture == "arm64":
        t.add_rule("ArmBuilds", arm_builds_rule())
    if not options.destinations:
        t.add_rule("CodeCommit", codecommit_rule("DestinationRegion", p.DestinationRegion))
    if options.external:
        return
    if not options.destinations:
        elsewhere = Not(Equals(p.DestinationRegion, Region))
        t.add_rule(
            "NoCircle", _rule(elsewhere, "DestinationRegion must differ from the stack's Region.")
        )
    ours = options.repositories or ("*",)
    circles = {there.region for there in options.destinations if not there.role
               and there.may_come_round(ours)}  # fmt: skip
    for region in sorted(circles):
        t.add_rule(
            "NoCircle" + "".join(part.capitalize() for part in region.split("-")),
            _rule(
                Not(Equals(region, Region)), f"The destination in {region} would also be a source."
            ),
        )


def _rule(assertion: Any, description: str) -> dict[str, Any]:
    return {"Assertions": [{"Assert": assertion, "AssertDescription": description}]}
