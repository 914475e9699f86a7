"""The commands and their exit codes; what they do is elsewhere.

Exit codes: 0 fine, 1 findings or stale output, 2 cannot go on. Data goes to standard output, what
is said about it to standard error. Everything slow is imported where it is used: `--help` loads
neither cfn-lint nor troposphere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from cfngen.errors import CfngenError

if TYPE_CHECKING:
    from cfngen.generate import Drawn
    from cfngen.lint import Finding
    from cfngen.manifest import Entry, Manifest
    from cfngen.write import Change

FORMATS = ("text", "json", "sarif", "junit", "github")


class _Group(click.Group):
    """Turns a user's mistake into a message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CfngenError as error:
            _fail(str(error))


def _fail(message: str) -> NoReturn:
    prefix = _style("error: ", sys.stderr, fg="red", bold=True)
    for line in message.splitlines():
        click.echo(f"{prefix}{line}", err=True)
    sys.exit(2)


def _style(text: str, stream: Any, **how: Any) -> str:
    """Colour text for a terminal, unless NO_COLOR asks for none (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or not stream.isatty()
    return text if plain else click.style(text, **how)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        click.echo(f"cfngen {_own_version()}")
        ctx.exit()


def _own_version() -> str:
    from importlib.metadata import version

    return version("cfngen")


# --- completion --------------------------------------------------------------------------------


def _complete_templates(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    from cfngen import manifest

    try:
        return [n for n in manifest.load(Path.cwd()).templates if n.startswith(start)]
    except CfngenError:
        return []


def _complete_blueprints(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    from cfngen import registry

    try:
        return [name for name in registry.blueprints() if name.startswith(start)]
    except CfngenError:
        return []


TEMPLATES = click.argument("names", nargs=-1, shell_complete=_complete_templates)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print findings.",
)
OUTPUT = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to, instead of the manifest's.",
)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Print the version.",
)
def cli() -> None:
    """Turn blueprints into linted CloudFormation templates.

    A blueprint is a Python function; a template is what it returns for some options, and is listed
    under [tool.cfngen.templates] in pyproject.toml, or in cfngen.toml.
    """


@cli.command("list")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
def list_(form: str) -> None:
    """List the templates of this project, and the blueprints they can be made of."""
    from cfngen import manifest, registry

    project = manifest.load(Path.cwd())
    known = registry.blueprints()
    if form == "json":
        import json

        data = {
            "templates": [
                {"name": t.name, "blueprint": t.blueprint.name, "options": t.options}
                for t in project.templates.values()
            ],
            "blueprints": [
                {"name": b.name, "distribution": b.distribution, "summary": b.load().summary}
                for b in known.values()
            ],
        }
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    wide = max((len(n) for n in (*known, *project.templates)), default=0)
    click.echo(_style(f"templates ({project.source})", sys.stdout, bold=True))
    for entry in project.templates.values():
        options = ", ".join(f"{k}={v!r}" for k, v in entry.options.items())
        of = entry.blueprint.name + (f" with {options}" if options else "")
        click.echo(f"  {entry.name:<{wide}}  {of}")
    click.echo(_style("blueprints", sys.stdout, bold=True))
    for blueprint in known.values():
        summary = blueprint.load().summary
        click.echo(f"  {blueprint.name:<{wide}}  {summary} ({blueprint.distribution})")


@cli.command()
@click.argument("name", shell_complete=_complete_templates)
def show(name: str) -> None:
    """Print one template as YAML; nothing is linted or written."""
    from cfngen import manifest

    (entry,) = manifest.load(Path.cwd()).select((name,))
    click.echo(_draw(entry).text, nl=False)


@cli.command()
@TEMPLATES
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and show what is out of date.")
@click.option("--prune", is_flag=True, help="Remove templates of ours that nobody lists any more.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@OUTPUT
@FORMAT
def build(
    names: tuple[str, ...],
    *,
    check: bool,
    prune: bool,
    force: bool,
    output: Path | None,
    form: str,
) -> None:
    """Generate and lint templates (all of them, without NAMES) and write them.

    Errors of the linter fail the build, and then nothing is written; warnings are shown.
    """
    from cfngen.linters import Linters

    root = _project_root()
    with Linters(root) as linters:  # first of all: it loads while we draw
        from cfngen import manifest, write
        from cfngen.generate import size_advice
        from cfngen.lint import ERROR, trace

        project = manifest.load(Path.cwd(), output)
        if prune and names:
            raise CfngenError("--prune goes with a build of everything: leave out the names")
        entries = project.select(names)
        drawn = [_draw(entry) for entry in entries]
        texts = {e.file_name: d.text for e, d in zip(entries, drawn, strict=True)}
        changes = write.plan(project.output, texts, prune=prune)
        paths = [_near(project.output / entry.file_name) for entry in entries]
        jobs = [(d.text, p, e.regions) for d, p, e in zip(drawn, paths, entries, strict=True)]
        results = linters.lint(jobs)
    findings = [
        f
        for found, d in zip(results, drawn, strict=True)
        for f in trace(found, d.origins)
    ]
    _report(findings, form, paths)
    for advice in filter(None, map(size_advice, drawn)):
        _say(advice, fg="yellow")
    errors = [f for f in findings if f.severity == ERROR]
    if errors:
        _say(f"{len(errors)} error(s); nothing written", fg="red")
        sys.exit(1)
    if check:
        _check(changes)
    else:
        write.apply(changes, force=force)
        _summary(changes, project, drawn, len(findings))


def _check(changes: Sequence[Change]) -> None:
    stale = [change for change in changes if change.kind != "same"]
    for change in stale:
        for line in change.diff().splitlines(keepends=True):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[0])
            click.echo(_style(line, sys.stdout, fg=colour), nl=False)
    if stale:
        names = ", ".join(change.path.name for change in stale)
        _say(f"out of date: {names}; run `cfngen build`", fg="red")
        sys.exit(1)
    _say(f"{len(changes)} template(s) as the blueprints say", fg="green")


def _summary(
    changes: Sequence[Change], project: Manifest, drawn: Sequence[Drawn], findings: int
) -> None:
    made = {f"{d.name}.yaml": d for d in drawn}
    for change in changes:
        detail = ""
        if found := made.get(change.path.name):
            resources = len(found.document.body["Resources"])
            detail = f"  {resources:>3} resources {found.size:>7,} bytes"
        colour = {"same": None, "removed": "red"}.get(change.kind, "green")
        _say(f"{change.kind:<8} {_near(change.path):<40}{detail}".rstrip(), fg=colour)
    clean = "no findings" if not findings else f"{findings} finding(s), none of them an error"
    _say(f"{len(drawn)} template(s) in {_near(project.output)}/, {clean}")


@cli.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@FORMAT
def lint(files: tuple[Path, ...], form: str) -> None:
    """Lint template files (those in the output folder, without FILES) as they are on disk."""
    from cfngen.linters import Linters

    with Linters(_project_root()) as linters:
        from cfngen import manifest
        from cfngen.lint import ERROR

        project = manifest.load(Path.cwd())
        paths = list(files) or sorted(project.output.glob("*.yaml"))
        if not paths:
            raise CfngenError(f"{_near(project.output)}/: no templates; run `cfngen build` first")
        regions = {(project.output / t.file_name): t.regions for t in project.templates.values()}
        jobs = [(_read(p), _near(p), regions.get(p.absolute(), ())) for p in paths]
        findings = [finding for found in linters.lint(jobs) for finding in found]
    _report(findings, form, [_near(path) for path in paths])
    errors = sum(finding.severity == ERROR for finding in findings)
    _say(f"{len(paths)} file(s), {len(findings)} finding(s), {errors} of them error(s)")
    sys.exit(1 if errors else 0)


@cli.command()
@click.argument("blueprint", shell_complete=_complete_blueprints)
def schema(blueprint: str) -> None:
    """Print the JSON Schema of a blueprint's options."""
    import json

    from cfngen import registry
    from cfngen.options import options_schema

    found = registry.find(blueprint).load()
    click.echo(json.dumps(options_schema(found.options_type), indent=2, ensure_ascii=False))


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print a completion script, to be sourced: source <(cfngen completion bash)."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise CfngenError(f"no completion for {shell}")
    # Its source() asks bash for its version first; the script itself needs no such check.
    script = kind(cli, {}, "cfngen", "_CFNGEN_COMPLETE")
    click.echo(script.source_template % script.source_vars())


