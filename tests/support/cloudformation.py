"""What CloudFormation makes of a template's functions, as far as the tests need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

STACK = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-2",
    "AWS::StackName": "mirror",
    "AWS::URLSuffix": "amazonaws.com",
}


class Resolver:
    """Replaces functions by their values."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Remember what names stand for."""
        self.given = {**STACK, **given}

    def of(self, value: Any) -> Any:
        """Return a piece of template with its functions replaced by their values."""
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if not isinstance(value, dict):
            return value
        for name, inner in value.items():
            function = getattr(self, name.removeprefix("Fn::").lower(), None)
            if len(value) == 1 and function and (name == "Ref" or name.startswith("Fn::")):
                return function(inner)
        return {key: self.of(item) for key, item in value.items()}

    def ref(self, name: str) -> Any:
        """Return what a name stands for, or else the name in angle brackets."""
        return self.given.get(name, f"<{name}>")

    def getatt(self, parts: list[str]) -> Any:
        """Return an attribute of a resource."""
        return self.ref(".".join(parts))

    def sub(self, inner: Any) -> str:
        """Fill in a text."""
        text, own = inner if isinstance(inner, list) else (inner, {})
        own = self.of(own)

        def fill(found: re.Match[str]) -> str:
            name = found.group(1)
            return str(own[name] if name in own else self.ref(name))

        filled = re.sub(r"\$\{([^!}][^}]*)\}", fill, text)
        return filled.replace("${!", "${")

    def importvalue(self, inner: Any) -> Any:
        """Return what another stack exports under a name."""
        return self.ref(self.of(inner))

    def select(self, inner: Any) -> Any:
        """Choose from a list."""
        number, items = inner
        return self.of(items)[int(number)]

    def split(self, inner: Any) -> list[str]:
        """Cut a text."""
        separator, text = inner
        parts: list[str] = self.of(text).split(separator)
        return parts

    def join(self, inner: Any) -> str:
        """Put texts together."""
        separator, items = inner
        return str(separator).join(self.of(items))

    def equals(self, inner: Any) -> bool:
        """Compare."""
        one, other = self.of(inner)
        return bool(one == other)

    def not_(self, inner: Any) -> bool:
        """Turn around."""
        return not self.of(inner)[0]


setattr(Resolver, "not", Resolver.not_)  # a word that Python keeps for itself


def resolved(value: Any, given: Mapping[str, Any] = {}) -> Any:
    """Return a piece of template with its functions replaced by their values.

    Args:
        value: plain data, as read back from a template.
        given: parameters' values, and those of resources and `resource.attribute`; all others
            are their own names in angle brackets.
    """
    return Resolver(given).of(value)
