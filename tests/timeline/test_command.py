"""`cfngen timeline` takes a template of the project or a file, and says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.timelines import body, pipeline, stage

from cfngen.cli import main

ROOT = Path(__file__).parents[2]
PUSH = ("--push", "2026-11-24T10:00Z")


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where a user would."""
    monkeypatch.chdir(ROOT)


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return the exit code, and what was said on either stream."""
    code = main(["timeline", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_template_of_the_project_is_drawn_and_timed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a build, and so also before it is in output/."""
    code, out, err = run("multi-region-pipeline", *PUSH, capsys=capsys)
    assert (code, err) == (0, "")
    assert "Deploy-eu  eu-west-1       Wed 2026-11-25 01:00 UTC" in out


@pytest.mark.parametrize("form", ["text", "json", "mermaid", "svg"])
def test_a_file_says_the_same_as_the_template_it_was_made_of(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the form."""
    name = "multi-region-pipeline-home"
    drawn = run(name, *PUSH, "--format", form, capsys=capsys)
    read = run(f"output/{name}.yaml", *PUSH, "--format", form, capsys=capsys)
    assert drawn == read
    assert drawn[0] == 0


def test_any_pipeline_s_template_will_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else's, in JSON."""
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(body(Release=pipeline(stage("Production")))))
    code, out, _ = run(str(path), *PUSH, "--deploy", "7", capsys=capsys)
    assert code == 0
    assert out.startswith("Release  SUPERSEDED\n  Source → Production\n")
    assert "a deployment stage 7 min" in out


def test_times_with_an_offset_are_turned_into_utc(capsys: pytest.CaptureFixture[str]) -> None:
    """As people have them at hand."""
    _, out, _ = run("multi-region-pipeline", "--push", "2026-11-24T10:00+09:00", capsys=capsys)
    assert "push 1  Tue 2026-11-24 01:00 UTC" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["multi-region-pipeline"], ["Missing option '--push'"]),
        (
            ["multi-region-pipeline", "--push", "tomorrow", "--push", "2026-11-24T10:00"],
            [
                "--push 'tomorrow' is not a time such as 2026-11-24T10:00Z",
                "--push '2026-11-24T10:00' does not say in which zone: add Z for UTC, or an offset",
            ],
        ),
        (["x", "--push", "0001-01-01T00:00Z"], ["is not in this century"]),
        (["build-network", *PUSH], ["build-network: has no AWS::CodePipeline::Pipeline"]),
        (["multi-region-pipelin", *PUSH], ["did you mean 'multi-region-pipeline'?"]),
        (["multi_region_pipeline", *PUSH], ["is a blueprint; the templates made of it: multi-"]),
        (["output/nothing.yaml", *PUSH], ["output/nothing.yaml: cannot be read: No such file"]),
        (["tests/broken/not-yaml.yaml", *PUSH], ["tests/broken/not-yaml.yaml: not YAML"]),
        (["tests/broken/list.yaml", *PUSH], ["list: has no AWS::CodePipeline::Pipeline"]),
        (["multi-region-pipeline", *PUSH, "--build", "-1"], ["-1 is not in the range"]),
        (["multi-region-pipeline", *PUSH, "--format", "png"], ["'png' is not one of"]),
    ],
)
def test_mistakes_are_told_in_words_and_end_with_2(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """All at once, on standard error, and without a traceback."""
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    for part in words:
        assert part in err
    assert "Traceback" not in err


def test_help_says_what_it_takes_and_what_it_assumes(capsys: pytest.CaptureFixture[str]) -> None:
    """For those who have not read the README."""
    code, out, _ = run("--help", capsys=capsys)
    assert code == 0
    for part in ("--push TIME", "--build", "--deploy", "--approval", "[text|json|mermaid|svg]"):
        assert part in out
