"""`cfngen list`: templates and blueprints, for people and programs."""

from __future__ import annotations

import json
from pathlib import Path

from support.blueprint_package import (
    BUCKET,
    cfngen,
    package,
    project,
)
from support.command_line import Cli, add


def test_list_for_people(cli: Cli) -> None:
    """Templates with their options, and blueprints with their first line and who brought them."""
    code, out, err = cli("list")
    assert (code, err.replace("imported\n", "")) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "templates (cfngen.toml)"
    assert [line.split() for line in lines[1:3]] == [
        ["one", "cli_bucket"],
        ["two", "cli_shapes", "with", "cache='efs'"],
    ]
    assert lines[3] == "blueprints"
    assert any(
        line.split(maxsplit=1) == ["cli_bucket", "Keep things in a bucket (cli-prints)"]
        for line in lines
    )


def test_list_for_programs(cli: Cli) -> None:
    """The same as JSON."""
    data = json.loads(cli("list", "--format", "json").out)
    assert data["templates"] == [
        {"name": "one", "blueprint": "cli_bucket", "options": {}},
        {"name": "two", "blueprint": "cli_shapes", "options": {"cache": "efs"}},
    ]
    assert {
        "name": "cli_bucket",
        "distribution": "cli-prints",
        "summary": "Keep things in a bucket",
    } in data["blueprints"]


def test_a_blueprint_that_cannot_be_imported_does_not_hide_the_others(
    root: Path, site: Path, broken: Path
) -> None:
    """`list` shows all that is there, says what is wrong with the rest, and ends with 1."""
    add(root, bad="cli_broken")
    done = cfngen("list", cwd=root, sites=(site, broken))
    assert done.returncode == 1
    assert "Keep things in a bucket" in done.stdout
    assert "cannot be imported (broken-prints)" in done.stdout
    assert "cli_broken/blueprint.py:1: No module named 'nowhere_to_be_found'" in done.stderr
    assert "cli_bare is not decorated with @blueprint" in done.stderr
    assert "Traceback" not in done.stderr
    done = cfngen("list", "--format", "json", cwd=root, sites=(site, broken))
    problems = {b["name"] for b in json.loads(done.stdout)["blueprints"] if "problem" in b}
    assert problems == {"cli_bare", "cli_broken"}


def test_what_may_be_meant_to_be_a_blueprint_is_told(root: Path, tmp_path: Path) -> None:
    """A directory with a misnamed file, or none, is reported by `list`, and where it is missed."""
    package(
        tmp_path / "site",
        {"cli_bucket": BUCKET},
        files={
            "typed/bluprint.py": "",
            "plural/blueprints.py": "",
            "inside/__init__.py": "@blueprint\ndef inside(): ...\n",
            "other/__init__.py": "",
            "other/stack.py": "",
            "module.py": "from cfngen import blueprint\n\n@blueprint\ndef module(): ...\n",
            "empty/__init__.py": "",
            "_shared/names.py": "",
        },
    )
    project(root, '[templates.one]\nblueprint = "cli_bucket"\n')
    done = cfngen("list", cwd=root, sites=(tmp_path / "site",))
    top = "../site/acme_blueprints"
    shared = "add one, or begin the directory's name with '_' if it is shared"
    assert done.stderr.splitlines() == [
        f"{top}/inside/ has no blueprint.py; is __init__.py meant to be it? Rename it",
        f"{top}/module.py is no blueprint; move it to module/blueprint.py",
        f"{top}/other/ has no blueprint.py, so it is no blueprint; {shared}",
        f"{top}/plural/ has no blueprint.py; is blueprints.py meant to be it? Rename it",
        f"{top}/typed/ has no blueprint.py; is bluprint.py meant to be it? Rename it",
    ]
    assert done.returncode == 0
    project(root, '[templates.one]\nblueprint = "typed"\n')
    missed = cfngen("build", cwd=root, sites=(tmp_path / "site",))
    assert missed.returncode == 2
    assert "is bluprint.py meant to be it? Rename it" in missed.stderr
