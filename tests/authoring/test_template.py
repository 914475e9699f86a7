"""A template remembers why each thing is in it, and where it came from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from troposphere import AWSObject, Equals, GetAtt, Ref, Sub, Tags
from troposphere.iam import Role
from troposphere.s3 import Bucket
from troposphere.sns import Topic
from troposphere.sqs import Queue

from cfngen import Parameters, Template, allow, parameter
from cfngen.errors import BlueprintError, LogicalIdError
from cfngen.paths import display_path
from cfngen.patterns import alarm_topic, role


class Params(Parameters):
    """Two questions under one heading."""

    First = parameter("The first", group="Heading")
    Second = parameter("The second", Type="Number", Default=3)


class More(Params):
    """A third question."""

    Third = parameter("The third", group="Other", label="3rd")


def test_what_is_added_is_returned_with_its_reason_and_line() -> None:
    """The line that added a resource is known to the template."""
    t = Template()
    bucket = t.add(Bucket("Files"), reason="To keep files.")
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    document = t.document()
    assert bucket.title == "Files"
    assert document.comments["Resources", "Files"] == "To keep files."
    assert document.origins["Resources", "Files"].file == __file__
    assert document.origins["Resources", "Files"].line == line


def test_a_resource_from_a_pattern_comes_from_the_line_that_asked() -> None:
    """The blueprint's line is named, not the pattern's."""
    t = Template()
    t.add(role("Worker", "lambda", allow("sqs:SendMessage", on="arn:x")), reason="Assumed by work.")
    assert t.document().origins["Resources", "Worker"].file == __file__


def test_a_group_adds_all_it_holds_in_order() -> None:
    """A pattern's resources keep their own reasons; one given replaces the first's."""

    @dataclass
    class Pair:
        resources: list[tuple[AWSObject, str]]

    t = Template()
    t.add(Pair([(Topic("B"), "b"), (Queue("A"), "a")]), reason="Both.")
    assert list(t.document().body["Resources"]) == ["B", "A"]
    assert t.reasons == {"B": "Both.", "A": "a"}


def test_something_else_than_a_resource_is_refused() -> None:
    """add() says what it takes."""
    with pytest.raises(TypeError, match="takes a resource"):
        Template().add("Bucket")


def gives(name: str, section: str) -> Callable[[Template], object]:
    """Return what gives something of a section a name, on a line of its own."""

    class Asked(Parameters):
        pass

    question = parameter("What it is")
    question.__set_name__(Asked, name)
    setattr(Asked, name, question)
    ways: dict[str, Callable[[Template], object]] = {
        "Parameters": lambda t: t.declare(Asked),
        "Conditions": lambda t: t.condition(name, Equals("a", "a")),
        "Resources": lambda t: t.add(Bucket(name)),
        "Outputs": lambda t: t.output(name, "a", "What it is"),
        "troposphere": lambda t: t.add_resource(Bucket(name)),
        "a pattern": lambda t: t.add(alarm_topic(name.removesuffix("Policy"), email="", when="A")),
    }
    return ways[section]


SHARING = ["Parameters", "Conditions", "Resources", "troposphere", "a pattern"]


@pytest.mark.parametrize("second", SHARING)
@pytest.mark.parametrize("first", SHARING)
def test_a_logical_id_is_given_once(first: str, second: str) -> None:
    """A resource, parameter or condition is called like no other, and both lines are named."""
    t = Template()
    gives("ThingsPolicy", first)(t)
    before = t.document().body
    with pytest.raises(LogicalIdError) as refused:
        gives("ThingsPolicy", second)(t)
    numbers = lines_of("a parameter" if first == "Parameters" else first, second)
    lines = [f"{display_path(__file__)}:{number}" for number in numbers]
    message = str(refused.value)
    assert (refused.value.file, refused.value.line) == (__file__, numbers[1])
    assert message.startswith(f"{lines[1]}: the logical ID ")
    assert f"is taken: {lines[0]} gave it to a " in message
    assert message.endswith("; rename one of the two")
    if second in ("Parameters", "Conditions", "Resources", "troposphere"):
        assert t.document().body == before
        assert str(t.origins[origin_of(first), "ThingsPolicy"]) == f"{__file__}:{numbers[0]}"


def lines_of(*ways: str) -> list[int]:
    """Return the numbers of the lines by which `gives` does so.

    What gives a parameter its name is the line of the class that has it.
    """
    source, start = inspect.getsourcelines(gives)
    begins = {"a parameter": "question = parameter("}
    return [
        start
        + next(
            n
            for n, line in enumerate(source)
            if line.strip().startswith(begins.get(way, f'"{way}": l'))
        )
        for way in ways
    ]


def origin_of(way: str) -> str:
    """Return the section that a way of giving a name puts something into."""
    return way if way in ("Parameters", "Conditions") else "Resources"


def test_an_output_may_be_called_like_what_it_is_about() -> None:
    """As is common: nothing refers to outputs. Two of one name are refused."""
    t = Template()
    for section in ("Resources", "Outputs"):
        gives("Things", section)(t)
    with pytest.raises(LogicalIdError, match="gave it to an output; rename"):
        gives("Things", "Outputs")(t)


def test_declared_parameters_are_refs_in_order_under_their_headings() -> None:
    """Base classes come first; a parameter without a heading goes under the last one."""
    t = Template()
    p = t.declare(More)
    assert p.Second == Ref("Second")
    body = t.document().body
    assert list(body["Parameters"]) == ["First", "Second", "Third"]
    assert body["Parameters"]["Second"] == {
        "Type": "Number",
        "Description": "The second",
        "Default": 3,
    }
    interface = body["Metadata"]["AWS::CloudFormation::Interface"]
    assert [g["Parameters"] for g in interface["ParameterGroups"]] == [
        ["First", "Second"],
        ["Third"],
    ]
    assert interface["ParameterLabels"]["Third"]["default"] == "3rd"


def test_an_unknown_attribute_of_a_parameter_is_refused() -> None:
    """CloudFormation's spelling is checked where it is written."""
    with pytest.raises(TypeError, match="AllowedPatern"):
        parameter("x", AllowedPatern=".*")


