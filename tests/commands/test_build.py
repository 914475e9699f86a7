"""`cfngen build`: what is written, checked, pruned and refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.blueprint_package import (
    project,
    snapshot,
)
from support.command_line import MANIFEST, Cli, add
from test_report import check_sarif


def test_build_writes_and_says_so_on_stderr(cli: Cli, root: Path) -> None:
    """A build writes every template; the next one touches nothing; stdout is for findings."""
    code, out, err = cli("build")
    assert (code, out) == (0, "")
    assert [line.split()[:2] for line in err.splitlines()] == [
        ["new", "output/one.yaml"],
        ["new", "output/two.yaml"],
        ["2", "templates"],
    ]
    assert err.endswith("2 templates in output/, no findings\n")
    before = snapshot(root)
    code, out, err = cli("build", "two")
    assert (code, out) == (0, "")
    assert err.startswith("same     output/two.yaml ")
    assert cli("build").code == 0
    assert snapshot(root) == before


def test_check_shows_what_is_out_of_date_and_writes_nothing(cli: Cli, root: Path) -> None:
    """Exit 1 and a unified diff on stdout if output/ is not what the blueprints say."""
    code, out, err = cli("build", "--check")
    assert code == 1
    assert out.startswith("--- /dev/null\n+++ output/one.yaml\tfrom the blueprint\n@@ -0,0 +1,")
    assert err == "out of date: one.yaml, two.yaml; run `cfngen build`\n"
    assert not (root / "output").exists()
    cli("build")
    assert cli("build", "--check") == (0, "", "2 templates up to date\n")
    path = root / "output/one.yaml"
    path.write_text(path.read_text().replace("Things", "Stuff"))
    before = snapshot(root)
    code, out, err = cli("build", "--check")
    assert code == 1
    assert "\n-  Stuff:\n+  Things:\n" in out
    stale, edited, _ = err.split("\n")
    assert stale == "out of date: one.yaml; run `cfngen build`"
    assert edited.startswith("output/one.yaml: edited by hand since cfngen made it; move the edit")
    code, out, err = cli("build", "--check", "--format", "json")
    assert (code, json.loads(out)) == (1, [])
    assert "\n-  Stuff:\n" in err
    assert cli("build", "two", "--check").code == 0
    assert snapshot(root) == before


def test_what_is_left_over_is_told_checked_and_pruned(cli: Cli, root: Path) -> None:
    """A template that nobody lists any more is stale: a build tells, --prune removes it."""
    cli("build")
    (root / "output/mine.yaml").write_text("Resources: {}\n")
    project(root, MANIFEST.partition("[templates.two]")[0])
    code, out, err = cli("build", "--check")
    assert code == 1
    assert "--- output/two.yaml\ton disk\n+++ /dev/null\n" in out
    assert err == "out of date: two.yaml; run `cfngen build --prune`\n"
    assert cli("build", "one").err.count("two.yaml") == 0
    assert "output/two.yaml: no longer listed; --prune" in cli("build").err
    assert (root / "output/two.yaml").exists()
    assert "removed  output/two.yaml" in cli("build", "--prune").err
    assert sorted(path.name for path in (root / "output").iterdir()) == ["mine.yaml", "one.yaml"]


def test_a_double_of_a_template_fails_the_check(cli: Cli, root: Path) -> None:
    """A file of another suffix beside a template, and a link: a build warns, --check ends with 1.

    Neither is written to or removed.
    """
    cli("build")
    (root / "output/one.yml").write_text("Resources: {}\n")
    (root / "output/sub").mkdir()
    (root / "output/sub/left.json").symlink_to("nowhere")
    before = snapshot(root)
    code, out, err = cli("build", "--check")
    assert (code, out) == (1, "")
    double, link = err.splitlines()
    assert double.startswith("output/one.yml: beside output/one.yaml, which this project makes: ")
    assert (
        link == "output/sub/left.json: is a symlink to nowhere, so it is not a template; remove it"
    )
    code, out, err = cli("build")
    assert (code, out) == (0, "")
    assert err.splitlines()[:2] == [double, link]
    assert snapshot(root) == before
    code, out, err = cli("build", "--check", "--format", "json")
    assert (code, json.loads(out), err.splitlines()) == (1, [], [double, link])
    (root / "output/one.yaml").unlink()
    assert "out of date: one.yaml; run `cfngen build`\n" + double in cli("build", "--check").err


@pytest.mark.parametrize("put", [lambda p: p.symlink_to("two.yaml"), os.mkfifo])
def test_a_check_does_not_follow_what_is_in_the_place_of_a_template(
    cli: Cli, root: Path, put: Callable[[Path], object]
) -> None:
    """A link or a FIFO there is named, with exit code 2, and neither read nor replaced."""
    cli("build")
    (root / "output/one.yaml").unlink()
    put(root / "output/one.yaml")
    before = snapshot(root)
    for arguments in (["build", "--check"], ["build"], ["build", "--force"]):
        code, out, err = cli(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: output/one.yaml is ")
    assert snapshot(root) == before


def test_an_edit_by_hand_is_not_lost(cli: Cli, root: Path) -> None:
    """An edited file ends the build with 2 and nothing written; --force overwrites it."""
    cli("build")
    (root / "output/one.yaml").write_text((root / "output/one.yaml").read_text() + "# mine\n")
    (root / "output/two.yaml").unlink()
    before = snapshot(root)
    code, out, err = cli("build")
    assert (code, out) == (2, "")
    assert err.startswith("error: output/one.yaml: edited by hand since cfngen made it; ")
    assert snapshot(root) == before
    assert cli("build", "--force").code == 0
    assert cli("build", "--check").code == 0


def test_what_is_in_the_way_ends_with_2(cli: Cli, root: Path) -> None:
    """A link out of the project, or a file in the place of output/, is told; nothing is written."""
    outside = root.parent / "outside"
    outside.mkdir()
    (root / "output").symlink_to(outside)
    code, _, err = cli("build")
    assert code == 2
    assert err.startswith("error: output is a symlink that points outside the project, to ")
    assert list(outside.iterdir()) == []
    assert cli("build", "--output", "output").code == 0  # asked for by name
    assert len(list(outside.iterdir())) == 2
    (root / "output").unlink()
    (root / "output").touch()
    assert cli("build").err == "error: output is not a directory; move it away\n"


def test_output_may_be_elsewhere(cli: Cli, root: Path) -> None:
    """`--output` names a folder from where the user stands."""
    (root / "sub").mkdir()
    os.chdir(root / "sub")
    assert cli("build", "--output", "../../made").err.endswith("in ../../made/, no findings\n")
    assert len(list((root.parent / "made").iterdir())) == 2
    assert not (root / "output").exists()


def test_errors_of_the_linter_fail_the_build_and_nothing_is_written(cli: Cli, root: Path) -> None:
    """Findings name template and blueprint with their lines; errors end with 1."""
    add(root, bad="cli_faulty", odd="cli_unused")
    code, out, err = cli("build")
    assert code == 1
    assert err == "1 error; nothing written\n"
    assert not (root / "output").exists()
    first, second, third, *_ = out.splitlines()
    assert first == "output/bad.yaml"
    assert second.startswith("  8:5      E3035 error (Things): 'Hold' is not one of")
    assert third.endswith("cli_prints/cli_faulty/blueprint.py:12")


def test_warnings_are_shown_and_written(cli: Cli, root: Path, site: Path) -> None:
    """Warnings do not fail a build, a check or a lint."""
    add(root, odd="cli_unused")
    code, out, err = cli("build", "odd")
    assert code == 0
    assert "W2001 warning (Unused): Parameter Unused not used." in out
    assert (
        f"{site / 'cli_prints/cli_unused/blueprint.py'}:9"[-30:] in out
    )  # the parameter's own line
    assert err.endswith("1 template in output/, 1 finding, no errors\n")
    assert cli("build", "odd", "--check").code == 0
    assert cli("lint").code == 0


def test_findings_in_every_format(cli: Cli, root: Path) -> None:
    """On stdout is one document of the format and nothing else, with or without findings."""
    add(root, bad="cli_faulty", odd="cli_unused")
    found = json.loads(cli("build", "--format", "json").out)
    assert [f["rule"] for f in found] == ["E3035", "W2001"]
    sarif = json.loads(cli("build", "--format", "sarif").out)
    check_sarif(sarif)
    (result, _) = sarif["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "output/bad.yaml"
    junit = ET.fromstring(cli("build", "--format", "junit").out.encode())  # noqa: S314
    assert [case.get("name") for case in junit] == [
        f"output/{name}.yaml" for name in ("one", "two", "bad", "odd")
    ]
    github = cli("build", "--format", "github").out.splitlines()
    assert github[0].startswith("::error file=output/bad.yaml,line=8,col=5,title=E3035::")
    assert github[1].startswith("::warning file=output/odd.yaml,")
    assert json.loads(cli("build", "one", "--format", "json").out) == []
    check_sarif(json.loads(cli("build", "one", "--format", "sarif").out))
