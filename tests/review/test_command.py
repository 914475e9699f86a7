"""`cfngen review` as a command: what it is asked, where it writes, what it exits with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cfngen.cli import main
from cfngen.commands import review
from cfngen.review.formats import FORMATS

BEFORE = """\
Parameters:
  Stage:
    Type: String
    Default: test
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: one
  Objects:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: one
"""
AFTER = BEFORE.replace("BucketName: one", "BucketName: two")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with one template, committed, and changed since."""
    (tmp_path / "cfngen.toml").write_text("[templates]\n")
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "stack.yaml").write_text(BEFORE)
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run(["git", "-C", str(tmp_path), *who, *command], check=True)
    (tmp_path / "output" / "stack.yaml").write_text(AFTER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_working_tree_is_reviewed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without HEAD, what is not committed is told, and the exit code is 0."""
    assert main(["review", "HEAD"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 stack changes, 1 template compared: ")
    assert "Objects" in told
    assert "output/stack.yaml:13" in told
    assert "Topic" not in told


def test_nothing_to_tell(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A change of comments is none."""
    (project / "output" / "stack.yaml").write_text(f"# Why.\n{BEFORE}")
    assert main(["review", "HEAD", "--fail-on", "refused,data,replace,broaden"]) == 0
    assert "Nothing changes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("concerns", "code"),
    [
        (["replace"], 1),
        (["data"], 1),
        (["refused"], 0),
        (["broaden"], 0),
        (["refused,replace"], 1),
        (["refused", "replace"], 1),
    ],
)
def test_what_is_to_fail(
    project: Path, concerns: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--fail-on` exits 1 for its own concerns only, and prints the review all the same."""
    asked = [part for concern in concerns for part in ("--fail-on", concern)]
    assert main(["review", "HEAD", *asked]) == code
    streams = capsys.readouterr()
    assert "Objects" in streams.out
    assert ("failed because of --fail-on: " in streams.err) == bool(code)


def test_several_formats_in_one_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file has its own format; folders on the way are made."""
    files = {form: project / "made" / f"review.{form}" for form in ("json", "sarif", "html")}
    writes = [part for form, file in files.items() for part in ("--write", f"{form}={file}")]
    assert main(["review", "HEAD", "--format", "markdown", *writes]) == 0
    assert capsys.readouterr().out.startswith("<!-- cfngen review -->")
    found = json.loads(files["json"].read_text())
    assert found["stacks"][0]["resources"][0]["name"] == "Objects"
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert files["html"].read_text().startswith("<!doctype html>")


def test_a_limit_of_characters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Markdown stays below what a host takes."""
    many = "".join(f"  T{n}:\n    Type: AWS::SNS::Topic\n" for n in range(400))
    (project / "output" / "stack.yaml").write_text(AFTER + many)
    assert main(["review", "HEAD", "--format", "markdown", "--limit", "10240"]) == 0
    told = capsys.readouterr().out
    assert len(told) < 10240
    assert "Objects" in told


def test_mistakes_are_told_together(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown concerns and formats are told in one go, each with what was meant; exit 2."""
    asked = ["--fail-on", "replaced,refused", "--write", "jsn=x", "--write", "html"]
    assert main(["review", "HEAD", *asked]) == 2
    told = capsys.readouterr().err
    assert "--fail-on: no concern or code 'replaced'; did you mean 'replace'?" in told
    assert "--write: 'jsn=x' is not FORMAT=FILE; did you mean 'json'?" in told
    assert "--write: 'html' is not FORMAT=FILE" in told


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["nowhere"], "nowhere: no file, directory or git revision of that name"),
        (["HEAD", "nothing.yaml"], "nothing.yaml: no file, directory"),
        (["output/stack.yaml"], "a file is compared with a file"),
        (["HEAD", "--write", "html=-"], "standard output is for --format html"),
        (["HEAD", "--write", "json=output"], "output: cannot be written"),
    ],
)
def test_what_cannot_be_reviewed(
    project: Path, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake is a message and exit 2, never a traceback."""
    assert main(["review", *asked]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.parametrize("gate", [[], ["--fail-on", "data"]])
def test_templates_that_cannot_be_read_fail_after_a_review_of_the_others(
    project: Path, gate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named in the review and as a failure; what is known of the others is shown."""
    (project / "output" / "fine.yaml").write_text("Resources: {Q: {Type: AWS::SQS::Queue}}\n")
    (project / "output" / "stack.yaml").write_text("Resources: [\n")
    (project / "output" / "more.yaml").write_text("Resources:\n")
    assert main(["review", "HEAD", *gate]) == 1
    shown = capsys.readouterr()
    assert "stack (output/): not YAML" in shown.err
    assert "more (output/): no template" in shown.err
    assert "Nothing changes" not in shown.out
    for part in ("U101", "output/stack.yaml", "output/more.yaml", "fine  output/fine.yaml"):
        assert part in shown.out


def test_nothing_of_the_project_is_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stranger's project is reviewed whatever its manifest says, and no blueprint is imported."""
    (project / "cfngen.toml").write_text(
        'output = "output"\n[templates.stack]\nblueprint = "not_installed"\noptions.a = 1\n'
    )
    assert main(["review", "HEAD", "--format", "json"]) == 0
    assert '"Objects"' in capsys.readouterr().out
    assert main(["review", "HEAD", "--format", "sarif", "--no-blueprints"]) == 0
    capsys.readouterr()
    assert main(["review", "HEAD", "--format", "sarif"]) == 2
    assert "not_installed" in capsys.readouterr().err
    (project / "cfngen.toml").write_text('output = "../elsewhere"\n')
    assert main(["review", "HEAD"]) == 2
    assert "is outside the project" in capsys.readouterr().err


def test_lines_of_blueprints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """SARIF names the line of the blueprint that added what is told of, besides the template's."""
    root = Path(__file__).parents[2]
    for file in (root / "output").glob("*.yaml"):
        text = file.read_text()
        if file.stem == "build-network":
            text = text.replace("Domain: vpc", "Domain: standard")
            text = text.replace("AWS::EC2::VPC\n", "AWS::EC2::VPCEndpoint\n")
        (tmp_path / file.name).write_text(text)
    assert main(["review", str(tmp_path), str(root / "output"), "--format", "sarif"]) == 0
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert results
    places = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in results
        for place in result.get("relatedLocations", ())
    ]
    assert any("/build_network/" in f"/{place}" for place in places)


def test_a_template_older_than_its_blueprint_is_reported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With `--blueprints`, output that nobody built again is named, even if it is unchanged."""
    root = Path(__file__).parents[2]
    for file in (root / "output").glob("*.yaml"):
        text = file.read_text()
        (tmp_path / file.name).write_text(text.replace("!Ref VpcCidr, 4, 6", "!Ref VpcCidr, 8, 6"))
    before, after = str(tmp_path), str(tmp_path)
    assert main(["review", before, after, "--blueprints"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("Nothing changes")
    assert "older than the blueprints: build-network; run `cfngen build`" in text
    assert main(["review", before, after]) == 0
    assert "blueprints" not in capsys.readouterr().out


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_left_out_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """Each format names what was not compared, and a link in a template's place as unknown."""
    (project / "output" / "settings.yaml").write_text("a: 1\n")
    (project / "output" / "linked.yaml").symlink_to("stack.yaml")
    assert main(["review", "HEAD", "--format", form, "--fail-on", "unknown"]) == 1
    streams = capsys.readouterr()
    assert "settings.yaml" in streams.out
    assert "linked.yaml" in streams.out
    assert "1 unknown" in " ".join(streams.out.split())
    assert "unknown (output/linked.yaml)" in streams.err


def test_nothing_is_written_through_a_link(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file to be written that the checkout has as a link is refused, and its target is kept."""
    (project / "target").write_text("kept")
    (project / "review.md").symlink_to("target")
    assert main(["review", "HEAD", "--write", "markdown=review.md"]) == 2
    assert "review.md: a link, which is not written through" in capsys.readouterr().err
    assert (project / "target").read_text() == "kept"


@pytest.mark.parametrize("page", ["README.md", "docs/reviewing.md"])
def test_the_sample_is_what_is_printed(
    page: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The review that a page shows is the one that the command prints; `…` leaves out the rest."""
    monkeypatch.chdir(Path(__file__).parent / "sample")
    assert main(["review", "before/shop.yaml", "after/shop.yaml"]) == 0
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    _, _, block = text.partition("$ cfngen review before/shop.yaml after/shop.yaml\n")
    shown = block.partition("```")[0]
    # The last two lines are the digest, which is not the same tomorrow.
    printed = capsys.readouterr().out.partition("\nreview digest ")[0]
    if shown.endswith("…\n"):
        assert printed.startswith(shown.removesuffix("…\n"))
    else:
        assert shown == printed


def test_the_command_has_the_words_of_the_model() -> None:
    """What may be asked for is what there is."""
    assert review.FORMATS == FORMATS
