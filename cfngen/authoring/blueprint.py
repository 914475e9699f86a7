"""A named function from options to a template."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable
from typing import Any

from cfngen.authoring.mistakes import blueprint_error
from cfngen.authoring.option_problems import problems_of
from cfngen.authoring.options import options_from
from cfngen.authoring.template import Template
from cfngen.errors import BlueprintError, CfngenError, Problems


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """The options of a blueprint that takes none."""


class Blueprint:
    """A function that returns a template, with the name and options it is known by."""

    def __init__(self, function: Callable[..., Template]) -> None:
        """Read name, first line and options class from the function.

        Raises:
            BlueprintError: the function takes something else than one frozen dataclass whose
                fields all have defaults.
        """
        self.function = function
        self.name = function.__name__
        self.summary = (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")
        self.options_type = _options_type(function)
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    def __repr__(self) -> str:
        """Return `<blueprint name>`."""
        return f"<blueprint {self.name}>"

    def __call__(self, options: Any = None) -> Template:
        """Return the template for these options (the defaults, without any).

        An exception inside the blueprint keeps its traceback, with a note on blueprint and options.

        Raises:
            BlueprintError: the options are of another class, or no template came back.
            Problems: options that cannot be combined, a line each.
        """
        chosen = options_from(self.options_type) if options is None else options
        if not isinstance(chosen, self.options_type):
            raise BlueprintError(
                f"{self.name}: options must be {self.options_type.__name__}, got {chosen!r}"
            )
        if problems := problems_of(chosen):
            raise Problems(problems)
        try:
            takes_none = self.options_type is NoOptions
            template = self.function() if takes_none else self.function(chosen)
        except CfngenError:
            raise
        except Exception as error:
            error.add_note(f"in the blueprint {self.name} with {chosen}")
            raise
        if not isinstance(template, Template):
            code = self.function.__code__
            raise blueprint_error(
                f"{self.name}: a blueprint returns a Template, not {template!r}",
                code.co_filename,
                code.co_firstlineno,
            )
        if not template.description:
            template.set_description(self.summary)
        return template


def blueprint(function: Callable[..., Template]) -> Blueprint:
    """Make a blueprint of a function that takes its options and returns a template."""
    return Blueprint(function)


def _options_type(function: Callable[..., Template]) -> type[Any]:
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        return NoOptions
    hint = typing.get_type_hints(function).get(parameters[0].name)
    where = f"{function.__module__}.{function.__name__}"
    if len(parameters) > 1 or not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        raise BlueprintError(f"{where}: a blueprint takes one dataclass of options, or nothing")
    if not hint.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise BlueprintError(f"{where}: {hint.__name__} must be @dataclass(frozen=True)")
    for field in dataclasses.fields(hint):
        if field.default is field.default_factory is dataclasses.MISSING:
            raise BlueprintError(f"{where}: {hint.__name__}.{field.name} needs a default")
    return hint
