"""Custom resources and their functions agree on names, and on who waits for whom how long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.custom_resources import BODY_BYTES, ITS_OWN, UnclearError, complaints, of_function
from support.shapes_of_ours import Shape, all_shapes

REQUEST = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Image"}
ANSWER = {**REQUEST, "Status": "SUCCESS", "PhysicalResourceId": "image", "Data": {"Tag": "1"}}


def customs(shape: Shape) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the custom resources of a template: name, properties, the properties of the function.

    Raises:
        KeyError: the function is not in the template.
    """
    for name, resource in shape.resources.items():
        kind = resource["Type"]
        if kind == "AWS::CloudFormation::CustomResource" or kind.startswith("Custom::"):
            properties = resource["Properties"]
            function, attribute = properties["ServiceToken"]["Fn::GetAtt"]
            assert attribute == "Arn"
            yield name, properties, shape.resources[function]["Properties"]


def test_a_function_reads_what_its_resource_has() -> None:
    """Each property is read by the function, and each that it reads is there."""
    seen = False
    for shape in all_shapes():
        for name, properties, function in customs(shape):
            seen = True
            read = of_function(function["Code"]["ZipFile"]).properties
            assert set(properties) - ITS_OWN == read, f"{name} of {shape}"
    assert seen


def test_a_template_gets_what_the_function_answers() -> None:
    """An attribute that a template gets of a custom resource is one that the function answers."""
    seen = set()
    for shape in all_shapes():
        text = json.dumps(shape.body)
        for name, _, function in customs(shape):
            answered = of_function(function["Code"]["ZipFile"]).attributes
            got = {
                attribute
                for form in (r'"Fn::GetAtt": \["{}", "([\w.]+)"\]', r"\$\{{{}\.([\w.]+)\}}")
                for attribute in re.findall(form.format(name), text)
            }
            assert got <= answered, f"{name} of {shape}"
            seen |= got
    assert seen


def test_cloudformation_waits_longer_than_the_function_may_run() -> None:
    """By at least the time that the answer needs, and no longer than an hour, which is the most.

    Source: template reference of AWS::CloudFormation::CustomResource, ServiceTimeout.
    """
    for shape in all_shapes():
        for name, properties, function in customs(shape):
            assert function["Timeout"] < properties["ServiceTimeout"] <= 3600, f"{name} of {shape}"


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


def test_the_reader_follows_properties_into_functions() -> None:
    """By subscript and by `get`; what is answered, too."""
    use = of_function(
        "def handler(event, _):\n"
        "    p = event['ResourceProperties']\n"
        "    answer(p['A'], {'Tag': p.get('B')})\n"
        "    inner(1, p)\n"
        "def inner(_, given):\n"
        "    return given['C']\n"
        "def answer(_, data):\n"
        "    response = {}\n"
        "    response['Data'] = data\n"
    )
    assert use.properties == {"A", "B", "C"}
    assert use.attributes == {"Tag"}


@pytest.mark.parametrize("how", ["p[name]", "p.items()", "p.get(name)", "print(p)"])
def test_the_reader_refuses_what_it_cannot_follow(how: str) -> None:
    """What cannot be told is an error, not nothing."""
    with pytest.raises(UnclearError):
        of_function(f"def handler(event, _):\n    p = event['ResourceProperties']\n    {how}\n")
    with pytest.raises(UnclearError):
        of_function("def handler(event, _):\n    event['ResourceProperties']['A']\n")
