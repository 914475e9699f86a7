"""Mistakes in blueprints, and bugs: what is printed, and the exit code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.blueprint_package import (
    cfngen,
    environment,
    package,
    project,
)
from support.command_line import RUN, Cli, add

from cfngen.project import manifest, revisions


@pytest.mark.slow
def test_an_exception_in_a_blueprint_is_a_mistake_with_file_and_line(
    root: Path, site: Path
) -> None:
    """It ends with 2; the traceback, which ends in the blueprint, is behind --traceback."""
    add(root, raises="cli_raises")
    script = shutil.which("cfngen", path=str(Path(sys.executable).parent))
    for command in filter(None, ([script] if script else [], RUN)):
        for more, env in (([], {}), (["--traceback"], {}), ([], {"CFNGEN_TRACEBACK": "1"})):
            done = subprocess.run(
                [*command, "build", *more],
                cwd=root,
                env=environment(site, **env),
                text=True,
                capture_output=True,
                check=False,
            )
            assert (done.returncode, done.stdout) == (2, "")
            first, second, *rest = done.stderr.splitlines()
            assert first.startswith("error: ")
            assert first.endswith("cli_raises/blueprint.py:9: KeyError: 'lost'")
            assert second == "  in the template raises (cfngen.toml: [templates.raises])"
            assert not (root / "output").exists()
            if not (more or env):
                assert rest == []
                continue
            assert rest[0] == "Traceback (most recent call last):"
            assert "/click/" not in done.stderr
            assert 'cli_raises/blueprint.py", line 9, in cli_raises' in done.stderr
            assert rest[-2:] == ["KeyError: 'lost'", "in the blueprint cli_raises with NoOptions()"]


@pytest.mark.parametrize(
    ("blueprint", "message"),
    [
        ("cli_eof", "9: EOFError"),
        ("cli_pipe", "9: BrokenPipeError: [Errno 32] Broken pipe"),
        ("cli_exit", "9: ends the program (SystemExit(0)); a blueprint only returns a template"),
    ],
)
def test_no_exception_of_a_blueprint_is_taken_for_something_else(
    cli: Cli, root: Path, blueprint: str, message: str
) -> None:
    """A broken pipe, an end of file or sys.exit() in a blueprint is a mistake in it."""
    add(root, odd=blueprint)
    code, out, err = cli("show", "odd")
    assert (code, out) == (2, "")
    assert f"{blueprint}/blueprint.py:{message}\n" in err
    assert "in the template odd (cfngen.toml: [templates.odd])" in err


@pytest.mark.parametrize("bug", [AssertionError, RecursionError, MemoryError, ValueError])
def test_a_bug_is_no_finding(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, bug: type[Exception]
) -> None:
    """What nobody expected ends with its traceback and 70, whichever command it is in."""

    def fail(*_: object) -> None:
        raise bug("unexpected")

    monkeypatch.setattr(manifest, "find", fail)
    monkeypatch.setattr(revisions, "pair", fail)
    for command in (["lint"], ["build", "--check"], ["review", "HEAD", "--fail-on", "data"]):
        code, out, err = cli(*command)
        assert (code, out) == (70, "")
        assert err.startswith("Traceback (most recent call last):\n")
        assert err.endswith(f"\n{bug.__name__}: unexpected\n")


def test_a_mistake_that_cfngen_refuses_has_its_line(cli: Cli, root: Path, site: Path) -> None:
    """What cfngen itself refuses is a message with the blueprint's line, and exit code 2."""
    add(root, policy="cli_policy")
    code, out, err = cli("show", "policy")
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    place, _, message = first.removeprefix("error: ").partition(": ")
    file, _, line = place.rpartition(":")
    assert Path(file).resolve() == site / "cli_prints/cli_policy/blueprint.py"
    assert line == "9"
    assert message.startswith("allow(s3:*): ")
    assert second == "  in the template policy (cfngen.toml: [templates.policy])"


def test_the_mistakes_of_all_templates_are_told_in_one_go(
    root: Path, site: Path, broken: Path
) -> None:
    """One that several templates have in common is told once, with the names of all."""
    add(root, bad="cli_broken", worse="cli_broken", bare="cli_bare", policy="cli_policy")
    done = cfngen("build", cwd=root, sites=(site, broken))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "cli_bare is not decorated with @blueprint" in done.stderr
    assert "cli_policy/blueprint.py:9: allow(s3:*)" in done.stderr
    message = "cli_broken/blueprint.py:1: No module named 'nowhere_to_be_found'"
    assert done.stderr.count(message) == 1
    assert (
        f"{message}\n"
        "  in the template bad (cfngen.toml: [templates.bad])\n"
        "  in the template worse (cfngen.toml: [templates.worse])\n"
    ) in done.stderr
    fine = cfngen("show", "one", cwd=root, sites=(site, broken))
    assert (fine.returncode, fine.stderr) == (0, "")


def test_a_bug_of_cfngen_does_not_hide_mistakes(
    cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistakes of other templates are told before its traceback, and the exit code is 70."""
    from cfngen.project import generate

    def fail(*_: object) -> str:
        return {}["lost"]  # type: ignore[no-any-return]

    add(root, policy="cli_policy")
    monkeypatch.setattr(generate, "header", fail)
    code, out, err = cli("build")
    assert (code, out) == (70, "")
    mistake, traceback = err.split("Traceback (most recent call last):", 1)
    assert "cli_policy/blueprint.py:9: allow(s3:*)" in mistake
    assert "KeyError: 'lost'\nin the template one (cfngen.toml: [templates.one])\n" in traceback


RENAMED = '''
"""Uses a keyword of the last release."""

from troposphere.s3 import Bucket

from cfngen import Template, blueprint


@blueprint
def {name}() -> Template:
    """Keep things in two buckets."""
    template = Template()
    for title in ("Things", "Others"):
        template.add(Bucket(title), why="Things are kept.")
    return template
'''


def test_an_earlier_name_is_told_once_with_its_line(
    cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the command hears of it, as nobody does of a `DeprecationWarning`."""
    site = tmp_path / "renamed"
    texts = {"cli_renamed": RENAMED}
    package(site, texts, distribution="renamed-prints", module="renamed_prints")
    monkeypatch.syspath_prepend(site)
    project(root, '[templates.a]\nblueprint = "cli_renamed"\n')
    for _ in range(2):  # each command tells it
        code, _, err = cli("build", "a")
        assert code == 0
        (line,) = [line for line in err.splitlines() if line.startswith("warning: ")]
        assert line.endswith(
            "renamed_prints/cli_renamed/blueprint.py:13: Template.add(why=) is now"
            " Template.add(reason=); the next release drops the old name"
        )
