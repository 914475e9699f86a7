"""The renderer: one text for one template, readable by people and by every reader of YAML."""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
from textwrap import dedent
from typing import Any

import cfnlint.decode
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from support.documents import (
    DECEITFUL,
    HOSTILE,
    MANY_LINES,
    NUMBERS,
    bodies,
    commented,
    exact,
    read_as_cloudformation,
    texts,
)

from cfngen.cloudformation.document import Document
from cfngen.cloudformation.render import read, render
from cfngen.errors import RenderError

MODULE = importlib.import_module("cfngen.cloudformation.render")  # `cfngen.render` is the function

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
exploring = settings(quick, max_examples=5_000, derandomize=False, database=None)


def drawn(body: Any, comments: Any = None) -> str:
    """Return a body as YAML."""
    return render(Document(body, comments or {}))


def thing(properties: Any, comments: Any = None) -> str:
    """Return the lines below `Properties` of a resource, as if they were a document."""
    above = {
        ("Resources", "Thing", "Properties", *path): why for path, why in (comments or {}).items()
    }
    lines = drawn({"Resources": {"Thing": {"Properties": properties}}}, above).splitlines()
    return dedent("\n".join(lines[3:]) + "\n")


def text(expected: str) -> str:
    """Return an expected text written as an indented literal."""
    return dedent(expected).lstrip("\n")


def linted(template: str) -> Any:
    """Return what cfn-lint reads."""
    decoded, complaints = cfnlint.decode.decode_str(template)
    assert complaints == []
    return decoded


def check(body: Any, comments: Any = None) -> str:
    """Hold three readers of the text to what was meant, and return it."""
    template = drawn(body, comments)
    meant = exact(body)
    assert exact(read(template)) == meant
    assert exact(linted(template)) == meant
    assert exact(read_as_cloudformation(template)) == meant
    assert all(line == line.rstrip(" ") for line in template.split("\n"))
    return template


def check_comments(body: Any, comments: Any) -> None:
    """Hold a document with comments to what was meant, and to each comment standing in it once."""
    lines = check(body, comments).splitlines()
    for number in range(len(comments)):
        found = [line for line in lines if f"«{number}»" in line]
        assert len(found) == 1
        assert found[0].lstrip().startswith("#")


def hold_a_text(string: str) -> None:
    """Hold a document to what was meant that has a text in every place of one."""
    body: dict[str, Any] = {
        "Plain": string,
        "Item": [string, [string]],
        "Tag": {"Fn::Sub": string},
        "Reference": {"Ref": string},
        "Attribute": {"Fn::GetAtt": ["Role", string]},
        "Resource": {"Fn::GetAtt": [string, "Arn"]},
        "Arguments": {"Fn::Join": [string, [string, {"Ref": string}]]},
        "Long": {"Fn::Transform": {"Name": string}},
    }
    if len(string) <= 100:
        body |= {string: 1, "Keys": {string: {string: [{string: string}]}}}
    check(body)


