"""Every blueprint of ours in every shape, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import mirror_program
from support.cpu_time import shared
from support.drawn import OURS, shapes

from cfngen import read, synthesize, testing
from cfngen.cloudformation.values import shown
from cfngen.project.generate import SynthesizedTemplate
from cfngen.testing import references

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Shape:
    """One template that a blueprint can become."""

    blueprint: str
    drawn: SynthesizedTemplate

    @property
    def body(self) -> dict[str, Any]:
        """The template."""
        return self.drawn.document.body

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Its resources, by logical ID."""
        return dict(self.body["Resources"])

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of its resources of one type, by logical ID."""
        return testing.of_type(self.body, f"AWS::{kind}")

    def comment(self, name: str) -> str:
        """Return what stands above a resource."""
        return " ".join(self.drawn.document.comments.get(("Resources", name), "").split())

    def __str__(self) -> str:
        """Return the blueprint and what was chosen."""
        lines = self.drawn.text.splitlines()
        return f"{self.blueprint} ({shown(lines[0])})"


@shared
def all_shapes() -> tuple[Shape, ...]:
    """Return each blueprint with its defaults, with each choice, with several, and as it ships."""
    return tuple(_drawn())


def _drawn() -> Iterator[Shape]:
    import sizes

    for name, entry in OURS.items():
        for shape in shapes(entry):
            yield Shape(name, shape)
        for _, blueprint, options in sizes.TOGETHER:
            if blueprint == name:
                yield Shape(name, synthesize(entry.load(), options))


def inner(shape: Shape) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield the resources of a template, and of those that its stack sets deploy."""
    yield shape.resources
    for properties in shape.of_type("CloudFormation::StackSet").values():
        if isinstance(text := properties.get("TemplateBody"), str):
            yield dict(read(text)["Resources"])


def readme(blueprint: str) -> str:
    """Return what its users read."""
    return "".join(page.read_text() for page in (ROOT / "blueprints" / blueprint).glob("*.md"))


@shared
def images() -> dict[str, dict[str, str]]:
    """Return the files of each image, by the parameter of Systems Manager that it is found by.

    A blueprint's own is also found by the name of the blueprint.
    """
    found = {}
    for shape in all_shapes():
        for custom in testing.of_type(shape.body, "Custom::Image").values():
            found[shape.blueprint] = _built_of(custom)
            if published := shape.body["Parameters"].get("ImageParameter"):
                found[published["Default"]] = _built_of(custom)
    return found


def _built_of(custom: dict[str, Any]) -> dict[str, str]:
    """Return the files that an image is built of: the template's own, and those of archives."""
    assert custom["Archives"] in ([], [{"Ref": "ProgramParameter"}])
    return {**(mirror_program.published() if custom["Archives"] else {}), **custom["Files"]}


def image(shape: Shape, container: dict[str, Any]) -> dict[str, str]:
    """Return the files of a container's image, whichever stack builds it."""
    for name in references(container["Image"]):
        custom = shape.resources.get(name, {}).get("Properties", {})
        default = shape.body.get("Parameters", {}).get(name, {}).get("Default")
        if found := _built_of(custom) if "Archives" in custom else images().get(default):
            return dict(found)
    return images()[shape.blueprint]  # an image that is there is one like ours