def _draw(entry: Entry) -> Drawn:
    """Draw a manifest's template; an exception in the blueprint says which one it was."""
    from cfngen.generate import draw

    try:
        return draw(
            entry.blueprint.load(),
            entry.options,
            name=entry.name,
            distribution=entry.blueprint.distribution,
        )
    except Exception as error:
        error.add_note(f"while drawing the template {entry.name} ({entry.where})")
        raise


def _report(findings: Sequence[Finding], form: str, templates: Sequence[str]) -> None:
    from cfngen import report

    if form == "json":
        text = report.as_json(findings)
    elif form == "sarif":
        text = report.sarif(findings, _own_version())
    elif form == "junit":
        text = report.junit(findings, templates)
    elif form == "github":
        text = report.github(findings)
    else:
        text = report.text(findings, lambda t, **how: _style(t, sys.stdout, **how))
    click.echo(text, nl=False)


def _say(text: str, **how: Any) -> None:
    click.echo(_style(text, sys.stderr, **how), err=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CfngenError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CfngenError(f"{path}: not UTF-8, so no template") from None


def _project_root() -> Path:
    """Return the nearest folder with a manifest's file, for .cfnlintrc; a guess before reading."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "cfngen.toml").exists() or (folder / ".cfnlintrc").exists():
            return folder
    return here


def _near(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        cli.main(args=arguments, prog_name="cfngen", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("stopped", err=True)
        return 2
    return 0
