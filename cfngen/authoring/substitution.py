"""Text with references, as `Fn::Sub` resolves them."""

from __future__ import annotations

from typing import Any

from troposphere import AWSObject, GetAtt, Ref, Sub


def sub(*parts: Any) -> Sub:
    """Return one `Sub` of texts and references in a row.

    A text is taken as `Fn::Sub` takes it, so that `${AWS::Region}` is filled in. What has no short
    form, such as a `Select`, becomes a variable of the `Sub`.

    Args:
        parts: texts, resources (their `Ref`), `Ref`, `GetAtt`, `Sub` and other functions.

    Raises:
        ValueError: two `Sub`s give different values to one variable.

    Source: AWS page "Fn::Sub".

    Example:
        >>> sub("s3://", Ref("Things"), "/", Ref("AWS::Region")).to_dict()
        {'Fn::Sub': 's3://${Things}/${AWS::Region}'}
        >>> sub(GetAtt("Things", "Arn"), "/*").to_dict()
        {'Fn::Sub': '${Things.Arn}/*'}
    """
    text = ""
    variables: dict[str, Any] = {}
    for part in parts:
        added, more = _part(part, len(variables) + 1)
        for name, value in more.items():
            if variables.setdefault(name, value) != value:
                raise ValueError(f"sub(): two values for the variable {name!r}; rename one of them")
        text += added
    return Sub(text, **variables)


def placeholder(value: Any) -> str:
    """Return the placeholder for a reference in the text of a `Sub`.

    Args:
        value: a resource (its `Ref`), a `Ref`, a `GetAtt`, or a `Sub` without variables.

    Raises:
        TypeError: it is something else.

    Example:
        >>> placeholder(GetAtt("Things", "Arn"))
        '${Things.Arn}'
    """
    text, variables = _part(value, 1)
    if variables or isinstance(value, str):
        raise TypeError(
            f"placeholder() takes a resource, a Ref or a GetAtt, not {value!r}; build the text with"
            " sub() instead"
        )
    return text


def _part(value: Any, number: int) -> tuple[str, dict[str, Any]]:
    """Return the text of one part, and the variables that it needs."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, AWSObject):
        return f"${{{value.title}}}", {}
    if isinstance(value, Ref):
        return f"${{{value.data['Ref']}}}", {}
    if isinstance(value, GetAtt):
        return f"${{{'.'.join(value.data['Fn::GetAtt'])}}}", {}
    if isinstance(value, Sub):
        inner = value.data["Fn::Sub"]
        return (inner, {}) if isinstance(inner, str) else (inner[0], dict(inner[1]))
    return f"${{Value{number}}}", {f"Value{number}": value}
