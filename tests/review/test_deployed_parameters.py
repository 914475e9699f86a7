"""A review with the parameters that the running stacks have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfngen.cli import main
from cfngen.cloudformation.source import Source
from cfngen.review import Review, review
from cfngen.review.deployed import DeployedParameter, DeployedStack
from cfngen.review.formats import format_review

SSM = "AWS::SSM::Parameter::Value<String>"


def template(parameters: str, name: str, more: str = "") -> str:
    """Return a template with a queue of some name; two spaces for each level."""
    return (
        f"Parameters:\n{parameters}Conditions:\n  Prod: !Equals [!Ref Stage, prod]\n"
        f"Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {{QueueName: {name}}}\n"
        f"{more}"
    )


STAGE = "  Stage: {Type: String, Default: test}\n"
IN_PROD = "  Audit:\n    Type: AWS::SQS::Queue\n    Condition: Prod\n"


def stack(**values: str | DeployedParameter) -> DeployedStack:
    """Return a stack with these values."""
    parameters = {
        name: value if isinstance(value, DeployedParameter) else DeployedParameter(value)
        for name, value in values.items()
    }
    return DeployedStack("shop", parameters)


def reviewed(old: str, new: str, **values: str | DeployedParameter) -> Review:
    """Review one template with the values of its stack."""
    return review({"shop": old}, {"shop": new}, deployed={"shop": stack(**values)})


def codes(result: Review) -> list[tuple[str, str, str]]:
    """Return what a review finds, in short."""
    return [(f.code, f.subject, f.certainty.value) for f in result.findings]


def test_a_name_that_the_values_leave_as_it_is() -> None:
    """A reference instead of the text that it stands for replaces nothing in this stack."""
    old, new = template(STAGE, "jobs-prod"), template(STAGE, "!Sub 'jobs-${Stage}'")
    assert codes(review({"shop": old}, {"shop": new})) != []
    assert codes(reviewed(old, new, Stage="prod")) == []


def test_another_default_is_not_taken_by_a_stack_that_runs() -> None:
    """`aws cloudformation deploy` keeps the value that the stack has."""
    old = template(STAGE, "!Ref Stage")
    assert codes(reviewed(old, old.replace("test", "other"), Stage="test")) == []


def test_a_new_parameter_has_its_default() -> None:
    """A parameter that the stack does not have yet is as sure as a text."""
    new = template(f"{STAGE}  Name: {{Type: String, Default: b}}\n", "!Ref Name")
    assert ("P101", "Jobs", "will") in codes(reviewed(template(STAGE, "a"), new, Stage="x"))
    same = new.replace("Default: b", "Default: a")
    assert codes(reviewed(template(STAGE, "a"), same, Stage="x")) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("test", "prod", []),
        ("prod", "test", [("D101", "Audit", "will")]),
        ("other", "another", []),
    ],
)
def test_a_condition_decides_what_is_in_the_stack(
    old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    """With the values of the stack it is certain what comes and goes, and what never was there."""
    texts = [
        template(STAGE, "a", IN_PROD).replace("Stage, prod", f"Stage, {value}")
        for value in (old, new)
    ]
    result = reviewed(texts[0], texts[1], Stage="prod")
    assert codes(result) == expected
    noted = [note for found in result.stacks for note in found.notes]
    assert bool(noted) == ("prod" in (old, new))


def test_what_is_not_in_the_stack_may_change() -> None:
    """A change of a resource whose condition is false has no effect."""
    old = template(STAGE, "a", f"{IN_PROD}    Properties: {{QueueName: one}}\n")
    assert codes(reviewed(old, old.replace("one", "two"), Stage="test")) == []
    assert ("P101", "Audit", "will") in codes(
        reviewed(old, old.replace("one", "two"), Stage="prod")
    )


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("{Type: String, NoEcho: true}", DeployedParameter("****")),
        ("{Type: String, NoEcho: 'true'}", DeployedParameter("kept-from-printing")),
        ("{Type: String}", DeployedParameter("****")),
        ("{Type: String}", DeployedParameter("lost-?-letter")),
        (f"{{Type: '{SSM}'}}", DeployedParameter("/path")),
        (f"{{Type: '{SSM}', Default: /new}}", None),
    ],
)
def test_what_nobody_can_see_stays_open(declared: str, value: DeployedParameter | None) -> None:
    """A secret, a lost letter and a value that is looked up later are not guessed, nor printed."""
    old = template(f"{STAGE}  Key: {declared}\n", "a")
    given = {"Key": value} if value else {}
    result = reviewed(old, old.replace("QueueName: a", "QueueName: !Ref Key"), Stage="x", **given)
    assert ("P101", "Jobs", "may") in codes(result)
    printed = format_review(result, "json")
    assert "${Key}" in printed
    assert "kept-from-printing" not in printed


def test_a_value_of_systems_manager_is_what_it_stands_for() -> None:
    """Its own value is only the name of it."""
    old = template(f"{STAGE}  Key: {{Type: '{SSM}'}}\n", "jobs")
    new = old.replace("QueueName: jobs", "QueueName: !Ref Key")
    assert codes(reviewed(old, new, Stage="x", Key=DeployedParameter("/path", "jobs"))) == []


def test_a_list_is_a_list() -> None:
    """Items of a list are known one by one."""
    old = template(f"{STAGE}  Names: {{Type: CommaDelimitedList}}\n", "b")
    new = old.replace("QueueName: b", "QueueName: !Select [1, !Ref Names]")
    assert codes(reviewed(old, new, Stage="x", Names="a, b")) == []


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("AllowedValues: [prod, dev]", []),
        ("AllowedValues: [dev]", ["will"]),
        ("MaxLength: 4", []),
        ("MaxLength: 3", ["will"]),
        ("MinLength: 5", ["will"]),
        ("AllowedPattern: 'p.*'", ["may"]),
    ],
)
def test_a_narrower_parameter_is_held_to_the_value(constraint: str, expected: list[str]) -> None:
    """Whether the running value is still allowed is known; what Java's patterns match is not."""
    old = template("  Stage: {Type: String}\n", "a")
    new = template(f"  Stage: {{Type: String, {constraint}}}\n", "a")
    assert codes(reviewed(old, new, Stage="prod")) == [
        ("R103", "Stage", certainty) for certainty in expected
    ]


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        ("three", "Number", ["will"]),
        ("3", "Number", []),
        ("3", "Number, MinValue: 4", ["will"]),
        ("3.0", "Number, AllowedValues: [3]", ["may"]),
        ("3", "AWS::EC2::Image::Id", ["may"]),
    ],
)
def test_another_type_is_held_to_the_value(value: str, declared: str, expected: list[str]) -> None:
    """A number is one or is none; what is looked up in an account is not decided."""
    old = template("  Stage: {Type: String}\n", "a")
    new = template(f"  Stage: {{Type: {declared}}}\n", "a")
    assert [
        f.certainty.value for f in reviewed(old, new, Stage=value).findings if f.code == "R103"
    ] == expected


