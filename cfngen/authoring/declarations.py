"""Declarations of one parameter, or of one for each name in the options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from troposphere import Parameter, Ref

from cfngen.authoring.caller import caller
from cfngen.authoring.options import chosen_options
from cfngen.cloudformation.document import Origin
from cfngen.errors import ParameterError, did_you_mean

# The attributes of a parameter besides its description, as CloudFormation spells them
# (AWS page "Parameters section structure").
ATTRIBUTES = frozenset(
    {
        "Type", "Default", "AllowedPattern", "AllowedValues", "ConstraintDescription",
        "MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho",
    }
)  # fmt: skip


class parameter:  # noqa: N801 - read as a function in a class body, like a field
    """A parameter of the template; in Python, a `Ref` to its value.

    Keywords other than `group`, `label` and `when` are CloudFormation's own attributes, spelled as
    CloudFormation spells them. `Type` is `String` unless another is given.

    Args:
        description: what it is, what to put in, and what empty means, for the console; or a
            function that returns this for the options.
        group: the heading in the console; without one, that of the parameter before it.
        label: what the console shows instead of its name.
        when: returns for the options whether the template has the parameter; always, without.
        attributes: the value of each attribute, or a function that returns it for the options.

    Example:
        >>> from cfngen import Parameters
        >>> class Params(Parameters):
        ...     SourceSecret = parameter(
        ...         "ARN of the secret that holds the token.",
        ...         when=lambda options: options.source != "public",
        ...     )

    Raises:
        TypeError: CloudFormation has no such attribute.
    """

    def __init__(
        self,
        description: str | Callable[[Any], str],
        *,
        group: str = "",
        label: str = "",
        when: Callable[[Any], bool] | None = None,
        **attributes: Any,
    ) -> None:
        """Take the description, its heading and CloudFormation's attributes."""
        if unknown := sorted(set(attributes) - ATTRIBUTES):
            arguments = {*ATTRIBUTES, "group", "label", "when"}
            hints = [f"{name}{did_you_mean(name, arguments)}" for name in unknown]
            raise TypeError(f"parameter() has no argument {'; no argument '.join(hints)}")
        self.description = description
        self.group = group
        self.label = label
        self.when = when
        self.attributes = {"Type": "String", **attributes}
        self.name = ""
        self.owner: type = object
        self.origin = caller()

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the parameter's logical ID from the class body."""
        self.owner, self.name = owner, name

    @overload
    def __get__(self, instance: None, owner: type) -> parameter: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Ref: ...
    def __get__(self, instance: object | None, owner: type) -> parameter | Ref:
        """Return the declaration on the class, a `Ref` on an instance.

        Raises:
            ParameterError: the template does not have the parameter with its options.
        """
        if instance is None:
            return self
        _require(instance, self)
        return Ref(self.name)

    @property
    def depends_on_options(self) -> bool:
        """Whether the options decide anything about it."""
        return self.when is not None or any(
            callable(value) for value in (self.description, *self.attributes.values())
        )

    def chosen(self, options: Any) -> list[parameter]:
        """Return what is declared with these options: the parameter itself, or nothing."""
        return [self] if self.when is None or self.when(options) else []

    def declaration(self, options: Any = None) -> Parameter:
        """Return the parameter as troposphere knows it."""
        given = {"Description": self.description, **self.attributes}
        values = {k: value(options) if callable(value) else value for k, value in given.items()}
        allowed = values.get("AllowedValues", [])
        if isinstance(allowed, Iterable) and not isinstance(allowed, (str, list)):
            values["AllowedValues"] = list(allowed)  # troposphere takes no tuple, set or range
        return Parameter(self.name, **values)


