"""`cfngen completion`: scripts for three shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.blueprint_package import (
    environment,
)
from support.command_line import Cli, add


@pytest.fixture
def on_path(tmp_path: Path) -> Path:
    """A folder with the command in it, as `PATH` would have one."""
    script = tmp_path / "bin/cfngen"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cfngen "$@"\n')
    script.chmod(0o755)
    return script.parent


def test_bash_completes(root: Path, site: Path, on_path: Path) -> None:
    """The script, sourced in a real bash, completes commands, templates, blueprints and options."""
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("there is no bash here")
    add(root, bad="cli_nowhere")  # a mistake in the manifest must not show up in a prompt
    script = """
        source <(cfngen completion bash)
        function=$(complete -p cfngen | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        ask() {
            COMP_WORDS=(cfngen "$@") COMP_CWORD=$#
            COMPREPLY=()
            $function cfngen "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        }
        ask bu
        ask show ""
        ask build one t
        ask schema cli_b
        ask build --format sa
    """
    done = subprocess.run(
        [bash, "--norc", "--noprofile", "-c", script],
        cwd=root,
        env=environment(site, PATH=f"{on_path}{os.pathsep}{os.environ['PATH']}"),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["build", "one two bad", "two", "cli_bucket", "sarif"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_it_can_read(cli: Cli, shell: str, tmp_path: Path) -> None:
    """The script is about `cfngen`, and the shell, where there is one, finds no fault in it."""
    code, out, err = cli("completion", shell)
    assert (code, err) == (0, "")
    assert "_CFNGEN_COMPLETE" in out
    path = tmp_path / f"completion.{shell}"
    path.write_text(out)
    if not (command := shutil.which(shell)):
        pytest.skip(f"there is no {shell} here to read the script")
    subprocess.run([command, "-n", path], check=True)