class TestEverythingSurvives:
    """What a blueprint meant is what every reader of the template reads."""

    @quick
    @given(bodies)
    def test_any_document(self, body: Any) -> None:
        """cfngen, cfn-lint and an independent reader read any template as it was meant."""
        check(body)

    @pytest.mark.slow
    @exploring
    @given(bodies)
    def test_very_many_documents(self, body: Any) -> None:
        """The same, with new documents in each run, and nothing is left to settle."""
        template = check(body)
        assert drawn(read(template)) == template

    @quick
    @given(texts)
    def test_any_text_anywhere(self, string: str) -> None:
        """A text is the same text as a value, an item, an argument, between brackets, as a key."""
        hold_a_text(string)

    @pytest.mark.slow
    @settings(quick, max_examples=1_000)
    @given(texts)
    def test_very_many_texts(self, string: str) -> None:
        """The same, of many more texts."""
        hold_a_text(string)

    @quick
    @given(commented())
    def test_any_comment(self, drawing: Any) -> None:
        """A comment, however hostile, changes nothing that is read, and none is lost."""
        check_comments(*drawing)

    @pytest.mark.slow
    @exploring
    @given(commented())
    def test_very_many_comments(self, drawing: Any) -> None:
        """The same, with new documents in each run."""
        check_comments(*drawing)

    @pytest.mark.parametrize("string", HOSTILE, ids=lambda string: repr(string)[:30])
    def test_each_hostile_text(self, string: str) -> None:
        """Each text known to have deceived some reader of YAML is read as it was meant."""
        check({"Value": string, "Item": [string], "Tag": {"Fn::Sub": string}})

    @pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\u3164", "\U000e0041", "\xad"])
    def test_what_is_not_seen_is_spelled_out(self, sign: str) -> None:
        """Nobody can turn a template around, or hide something in it, by a value or a key."""
        text = f"a{sign}b\n"
        template = check({"Value": text, f"K{sign}": [text], "Tag": {"Fn::Sub": text}})
        assert sign not in template

    @pytest.mark.parametrize("number", NUMBERS, ids=repr)
    def test_each_number(self, number: Any) -> None:
        """A number keeps its value, sign and kind; between brackets and behind a function, too."""
        check({"Value": number, "In": {"Fn::Join": ["", [number]]}, "Tag": {"Fn::Base64": number}})

    @pytest.mark.parametrize(
        "malformed",
        [
            {"Ref": 5},
            {"Ref": ["A"]},
            {"Ref": {"Ref": "A"}},
            {"Ref": "A", "Fn::Sub": "B"},
            {"Ref": ""},
            {"Ref": "A\nB\n"},
            {"Fn::GetAtt": "A.B"},
            {"Fn::GetAtt": "A"},
            {"Fn::GetAtt": []},
            {"Fn::GetAtt": ["A"]},
            {"Fn::GetAtt": ["A", "B", "C"]},
            {"Fn::GetAtt": ["A.B", "C"]},
            {"Fn::GetAtt": ["A", ""]},
            {"Fn::GetAtt": ["", "B"]},
            {"Fn::GetAtt": ["A", {"Ref": "B"}]},
            {"Fn::GetAtt": ["A", True]},
            {"Fn::GetAtt": {"A": "B"}},
            {"Fn::Sub": {"Ref": "A"}},
            {"Fn::Sub": True},
            {"Fn::Sub": []},
            {"Fn::Join": {}},
            {"Condition": {"Bool": {}}},
            {"Condition": ["A"]},
            {"Fn::": "A"},
            {"Fn::Condition": "A"},
            {"Fn::Ref": "A"},
            {"!Ref": "A"},
        ],
        ids=json.dumps,
    )
    def test_malformed_functions(self, malformed: Any) -> None:
        """What only looks like a function survives, for the linter to complain about."""
        check(
            {"Conditions": {"C": malformed}, "V": malformed, "L": [malformed, [malformed]]}
            | {"Fn::Base64": malformed, "In": {"Fn::Join": ["", [malformed]]}}
        )

    def test_subclasses_of_plain_types(self) -> None:
        """Text, numbers and mappings of a subclass come out as what they hold."""

        class Loud(str):
            def __str__(self) -> str:
                return "LOUD"

            __format__ = __repr__ = __str__

        class Level(int):
            def __repr__(self) -> str:
                return "HIGH"

            __str__ = __repr__

        class Table(dict[str, Any]):
            pass

        meant = Table({Loud("key"): Loud("a"), "Text": Loud("a\nb\n"), "Number": Level(3)})
        assert drawn(meant) == "key: a\nText: |\n  a\n  b\nNumber: 3\n"

    def test_shared_objects(self) -> None:
        """An object used twice is written twice: CloudFormation rejects aliases."""
        tags = [{"Key": "Team", "Value": {"Ref": "Team"}}]
        body = {"A": {"Tags": tags}, "B": {"Tags": tags, "More": [tags, tags]}}
        assert "&" not in drawn(body)
        check(body)

    @pytest.mark.parametrize("character", ["k", "é", ":"])
    def test_long_keys(self, character: str) -> None:
        """A key may have a thousand characters, quoted or not."""
        check({"A": [{character * 500 + "k" * 500: 1}], "!" + character * 999: 2})


