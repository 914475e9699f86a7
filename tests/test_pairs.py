"""Choices are drawn two at a time, and every shape that a test lists is linted.

Linting each pair would take an hour: what two choices can break between them are names and sizes,
which take no time to look at.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from troposphere import FindInMap, GetAtt, If, Ref, Sub
from troposphere.s3 import Bucket

from cfngen import Parameters, Template, blueprint, option, parameter, synthesize
from cfngen.authoring.blueprint import Blueprint
from cfngen.authoring.options import option_problems
from cfngen.errors import LogicalIdError
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.linting.rules.budgets import over_budget
from cfngen.project.registry import blueprints
from cfngen.testing import dangling, pairs, unused
from cfngen.testing.templates import choices, paired

TESTS = Path(__file__).parent / "blueprints"
OURS = {name: entry for name, entry in blueprints().items() if entry.distribution == "cfngen"}
FIRST = [
    (name, first)
    for name, entry in OURS.items()
    for first in dict.fromkeys(choice.option for choice in choices(entry.load()))
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), FIRST)
def test_every_pair_of_choices_is_whole(name: str, first: str) -> None:
    """It builds, refers to nothing that is not there, asks nothing in vain and is not too big."""
    for options, drawn in pairs(OURS[name].load(), first):
        body = drawn.document.body
        assert not dangling(body), options
        assert not unused(body), options
        assert list(over_budget(body)) == [], options


@pytest.mark.slow
def test_no_choice_is_left_out_of_all_pairs() -> None:
    """Options that refuse too much would leave nothing to look at, and it would seem well."""
    for name, entry in OURS.items():
        every = choices(entry.load())
        accepted = list(paired(entry.load()))
        assert accepted or len({choice.option for choice in every}) < 2
        for choice in every if accepted else []:
            assert any(
                choice.option in options
                and (options[choice.option] == choice.value or isinstance(choice.value, list))
                for options in accepted
            ), f"{name}: {choice}"


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_every_shape_that_a_test_lists_is_linted(name: str, linter: Linter) -> None:
    """Wherever its table is, and whatever it is called: without an error or a warning."""
    entry = OURS[name]
    drawn = {}
    for table in tables(name, entry.load()).values():
        for options in table.values():
            template = synthesize(entry.load(), options)
            drawn[template.text] = template, str(options.get("home", "us-east-1"))
    for template, home in drawn.values():
        findings = linter.lint(template.text, template.name, (home,))
        assert [f for f in findings if f.severity != INFORMATIONAL] == [], template.text[:300]
        body = template.document.body
        assert not dangling(body)
        assert not unused(body)
        assert list(over_budget(body)) == []


@pytest.mark.slow
def test_a_table_of_shapes_is_its_blueprint_s() -> None:
    """What is called `SHAPES` is recognized where the blueprint's tests have or import it."""
    recognized = [table for name in OURS for table in tables(name, OURS[name].load()).values()]
    named = [vars(m)["SHAPES"] for n in OURS for m in modules(n) if "SHAPES" in vars(m)]
    assert len(named) >= 5
    assert not [list(table) for table in named if table not in recognized]


def tables(name: str, ours: Blueprint) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the tables of options in the tests of a blueprint, by where they are.

    A table is a mapping in a module whose values are all options that the blueprint takes.
    """
    return {
        f"{module.__name__}.{attribute}": value
        for module in modules(name)
        for attribute, value in vars(module).items()
        if is_table(value, ours)
    }


def is_table(value: Any, ours: Blueprint) -> bool:
    """Whether a value of a module lists options of a blueprint."""
    known = {field.name for field in fields(ours.options_type)}
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(options, dict) for options in value.values())
        and any(value.values())
        and all(set(options) <= known for options in value.values())
        and not any(option_problems(ours.options_type, options) for options in value.values())
    )


def modules(name: str) -> Iterator[Any]:
    """Load the test modules of a blueprint, under names of their own."""
    for path in sorted((TESTS / name).glob("test_*.py")):
        own = f"tables_of.{name}.{path.stem}"
        if own not in sys.modules:
            spec = importlib.util.spec_from_file_location(own, path)
            assert spec
            assert spec.loader
            sys.modules[own] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[own])
        yield sys.modules[own]


# --- that these would notice ---


@dataclass(frozen=True)
class Options:
    """Two choices that do not go together, a third that goes with neither, and one that is fine."""

    parameter: bool = option("Ask for a name", default=False)
    resource: bool = option("Add a bucket", default=False)
    refused: bool = option("Go with nothing", default=False)
    quiet: bool = option("Change nothing", default=False)

    def __post_init__(self) -> None:
        """Refuse one of them together with any other."""
        if self.refused and (self.parameter or self.resource or self.quiet):
            raise ValueError("refused: leave out the others")


class Asked(Parameters):
    """A question that is called like a bucket."""

    Things = parameter("A name")


@blueprint
def clashing(options: Options) -> Template:
    """Have a parameter and a resource of one name, with two choices only."""
    t = Template()
    if options.parameter:
        t.declare(Asked)
    if options.resource:
        t.add(Bucket("Things"))
    return t


def test_a_clash_of_two_choices_is_noticed() -> None:
    """Though each of them is well alone."""
    for alone in ({"parameter": True}, {"resource": True}):
        synthesize(clashing, alone)
    with pytest.raises(LogicalIdError, match="'Things' is taken"):
        list(pairs(clashing))


def test_pairs_are_of_two_options_and_without_what_is_refused() -> None:
    """Each pair once; those of one option, if they are asked for."""
    assert [options for options, _ in pairs(clashing, "resource")] == [
        {"resource": True, "quiet": True}
    ]
    network = [options for options, _ in pairs(OURS["build_network"].load())]
    assert {"nat": "per_zone", "endpoints": ["sts"]} in network
    assert {"endpoints": ["codebuild", "sts"]} in network
    needed = next(o for o, _ in pairs(OURS["branch_builder"].load(), "projects"))
    assert needed["repositories"] == ["app"]


def test_what_dangles_and_what_is_unused_is_noticed() -> None:
    """A reference, a condition, a mapping and a dependency; in each place that has names."""
    t = Template("x")
    t.declare(Asked)
    t.add(Bucket("Files", BucketName=If("Missing", Ref("Gone"), GetAtt("Lost", "Arn"))))
    t.resources["Files"].resource["DependsOn"] = ["Never"]
    t.resources["Files"].resource["Condition"] = "Nowhere"
    t.output("Name", Sub("${Away} ${Files} ${AWS::Region} ${!Literal}"), "x")
    t.output("Mapped", FindInMap("NoMap", "a", "b"), "x")
    body = t.document().body
    assert dangling(body) == {
        *("Missing", "Gone", "Lost", "Never", "Nowhere", "Away", "NoMap"),
    }
    assert unused(body) == {"Things"}
    body["Conditions"] = {"Missing": {"Fn::Not": [{"Condition": "Inner"}]}, "Alone": {}}
    body["Mappings"] = {"NoMap": {}, "Unread": {}}
    assert dangling(body) == {"Inner", "Gone", "Lost", "Never", "Nowhere", "Away"}
    assert unused(body) == {"Things", "Alone", "Unread"}
