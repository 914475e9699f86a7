"""Templates in pieces: what is read by pieces is what a whole parser reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfngen.cloudformation.read import read
from cfngen.cloudformation.sections import Sections
from cfngen.errors import RenderError

OUTPUT = Path(__file__).parents[2] / "output"
TWO = """\
Description: two resources

Resources:
  # Why it is here.
  First:
    Type: AWS::SNS::Topic

  # Another reason.
  Second:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: |
        a

        # no comment

Outputs:
  One:
    Value: !Ref First
"""
# Each would show a reviewer other resources than CloudFormation makes, if it were cut blindly.
TOPIC = "    Type: AWS::SNS::Topic\n"
DISGUISED = {
    "a quoted text over lines": TWO.replace(
        TOPIC, '    Type: "AWS::SNS::Topic\n  Fake:\n    Type: x"\n'
    ),
    "an alias into another": TWO.replace("  First:\n", "  First: &one\n").replace(
        "  Second:\n", "  Second:\n    <<: *one\n"
    ),
    "a section in a text": (
        'Description: "\nResources:\n  Fake:\n    Type: x\n"\n"Resources":\n  Real:\n' + TOPIC
    ),
    "braces": "Resources: {A: {Type: AWS::SNS::Topic}}\n",
    "a line break of YAML's own": TWO.replace(
        "# Another reason.", "# Another reason.\x85  Hidden: {Type: AWS::SNS::Topic}"
    ),
    "JSON": '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}',
    "JSON with a repeated key": '{"Resources": {"A": {"Type": "b"}, "A": {"Type": "a"}}}',
    "a key of another shape": TWO.replace("  First:\n", "  ? First\n  :\n"),
    "one blank more": TWO.replace("  Second:\n", "   Second:\n"),
    "a bracket over lines": TWO.replace(TOPIC, f"{TOPIC}    DependsOn: [\n  Fake:\n    x]\n"),
    "a comment after a key": TWO.replace("  First:\n", "  First: # hidden\n"),
    "carriage returns": TWO.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.yaml")), ids=lambda p: p.stem)
def test_what_we_make_is_cut(path: Path) -> None:
    """Each of our templates is read by pieces, and means what it means as a whole."""
    found = Sections(path.read_text())
    assert found.body == read(path.read_text())
    assert list(found.resources) == list(found.body["Resources"])
    lines = path.read_text().split("\n")
    for name, piece in found.resources.items():
        assert piece.text
        assert lines[piece.line - 1] == f"  {name}:"


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_a_disguise_is_seen_through(text: str) -> None:
    """A text that a cutter could misread shows what a whole parser sees, or is refused by both."""
    try:
        whole = read(text)
    except RenderError:
        with pytest.raises(RenderError):
            Sections(text)
        return
    assert Sections(text).body == whole


@given(
    st.lists(
        st.sampled_from(
            [*TWO.splitlines(), "  Third:", '    x: "', "    - [", "  ]", "    y: |", "  z: 1", ""]
        ),
        max_size=14,
    )
)
def test_any_order_of_lines_is_read_as_a_whole_parser_reads_it(lines: list[str]) -> None:
    """Whatever stands in a template, no resource is seen that is not there, and none is missed."""
    text = "\n".join(("Resources:", "  Zero:", "    Type: a", *lines, ""))
    text = f"Description: x\n{text}"
    try:
        whole = read(text)
    except RenderError:
        with pytest.raises(RenderError):
            Sections(text)
        return
    if not isinstance(whole, dict) or not isinstance(whole.get("Resources"), dict):
        with pytest.raises(RenderError):
            Sections(text)
        return
    assert Sections(text).body == whole


@pytest.mark.parametrize(
    "end", ["", "\n", "\n\n", "\n        \n          ", "\n          \n", "\n\n  # a comment\n"]
)
@pytest.mark.parametrize("behind", ["", "  B:\n    Type: b\n", "Outputs: {}\n"])
@pytest.mark.parametrize("head", ["|", "|+", "|-", "|2+", ">+ # all", ">"])
def test_a_block_at_the_end_of_a_resource_is_whole(head: str, end: str, behind: str) -> None:
    """Empty lines, spaces, and the end of a file without one, count as a whole parser has them."""
    if behind and not end.endswith("\n"):
        end += "\n"
    text = f"A: 1\nResources:\n  A:\n    Type: a\n    Value: {head}\n        x{end}{behind}"
    pieces = Sections(text).resources
    assert {name: piece.body for name, piece in pieces.items()} == read(text)["Resources"]


def test_lines_are_those_of_an_editor() -> None:
    """A resource, a property and a missing thing are found on the line a person would name."""
    found = Sections(TWO)
    assert found.resources["Second"].line == 9
    assert found.line("Resources", "Second") == 9
    assert found.line("Resources", "Second", ("Properties", "QueueName")) == 12
    assert found.line("Resources", "Second", ("Properties", "Nothing")) == 11
    assert found.line("Outputs", "One") == 18
    assert found.line("Mappings") == 1


@pytest.mark.parametrize("text", ["", "a", "- a", "Resources:", "Resources: 1", "Outputs: {}"])
def test_what_is_no_template_is_refused(text: str) -> None:
    """A text without a mapping of resources is not reviewed as if it had none."""
    with pytest.raises(RenderError, match="no template"):
        Sections(text)


LOOP = """\
Transform: [AWS::LanguageExtensions]
Resources:
  Fn::ForEach::Topics:
    - Name
    - %s
    - Topic&{Name}:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Ref Name
  Plain:
    Type: AWS::SNS::Topic
