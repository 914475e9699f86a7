"""Help, version and wrong arguments: what it costs to ask, and what is said."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.blueprint_package import (
    environment,
)
from support.command_line import Cli


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["build", "-h"], ["import"]])
def test_asking_for_help_imports_nothing_slow(arguments: list[str], tmp_path: Path) -> None:
    """Help, version and `import cfngen` load no linter, no troposphere, no YAML, no pydantic."""
    code = """
        import sys
        if sys.argv[1:] == ["import"]:
            import cfngen
        else:
            from cfngen.cli import main
            assert main() == 0
        slow = {"cfnlint", "troposphere", "awacs", "yaml", "pydantic"}
        print(slow & set(sys.modules), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=tmp_path,
        env=environment(),
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stderr == "set()\n"


def test_help_and_version(cli: Cli) -> None:
    """`-h` is `--help`, for the commands too; `--version` says which; help goes to stdout."""
    from importlib.metadata import version

    assert cli("--version") == (0, f"cfngen {version('cfngen')}\n", "")
    assert cli("-h") == cli("--help")
    commands = ("list", "show", "build", "lint", "schema", "completion")
    for command in commands:
        assert f"\n  {command} " in cli("-h").out
        assert cli(command, "-h").code == 0
        assert cli(command, "-h").out.startswith("Usage: cfngen ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld"], "No such command 'biuld'"),
        (["build", "--format", "xml"], "'xml' is not one of 'text', 'github', 'json', 'junit'"),
        (["show"], "Missing argument 'NAME'"),
        (["build", "--nope"], "No such option"),
        (["show", "tow"], "no template 'tow' in cfngen.toml; did you mean 'two'? (available: one"),
        (["build", "one", "x", "y"], "error: no template 'y' in cfngen.toml"),
        (["build", "cli_bucket"], "'cli_bucket' is a blueprint; the templates made of it: one"),
        (["build", "--prune", "one"], "--prune is for the whole project"),
        (["schema", "cli_bukcet"], "no blueprint 'cli_bukcet'; did you mean 'cli_bucket'?"),
        (["lint", "gone.yaml", "."], "error: .: cannot be read: Is a directory"),
        (["lint"], "output/: no templates; run `cfngen build` first"),
    ],
)
def test_a_wrong_command_ends_with_2(cli: Cli, arguments: list[str], said: str) -> None:
    """A user's mistake is a message on stderr and exit code 2."""
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
