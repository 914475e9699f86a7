"""What is read, and what is refused before anything else meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from cfngen.cloudformation.read import NotYAMLError, read
from cfngen.cloudformation.yaml_reader import MAX_DEPTH
from cfngen.errors import RenderError


def nested(depth: int) -> Any:
    """Return lists in mappings in lists, so many levels of them."""
    value: Any = "end"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("anchor", ["", "&top"])
def test_no_template_is_nested_deeper(anchor: str) -> None:
    """The limit is the same in blocks, in brackets, in JSON, and with or without anchors."""
    for write in (yaml.safe_dump, json.dumps, lambda value: json.dumps(value).replace('"', "'")):
        assert read(f"{anchor}\n{write(nested(90))}")
        with pytest.raises(RenderError, match="nested more than"):
            read(f"{anchor}\n{write(nested(MAX_DEPTH + 5))}")


@pytest.mark.parametrize("extra", ["", "X: &x [1]\nY: *x\n"])
def test_with_anchors_and_without_the_same_is_read(extra: str) -> None:
    """Numbers, words, dates, short tags and empty values do not depend on who else has a name."""
    text = """
A: 012
B: 1.50
C: yes
D: 2012-10-17
E: !Sub "${A}-x"
F: !GetAtt Q.Arn
G: !If [On, !Ref A, {Ref: "AWS::NoValue"}]
H: ~
I: |
  text &
J: 0089
"""
    document = read(text + extra)
    assert {key: document[key] for key in "ABCDEFGHIJ"} == {
        "A": 10,
        "B": 1.5,
        "C": True,
        "D": "2012-10-17",
        "E": {"Fn::Sub": "${A}-x"},
        "F": {"Fn::GetAtt": ["Q", "Arn"]},
        "G": {"Fn::If": ["On", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
        "H": None,
        "I": "text &\n",
        "J": 89.0,
    }


def test_what_is_no_yaml_is_told_from_what_is_no_template() -> None:
    """A file may be the source of a template, and no YAML yet; one that repeats a key is YAML."""
    with pytest.raises(NotYAMLError):
        read("Resources:\n  {% for x in y %}\n")
    with pytest.raises(RenderError, match="repeated key") as caught:
        read("A: 1\nA: 2\n")
    assert not isinstance(caught.value, NotYAMLError)