"""


def test_a_loop_is_what_it_makes() -> None:
    """Each resource of a loop has its values, and the lines of the loop that makes it."""
    found = Sections(LOOP % "[One, t-2]")
    assert list(found.resources) == ["TopicOne", "Topict2", "Plain"]
    assert found.resources["Topict2"].body["Properties"] == {"TopicName": "t-2"}
    assert found.line("Resources", "Topict2") == 6
    assert found.line("Resources", "Topict2", ("Properties", "TopicName")) == 9
    assert found.line("Resources", "Plain") == 10


def nested(levels: int, output: str) -> str:
    """Return loops of 30 items within loops of 30 items."""
    for level in range(levels):
        output = (
            f"{{'Fn::ForEach::L{level}': [I{level}, [{', '.join(map(str, range(30)))}], {output}]}}"
        )
    name = "".join(f"${{I{level}}}" for level in range(levels))
    return f"Transform: AWS::LanguageExtensions\nResources: {output}\n".replace("NAME", f"A{name}")


@pytest.mark.parametrize(
    "text",
    [
        LOOP % "!Ref Names",
        LOOP % "[One, !Ref Two]",
        LOOP % "[One, One]",
        LOOP % "[One, One-]",
        (LOOP % "[One]").replace("Plain", "TopicOne"),
        (LOOP % "['-o']").replace("&{Name}", "${Name}"),
        (LOOP % f"[{', '.join(map(str, range(501)))}]"),
        (LOOP % "[One]").replace("AWS::LanguageExtensions", "Mine"),
        (LOOP % f"['{'a' * 50_000}']").replace("!Ref Name", f"'{'${Name}' * 50_000}'"),
        (LOOP % "[One]").replace("!Ref Name", "{'Fn::ForEach::X': [Y, !Ref Ys, {}]}"),
        nested(5, "{'NAME': {Type: AWS::SNS::Topic}}"),
        nested(9, "{}"),
    ],
)
def test_a_loop_that_nobody_can_unroll_stays_one(text: str) -> None:
    """What a parameter holds, what is there twice, and what would have no end, is left alone."""
    assert [name for name in Sections(text).resources if name.startswith("Fn::ForEach::")]
    assert Sections(text).body == read(text)


def test_a_loop_is_seen_behind_an_escape() -> None:
    """A loop whose name is written with an escape is one to CloudFormation."""
    text = (
        "Transform: AWS::LanguageExtensions\n\nResources:\n  A:\n    Type: b\n    Properties:\n"
        '      "Fn::For\\x45ach::X": [Y, [C], {"${Y}": 1}]\n'
    )
    assert Sections(text).resources["A"].body["Properties"] == {"C": 1}


BLOCK = """\
Resources:
  Set:
    Type: a
    Properties:
      Plain: |
        first
      Below: !Sub |

        # second
        third
      Deep:
        Fn::Sub:
          - |-
            fourth
          - {a: b}
      Folded: >
        fifth
      Quoted: "sixth
        line"
"""


@pytest.mark.parametrize("after", ["", "\x85"], ids=["in pieces", "as a whole"])
def test_the_first_line_of_a_block_is_known(after: str) -> None:
    """A text that is written line by line has lines of the file, and any other has none."""
    found = Sections(BLOCK.replace("\\n", "\n") + after)
    lines = {
        key: found.block("Resources", "Set", ("Properties", key))
        for key in ("Plain", "Below", "Deep", "Folded", "Quoted", "None")
    }
    assert lines == {"Plain": 6, "Below": 8, "Deep": 14, "Folded": 0, "Quoted": 0, "None": 0}


def test_a_name_is_what_is_written() -> None:
    """Words that YAML has for true and false are names where CloudFormation has names."""
    text = (
        "Conditions:\n  On: !Equals [a, b]\n  No: !Not [!Condition On]\n"
        "  Yes: {Fn::And: [{Condition: On}, {Condition: No}]}\n"
        "Mappings:\n  Off: {Yes: {No: 1}}\n"
        "Resources:\n  Yes:\n    Type: AWS::SNS::Topic\n    Condition: On\n"
        "    DependsOn: [No]\n    Properties:\n      DisplayName: !If [On, !Ref No, true]\n"
        "      TopicName: !FindInMap [Off, Yes, No]\n"
    )
    body = Sections(text).body
    assert list(body["Conditions"]) == ["On", "No", "Yes"]
    assert body["Conditions"]["Yes"] == {"Fn::And": [{"Condition": "On"}, {"Condition": "No"}]}
    topic = body["Resources"]["Yes"]
    assert (topic["Condition"], topic["DependsOn"]) == ("On", ["No"])
    assert topic["Properties"]["DisplayName"] == {"Fn::If": ["On", {"Ref": "No"}, True]}
    assert topic["Properties"]["TopicName"] == {"Fn::FindInMap": ["Off", "Yes", "No"]}
    assert body["Mappings"] == {"Off": {"Yes": {"No": 1}}}
