"""What `aws cloudformation get-template` prints is compared as the template that is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.projects import template

from cfngen.cloudformation.read import read
from cfngen.project.revisions import Comparison, pair
from cfngen.review import review

OLD = template("Kept", "Gone")
NEW = template("Kept")
STAGES = ["Original", "Processed"]


def printed_text(text: str) -> str:
    """Return what the command prints of a template that was deployed as YAML."""
    return json.dumps({"TemplateBody": text, "StagesAvailable": STAGES}, indent=4)


def printed_object(text: str) -> str:
    """Return what the command prints of a template that was deployed as JSON."""
    return json.dumps({"TemplateBody": read(text), "StagesAvailable": STAGES}, indent=4)


def printed_yaml(text: str) -> str:
    """Return what the command prints with `--output yaml`."""
    return yaml.safe_dump({"StagesAvailable": STAGES, "TemplateBody": text})


def stages_first(text: str) -> str:
    """Return an object with the template behind the stages, as SDKs write it."""
    return json.dumps(
        {"StagesAvailable": STAGES, "TemplateBody": read(text), "ResponseMetadata": {}}
    )


FORMS: list[Callable[[str], str]] = [
    printed_text, printed_object, printed_yaml, stages_first, json.dumps, str,
]  # fmt: skip


def compare(base: str, head: str) -> Comparison:
    """Compare from the working directory."""
    return pair(base, head, Path.cwd())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a new template of one stack."""
    monkeypatch.chdir(tmp_path)
    for name in ("deployed", "output"):
        Path(name).mkdir()
    Path("output/shop.yaml").write_text(NEW)
    return tmp_path


def removed(compared: Comparison) -> list[tuple[str, str]]:
    """Return what a review finds removed, with the name of its stack."""
    result = review(compared.base, compared.head)
    return [(stack.name, change.name) for stack in result.stacks for change in stack.resources]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_any_form(form: Callable[[str], str]) -> None:
    """The deployed template is text or object, alone or in an object; it means the same."""
    Path("deployed/any.json").write_text(form(OLD))
    assert removed(compare("deployed/any.json", "output/shop.yaml")) == [("shop", "Gone")]
    Path("deployed/any.json").write_text(form(NEW))
    assert removed(compare("deployed/any.json", "output/shop.yaml")) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_directory_of_any_form(form: Callable[[str], str]) -> None:
    """Files are paired with templates of their name, and with those that are like them."""
    Path("deployed/shop.json").write_text(form(OLD))
    assert removed(compare("deployed", "output")) == [("shop", "Gone")]


def test_other_files_are_no_templates() -> None:
    """An object with more in it, and one with a body that is no template, are left out."""
    Path("deployed/shop.json").write_text(printed_text(OLD))
    Path("deployed/mail.json").write_text(json.dumps({"TemplateBody": "Dear Resources"}))
    Path("deployed/more.json").write_text(json.dumps({"TemplateBody": OLD, "To": "Resources"}))
    compared = compare("deployed", "output")
    assert sorted(left.path for left in compared.left_out) == [
        "deployed/mail.json",
        "deployed/more.json",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"TemplateBody": {"Resources": {},},}',
        '{"TemplateBody": ' + "[" * 5000,
        '{"TemplateBody": {"Resources": {}}, "TemplateBody": {"Resources": {"A": {}}}}',
        "TemplateBody: &a [*a]\n",
        "TemplateBody: {1: 2, ? [a] : b}\n",
        '"' + "\\" * 5000,
        '{"TemplateBody": null, "StagesAvailable": "Resources"}',
        '{"TemplateBody": {"Resources": {"A": 1' + "0" * 5000 + "}}}",
    ],
)
def test_hostile_files_break_nothing(text: str) -> None:
    """What is no JSON, or hardly, is a template or is none, and always an answer."""
    Path("deployed/odd.json").write_text(text)
    Path("deployed/shop.json").write_text(printed_text(NEW))
    assert "shop" in compare("deployed", "output").base


def test_lines_are_those_of_the_file_where_the_template_is_an_object() -> None:
    """What was removed is on the line of the file that the reviewer has."""
    text = printed_object(OLD)
    Path("deployed/shop.json").write_text(text)
    compared = compare("deployed/shop.json", "output/shop.yaml")
    (stack,) = review(compared.base, compared.head).stacks
    (finding,) = [finding for finding in stack.findings if finding.subject == "Gone"]
    assert '"Gone"' in text.splitlines()[finding.line - 1]


def test_letters_outside_of_ascii() -> None:
    """A description in Japanese is not reported as a change, and the reader is informed."""
    Path("output/shop.yaml").write_text(f"Description: 店のバケット 1\n{NEW}")
    Path("deployed/shop.json").write_text(printed_text(f"Description: ?????? 1\n{NEW}"))
    compared = compare("deployed", "output")
    assert not review(compared.base, compared.head).stacks
    assert compared.notes[0].startswith("shop: get-template prints ?")


def test_what_is_no_letter_stays() -> None:
    """A separator of lines, which may hide a resource behind a comment, is not made a letter."""
    hidden = f"{NEW}  # ?\u2028  More: {{Type: 'AWS::S3::Bucket'}}\n"
    Path("output/shop.yaml").write_text(hidden)
    Path("deployed/shop.json").write_text(printed_text(f"{NEW}  # ?\n"))
    assert compare("deployed", "output").head["shop"].text == hidden


def test_a_letter_that_is_new() -> None:
    """Where the deployed template has no `?`, nothing was lost, and the letter is a change."""
    Path("output/shop.yaml").write_text(f"Description: ü\n{NEW}")
    Path("deployed/shop.json").write_text(printed_text(f"Description: u\n{NEW}"))
    compared = compare("deployed", "output")
    assert "ü" in compared.head["shop"].text
    assert not compared.notes


@pytest.mark.parametrize("deployed", [NEW, f"Transform: AWS::Serverless-2016-10-31\n{NEW}"])
def test_what_a_transform_has_made_is_no_base(deployed: str) -> None:
    """By default the command prints what transforms have made, with every resource of theirs."""
    Path("output/shop.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\n{NEW}")
    Path("deployed/shop.json").write_text(printed_text(deployed))
    notes = compare("deployed", "output").notes
    assert any("--template-stage Original" in note for note in notes) == (deployed == NEW)


def test_a_committed_template_keeps_its_letters() -> None:
    """Only what CloudFormation printed has lost letters: a `?` elsewhere is one."""
    Path("output/shop.yaml").write_text(f"Description: ü\n{NEW}")
    Path("deployed/shop.yaml").write_text(f"Description: '?'\n{NEW}")
    compared = compare("deployed", "output")
    assert not compared.notes
    assert len(compared.locations) == 2


def test_no_waiver_stands_beside_what_is_deployed() -> None:
    """A folder of downloads is nobody's base: only head's waivers are looked for."""
    Path("deployed/shop.json").write_text(printed_text(OLD))
    for base, head in (("deployed", "output"), ("deployed/shop.json", "output/shop.yaml")):
        (location,) = compare(base, head).locations
        assert location.label.startswith("output")