class TestRefusals:
    """What has no YAML is refused by name, not written as something else."""

    @pytest.mark.parametrize(
        ("value", "complaint"),
        [
            (None, "no value; leave it out, or use Ref AWS::NoValue"),
            (float("nan"), "nan; a template holds"),
            (float("inf"), "inf; a template holds"),
            (float("-inf"), "-inf; a template holds"),
            ((1, 2), "a tuple; a template holds"),
            (b"bytes", "a bytes; a template holds"),
            ({1}, "a set; a template holds"),
            ("\ud800", "half a surrogate pair"),
            ("a\nb\udfff\n", "half a surrogate pair"),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("function", ["", "Fn::Join", "Fn::Transform"])
    def test_values(self, value: Any, complaint: str, function: str) -> None:
        """The message names the place of a value that CloudFormation cannot have."""
        inside = {function: ["a", value]} if function else ["a", value]
        place = f"Resources.Log.Properties.{function}{'.' if function else ''}1: {complaint}"
        with pytest.raises(RenderError) as refusal:
            drawn({"Resources": {"Log": {"Properties": inside}}})
        assert str(refusal.value).startswith(place)
        str(refusal.value).encode("utf-8")

    @pytest.mark.parametrize(
        ("key", "complaint"),
        [
            (1, "Resources.Log.1: a key must be text, not int"),
            (True, "Resources.Log.True: a key must be text, not bool"),
            (None, "Resources.Log.None: a key must be text, not NoneType"),
            ("k" * 1025, "Resources.Log: a key of 1,025 characters, 1,025 as YAML writes it"),
            ("\x00" * 200, "Resources.Log: a key of 200 characters, 1,202 as YAML writes it"),
            ("\ud800", r"Resources.Log.\ud800: half a surrogate pair"),
        ],
        ids=lambda key: repr(key)[:20],
    )
    def test_keys(self, key: Any, complaint: str) -> None:
        """The message names the place of a key that YAML, or JSON, cannot have."""
        with pytest.raises(RenderError) as refusal:
            drawn({"Resources": {"Log": {key: 1}}})
        assert str(refusal.value).startswith(complaint)

    @pytest.mark.parametrize("body", [None, [], "Resources", 5])
    def test_bodies(self, body: Any) -> None:
        """A template is a mapping."""
        with pytest.raises(RenderError, match="a template is a mapping, not "):
            drawn(body)

    @pytest.mark.parametrize("wrong", ["else", "1", "!Ref A", "[", "'"])
    def test_a_text_that_reads_back_differently(
        self, wrong: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A fault of the renderer itself stops the build, rather than reach a template."""
        right = MODULE._scalar
        monkeypatch.setattr(
            MODULE,
            "_scalar",
            lambda value, *a, **k: wrong if value == "x" else right(value, *a, **k),
        )
        with pytest.raises(RenderError, match=r"Log\.1: the YAML would not read back|not YAML: "):
            drawn({"Log": ["a", "x"]})

    @pytest.mark.parametrize(
        ("meant", "got"),
        [
            ({"A": {"B": 1}}, {"A": {"B": 2}}),
            ({"A": {"B": 1}}, {"A": {"B": True}}),
            ({"A": {"B": 1}}, {"A": {"B": 1.0}}),
            ({"A": {"B": "1"}}, {"A": {"B": 1}}),
            ({"A": {"B": [1]}}, {"A": {"B": {"1": 1}}}),
            ({"A": {"B": [1]}}, {"A": {"B": [1, 2]}}),
            ({"A": {"B": {}}}, {"A": {"B": []}}),
            ({"A": {"B": {"C": 1}}}, {"A": {"B": {"D": 1}}}),
        ],
    )
    def test_what_counts_as_different(
        self, meant: Any, got: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Reading back compares kinds as well as values, and the message says where they part."""
        monkeypatch.setattr(MODULE, "read", lambda _: got)
        with pytest.raises(RenderError, match=r"^A\.B: the YAML would not read back"):
            drawn(meant)


class TestReading:
    """`read` gives back plain data, or says why it cannot."""

    @pytest.mark.parametrize(
        ("template", "data"),
        [
            ("A: !Ref B", {"A": {"Ref": "B"}}),
            ("A: !Condition B", {"A": {"Condition": "B"}}),
            ("A: !GetAtt B.C.D", {"A": {"Fn::GetAtt": ["B", "C.D"]}}),
            ("A: !GetAtt [B, C.D]", {"A": {"Fn::GetAtt": ["B", "C.D"]}}),
            ("A: !Sub ['${X}', {X: !Ref B}]", {"A": {"Fn::Sub": ["${X}", {"X": {"Ref": "B"}}]}}),
            ("A: !Transform {Name: B}", {"A": {"Fn::Transform": {"Name": "B"}}}),
            ("A: !Sub 5", {"A": {"Fn::Sub": "5"}}),
            ("{}", {}),
        ],
    )
    def test_tags(self, template: str, data: Any) -> None:
        """A short tag reads as the long function it stands for."""
        assert exact(read(template)) == exact(data)

    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("2010-09-09", "2010-09-09"),
            ("2012-13-45", "2012-13-45"),
            ("2026-1-5T1:02:03.500-08:00", "2026-1-5T1:02:03.500-08:00"),
            ("098765432109", 98765432109.0),
            ("'098765432109'", "098765432109"),
            ("01234567", 0o1234567),
            ("08:30 every day", "08:30 every day"),
            ("08 hours", "08 hours"),
            ("123456789012", 123456789012),
        ],
    )
    def test_dates_are_texts_and_digits_are_numbers(self, written: str, value: Any) -> None:
        """CloudFormation has no dates; it reads digits behind a zero as a number, as it is told."""
        assert exact(read(f"A: {written}")) == exact({"A": value})

    def test_a_name_of_digits_is_these_digits(self) -> None:
        """An account that a mapping has a row for is no number with a fraction."""
        assert read("{098765432109: a, 1.10: b}") == {"098765432109": "a", "1.10": "b"}

    def test_json_has_escapes_that_yaml_has_not(self) -> None:
        """A sign beyond 16 bits in two halves, as programs write it; a repeated key is refused."""
        assert read('{"A": "\\ud83d\\ude00"}') == {"A": "\U0001f600"}
        with pytest.raises(RenderError, match="line 1, column 10: repeated key 'A'"):
            read('{"A": 1, "A": 2}')

    @pytest.mark.parametrize(
        ("template", "complaint"),
        [
            ("A: [", "not YAML: (.|\n)*line 2"),
            ("A: 1\nB: 2\nA: 3\n", "line 3, column 1: repeated key 'A'"),
            ("A: !Sub {B: 1, B: 2}\n", "repeated key 'B'"),
            ("? [A]\n: 1\n", "a key must be one plain value"),
            ("<<: {A: 1}\n", "no template: line 1, column 1: CloudFormation has no merges "),
            ("A: !!timestamp 2012-10-17\n", "CloudFormation has no values of the type "),
            ("A: !!python/name:os.system\n", "not YAML: "),
            ("A: \x07\n", "not YAML: "),
        ],
    )
    def test_refusals(self, template: str, complaint: str) -> None:
        """A text that is no template is refused, with the line where YAML knows it."""
        with pytest.raises(RenderError, match=complaint):
            read(template)


BODY: dict[str, Any] = {
    "Resources": {
        "Log": {"Properties": {"Texts": HOSTILE[:-1], "Numbers": NUMBERS}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Arn": {"Fn::Sub": "a ${B}"}}},
    },
    "Description": "日本語 🦉",
}
SCRIPT = (
    "import json, sys, cfngen, cfngen.cloudformation.document as t\n"
    "body = json.loads(sys.stdin.buffer.read())\n"
    "text = cfngen.render(t.Document(body, {('Resources', 'Log'): 'why: \\U0001f989'}))\n"
    "sys.stdout.buffer.write(text.encode('utf-8'))\n"
)


class TestOneText:
    """The same template is the same bytes everywhere."""

    def test_without_libyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine without libyaml writes the same text, and reads it back by itself."""
        before = drawn(BODY)
        monkeypatch.delattr(yaml, "CSafeLoader")
        slow_read = runpy.run_path(
            str(importlib.import_module("cfngen.cloudformation.read").__file__)
        )["read"]
        monkeypatch.setattr(MODULE, "read", slow_read)
        assert slow_read is not read
        assert drawn(BODY) == before

    @pytest.mark.parametrize(("seed", "locale"), [("1", "C"), ("4242", "C.UTF-8")])
    def test_elsewhere(self, seed: str, locale: str) -> None:
        """Another process, hash seed and locale give the same bytes."""
        environment = os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONUTF8": "0"}
        elsewhere = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=json.dumps(BODY).encode(),
            env=environment,
            capture_output=True,
            check=True,
        )
        here = drawn(BODY, {("Resources", "Log"): "why: 🦉"})
        assert elsewhere.stdout.decode("utf-8") == here

    def test_rendering_again(self) -> None:
        """What was read from a template renders as that template: there is nothing to settle."""
        once = drawn(BODY)
        assert drawn(read(once)) == once

    @pytest.mark.parametrize("string", [s for s in HOSTILE if len(s) > 8_000 and "\n" not in s])
    def test_no_line_is_folded(self, string: str) -> None:
        """A text of one line stays on one line, however long: folding would change diffs."""
        body = {"A": string, "B": [string], "C": {"Fn::Sub": string}, "D": string + "\t"}
        assert thing(body).count("\n") == 5


class TestOrder:
    """Keys stand in the order a reviewer reads in, by place; elsewhere as the author wrote them."""

    def test_sections(self) -> None:
        """Sections follow the anatomy of a template, a blank line before each with things in it."""
        assert drawn(
            {
                "Outputs": {"Arn": {"Value": "a"}},
                "Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}},
                "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
                "Mappings": {"Sizes": {"small": {"Memory": 128}}},
                "Rules": {"Named": {"Assertions": []}},
                "Parameters": {"Days": {"Type": "Number"}},
                "Metadata": {"Team": "builds"},
                "Description": "Anatomy",
                "Transform": "AWS::LanguageExtensions",
                "AWSTemplateFormatVersion": "2010-09-09",
            }
        ) == text(
            """
            AWSTemplateFormatVersion: '2010-09-09'
            Transform: AWS::LanguageExtensions
            Description: Anatomy

            Metadata:
              Team: builds

            Parameters:
              Days:
                Type: Number

            Rules:
              Named:
                Assertions: []

            Mappings:
              Sizes:
                small:
                  Memory: 128

            Conditions:
              Never: !Equals [a, b]

            Resources:
              Log:
                Type: AWS::Logs::LogGroup

            Outputs:
              Arn:
                Value: a
            """
        )

    def test_things(self) -> None:
        """Attributes follow a table; things keep the author's order, a blank line between."""
        assert drawn(
            {
                "Parameters": {
                    "Zone": {
                        "MinLength": 1,
                        "Default": "a",
                        "Description": "Where",
                        "Type": "String",
                    },
                    "Days": {"Type": "Number"},
                },
                "Resources": {
                    "Queue": {
                        "Properties": {"Type": "fifo", "Metadata": "m", "Condition": "c"},
                        "Metadata": {"Team": "a"},
                        "UpdateReplacePolicy": "Retain",
                        "DeletionPolicy": "Retain",
                        "DependsOn": ["Log"],
                        "Condition": "IsLive",
                        "Type": "AWS::SQS::Queue",
                    },
                    "Log": {"Type": "AWS::Logs::LogGroup"},
                },
                "Outputs": {
                    "Url": {
                        "Export": {"Name": "url"},
                        "Value": {"Ref": "Queue"},
                        "Condition": "IsLive",
                    },
                    "Arn": {"Value": {"Fn::GetAtt": ["Log", "Arn"]}, "Description": "For others"},
                },
            }
        ) == text(
            """
            Parameters:
              Zone:
                Type: String
                Description: Where
                Default: a
                MinLength: 1

              Days:
                Type: Number

            Resources:
              Queue:
                Type: AWS::SQS::Queue
                Condition: IsLive
                DependsOn:
                  - Log
                DeletionPolicy: Retain
                UpdateReplacePolicy: Retain
                Metadata:
                  Team: a
                Properties:
                  Type: fifo
                  Metadata: m
                  Condition: c

              Log:
                Type: AWS::Logs::LogGroup

            Outputs:
              Url:
                Condition: IsLive
                Value: !Ref Queue
                Export:
                  Name: url

              Arn:
                Description: For others
                Value: !GetAtt Log.Arn
            """
        )

    def test_statements(self) -> None:
        """A policy begins with its version, a statement with its effect; a `Condition` is a map."""
        statement = {
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
            "Resource": "*",
            "Action": ["sts:AssumeRole"],
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Effect": "Allow",
            "Sid": "Start",
        }
        assert thing(
            {
                "PolicyName": "start",
                "PolicyDocument": {"Statement": [statement], "Version": "2012-10-17"},
                "KeyPolicy": {
                    "Statement": {"Action": "a:B", "Effect": "Deny"},
                    "Version": "2012-10-17",
                },
            }
        ) == text(
            """
            PolicyName: start
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Sid: Start
                  Effect: Allow
                  Principal:
                    Service: codebuild.amazonaws.com
                  Action:
                    - sts:AssumeRole
                  Resource: '*'
                  Condition:
                    StringEquals:
                      aws:SourceAccount: !Ref AWS::AccountId
            KeyPolicy:
              Version: '2012-10-17'
              Statement:
                Effect: Deny
                Action: a:B
            """
        )

    def test_author(self) -> None:
        """Elsewhere the author's order stands, whatever the keys are called."""
        permission = {"FunctionName": "f", "Action": "a", "SourceArn": "s", "Principal": "p"}
        assert thing(permission) == "FunctionName: f\nAction: a\nSourceArn: s\nPrincipal: p\n"
        rule = {"Statement": {"RateBasedStatement": {}}, "Action": {"Block": {}}, "Effect": "e"}
        assert list(read(thing({"Rules": [rule]}))["Rules"][0]) == ["Statement", "Action", "Effect"]

    def test_blank_lines(self) -> None:
        """Blank lines never double, nor stand at either end, whatever a block ends with."""
        script = {"Properties": {"Script": "a\nb\n"}}
        two = {"Properties": {"Script": "a\nb\n\n"}}
        template = drawn({"Resources": {"A": script, "B": two, "C": script}, "Outputs": {"D": two}})
        assert "\n\n\n" not in template
        assert template == template.strip("\n") + "\n"
        assert template.count("\n\n") == 3


class TestFunctions:
    """Functions are short, unquoted tags where nothing is lost."""

    @pytest.mark.parametrize(
        ("value", "line"),
        [
            ({"Ref": "AWS::Region"}, "!Ref AWS::Region"),
            ({"Fn::GetAtt": ["Role", "Arn"]}, "!GetAtt Role.Arn"),
            ({"Fn::GetAtt": ["Nested", "Outputs.Arn"]}, "!GetAtt Nested.Outputs.Arn"),
            ({"Fn::Sub": "arn:${AWS::Partition}:x"}, "!Sub arn:${AWS::Partition}:x"),
            ({"Fn::Sub": "${Log}:*"}, "!Sub ${Log}:*"),
            ({"Fn::Sub": "*${Log}"}, "!Sub '*${Log}'"),
            ({"Fn::GetAZs": ""}, "!GetAZs ''"),
            ({"Fn::ImportValue": "vpc"}, "!ImportValue vpc"),
            ({"Fn::Select": [0, {"Ref": "X"}]}, "!Select [0, !Ref X]"),
            ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "!Select [0, !GetAZs '']"),
            (
                {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]},
                "!Select [2, !Split [/, !Ref AWS::StackId]]",
            ),
            (
                {"Fn::Join": ["", ["a, b", {"Ref": "X"}, "c?", "10"]]},
                "!Join ['', ['a, b', !Ref X, 'c?', '10']]",
            ),
            (
                {"Fn::If": ["IsLive", {"Ref": "X"}, {"Ref": "AWS::NoValue"}]},
                "!If [IsLive, !Ref X, !Ref AWS::NoValue]",
            ),
            (
                {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Memory"]},
                "!FindInMap [Sizes, !Ref AWS::Region, Memory]",
            ),
            (
                {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 6, 8]},
                "!Cidr [!GetAtt Vpc.CidrBlock, 6, 8]",
            ),
            ({"Fn::Sub": ["${X}", {}]}, "!Sub ['${X}', {}]"),
        ],
        ids=json.dumps,
    )
    def test_on_one_line(self, value: Any, line: str) -> None:
        """Plain arguments stand on the line of their function."""
        assert thing({"Value": value}) == f"Value: {line}\n"
        assert thing({"Value": [value]}) == f"Value:\n  - {line}\n"

    def test_conditions(self) -> None:
        """In the section of that name, a condition that names another is a tag."""
        isnt = {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "live"]}]}
        assert drawn(
            {
                "Conditions": {
                    "IsTest": isnt,
                    "Same": {"Condition": "IsTest"},
                    "Both": {"Fn::And": [{"Condition": "IsTest"}, {"Condition": "Same"}]},
                    "Deep": {"Fn::Or": [{"Condition": "IsTest"}, {"Fn::Not": [isnt]}]},
                }
            }
        ) == text(
            """
            Conditions:
              IsTest: !Not [!Equals [!Ref Stage, live]]
              Same: !Condition IsTest
              Both: !And [!Condition IsTest, !Condition Same]
              Deep: !Or
                - !Condition IsTest
                - !Not
                  - !Not [!Equals [!Ref Stage, live]]
            """
        )
        assert thing({"Rule": {"Condition": "IsTest"}}) == "Rule:\n  Condition: IsTest\n"

    def test_below_each_other(self) -> None:
        """Arguments that are long, many-lined, mappings or deeply nested stand below each other."""
        assert thing(
            {
                "Mapped": {"Fn::Sub": ["${X}-${Z}", {"X": {"Ref": "A"}, "Z": "b"}]},
                "Lines": {"Fn::Join": ["\n", ["a", "b"]]},
                "Deep": {"Fn::Select": [0, {"Fn::Split": ["-", {"Fn::Join": ["", ["a", "b"]]}]}]},
                "Choice": {"Fn::If": ["IsLive", {"Name": "a"}, {"Ref": "AWS::NoValue"}]},
                "Items": [{"Fn::If": ["IsLive", {"Name": "a"}, {"Ref": "AWS::NoValue"}]}],
            }
        ) == text(
            r"""
            Mapped: !Sub
              - ${X}-${Z}
              - X: !Ref A
                Z: b
            Lines: !Join
              - "\n"
              - - a
                - b
            Deep: !Select
              - 0
              - !Split
                - '-'
                - !Join ['', [a, b]]
            Choice: !If
              - IsLive
              - Name: a
              - !Ref AWS::NoValue
            Items:
              - !If
                - IsLive
                - Name: a
                - !Ref AWS::NoValue
            """
        )

    @pytest.mark.parametrize("length", [58, 59])
    def test_hundred_columns(self, length: int) -> None:
        """A line of arguments ends at column 100, or they stand below each other."""
        template = drawn({"Resources": {"A" * 20: {"Fn::Join": ["-", ["b" * length, "c"]]}}})
        line = template.splitlines()[1]
        assert (len(line) == 100) if length == 58 else line.endswith("!Join")

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"Fn::Base64": {"Fn::Sub": "a ${B}"}}, "Fn::Base64: !Sub a ${B}"),
            ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, "Fn::GetAZs: !Ref AWS::Region"),
            ({"Fn::ImportValue": {"Fn::Sub": "${A}-b"}}, "Fn::ImportValue: !Sub ${A}-b"),
            (
                {"Fn::Base64": {"Fn::GetStackOutput": {"StackName": "s"}}},
                "Fn::Base64:\n    Fn::GetStackOutput:\n      StackName: s",
            ),
            (
                {"Fn::GetStackOutput": {"StackName": {"Ref": "S"}, "OutputName": "o"}},
                "Fn::GetStackOutput:\n    StackName: !Ref S\n    OutputName: o",
            ),
            ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform:\n    Name: AWS::Include"),
            ({"Fn::Length": {"Ref": "List"}}, "Fn::Length: !Ref List"),
            ({"Fn::ToJsonString": {"A": {"Ref": "B"}}}, "Fn::ToJsonString:\n    A: !Ref B"),
            ({"Fn::Length": ["a"]}, "Fn::Length:\n    - a"),
            ({"Fn::Contains": [["a"], "b"]}, "Fn::Contains:\n    - - a\n    - b"),
            ({"Fn::GetStackOutput": "s"}, "Fn::GetStackOutput: s"),
            ({"Fn::Transform": ["AWS::Include"]}, "Fn::Transform:\n    - AWS::Include"),
            (
                {"Fn::ForEach::Each": ["X", ["a"], {}]},
                "Fn::ForEach::Each:\n    - X\n    - - a\n    - {}",
            ),
            ({"Fn::GetAtt": "A.B"}, "Fn::GetAtt: A.B"),
            ({"Fn::GetAtt": ["A.B", "C"]}, "Fn::GetAtt:\n    - A.B\n    - C"),
            ({"Ref": 5}, "Ref: 5"),
        ],
        ids=lambda value: json.dumps(value)[:40],
    )
    def test_long_forms(self, value: Any, expected: str) -> None:
        """A function is long where a tag would lose something or stand right inside a tag."""
        assert thing({"Value": value}) == f"Value:\n  {expected}\n"