def test_a_value_that_the_stack_has_already_is_not_lacking() -> None:
    """The base may be older than the stack; what the stack lacks is refused all the same."""
    old = template(STAGE, "a")
    new = template(f"{STAGE}  Name: {{Type: String}}\n", "a")
    assert codes(reviewed(old, new, Stage="x", Name="y")) == []
    assert codes(reviewed(old, new, Stage="x")) == [("R102", "Name", "will")]


class Folder:
    """A folder with a template on both sides and what describe-stacks has printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Write the templates."""
        self.capsys = capsys
        for side, name in (("old", "jobs-prod"), ("new", "!Sub 'jobs-${Stage}'")):
            Path(side).mkdir()
            Path(side, "shop.yaml").write_text(template(STAGE, name))
            Path(side, "web.yaml").write_text(template(STAGE, "web"))

    def run(self, printed: Any, *more: str) -> tuple[int, str, str]:
        """Run a review with a file of stacks; return its code and both streams, on one line."""
        Path("stacks.json").write_text(printed if isinstance(printed, str) else json.dumps(printed))
        code = main(["review", "old", "new", "--deployed-parameters", "stacks.json", *more])
        streams = self.capsys.readouterr()
        return code, " ".join(streams.out.split()), " ".join(streams.err.split())


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Folder:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Folder(capsys)


