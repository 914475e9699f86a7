"""`cfngen show`: one template on standard output."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.blueprint_package import (
    environment,
)
from support.command_line import RUN, Cli, add


def test_show_prints_the_template_and_nothing_else(cli: Cli, root: Path) -> None:
    """YAML on stdout, byte for byte what a build writes; what a blueprint prints goes to stderr."""
    add(root, talking="cli_talking")
    code, out, err = cli("show", "talking")
    assert code == 0
    assert out.startswith("# Made by cfngen from blueprint cli_talking of cli-prints; change")
    assert "\nDescription: Keep naïve things, 日本\n" in out
    assert err in ("imported\ndrawn\n", "drawn\n")  # imported by an earlier test
    cli("build", "talking")
    assert (root / "output/talking.yaml").read_bytes() == out.encode("utf-8")


@pytest.mark.slow
def test_show_is_utf_8_whatever_the_locale(root: Path, site: Path) -> None:
    """A terminal of another encoding does not change the bytes, nor break a list."""
    add(root, talking="cli_talking")
    for encoding in ("latin-1", "ascii"):
        for arguments in (["show", "talking"], ["list"]):
            done = subprocess.run(
                [*RUN, *arguments],
                cwd=root,
                env=environment(site, PYTHONIOENCODING=encoding),
                capture_output=True,
                check=True,
            )
            assert "Keep naïve things, 日本".encode() in done.stdout
