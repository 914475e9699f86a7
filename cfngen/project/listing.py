"""What a project makes and can make, for a person and for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cfngen.errors import CfngenError
from cfngen.escaping import as_json as data_as_json
from cfngen.escaping import escape_controls
from cfngen.project.header import MAX_OPTIONS_CHARACTERS
from cfngen.project.manifest import Manifest
from cfngen.project.registry import InstalledBlueprint


@dataclass(frozen=True)
class Summary:
    """A blueprint in one line; `problem` says why there is no summary."""

    name: str
    distribution: str
    summary: str
    problem: str = ""


def summaries(blueprints: Iterable[InstalledBlueprint]) -> list[Summary]:
    """Return a line about each blueprint; one that cannot be imported does not hide the others."""
    listed = []
    for entry in blueprints:
        summary, problem = "", ""
        try:
            summary = entry.load().summary
        except CfngenError as error:
            problem = str(error)
        except Exception as error:  # a bug of cfngen; the traceback is for `cfngen show`
            problem = f"{type(error).__name__}: {error}"
        listed.append(Summary(entry.name, entry.distribution, summary, problem))
    return listed


def text(project: Manifest, blueprints: Iterable[Summary], style: Callable[..., str]) -> str:
    """Return both lists for a person."""
    blueprints = list(blueprints)
    width = max((len(n) for n in (*project.templates, *(b.name for b in blueprints))), default=0)
    title = escape_controls(f"templates ({project.source})")
    if project.by_default:
        title = "templates that `cfngen show` prints; none is listed, so `cfngen build` makes none"
    lines = [style(title, bold=True)]
    for entry in project.templates.values():
        options = ", ".join(f"{key}={value!r}" for key, value in entry.table.items())
        if len(options) > MAX_OPTIONS_CHARACTERS:
            options = f"options {', '.join(entry.table)}"
        of = entry.blueprint.name + (f" with {options}" if options else "")
        lines.append(f"  {escape_controls(entry.name):<{width}}  {escape_controls(of)}")
    lines.append(style("blueprints", bold=True))
    for blueprint in blueprints:
        about = escape_controls(blueprint.summary) or style(
            "cannot be imported" if blueprint.problem else "", fg="red"
        )
        lines.append(f"  {blueprint.name:<{width}}  {about} ({blueprint.distribution})")
    return "".join(f"{line}\n" for line in lines)


def as_json(project: Manifest, blueprints: Iterable[Summary]) -> str:
    """Return both lists as one JSON object with the keys `templates` and `blueprints`.

    `listed` is false where no manifest lists templates: then they are the blueprints with their
    default options, which `cfngen show` prints and `cfngen build` does not make.
    """
    data = {
        "listed": not project.by_default,
        "templates": [
            {"name": t.name, "blueprint": t.blueprint.name, "options": t.table}
            for t in project.templates.values()
        ],
        "blueprints": [
            {"name": b.name, "distribution": b.distribution, "summary": b.summary}
            | ({"problem": b.problem} if b.problem else {})
            for b in blueprints
        ],
    }
    return data_as_json(data)
