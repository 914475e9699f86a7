"""Custom resources and their functions agree on names, and on who waits for whom how long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.custom_resources import BODY_BYTES, ITS_OWN, UnclearError, complaints, of_function
from support.shapes_of_ours import Shape, all_shapes

from cfngen.cloudformation.schemas import is_custom
from cfngen.patterns.custom_resources import FUNCTION_EXPORT, ROLE_EXPORT

REQUEST = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Image"}
ANSWER = {**REQUEST, "Status": "SUCCESS", "PhysicalResourceId": "image", "Data": {"Tag": "1"}}


def serving() -> Shape:
    """Return the template with the function that serves all stacks."""
    return next(shape for shape in all_shapes() if shape.blueprint == "custom_resources")


def function() -> dict[str, Any]:
    """Return the properties of that function."""
    (found,) = serving().of_type("Lambda::Function").values()
    return found


def customs(shape: Shape) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the custom resources of a template: name, type, properties."""
    for name, resource in shape.resources.items():
        if is_custom(resource["Type"]):
            yield name, resource["Type"], resource["Properties"]


def test_stacks_import_what_one_stack_exports() -> None:
    """The function of all custom resources, and the role that each of their roles trusts."""
    outputs = serving().body["Outputs"].values()
    exported = {output["Export"]["Name"]: output["Value"] for output in outputs}
    (title,) = serving().of_type("Lambda::Function")
    assert exported == {
        FUNCTION_EXPORT: {"Fn::GetAtt": [title, "Arn"]},
        ROLE_EXPORT: {"Fn::GetAtt": [f"{title}Role", "Arn"]},
    }
    seen = set()
    for shape in all_shapes():
        for name, _, properties in customs(shape):
            seen.add(shape.blueprint)
            assert properties["ServiceToken"] == {"Fn::ImportValue": FUNCTION_EXPORT}
            assert properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert {"mirror_program", "mirror_image", "worker_image", "fargate_mirror"} <= seen


def test_a_role_serves_one_stack() -> None:
    """It trusts the function's role alone, and that only when it acts for the role's own stack."""
    for shape in all_shapes():
        for name, _, _ in customs(shape):
            role = shape.resources[f"{name}Role"]["Properties"]
            (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
            assert statement == {
                "Effect": "Allow",
                "Principal": {"AWS": {"Fn::ImportValue": ROLE_EXPORT}},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "AWS::StackId"}}},
            }


def test_the_function_may_do_nothing_but_write_its_log() -> None:
    """So it can assume no role that merely trusts the account: only those that name its role."""
    (role,) = serving().of_type("IAM::Role").values()
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert "ManagedPolicyArns" not in role


def test_a_function_reads_what_its_resource_has() -> None:
    """Each property is read by the function, and each that it reads is there."""
    text, seen = function()["Code"]["ZipFile"], False
    for shape in all_shapes():
        for name, kind, properties in customs(shape):
            seen = True
            read = of_function(text, kind).properties
            assert set(properties) - ITS_OWN == read, f"{name} of {shape}"
    assert seen


def test_a_template_gets_what_the_function_answers() -> None:
    """An attribute that a template gets of a custom resource is one that the function answers."""
    code, seen = function()["Code"]["ZipFile"], set()
    for shape in all_shapes():
        text = json.dumps(shape.body)
        for name, kind, _ in customs(shape):
            answered = of_function(code, kind).attributes
            got = {
                attribute
                for form in (r'"Fn::GetAtt": \["{}", "([\w.]+)"\]', r"\$\{{{}\.([\w.]+)\}}")
                for attribute in re.findall(form.format(name), text)
            }
            assert got <= answered, f"{name} of {shape}"
            seen |= got
    assert seen == {"Key", "Tag"}


def test_cloudformation_waits_longer_than_the_function_may_run() -> None:
    """By at least the time that the answer needs, and no longer than an hour, which is the most.

    Source: template reference of AWS::CloudFormation::CustomResource, ServiceTimeout.
    """
    most = function()["Timeout"]
    for shape in all_shapes():
        for name, _, properties in customs(shape):
            assert most < properties["ServiceTimeout"] <= 3600, f"{name} of {shape}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Reason": "x" * BODY_BYTES}, "more than 4,096"),
        ({"PhysicalResourceId": "é" * 513}, "from 1 to 1,024"),
        ({"PhysicalResourceId": ""}, "from 1 to 1,024"),
        ({"Status": "FAILED"}, "no reason"),
        ({"Status": "OK"}, "the status is 'OK'"),
        ({"StackId": "other"}, "StackId is not"),
        ({"Reasons": "x"}, "no member 'Reasons'"),
        ({"Data": []}, "no attributes"),
    ],
)
def test_what_cloudformation_does_not_take(change: dict[str, Any], said: str) -> None:
    """Each with its reason; else it goes on waiting."""
    usual = ("PUT", {"content-type": ""})
    assert complaints(REQUEST, *usual, json.dumps(ANSWER).encode()) == []
    (found,) = complaints(REQUEST, *usual, json.dumps(ANSWER | change).encode())
    assert said in found


def test_the_address_takes_one_kind_of_request() -> None:
    """It is signed for a method and for an empty content type."""
    body = json.dumps(ANSWER).encode()
    (found,) = complaints(REQUEST, "POST", {"content-type": ""}, body)
    assert "signed for PUT" in found
    (found,) = complaints(REQUEST, "PUT", {"content-type": "application/json"}, body)
    assert "not empty" in found
    (found,) = complaints(REQUEST, "PUT", {}, b"{")
    assert "not JSON" in found


def payload(how: str) -> str:
    """Return a function that uses the properties of `Custom::A` in some way."""
    return (
        "def handler(event, _):\n"
        "    properties = event['ResourceProperties']\n"
        "    provide = KINDS[event['ResourceType']]\n"
        "    provide(properties.get('Role'), properties)\n"
        "def first(_, properties):\n"
        f"    {how}\n"
        "    return inner(properties['A'], properties), {'Tag': 1}\n"
        "def inner(properties, given):\n"
        "    return given['C'] + properties\n"
        "def second(_, properties):\n"
        "    return properties['D'], {'Key': 1}\n"
        "KINDS = {'Custom::A': first, 'Custom::B': second}\n"
    )


def test_the_reader_follows_properties_into_functions() -> None:
    """By subscript and by `get`, those of one type; what is answered, too."""
    text = payload("properties.get('B')")
    use = of_function(text, "Custom::A")
    assert use.properties == {"Role", "A", "B", "C"}
    assert use.attributes == {"Tag"}
    assert of_function(text, "Custom::B").properties == {"Role", "D"}


@pytest.mark.parametrize(
    "how", ["properties[name]", "properties.items()", "properties.get(name)", "print(properties)"]
)
def test_the_reader_refuses_what_it_cannot_follow(how: str) -> None:
    """What cannot be told is an error, not nothing."""
    with pytest.raises(UnclearError):
        of_function(payload(how), "Custom::A")
    with pytest.raises(UnclearError):
        of_function(payload("pass"), "Custom::C")