class TestNumbers:
    """Numbers read well side by side."""

    @pytest.mark.parametrize(
        ("items", "written"),
        [
            ([1, 3, 5], "Value: [1, 3, 5]\n"),
            ([*range(60)], f"Value: [{', '.join(map(str, range(60)))}]\n"),
            ([1, "2"], "Value:\n  - 1\n  - '2'\n"),
            ([1, True], "Value:\n  - 1\n  - true\n"),
            ([1.5, 2], "Value:\n  - 1.5\n  - 2\n"),
            ([[1, 2], 3], "Value:\n  - - 1\n    - 2\n  - 3\n"),
        ],
        ids=str,
    )
    def test_on_one_line(self, items: list[Any], written: str) -> None:
        """A list of whole numbers, and of nothing else, stands on one line."""
        assert thing({"Value": items}) == written


class TestTexts:
    """Text is quoted where a reader could take it for something else, and only there."""

    @pytest.mark.parametrize("string", DECEITFUL)
    def test_deceitful(self, string: str) -> None:
        """What reads as text without quotes has none; what does not has."""
        written = thing({"Value": string}).removeprefix("Value: ").removesuffix("\n")
        harmless = {"<", "==", "-a", "--flag", "--", "a:b", "a::b", "AWS::Region", "AWS::NoValue"}
        harmless |= {"a# b", "a'b", 'a"b', "\\", "a\\nb", "a|b", "a, b", "a]", "a}", "${A}"}
        harmless |= {"arn:${AWS::Partition}:s3:::x/*", "rate(5 minutes)", "cron(0 12 * * ? *)"}
        harmless |= {"s3:*", "10.0.0.0/16"}
        quoted = f'"{string}"' if "'" in string else f"'{string}'"
        assert written == (string if string in harmless else quoted)

    @pytest.mark.parametrize(
        ("string", "written"),
        [
            ("日本語 🦉", "日本語 🦉"),
            ("a b  c", "a b  c"),
            (" a", "' a'"),
            ("a\u3000", "'a\u3000'"),
            ("it's: so", '"it\'s: so"'),
            ("a\tb", r'"a\tb"'),
            ("a\r\nb", r'"a\r\nb"'),
            ('"\x00\x85\ufeff\\', r'"\"\u0000\u0085\ufeff\\"'),
        ],
        ids=ascii,
    )
    def test_quotes(self, string: str, written: str) -> None:
        """Single quotes where they do, double quotes where something must be escaped."""
        assert thing({"Value": string}) == f"Value: {written}\n"

    def test_keys(self) -> None:
        """Keys are quoted by the same rule; `y` and `n` are words to some readers."""
        keys = ["y", "n", "1", "s3:x", "aws:SecureTransport", "method.request.header.X", "a: b", ""]
        assert thing(dict.fromkeys(keys, 1)) == text(
            """
            'y': 1
            'n': 1
            '1': 1
            s3:x: 1
            aws:SecureTransport: 1
            method.request.header.X: 1
            'a: b': 1
            '': 1
            """
        )

    def test_kinds(self) -> None:
        """Numbers and booleans have no quotes; texts that look like them have."""
        assert thing(
            {"A": [1, "1", 1.5, "1.5", True, "true", 1e16, -0.0, 1e-7, {}, [], ""]}
        ) == text(
            """
            A:
              - 1
              - '1'
              - 1.5
              - '1.5'
              - true
              - 'true'
              - 1.0e+16
              - -0.0
              - 1.0e-07
              - {}
              - []
              - ''
            """
        )

    def test_blocks(self) -> None:
        """A text of several lines is a block, as a value, in a list, in `!Sub`."""
        script = "#!/bin/sh\nset -eu\n\nif true; then\n  echo 'a: b' # c\nfi\n"
        assert thing(
            {
                "Script": script,
                "Items": ["a\nb\n", {"Fn::Sub": "a ${B}\nc\n"}, {"Key": "a\nb"}],
                "UserData": {"Fn::Base64": {"Fn::Sub": script}},
                "Indented": "  a\nb\n",
                "Spaced": "\n\na\nb\n",
            }
        ) == text(
            """
            Script: |
              #!/bin/sh
              set -eu

              if true; then
                echo 'a: b' # c
              fi
            Items:
              - |
                a
                b
              - !Sub |
                a ${B}
                c
              - Key: |-
                  a
                  b
            UserData:
              Fn::Base64: !Sub |
                #!/bin/sh
                set -eu

                if true; then
                  echo 'a: b' # c
                fi
            Indented: |2
                a
              b
            Spaced: |2


              a
              b
            """
        )

    @pytest.mark.parametrize("string", MANY_LINES, ids=lambda string: repr(string)[:30])
    def test_no_blocks(self, string: str) -> None:
        """A block shows all there is; what it would hide stands in double quotes."""
        hidden = any(
            line.endswith(" ") or not set(line).isdisjoint("\t\r\x00\x85\u2028\ufeff")
            for line in string.split("\n")
        )
        ends = string.endswith("\n\n") or not string.strip("\n")
        written = thing({"Value": string}).removeprefix("Value: ")
        assert written.startswith('"' if hidden or ends else "|")


