"""Rules about regions, evaluated as CloudFormation does."""

from __future__ import annotations

from typing import Any

from cfngen.cloudformation.regions import regions
from cfngen.patterns import arm_builds_rule, codecommit_rule


def holds(assertion: Any, references: dict[str, str]) -> bool:
    """Evaluate the functions that our rules use, no others."""
    ((function, argument),) = assertion.items()
    if function == "Fn::Not":
        (inner,) = argument
        return not holds(inner, references)
    assert function == "Fn::Contains"
    values, value = argument
    return references[value["Ref"]] in values


def plain(rule: dict[str, Any]) -> tuple[Any, str]:
    """Return the one assertion of a rule as plain data, and its description."""
    (assertion,) = rule["Assertions"]
    test = assertion["Assert"]
    return _plain(test), assertion["AssertDescription"]


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict())
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def test_a_region_without_arm_builds_is_refused_with_the_way_out() -> None:
    """And one that is not known to lack them is not, however new it is."""
    assertion, description = plain(arm_builds_rule())
    for region in regions().without_arm_builds:
        assert not holds(assertion, {"AWS::Region": region})
    for region in ("us-east-1", "ap-northeast-1", "mars-north-1"):
        assert holds(assertion, {"AWS::Region": region})
    assert 'architecture = "x86_64"' in description
    assert regions().as_of in description


def test_a_destination_has_codecommit() -> None:
    """Or the first push would fail for a host that cannot be resolved."""
    assertion, description = plain(codecommit_rule("There", {"Ref": "There"}))
    assert holds(assertion, {"There": "eu-west-1"})
    for region in ("eu-south-2", "ca-west-1", "eu-wst-1"):
        assert not holds(assertion, {"There": region})
    assert description.startswith("There must be a Region that has CodeCommit")
