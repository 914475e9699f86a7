"""What several commands do: find the project, build its templates, read files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cfngen.console.terminal import complain, traceback_wanted
from cfngen.errors import CfngenError, Problems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cfngen.deploy.script import PlannedTemplate
    from cfngen.project.generate import SynthesizedTemplate
    from cfngen.project.manifest import Manifest, TemplateConfig


def complete_templates(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    """Return the templates whose names begin so, for completion."""
    from cfngen.project import manifest

    return [name for name in manifest.template_names(here()) if name.startswith(start)]


def complete_blueprints(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    """Return the blueprints whose names begin so, for completion."""
    from cfngen.project import registry

    return [name for name in registry.search()[0] if name.startswith(start)]


def template(name: str) -> tuple[str, Any]:
    """Return the name and the body of a template: one of the project's, or a file's."""
    from pathlib import Path

    from cfngen.cloudformation.read import read
    from cfngen.errors import RenderError
    from cfngen.project import manifest

    if is_file(name):
        (text,) = read_files([Path(name)])
        try:
            return Path(name).stem, read(text)
        except RenderError as error:
            raise CfngenError(f"{name}: {error}") from None
    (synthesized,) = synthesize_all(manifest.load(here()).select((name,)))
    return synthesized.name, synthesized.document.body


def is_file(name: str) -> bool:
    """Whether a name is that of a template's file, not of a template of the project."""
    from cfngen.cloudformation.source import SUFFIXES

    return "/" in name or name.endswith(SUFFIXES)


def synthesize_all(entries: Sequence[TemplateConfig]) -> list[SynthesizedTemplate]:
    """Return templates of the project; the mistakes in all of them are printed together.

    A mistake that several templates have in common is printed once.

    Raises:
        CfngenError: the last of the mistakes; the others have been printed.
        Exception: a bug of cfngen, after the mistakes of the other templates.
    """
    from contextlib import redirect_stdout

    from cfngen.project.generate import synthesize

    templates: list[SynthesizedTemplate] = []
    mistakes: dict[str, CfngenError] = {}
    bug: Exception | None = None
    for entry in entries:
        where = f"in the template {entry.name} ({entry.where})"
        try:
            blueprint = entry.blueprint.load()
            distribution = entry.blueprint.distribution
            with redirect_stdout(sys.stderr):  # standard output is for data
                templates.append(
                    synthesize(
                        blueprint,
                        entry.options,
                        name=entry.name,
                        distribution=distribution,
                        roles=entry.roles,
                    )
                )
        except CfngenError as error:
            mistakes.setdefault(str(error), error).add_note(where)
        except Exception as error:
            error.add_note(where)
            bug = bug or error
    errors = list(mistakes.values())
    for mistake in errors if bug else errors[:-1]:
        complain(mistake, traceback=traceback_wanted())
    if bug or errors:
        raise bug or errors[-1]
    return templates


def planned_templates(
    project: Manifest, entries: Sequence[TemplateConfig]
) -> list[PlannedTemplate]:
    """Return templates of a project as `cfngen.deploy.script` takes them."""
    from cfngen.deploy.script import PlannedTemplate
    from cfngen.paths import display_path

    return [
        PlannedTemplate(
            entry,
            synthesized.document.body,
            synthesized.size,
            display_path(project.output / entry.file_name),
        )
        for entry, synthesized in zip(entries, synthesize_all(entries), strict=True)
    ]


def read_files(paths: Sequence[Path]) -> list[str]:
    """Return what is in the files; all that cannot be read are told together."""
    texts, problems = [], []
    for path in paths:
        try:
            texts.append(path.read_bytes().decode("utf-8"))
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}{_advice(path)}")
        except UnicodeDecodeError:
            problems.append(f"{path}: not UTF-8")
        except ValueError:  # a zero in it, or half a pair
            problems.append(f"{path}: no name that a file can have")
    if problems:
        raise Problems(problems)
    return texts


def _advice(path: Path) -> str:
    """Return what may have been meant by a path that cannot be read, or nothing."""
    from cfngen.errors import did_you_mean

    if path.is_dir():
        return f"; name the files in it, such as {path}/*.yaml"
    if path.exists() or not path.parent.is_dir():
        return ""
    return did_you_mean(path.name, [other.name for other in path.parent.iterdir()])


def write_file(path: Path, text: str) -> None:
    """Write a file that was asked for by name, and the folders on the way.

    Raises:
        CfngenError: it cannot be written, or is a link: a checkout may have one that leads
            anywhere.
    """
    import os

    if path.is_symlink():
        raise CfngenError(f"{path}: a link, which is not written through; remove it first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o666), "wb") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise CfngenError(f"{path}: cannot be written: {error.strerror}") from None


def here() -> Path:
    """Return the working directory.

    Raises:
        CfngenError: it is gone.
    """
    from pathlib import Path

    try:
        return Path.cwd()
    except FileNotFoundError:
        raise CfngenError("the working directory was removed; go to one that exists") from None


def own_version() -> str:
    """Return the version of cfngen that is installed."""
    from importlib.metadata import version

    return version("cfngen")
