"""Texts with references in them."""

from __future__ import annotations

import pytest
from troposphere import GetAtt, Ref, Select, Sub
from troposphere.s3 import Bucket

from cfngen.authoring.substitution import placeholder, sub


def test_parts_become_one_sub() -> None:
    """Texts, resources, references and other texts with references, in their order."""
    text = sub("a/", Bucket("Things"), "/", GetAtt("Key", "Arn"), Sub("-${AWS::Region}"), Ref("P"))
    assert text.to_dict() == {"Fn::Sub": "a/${Things}/${Key.Arn}-${AWS::Region}${P}"}


def test_what_has_no_short_form_is_a_variable() -> None:
    """Each of them gets a name of its own; those of a `Sub` keep theirs."""
    first, second = Select(0, Ref("L")), Select(1, Ref("L"))
    text = sub(first, "-", Sub("${X}", X=Ref("P")), "-", second).to_dict()["Fn::Sub"]
    assert text[0] == "${Value1}-${X}-${Value3}"
    assert set(text[1]) == {"Value1", "X", "Value3"}


def test_one_variable_has_one_value() -> None:
    """Two `Sub`s that mean different things by one name are not put together."""
    with pytest.raises(ValueError, match="two values for the variable 'X'"):
        sub(Sub("${X}", X="a"), Sub("${X}", X="b"))


def test_a_placeholder_stands_for_a_reference_only() -> None:
    """A text or a function has no place inside of JSON that is written beforehand."""
    assert placeholder(GetAtt("Key", "Arn")) == "${Key.Arn}"
    for value in ("text", Select(0, Ref("L"))):
        with pytest.raises(TypeError, match="placeholder"):
            placeholder(value)
