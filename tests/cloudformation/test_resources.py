"""The overlay of what resource schemas do not say keeps to its own rules."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.folded import for_each

from cfngen.cloudformation.schemas import OPERATIONS, iam_actions, overlay, schema

FILE = Path(__file__).parents[2] / "cfngen/cloudformation/data" / "resources.toml"
PATHS = ("create_only", "conditional", "refuses", "names", "shortens", "delays", "expires")
KEYS = {
    *PATHS,
    "defaults",
    "protects",
    "holds",
    "refuses_while_full",
    "emptied_by",
    "deleted",
    "unless",
    "revised",
    "capability",
    "handlers",
    "source",
}
each_type = for_each(sorted(overlay()))


def test_types_are_in_order() -> None:
    """So that a change of the file reads well, and a type is found."""
    listed = list(tomllib.loads(FILE.read_text()))
    assert listed == sorted(listed)


@each_type
def test_an_entry_has_known_keys_and_a_source(type_: str) -> None:
    """Every entry rests on a page of AWS's documentation, and says something beside it."""
    entry = overlay()[type_]
    assert set(entry) <= KEYS
    assert len(entry) > 1
    for page in (entry["source"], entry.get("refuses_while_full", entry["source"])):
        assert re.fullmatch(r"https://docs\.aws\.amazon\.com/[\w./-]+\.html", page)
    assert schema(type_).exists


@each_type
def test_its_properties_are_in_the_schema(type_: str) -> None:
    """A property that was renamed or misspelled would never be looked at."""
    for key in PATHS:
        for path in overlay()[type_].get(key, ()):
            assert schema(type_).node(tuple(path.split("/"))) is not None, path
    for key in ("defaults", "protects"):
        for path in overlay()[type_].get(key, ()):
            assert schema(type_).node(tuple(path.split("/"))) is not None, path


@each_type
def test_what_guards_data_has_some_to_guard(type_: str) -> None:
    """A finding says what is at risk, and which page says so."""
    about = schema(type_)
    if about.shortens or about.delays or about.protects or about.expires:
        assert about.holds
        assert about.page


@each_type
def test_what_refuses_while_full_holds_something(type_: str) -> None:
    """A deletion can only be refused because of what is held; a switch empties it, or nothing."""
    entry = overlay()[type_]
    if "refuses_while_full" in entry:
        assert schema(type_).holds
    if "emptied_by" in entry:
        assert "refuses_while_full" in entry
        node: Any = schema(type_).node((entry["emptied_by"],))
        assert node["type"] == "boolean"
        assert entry["protects"][entry["emptied_by"]] == "false"


@each_type
def test_what_protects_is_a_value_that_the_property_can_have(type_: str) -> None:
    """A value that is misspelled would protect nothing; of items nobody could say which."""
    for path, value in overlay()[type_].get("protects", {}).items():
        assert "*" not in path
        node: Any = schema(type_).node(tuple(path.split("/")))
        if node["type"] == "boolean":
            assert value in ("true", "false"), path
        else:
            assert value in node["enum"], path


@each_type
def test_what_can_be_shortened_is_a_number(type_: str) -> None:
    """Nothing else has a decrease."""
    entry = overlay()[type_]
    for path in (*entry.get("shortens", ()), *entry.get("delays", ())):
        node: Any = schema(type_).node(tuple(path.split("/")))
        assert node["type"] in ("integer", "number"), path


@each_type
def test_its_actions_are_ones_of_iam(type_: str) -> None:
    """Handlers stand only for those that the schema lacks."""
    handlers = overlay()[type_].get("handlers")
    if handlers is None:
        return
    assert not schema(type_).body.get("handlers"), "the schema has handlers now"
    assert set(handlers) == set(OPERATIONS)
    for actions in handlers.values():
        for action in actions:
            service, _, verb = action.partition(":")
            assert verb.lower() in iam_actions()[service], action


def test_what_a_refused_change_was_taken_for_is_told() -> None:
    """The documentation is stronger than a schema that says nothing, or replacement."""
    keyword, _ = next(schema("AWS::KMS::Key").decisive(("KeySpec",)))
    assert keyword == "refuses"
    keyword, _ = next(schema("Custom::Anything").decisive(("ServiceToken",)))
    assert keyword == "refuses"


# Types that are two ways to write one thing of a service.
SPELLINGS = (
    ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"),
    ("AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi"),
    ("AWS::Backup::BackupVault", "AWS::Backup::LogicallyAirGappedBackupVault"),
    ("AWS::CloudFormation::Stack", "AWS::Serverless::Application"),
    ("AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster"),
    ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"),
    ("AWS::Elasticsearch::Domain", "AWS::OpenSearchService::Domain"),
    ("AWS::Lambda::Function", "AWS::Serverless::Function"),
    ("AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion"),
    ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"),
)


@pytest.mark.parametrize("types", SPELLINGS, ids=lambda types: types[0])
def test_types_that_are_one_thing_are_said_to_be_the_same(types: tuple[str, ...]) -> None:
    """What holds data holds it in each spelling; so does what guards it, where both have that."""
    for one, other in itertools.permutations(types, 2):
        first, second = schema(one), schema(other)
        for fact in ("holds", "refuses_while_full", "revised"):
            assert getattr(first, fact) == getattr(second, fact), (one, other, fact)
        for key in (*PATHS, "protects"):
            for path in overlay().get(one, {}).get(key, ()):
                if key in ("create_only", "names") or second.node(tuple(path.split("/"))) is None:
                    continue  # which the schema of the other may say by itself
                assert path in overlay().get(other, {}).get(key, ()), (other, key, path)
