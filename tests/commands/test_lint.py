"""`cfngen lint`: files as they are on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.blueprint_package import (
    cfngen,
    project,
)
from support.command_line import MANIFEST, Cli, add
from test_report import check_sarif

from cfngen.linting import processes


def test_lint_reads_files_as_they_are(cli: Cli, root: Path) -> None:
    """Files anywhere are linted for their template's regions; errors end with 1."""
    cli("build")
    assert cli("lint") == (0, "", "2 files, no findings\n")
    bad = root.parent / "bad file.yaml"
    bad.write_text("Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: {Foo: 1}\n")
    broken = root / "broken.yaml"
    broken.write_text("Resources: [\n")
    code, out, err = cli("lint", str(bad), "broken.yaml", "output/one.yaml")
    assert code == 1
    assert out.splitlines()[0] == "../bad file.yaml"
    assert "E3002 error (A)" in out
    assert "\nbroken.yaml\n  2:1      E0000 error: " in out
    assert err.startswith("3 files, 2 findings, 2 errors")
    sarif = json.loads(cli("lint", str(bad), "--format", "sarif").out)
    check_sarif(sarif)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == bad.as_uri()


def test_a_misspelt_file_is_answered_with_what_was_meant(cli: Cli, root: Path) -> None:
    """A file or directory nearly spelled so is named; of a directory, the files are asked for."""
    cli("build")
    missing = "cannot be read: No such file or directory"
    assert cli("lint", "outptu/").err == f"error: outptu: {missing}; did you mean 'output'?\n"
    assert "; did you mean 'one.yaml'?" in cli("lint", "output/onee.yaml").err
    assert "; name the files in it, such as output/*.yaml" in cli("lint", "output").err


def test_lint_uses_the_regions_of_the_manifest(
    cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a file of output/ is named, it is linted for its template's regions."""
    project(root, MANIFEST + 'regions = ["eu-west-1"]\n')
    cli("build")
    asked = []
    monkeypatch.setattr(processes.Linters, "lint", lambda _, jobs: asked.extend(jobs) or [[]])
    monkeypatch.chdir(root / "output")
    for name in ("two.yaml", "../output/two.yaml", str(root / "output/two.yaml")):
        cli("lint", name)
    assert [(name, regions) for _, name, regions in asked] == [("two.yaml", ("eu-west-1",))] * 3


@pytest.mark.slow
def test_findings_do_not_depend_on_where_the_user_stands(root: Path, site: Path) -> None:
    """`.cfnlintrc` of the project's folder counts, in each subfolder, and no other."""
    add(root, odd="cli_unused")
    (root / ".cfnlintrc").write_text("ignore_checks: [W2001]\n")
    inner = root / "some/where"
    inner.mkdir(parents=True)
    (inner / ".cfnlintrc").write_text("include_checks: [I]\n")
    for folder in (root, inner):
        done = cfngen("build", "odd", "--format", "json", cwd=folder, sites=(site,))
        assert (done.returncode, done.stdout) == (0, "[]\n")
    (root / ".cfnlintrc").unlink()
    done = cfngen("lint", "--format", "json", cwd=inner, sites=(site,))
    (finding,) = json.loads(done.stdout)
    assert (finding["template"], finding["rule"]) == ("../../output/odd.yaml", "W2001")
