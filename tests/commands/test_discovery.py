"""A command is a file: it is found, listed, completed and run without an edit elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.blueprint_package import environment
from support.command_line import Cli

import cfngen
from cfngen.cli import cli as group

HELLO = '''
"""The command that greets: say-hello."""

import click

from cfngen.console.terminal import out

FORMER_NAMES = ("greet",)


@click.command()
@click.option("--name", default="world", help="Who is greeted.")
def command(name: str) -> None:
    """Greet somebody."""
    out(f"hello {name}\\n")
'''

COMMANDS = group.list_commands(click.Context(group))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with one more file in it."""
    site = tmp_path_factory.mktemp("scratch")
    source = Path(cfngen.__file__).parent
    shutil.copytree(source, site / "cfngen", ignore=shutil.ignore_patterns("__pycache__"))
    (site / "cfngen/commands/say_hello.py").write_text(HELLO)
    (site / "cfngen/commands/_notes.py").write_text("raise RuntimeError('imported')\n")
    return site


def run(scratch: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the copy."""
    return subprocess.run(
        [sys.executable, "-m", "cfngen", *arguments],
        cwd=scratch,
        env=environment(scratch, **env),
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_new_file_is_a_command(scratch: Path) -> None:
    """One file in `cfngen/commands/` is listed by --help and runs; one with '_' is passed over."""
    shown = run(scratch, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\n  say-hello      Greet somebody.\n" in shown.stdout
    assert "notes" not in shown.stdout
    done = run(scratch, "say-hello", "--name", "you")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello you\n", "")


def test_a_new_file_is_completed(scratch: Path) -> None:
    """Its name and its options are offered to the shell."""
    asked = {"_CFNGEN_COMPLETE": "bash_complete"}
    names = run(scratch, COMP_WORDS="cfngen say", COMP_CWORD="1", **asked)
    assert names.stdout == "plain,say-hello\n"
    options = run(scratch, COMP_WORDS="cfngen say-hello --na", COMP_CWORD="2", **asked)
    assert options.stdout == "plain,--name\n"


def test_a_former_name_goes_on_working_with_a_warning(scratch: Path) -> None:
    """`FORMER_NAMES` of a file are commands, too, but no part of the help."""
    done = run(scratch, "greet")
    assert (done.returncode, done.stdout) == (0, "hello world\n")
    assert done.stderr == (
        "`cfngen greet` is now `cfngen say-hello`; the next release drops the old name\n"
    )
    assert "greet" not in run(scratch, "--help").stdout


def test_every_file_is_a_command_of_its_name() -> None:
    """No command lives anywhere but in the file of its name."""
    files = {path.stem for path in Path(cfngen.__file__).parent.glob("commands/[!_]*.py")}
    assert sorted(name.replace("-", "_") for name in COMMANDS) == sorted(files)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """No line is longer, no short help is cut, and each begins with a capital and ends."""
    monkeypatch.setenv("COLUMNS", "80")
    text = cli(*filter(None, [command]), "--help").out
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("[NAMES]...", "").replace("[FILES]...", "").replace(
        "COMMAND [ARGS]...", ""
    ).replace("A...B", "")
    described = re.findall(r"^  (?:-\S+(?: \S+)?|[a-z-]+)  +([^\n]+)$", text, re.MULTILINE)
    assert described
    assert all(re.match(r"[A-Z]", words) for words in described)


def test_an_unknown_command_is_answered_with_the_nearest(cli: Cli) -> None:
    """A typo gets one answer; anything else the list."""
    assert "No such command 'biuld'; did you mean 'build'?" in cli("biuld").err
    assert f"No such command 'x' (available: {', '.join(COMMANDS)})" in cli("x").err