class TestComments:
    """A comment says why a thing is there, right above it."""

    def test_above(self) -> None:
        """Comments stand above resources, statements and whatever else they are about."""
        statement = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}
        body = {
            "Resources": {
                "Log": {"Type": "AWS::Logs::LogGroup"},
                "Role": {
                    "Properties": {
                        "Policy": {"Version": "2012-10-17", "Statement": [statement, statement]},
                        "Tags": [{"Key": "k", "Value": "v"}, "plain", ["nested"]],
                    }
                },
            }
        }
        policy = ("Resources", "Role", "Properties", "Policy", "Statement")
        tags = ("Resources", "Role", "Properties", "Tags")
        assert drawn(
            body,
            {
                (): "The whole",
                ("Resources",): "All of them",
                ("Resources", "Log"): "Kept for a year:\n\n  by law.  \n",
                ("Resources", "Role"): "Assumed by the builder.",
                (*policy, 0): "a:B knows no resources.",
                (*policy, 1, "Effect"): "Above a first key,",
                (*policy, 1, "Action"): "and a second.",
                (*tags, 0): "An item,",
                (*tags, 0, "Key"): "its key,",
                (*tags, 1): "a plain one,",
                (*tags, 2): "a list,",
                (*tags, 2, 0): "what is in it.",
                ("Resources", "Nobody"): "Nowhere",
            },
        ) == text(
            """
            # The whole
            # All of them
            Resources:
              # Kept for a year:
              #
              #   by law.
              Log:
                Type: AWS::Logs::LogGroup

              # Assumed by the builder.
              Role:
                Properties:
                  Policy:
                    Version: '2012-10-17'
                    Statement:
                      # a:B knows no resources.
                      - Effect: Allow
                        Action: a:B
                        Resource: '*'
                      # Above a first key,
                      - Effect: Allow
                        # and a second.
                        Action: a:B
                        Resource: '*'
                  Tags:
                    # An item,
                    # its key,
                    - Key: k
                      Value: v
                    # a plain one,
                    - plain
                    # a list,
                    # what is in it.
                    - - nested
            """
        )

    def test_inside_functions(self) -> None:
        """A function with a comment inside takes the lines it needs for it."""
        value = {"Fn::Join": ["", ["a", {"Fn::GetAtt": ["Log", "Arn"]}]]}
        assert thing({"V": value}) == "V: !Join ['', [a, !GetAtt Log.Arn]]\n"
        assert thing({"V": value}, {("V", "Fn::Join", 1, 0): "why"}) == text(
            """
            V:
              Fn::Join:
                - ''
                # why
                - - a
                  - !GetAtt Log.Arn
            """
        )

    @pytest.mark.parametrize("blank", ["", " ", "\n", " \n\t\n"])
    def test_empty(self, blank: str) -> None:
        """A comment that says nothing has no line."""
        assert drawn({"A": 1}, {("A",): blank}) == "A: 1\n"

    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x85", "\u2028", "\x0b", "\x0c", "\x1e"])
    def test_line_ends(self, end: str) -> None:
        """Whatever some program takes for the end of a line begins a new comment line."""
        assert drawn({"A": 1}, {("A",): f"why{end}B: 2"}) == "# why\n# B: 2\nA: 1\n"

    @pytest.mark.parametrize("character", ["\x00", "\x07", "\ufeff", "\ud800", "\t", "\x7f"])
    def test_unprintable(self, character: str) -> None:
        """What no YAML may contain becomes a space: a comment is for reading."""
        assert drawn({"A": 1}, {("A",): f"a{character}b"}) == "# a b\nA: 1\n"
