"""What CloudFormation asks for at deploy time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

from troposphere import Parameter, Ref

# The attributes of a parameter besides its description, as CloudFormation spells them
# (AWS page "Parameters section structure").
ATTRIBUTES = frozenset(
    {
        "Type", "Default", "AllowedPattern", "AllowedValues", "ConstraintDescription",
        "MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho",
    }
)  # fmt: skip


class parameter:  # noqa: N801 - read as a function in a class body, like a field
    """One question asked at deploy time; in Python, a `Ref` to its answer.

    Keywords other than `group` and `label` are CloudFormation's own attributes, spelled as
    CloudFormation spells them. `Type` is `String` unless said otherwise. `group` is the heading
    in the console; without one, the parameter stands under the group declared before it.

    Raises:
        TypeError: for an attribute CloudFormation does not know.
    """

    def __init__(
        self, description: str, *, group: str = "", label: str = "", **attributes: Any
    ) -> None:
        """Take the question, its heading and CloudFormation's attributes."""
        if unknown := sorted(set(attributes) - ATTRIBUTES):
            raise TypeError(f"parameter() got {', '.join(unknown)}: no attribute of a parameter")
        self.description = description
        self.group = group
        self.label = label
        self.attributes = {"Type": "String", **attributes}
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the parameter's logical ID from the class body."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> parameter: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Ref: ...
    def __get__(self, instance: object | None, owner: type) -> parameter | Ref:
        """Return the declaration on the class, a `Ref` on an instance."""
        return self if instance is None else Ref(self.name)

    def declaration(self) -> Parameter:
        """Return the parameter as troposphere knows it."""
        return Parameter(self.name, Description=self.description, **self.attributes)


class Parameters:
    """A class whose attributes are the questions asked at deploy time, in order."""

    @classmethod
    def all(cls) -> Iterator[parameter]:
        """Yield the declarations: those of the bases in their order, then the class's own."""
        for base in cls.__bases__:
            if issubclass(base, Parameters):
                yield from base.all()
        yield from (value for value in vars(cls).values() if isinstance(value, parameter))
