"""The commands and their exit codes; what they do is elsewhere.

Exit codes: 0 fine, 1 findings or stale output, 2 cannot go on. An exception in a blueprint ends
with its traceback and 1, as Python has it; a broken pipe and Ctrl-C end as a shell has them (141,
130). Everything slow is imported where it is used: `--help` loads neither cfn-lint nor troposphere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cfngen.console import HungUpError, complain, explode, out, say, style
from cfngen.errors import CfngenError, Problems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cfngen.generate import Drawn
    from cfngen.lint import Finding
    from cfngen.manifest import Entry, Manifest
    from cfngen.write import Change

FINE, FINDINGS, CANNOT, STOPPED, HUNG_UP = 0, 1, 2, 130, 141
MINUTES = click.IntRange(0, 7 * 24 * 60)
FORMATS = ("text", "json", "sarif", "junit", "github")


class _Group(click.Group):
    """Turns a user's mistake into a message, and leaves a blueprint's its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, HungUpError):
            raise
        except CfngenError as error:
            complain(error)
            raise click.exceptions.Exit(CANNOT) from None
        except Exception as error:
            # Not left to click, which takes an EOFError or a broken pipe for its own.
            explode(error)
            raise click.exceptions.Exit(FINDINGS) from None


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        click.echo(f"cfngen {_own_version()}")
        ctx.exit()


def _complete_templates(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    from cfngen import manifest

    return [name for name in manifest.template_names(_here()) if name.startswith(start)]


def _complete_blueprints(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    from cfngen import registry

    return [name for name in registry.search()[0] if name.startswith(start)]


FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print findings.",
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
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to print the lists.",
)
def list_(form: str) -> None:
    """List the templates of this project, and the blueprints they can be made of."""
    from cfngen import listing, manifest, registry

    project = manifest.load(_here())
    blueprints = listing.summaries(registry.blueprints().values())
    if form == "json":
        out(listing.as_json(project, blueprints))
    else:
        out(listing.text(project, blueprints, lambda t, **how: style(t, sys.stdout, **how)))
    failed = [found for found in blueprints if found.problem]
    for found in failed:
        say(f"{found.name}: {found.problem}; `cfngen schema {found.name}` says where", fg="red")
    if failed:
        raise click.exceptions.Exit(FINDINGS)


@cli.command()
@click.argument("name", shell_complete=_complete_templates)
def show(name: str) -> None:
    """Print one template as YAML; nothing is linted or written."""
    from cfngen import manifest

    (drawn,) = _draw(manifest.load(_here()).select((name,)))
    out(drawn.text)


@cli.command()
@click.argument("names", nargs=-1, shell_complete=_complete_templates)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and show what is out of date.")
@click.option("--prune", is_flag=True, help="Remove templates of ours that nobody lists any more.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@click.option(
    "--output",
    type=click.Path(),
    help="The folder to write to, instead of the manifest's.",
)
@FORMAT
def build(
    names: tuple[str, ...],
    *,
    check: bool,
    prune: bool,
    force: bool,
    output: str | None,
    form: str,
) -> None:
    """Generate and lint templates (all of them, without NAMES) and write them.

    Errors of the linter fail the build, and then nothing is written; warnings are shown.
    """
    from pathlib import Path

    from cfngen import manifest
    from cfngen.linters import Linters

    if prune and names:
        raise CfngenError("--prune goes with a build of everything: leave out the names")
    found = manifest.find(_here())
    with Linters(found.root) as linters:  # first of all: it loads while we draw
        from cfngen import write
        from cfngen.generate import size_advice
        from cfngen.lint import ERROR, trace
        from cfngen.paths import near

        project = manifest.read(found, Path(output) if output else None)
        entries = project.select(names)
        drawn = _draw(entries)
        changes = write.plan(
            project.output,
            {e.file_name: d.text for e, d in zip(entries, drawn, strict=True)},
            prune=not names,
            within=None if output else found.root,
        )
        paths = [near(project.output / entry.file_name) for entry in entries]
        results = linters.lint(
            [(d.text, p, e.regions) for d, p, e in zip(drawn, paths, entries, strict=True)]
        )
    findings = [
        finding
        for found_, d in zip(results, drawn, strict=True)
        for finding in trace(found_, d.origins)
    ]
    _report(findings, form, paths)
    for advice in filter(None, map(size_advice, drawn)):
        say(advice, fg="yellow")
    if errors := sum(finding.severity == ERROR for finding in findings):
        say(f"{errors} error(s); nothing written", fg="red")
        raise click.exceptions.Exit(FINDINGS)
    if check:
        _check(changes, sys.stdout if form == "text" else sys.stderr)
        return
    if not prune:
        left = [change for change in changes if change.kind == write.REMOVED]
        changes = [change for change in changes if change not in left]
        for change in left:
            say(f"{near(change.path)}: no template of that name any more; --prune removes it")
    write.apply(changes, force=force)
    _summary(changes, project, drawn, len(findings))


def _check(changes: Sequence[Change], stream: Any) -> None:
    """Show what is out of date; data, unless findings in another format are the data."""
    from cfngen import write

    stale = [change for change in changes if change.kind != "same"]
    for change in stale:
        for line in change.diff().splitlines(keepends=True):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[0])
            text = style(line, stream, fg=colour)
            out(text) if stream is sys.stdout else say(text.rstrip("\n"))
    if stale:
        names = ", ".join(change.path.name for change in stale)
        prune = " --prune" if any(change.after is None for change in stale) else ""
        say(f"out of date: {names}; run `cfngen build{prune}`", fg="red")
        for edited in write.edited(stale):
            say(edited, fg="red")
        raise click.exceptions.Exit(FINDINGS)
    say(f"{len(changes)} template(s) as the blueprints say", fg="green")


