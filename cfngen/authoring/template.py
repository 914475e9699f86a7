"""A troposphere template with a reason and an origin for each resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, runtime_checkable

import troposphere
from troposphere import AWSObject, Export, Output

from cfngen.authoring.caller import caller
from cfngen.authoring.encoding import CarriedTemplate, Notes, encode
from cfngen.authoring.mistakes import blueprint_error, locate, together
from cfngen.authoring.parameters import Declaration, Parameters
from cfngen.authoring.role_settings import current_role_settings
from cfngen.cloudformation.document import Document, Origin
from cfngen.cloudformation.render import render
from cfngen.deprecation import renamed_keywords
from cfngen.errors import BlueprintError, LogicalIdError
from cfngen.paths import display_path

INTERFACE = "AWS::CloudFormation::Interface"
# Sections whose names may not be the same. CloudFormation refuses a resource that is called like a
# parameter (cfn-lint E3007), and its user guide wants the name of a parameter "unique among all
# logical names within the template" (page "Parameters"). Outputs are apart: nothing in a template
# refers to one, and they are commonly called like the resource that they are about.
SHARED = {"Parameters": "parameter", "Conditions": "condition", "Resources": "resource"}

P = TypeVar("P", bound=Parameters)
Added = TypeVar("Added")


@runtime_checkable
class Group(Protocol):
    """The result of a pattern with several resources, each with its reason, in order."""

    @property
    def resources(self) -> Iterable[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""


class Template(troposphere.Template):  # type: ignore[misc]
    """A troposphere template with reasons, origins and declared parameters."""

    def __init__(self, description: str | None = None) -> None:
        """Start empty; without a description, the blueprint's first line serves."""
        super().__init__(Description=description)
        self.set_version()
        self.reasons: dict[str, str] = {}
        self.origins: dict[tuple[str, str], Origin] = {}

    @renamed_keywords(why="reason")
    def add(self, thing: Added, reason: str = "") -> Added:
        """Add a resource, or the resources of a pattern, and return what was given.

        Args:
            thing: a troposphere resource, or a pattern's result that lists `resources`, and by
                name the `conditions` that they need, if any.
            reason: the comment above the resource; above the first one, for a pattern.

        Raises:
            LogicalIdError: another resource, a parameter or a condition is called so.
            TypeError: `thing` is neither.
        """
        if isinstance(thing, AWSObject):
            self._add(thing, reason)
        elif isinstance(thing, Group):
            for name, test in getattr(thing, "conditions", {}).items():
                self.add_condition(name, test)
            for resource, own_reason in thing.resources:
                self._add(resource, reason or own_reason)
                reason = ""
        else:
            raise TypeError(f"add() takes a resource or a pattern's result, not {_kind(thing)}")
        return thing

    @renamed_keywords(questions="parameters")
    def declare(self, parameters: type[P], options: Any = None) -> P:
        """Declare a class of parameters and return `Ref`s to them under the same names.

        Args:
            parameters: the class.
            options: the blueprint's, if they decide about any of the parameters.

        Raises:
            LogicalIdError: another parameter, a resource or a condition is called so.
            ParameterError: the options decide about a parameter, and are not given.
        """
        for declaration in parameters.declarations(options):
            self.add_parameter(declaration.parameter)
            if declaration.origin:
                self.origins["Parameters", declaration.name] = declaration.origin
            self._present(declaration)
        return parameters.read(options)

    def condition(self, name: str, test: Any) -> str:
        """Add a condition and return its name.

        Raises:
            LogicalIdError: another condition, a parameter or a resource is called so.
        """
        return self.add_condition(name, test)

    def output(
        self, name: str, value: Any, description: str, *, export: Any = None, when: str = ""
    ) -> None:
        """Add an output; `export` is the name other stacks import, `when` a condition.

        Raises:
            LogicalIdError: another output is called so.
        """
        extra: dict[str, Any] = {"Condition": when} if when else {}
        if export is not None:
            extra["Export"] = Export(export)
        self.add_output(Output(name, Description=description, Value=value, **extra))

    def document(self) -> Document:
        """Return the template as plain data, each resource checked by troposphere on the way.

        Raises:
            BlueprintError: everything that troposphere finds missing or wrong, a line each, with
                the line of the blueprint that added it; troposphere's first complaint is the cause.
        """
        notes = Notes()
        notes.comments.update({("Resources", name): text for name, text in self.reasons.items()})
        mistakes: list[BlueprintError] = []
        body: dict[str, Any] = {"AWSTemplateFormatVersion": self.version}
        if self.transform:
            body["Transform"] = self.transform
        if self.description:
            body["Description"] = self.description
        for section, things in (
            ("Metadata", self.metadata),
            ("Parameters", self.parameters),
            ("Rules", self.rules),
            ("Mappings", self.mappings),
            ("Conditions", self.conditions),
            ("Resources", self.resources),
            ("Outputs", self.outputs),
        ):
            if things or section == "Resources":
                body[section] = {}
            for name, thing in things.items():
                try:
                    body[section][name] = encode(thing, (section, name), notes)
                except Exception as error:
                    mistakes.append(self._mistake(section, name, thing, error))
        if mistakes:
            raise together(mistakes) from mistakes[0].__cause__
        return Document(body, notes.comments, dict(self.origins), notes.waivers)

    def carried(self) -> CarriedTemplate:
        """Return its text for a property of another template that holds it, with its waivers.

        Such a property is `TemplateBody` of a StackSet.

        Raises:
            RenderError: something in it has no YAML that means the same; says where.
        """
        document = self.document()
        text = CarriedTemplate(render(document))
        text.waivers = document.waivers
        return text

    # troposphere's own, which blueprints that were written for it call: its `add_condition`
    # overwrites what is there without a word, and none of them compares sections.

    def add_parameter(self, parameter: Any) -> Any:
        """Add a parameter of troposphere's, or several; see `declare`."""
        return self._take("Parameters", parameter, super().add_parameter)

    def add_resource(self, resource: Any) -> Any:
        """Add a resource, or several; see `add`."""
        return self._take("Resources", resource, super().add_resource)

    def add_output(self, output: Any) -> Any:
        """Add an output of troposphere's, or several; see `output`."""
        return self._take("Outputs", output, super().add_output)

    def add_condition(self, name: str, condition: Any) -> str:
        """Add a condition; see `condition`."""
        self._name("Conditions", name)
        return str(super().add_condition(name, condition))

    def _add(self, resource: AWSObject, reason: str) -> None:
        self.add_resource(resource)
        if reason:
            self.reasons[resource.title] = reason

    def _take(self, section: str, things: Any, add: Callable[[Any], Any]) -> Any:
        """Add what has a title, or several such, unless a name is taken."""
        for thing in things if isinstance(things, list) else [things]:
            self._name(section, str(thing.title))
            if section == "Resources":
                current_role_settings().apply(thing)
            add(thing)
        return things

    def _name(self, section: str, name: str) -> None:
        """Note which line gives something its logical ID.

        Raises:
            LogicalIdError: something else of the template is called so.
        """
        origin = caller()
        for other in SHARED if section in SHARED else (section,):
            if name in getattr(self, other.lower()):
                first = _shown(self.origins.get((other, name)))
                what = SHARED.get(other, "output")
                error = LogicalIdError(
                    f"the logical ID {name!r} is taken: {first} gave it to"
                    f" {'an' if what == 'output' else 'a'} {what}; rename one of the two"
                )
                locate(error, origin.file, origin.line)
                raise error
        self.origins[section, name] = origin

    def _mistake(self, section: str, name: str, thing: Any, error: Exception) -> BlueprintError:
        """Return what is wrong with something, at the line that added it; raise what is a bug."""
        from cfngen.authoring.mistake_messages import complaint_of, label

        origin, message = self.origins.get((section, name)), complaint_of(error)
        if not origin or not message:
            error.add_note(f"in {section}.{name}" + (f", added at {origin}" if origin else ""))
            raise error
        if f'"{name}"' not in message:  # of something inside, which has no name
            message = f"{label(thing)}: {message}" if isinstance(thing, AWSObject) else message
        mistake = blueprint_error(message, origin.file, origin.line)
        mistake.__cause__ = error
        return mistake

    def _present(self, declaration: Declaration) -> None:
        """Put a parameter under its heading in the console."""
        if declaration.label:
            self.set_parameter_label(declaration.name, declaration.label)
        groups = self.metadata.get(INTERFACE, {}).get("ParameterGroups", [])
        heading = declaration.group or (groups[-1]["Label"]["default"] if groups else "")
        if heading:
            self.add_parameter_to_group(declaration.name, heading)


def _kind(thing: Any) -> str:
    """Return what was added that is no resource."""
    if isinstance(thing, type):
        return f"the class {thing.__name__}; call it to make one"
    if isinstance(thing, troposphere.BaseAWSObject):
        return f"a {type(thing).__name__}, which is a property of a resource"
    return repr(thing)


def _shown(origin: Origin | None) -> str:
    if not origin:
        return "a line that is not known"
    return f"{display_path(origin.file)}:{origin.line}"