def test_a_document_is_plain_data_in_the_order_of_the_anatomy() -> None:
    """Sections stand as CloudFormation's documentation lists them; helpers become data."""
    t = Template("What it is")
    t.output("Arn", GetAtt("Files", "Arn"), "Its ARN", export=Sub("${AWS::StackName}-arn"))
    t.add(Bucket("Files", Tags=Tags(A="b"), BucketName=Ref("Name")))
    t.condition("Always", Equals("a", "a"))
    t.declare(Params)
    body = t.document().body
    assert list(body) == [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Conditions",
        "Resources",
        "Outputs",
    ]
    assert body["Resources"]["Files"]["Properties"] == {
        "Tags": [{"Key": "A", "Value": "b"}],
        "BucketName": {"Ref": "Name"},
    }
    assert body["Outputs"]["Arn"]["Export"] == {"Name": {"Fn::Sub": "${AWS::StackName}-arn"}}


def test_one_pass_gives_what_troposphere_gives() -> None:
    """Our encoder and troposphere's own agree on every resource of a large template."""
    from cfngen.project.registry import find

    t = find("backlog_proxy").load()()
    ours = t.document().body["Resources"]
    assert ours == {name: thing.to_dict() for name, thing in t.resources.items()}


def test_a_reason_inside_a_policy_is_kept_by_its_place() -> None:
    """`reason=` is printed above its statement."""
    t = Template()
    t.add(role("Worker", "lambda", allow("ec2:DescribeVpcs", on="*", reason="No names.")))
    comments = t.document().comments
    place = ("Resources", "Worker", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0)
    assert comments[place] == "No names."


def test_a_resource_that_lacks_something_says_where_it_was_added() -> None:
    """All that troposphere complains of is told in one go, each with its line."""
    t = Template()
    t.add(Role("Worker"))
    t.add(Role("Other"))
    with pytest.raises(BlueprintError) as caught:
        t.document()
    error = caught.value
    assert error.problems == tuple(
        f'{display_path(__file__)}:{error.line + number}: Role "{name}" lacks the required property'
        " AssumeRolePolicyDocument"
        for number, name in enumerate(("Worker", "Other"))
    )
    assert isinstance(error.__cause__, ValueError)
    assert Path(error.file).read_text().splitlines()[error.line - 1] == '    t.add(Role("Worker"))'