def _summary(
    changes: Sequence[Change], project: Manifest, drawn: Sequence[Drawn], findings: int
) -> None:
    from cfngen.paths import near

    made = {f"{d.name}.yaml": d for d in drawn}
    for change in changes:
        detail = ""
        if found := made.get(change.path.name):
            resources = len(found.document.body["Resources"])
            detail = f"  {resources:>3} resources {found.size:>7,} bytes"
        colour = {"same": None, "removed": "red"}.get(change.kind, "green")
        say(f"{change.kind:<8} {near(change.path):<40}{detail}".rstrip(), fg=colour)
    if project.by_default:
        say("no templates are listed here: made every installed blueprint with its defaults")
    clean = "no findings" if not findings else f"{findings} finding(s), none of them an error"
    say(f"{len(drawn)} template(s) in {near(project.output)}/, {clean}")


@cli.command()
@click.argument("files", nargs=-1, type=click.Path())
@FORMAT
def lint(files: tuple[str, ...], form: str) -> None:
    """Lint template files (those in the output folder, without FILES) as they are on disk."""
    from pathlib import Path

    from cfngen import manifest
    from cfngen.linters import Linters

    found = manifest.find(_here())
    with Linters(found.root) as linters:
        from cfngen.lint import ERROR
        from cfngen.paths import near

        project = manifest.read(found)
        paths = [Path(file) for file in files] or sorted(project.output.glob("*.yaml"))
        if not paths:
            raise CfngenError(f"{near(project.output)}/: no templates; run `cfngen build` first")
        regions = {
            (project.output / entry.file_name).resolve(): entry.regions
            for entry in project.templates.values()
        }
        texts = _read(paths)
        names = [near(path) for path in paths]
        results = linters.lint(
            [
                (text, name, regions.get(path.resolve(), ()))
                for text, name, path in zip(texts, names, paths, strict=True)
            ]
        )
    findings = [finding for found_ in results for finding in found_]
    _report(findings, form, names)
    errors = sum(finding.severity == ERROR for finding in findings)
    say(f"{len(paths)} file(s), {len(findings)} finding(s), {errors} of them error(s)")
    if errors:
        raise click.exceptions.Exit(FINDINGS)


@cli.command()
@click.argument("blueprint", shell_complete=_complete_blueprints)
def schema(blueprint: str) -> None:
    """Print the JSON Schema of a blueprint's options."""
    import json

    from cfngen import registry
    from cfngen.options import options_schema

    found = registry.find(blueprint).load()
    out(json.dumps(options_schema(found.options_type), indent=2, ensure_ascii=False) + "\n")