class first_of(parameter):  # noqa: N801 - as `parameter`
    """One parameter that is declared in different ways, by the options.

    Example:
        >>> from cfngen import Parameters
        >>> class Params(Parameters):
        ...     SourceUrl = first_of(
        ...         parameter("SSH URL of the repository.", when=lambda o: o.source == "ssh"),
        ...         parameter("HTTPS URL of the repository."),
        ...     )
    """

    def __init__(self, *ways: parameter) -> None:
        """Take the declarations; the first one whose `when` holds applies."""
        super().__init__(ways[0].description, group=ways[0].group)
        self.ways = ways

    def __set_name__(self, owner: type, name: str) -> None:
        """Give each declaration the same logical ID."""
        super().__set_name__(owner, name)
        for way in self.ways:
            way.__set_name__(owner, name)

    @property
    def depends_on_options(self) -> bool:
        """Whether the options decide anything about it."""
        return any(way.depends_on_options for way in self.ways)

    def chosen(self, options: Any) -> list[parameter]:
        """Return the declaration that applies to these options, if any."""
        return next(filter(None, (way.chosen(options) for way in self.ways)), [])


class parameter_map:  # noqa: N801 - as `parameter`
    """Parameters whose number depends on the options; in Python, `Ref`s by logical ID.

    Args:
        make: returns for the options the parameters by logical ID.
        group: their heading in the console; without one, that of the parameter before them.
        when: returns for the options whether the template has them; always, without.

    Example:
        >>> from cfngen import Parameters
        >>> class Params(Parameters):
        ...     Buckets = parameter_map(
        ...         lambda o: {f"{zone}Bucket": parameter(f"Bucket in {zone}.") for zone in o.zones}
        ...     )
    """

    depends_on_options = True

    def __init__(
        self,
        make: Callable[[Any], Mapping[str, parameter]],
        *,
        group: str = "",
        when: Callable[[Any], bool] | None = None,
    ) -> None:
        """Take what returns the parameters."""
        self.make = make
        self.group = group
        self.when = when
        self.name = ""
        self.owner: type = object
        self.origin = caller()

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn what the parameters are called together."""
        self.owner, self.name = owner, name

    @overload
    def __get__(self, instance: None, owner: type) -> parameter_map: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Mapping[str, Ref]: ...
    def __get__(self, instance: object | None, owner: type) -> parameter_map | Mapping[str, Ref]:
        """Return the declaration on the class, `Ref`s by logical ID on an instance.

        Raises:
            ParameterError: the template does not have the parameters with its options.
        """
        if instance is None:
            return self
        state = _require(instance, self)
        return {name: Ref(name) for name in self.make(state.options if state else None)}

    def chosen(self, options: Any) -> list[parameter]:
        """Return the parameters that are declared with these options, in order."""
        if self.when is not None and not self.when(options):
            return []
        declared = self.make(options)
        for name, each in declared.items():
            each.name = name
        return list(declared.values())


Declared = parameter | parameter_map


@dataclass(frozen=True)
class State:
    """What a template's parameters were declared with."""

    options: Any
    absent: frozenset[str]


def _require(instance: object, declared: Declared) -> State | None:
    """Return what the parameters were declared with, if that is known.

    Raises:
        ParameterError: this one was not declared.
    """
    state: State | None = vars(instance).get("_state")
    if state is not None and declared.name in state.absent:
        with_options = chosen_options(state.options) or "the default options"
        raise ParameterError(
            f"{caller()}: the template has no parameter {declared.name} with {with_options}:"
            f" {_conditions(declared)}; read it only where that holds"
        )
    return state


def _conditions(declared: Declared) -> str:
    """Return which predicates did not hold, and where they are."""
    ways = declared.ways if isinstance(declared, first_of) else (declared,)
    places = [_place(way.when) for way in ways if way.when is not None]
    return f"its `when` is false ({', '.join(places)})"


def _place(when: Callable[[Any], bool]) -> str:
    code = getattr(inspect.unwrap(when), "__code__", None)
    if code is None:
        return repr(when)
    at = str(Origin(code.co_filename, code.co_firstlineno))
    return at if code.co_name == "<lambda>" else f"{code.co_name}, {at}"
