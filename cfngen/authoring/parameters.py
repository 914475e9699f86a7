"""CloudFormation parameters, declared as attributes of a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from troposphere import Parameter

from cfngen.authoring.caller import caller
from cfngen.authoring.declarations import Declared, State
from cfngen.authoring.declarations import first_of as first_of
from cfngen.authoring.declarations import parameter as parameter
from cfngen.authoring.declarations import parameter_map as parameter_map
from cfngen.cloudformation.document import Origin
from cfngen.errors import ParameterError, did_you_mean


@dataclass(frozen=True)
class Declaration:
    """A parameter of one template, with its heading and its label in the console."""

    parameter: Parameter
    group: str
    label: str
    origin: Origin | None = None  # the line that declares it, if that is the author's

    @property
    def name(self) -> str:
        """The logical ID."""
        return str(self.parameter.title)


class Parameters:
    """A class whose attributes are the parameters of a template, in order."""

    @classmethod
    def all(cls) -> Iterator[Declared]:
        """Yield the declarations: those of the bases in their order, then the class's own.

        One that a class declares anew stands where its base has it. Two that have nothing to do
        with one another are both there, so that the template refuses the second.
        """
        ordered = [
            each for base in cls.__bases__ if issubclass(base, Parameters) for each in base.all()
        ]
        seen: list[Declared] = []
        ordered += [each for each in vars(cls).values() if isinstance(each, Declared)]
        for each in ordered:
            last: Declared = inspect.getattr_static(cls, each.name)
            counts = last if issubclass(last.owner, each.owner) else each
            if counts not in seen:
                seen.append(counts)
        yield from seen

    @classmethod
    def declarations(cls, options: Any = None) -> list[Declaration]:
        """Return the parameters that a template has with these options, in order.

        Raises:
            ParameterError: the options decide about one of them, and there are none.
        """
        declarations: list[Declaration] = []
        group = ""
        for each in cls.all():
            if each.depends_on_options and options is None:
                raise ParameterError(
                    f"{caller()}: the options decide about the parameter {each.name} of"
                    f" {cls.__name__}; declare it with them: t.declare({cls.__name__}, options)"
                )
            group = each.group or group
            for chosen in _chosen(each, options):
                group = chosen.group or group
                declared = chosen.declaration(options)
                declarations.append(Declaration(declared, group, chosen.label, _line(each)))
        return declarations

    @classmethod
    def read(cls, options: Any = None) -> Self:
        """Return `Ref`s to the parameters that a template has with these options."""
        absent = frozenset(each.name for each in cls.all() if not _chosen(each, options))
        parameters = cls()
        vars(parameters)["_state"] = State(options, absent)
        return parameters

    if not TYPE_CHECKING:  # a type checker knows all names that there are

        def __getattr__(self, name: str) -> Any:
            """Say what is meant by a name that is none of a parameter."""
            kind = type(self)
            if name.startswith("_"):
                raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
            names = [each.name for each in kind.all()]
            raise AttributeError(
                f"{caller()}: {kind.__name__} has no parameter {name}{did_you_mean(name, names)}"
            )


def _chosen(each: Declared, options: Any) -> list[parameter]:
    try:
        return each.chosen(options)
    except Exception as error:  # any bug of the blueprint's author
        error.add_note(f"while the options decide about the parameter {each.name}")
        raise


def _line(declared: Declared) -> Origin | None:
    """Return the line of the class attribute; nothing for one that a pattern's class has.

    What leads to such a class is an import, which Python does in frozen modules of its own.
    """
    origin = declared.origin
    return None if "<" in origin.file else origin
