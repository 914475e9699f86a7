"""What CloudFormation makes of a template's functions, as far as the tests need it.

With the template it is as strict as CloudFormation: a name that nothing gives a value is refused.
Of a resource that a test has given no physical name the name is made up, as `<LogicalId>` and
`<LogicalId.Attribute>`. Of a piece whose template is not given any name may be a resource's, and is
taken for one; that a whole template refers to nothing that is not there is asserted elsewhere
(`cfngen.testing.dangling`). What is no such name, such as a condition, a mapping or a pseudo
parameter that is not there, is refused in either case.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

STACK = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-2",
    "AWS::StackName": "mirror",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE: Any = object()  # what `AWS::NoValue` leaves: the property or item is not there


class UnresolvedError(AssertionError):
    """CloudFormation would refuse the template, or the test does not say what it has to."""


class Resolver:
    """Replaces functions by their values."""

    def __init__(self, given: Mapping[str, Any], template: Mapping[str, Any] | None = None) -> None:
        """Remember what names stand for.

        Args:
            given: values of parameters, of resources and `Resource.Attribute`s, of what other
                stacks export, and of conditions, each by its name.
            template: the template, whose resources need no value then, whose parameters have
                their defaults, and whose conditions and mappings are worked out.
        """
        self.strict = template is not None
        template = template or {}
        self.resources: Mapping[str, Any] = template.get("Resources", {})
        self.conditions: Mapping[str, Any] = template.get("Conditions", {})
        self.mappings: Mapping[str, Any] = template.get("Mappings", {})
        defaults = {
            name: declared["Default"]
            for name, declared in template.get("Parameters", {}).items()
            if "Default" in declared
        }
        self.given = {**STACK, **defaults, **given}

    def of(self, value: Any) -> Any:
        """Return a piece of template with its functions replaced by their values."""
        found = self._of(value)
        if found is NO_VALUE:
            raise UnresolvedError("AWS::NoValue where something has to be")
        return found

    def _of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self._of, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, inner),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name)(inner)
            if name == "Condition" and isinstance(inner, str):
                return self.condition(inner)
        items = ((key, self._of(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not NO_VALUE}

    def _function(self, name: str) -> Callable[[Any], Any]:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Fn::And": lambda inner: all(self.of(inner)),
            "Fn::Base64": lambda inner: b64encode(str(self.of(inner)).encode()).decode(),
            "Fn::Contains": lambda inner: self.of(inner[1]) in self.of(inner[0]),
            "Fn::Equals": self.equals,
            "Fn::FindInMap": self.findinmap,
            "Fn::GetAZs": self.getazs,
            "Fn::GetAtt": self.getatt,
            "Fn::If": self.if_,
            "Fn::ImportValue": self.importvalue,
            "Fn::Join": self.join,
            "Fn::Not": lambda inner: not self.of(inner)[0],
            "Fn::Or": lambda inner: any(self.of(inner)),
            "Fn::Select": self.select,
            "Fn::Split": self.split,
            "Fn::Sub": self.sub,
            "Fn::ToJsonString": lambda inner: json.dumps(self.of(inner)),
        }
        if name not in functions:
            raise UnresolvedError(f"{name}: no function of CloudFormation's that is known here")
        return functions[name]

    def ref(self, name: str) -> Any:
        """Return what a parameter or resource stands for."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.given:
            return self.given[name]
        if self._there(name):
            return f"<{name}>"
        raise UnresolvedError(f"{name}: nothing in the template is called so, or has such a value")

    def _there(self, name: str) -> bool:
        """Whether a name is a resource's, as far as that is known."""
        return name in self.resources or (not self.strict and name.isalnum())

    def getatt(self, parts: list[str] | str) -> Any:
        """Return an attribute of a resource."""
        name, _, attribute = (parts if isinstance(parts, str) else ".".join(parts)).partition(".")
        whole = f"{name}.{attribute}"
        if whole in self.given:
            return self.given[whole]
        if attribute and self._there(name):
            return f"<{whole}>"
        raise UnresolvedError(f"{whole}: no resource of the template is called {name}")

    def sub(self, inner: Any) -> str:
        """Fill in a text."""
        text, own = inner if isinstance(inner, list) else (inner, {})
        own = self.of(own)

        def fill(found: re.Match[str]) -> str:
            name = found.group(1)
            if name in own:
                return str(own[name])
            return str(self.getatt(name) if "." in name else self.of({"Ref": name}))

        filled = re.sub(r"\$\{([^!}][^}]*)\}", fill, text)
        return filled.replace("${!", "${")

    def importvalue(self, inner: Any) -> Any:
        """Return what another stack exports under a name."""
        name = self.of(inner)
        if name not in self.given and self.strict:
            raise UnresolvedError(f"{name}: no stack exports it")
        return self.given.get(name, f"<{name}>")

    def findinmap(self, inner: list[Any]) -> Any:
        """Look something up."""
        name, *keys = self.of(inner)
        found: Any = self.mappings
        for key in (name, *keys):
            if key not in found:
                raise UnresolvedError(f"Fn::FindInMap {name}: no {key!r}")
            found = found[key]
        return found

    def if_(self, inner: list[Any]) -> Any:
        """Choose by a condition; only what is chosen needs its values."""
        name, yes, no = inner
        return self._of(yes if self.condition(name) else no)

    def condition(self, name: str) -> bool:
        """Work out a condition."""
        if name in self.given:
            return bool(self.given[name])
        if name not in self.conditions:
            raise UnresolvedError(f"{name}: no condition of the template is called so")
        return bool(self.of(self.conditions[name]))

    def getazs(self, inner: Any) -> list[str]:
        """Return the zones of a region, of this one without one."""
        region = self.of(inner) or self.given["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    def select(self, inner: Any) -> Any:
        """Choose from a list."""
        number, items = inner
        return self.of(items)[int(self.of(number))]

    def split(self, inner: Any) -> list[str]:
        """Cut a text."""
        separator, text = inner
        parts: list[str] = self.of(text).split(separator)
        return parts

    def join(self, inner: Any) -> str:
        """Put texts together."""
        separator, items = inner
        return str(separator).join(map(str, self.of(items)))

    def equals(self, inner: Any) -> bool:
        """Compare, as text: to CloudFormation `true` and `'true'` are one."""
        one, other = (_text(side) for side in self.of(inner))
        return one == other


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def resolved(
    value: Any, given: Mapping[str, Any] = {}, template: Mapping[str, Any] | None = None
) -> Any:
    """Return a piece of template with its functions replaced by their values.

    Args:
        value: plain data, as read back from a template; or a whole template.
        given: parameters' values, those of resources and `Resource.Attribute`, exports.
        template: the template that it is a piece of, for what is not given.

    Raises:
        UnresolvedError: something has no value.
    """
    if template is None and isinstance(value, dict) and "Resources" in value:
        template = value
    return Resolver(given, template).of(value)