@cli.command()
@click.argument("name", shell_complete=_complete_templates)
@click.option(
    "--push",
    "pushes",
    multiple=True,
    required=True,
    metavar="TIME",
    help="When the source changes, such as 2026-11-24T10:00Z; several are simulated together.",
)
@click.option("--build", type=MINUTES, default=10, show_default=True, help="Minutes of a build.")
@click.option(
    "--deploy",
    type=MINUTES,
    default=5,
    show_default=True,
    help="Minutes of a stage that deploys, besides its bake time.",
)
@click.option(
    "--approval",
    type=MINUTES,
    default=0,
    show_default=True,
    help="Minutes that people take to approve.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "mermaid", "svg")),
    default="text",
    show_default=True,
    help="How to print it.",
)
def timeline(
    name: str, *, pushes: tuple[str, ...], build: int, deploy: int, approval: int, form: str
) -> None:
    """Say when each stage of a pipeline would deploy after pushes, in UTC and on local clocks.

    NAME is a template of this project, or a template's file. Windows, execution modes and daylight
    saving time are taken from there; how long things take is not, so it is assumed.
    """
    from cfngen.timeline import Assumed, printed, timeline
    from cfngen.timeline.clock import moments

    at = moments(pushes)
    name, body = _template(name)
    found = timeline(body, at, Assumed(build, deploy, approval), name=name)
    out(printed(found, form, lambda t, **how: style(t, sys.stdout, **how)))


def _template(name: str) -> tuple[str, Any]:
    """Return the name and the body of a template: one of the project's, or a file's."""
    from pathlib import Path

    from cfngen import manifest
    from cfngen.errors import RenderError
    from cfngen.read import read

    if "/" in name or name.endswith((".yaml", ".yml", ".json", ".template")):
        (text,) = _read([Path(name)])
        try:
            return Path(name).stem, read(text)
        except RenderError as error:
            raise CfngenError(f"{name}: {error}") from None
    (drawn,) = _draw(manifest.load(_here()).select((name,)))
    return drawn.name, drawn.document.body


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
    out(script.source_template % script.source_vars() + "\n")


def _draw(entries: Sequence[Entry]) -> list[Drawn]:
    """Draw templates; what is wrong with any of them is told together.

    An exception in a blueprint is raised as it is, with a note on which template it was, after
    the complaints about the others.
    """
    from contextlib import redirect_stdout

    from cfngen.generate import draw

    drawn: list[Drawn] = []
    refused: list[CfngenError] = []
    failed: Exception | None = None
    for entry in entries:
        try:
            blueprint = entry.blueprint.load()
            distribution = entry.blueprint.distribution
            with redirect_stdout(sys.stderr):  # ours is for data
                drawn.append(
                    draw(blueprint, entry.options, name=entry.name, distribution=distribution)
                )
        except CfngenError as error:
            error.add_note(f"while drawing the template {entry.name} ({entry.where})")
            refused.append(error)
        except (Exception, SystemExit) as error:
            bug = error if isinstance(error, Exception) else _not_the_end(entry, error)
            bug.add_note(f"while drawing the template {entry.name} ({entry.where})")
            failed = failed or bug
    for refusal in refused[: None if failed else -1]:
        complain(refusal)
    if failed or refused:
        raise failed or refused[-1]
    return drawn


def _not_the_end(entry: Entry, error: SystemExit) -> Exception:
    what = f"the blueprint {entry.blueprint} ends the program ({error!r})"
    return RuntimeError(what).with_traceback(error.__traceback__)


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
        text = report.text(findings, lambda t, **how: style(t, sys.stdout, **how))
    out(text)


def _read(paths: Sequence[Path]) -> list[str]:
    """Return what is in the files; all that cannot be read are told together."""
    texts, problems = [], []
    for path in paths:
        try:
            texts.append(path.read_bytes().decode("utf-8"))
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            problems.append(f"{path}: not UTF-8, so no template")
    if problems:
        raise Problems(problems)
    return texts


def _here() -> Path:
    from pathlib import Path

    try:
        return Path.cwd()
    except FileNotFoundError:
        raise CfngenError("the working directory was removed; go to one that exists") from None


def _own_version() -> str:
    from importlib.metadata import version

    return version("cfngen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="cfngen", standalone_mode=False)
    except HungUpError:
        return HUNG_UP
    except click.ClickException as error:
        error.show()
        return CANNOT
    except click.Abort:  # Ctrl-C; click has ended the line
        return STOPPED
    return code if isinstance(code, int) else FINE