def printed_stack(name: str, value: str, **more: str) -> dict[str, Any]:
    """Return a stack as describe-stacks prints it."""
    parameters = [{"ParameterKey": "Stage", "ParameterValue": value}]
    return {"StackName": name, "StackStatus": "UPDATE_COMPLETE", "Parameters": parameters, **more}


def test_stacks_are_matched_by_name(folder: Folder) -> None:
    """Each template has the stack of its name; what matches nothing is listed."""
    nested = printed_stack("shop-Nested-ABC", "x", ParentId="arn")
    gone = printed_stack("shop", "test", StackStatus="DELETE_COMPLETE")
    stacks = [printed_stack("shop", "prod"), printed_stack("mail", "x"), nested, gone]
    code, out, _ = folder.run({"Stacks": stacks}, "--fail-on", "replace")
    assert code == 0
    assert "with the parameters of the deployed stack shop (shop)" in out
    assert "1 deployed stack matches no template: mail" in out
    assert "no deployed stack for: web" in out
    assert folder.run({"Stacks": [printed_stack("shop", "test")]}, "--fail-on", "replace")[0] == 1


def test_one_stack_and_one_template_belong_together(folder: Folder) -> None:
    """Stacks are seldom called as their templates; one of each needs no name."""
    for side in ("old", "new"):
        Path(side, "web.yaml").unlink()
    for printed in ({"Stacks": [printed_stack("shop-1", "prod")]}, printed_stack("shop-1", "prod")):
        code, out, _ = folder.run(printed, "--fail-on", "replace")
        assert (code, "the deployed stack shop-1 (shop)" in out) == (0, True)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("StackName: x", "not JSON; let the AWS CLI print it with --output json"),
        ({"Stacks": []}, "not what `aws cloudformation describe-stacks` prints"),
        ({"TemplateBody": "x"}, "not what `aws cloudformation describe-stacks` prints"),
        ({"Stacks": [printed_stack("a", "b")], "NextToken": "x"}, "only a part"),
        ([printed_stack("a", "b"), printed_stack("a", "c")], "has 2 stacks that are called a"),
        ([{"StackName": "a", "Parameters": ["x"]}], "not what"),
    ],
)
def test_a_wrong_file_is_refused(folder: Folder, printed: Any, expected: str) -> None:
    """It is exit 2, and no review is shown that would not be of the stack."""
    code, out, err = folder.run(printed)
    assert (code, out) == (2, "")
    assert expected in err


def test_an_approval_is_of_the_values(folder: Folder) -> None:
    """A review with other values has another digest, also where they change no finding."""

    def digest(*arguments: str) -> str:
        main(["review", "old", "old", "--date", "2026-12-01", *arguments])
        return folder.capsys.readouterr().out.rpartition("review digest ")[2][:32]

    seen = {digest()}
    for value in ("prod", "test"):
        Path("stacks.json").write_text(json.dumps({"Stacks": [printed_stack("shop", value)]}))
        seen.add(digest("--deployed-parameters", "stacks.json"))
    assert len(seen) == 3


def test_a_template_of_plain_data_has_its_lines() -> None:
    """Where a resource is left out, the others stay on their lines."""
    old = template(STAGE, "a", f"{IN_PROD}  Last: {{Type: 'AWS::SQS::Queue'}}\n")
    new = old.replace("  Last: {Type: 'AWS::SQS::Queue'}\n", "")
    sides = {"shop": Source(old, "a.yaml")}, {"shop": Source(new, "a.yaml")}
    result = review(*sides, deployed={"shop": stack(Stage="x")})
    (finding,) = result.findings
    assert "Last" in old.splitlines()[finding.line - 1]
