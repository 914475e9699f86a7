"""What a stranger may put into a template or a name, to move a terminal or to forge a log."""

from __future__ import annotations

import json
import re
from typing import Any

from support.timelines import pipeline, schedule, stage

# By what they try. `forged` is what must not stand where a log would obey it.
TEXTS = {
    "plain": "plain",
    "clear the screen": "a\x1b[2Jb",
    "hide what follows": "a\x1b[8mb",
    "title of the window": "a\x1b]0;forged\x07b",
    "link elsewhere": "a\x1b]8;;https://forged.example\x07b\x1b]8;;\x07",
    "control sequence in one": "a\x9b2Jb",
    "section of GitLab": "a\x1b[0Ksection_start:1:forged\r\x1b[0Kb",
    "zero": "a\0b",
    "backspace": "a\x08\x08\x08b",
    "back to the start": "a\rforged",
    "next line": "a\x85forged",
    "line separator": "a\u2028forged",
    "right to left": "a\u202eforged\u202c",
    "isolated": "a\u2066forged\u2069",
    "right to left mark": "a\u200fb\u061c",
    "no width": "a\u200bb\ufeff",
    "filler": "a\u3164b\u115f",
    "other blank": "a\u00a0b\u2003",
    "tag": "a\U000e0041b",
    "half a pair": "a\ud800b",
    "byte that is no UTF-8": "a\udc9b2J",
    "command": "::error::forged",
    "command of a new line": "a\n::error::forged",
    "command of a new line, further on": "a\n   ::set-output name=a::forged",
    "command after a separator": "a\u2028::error::forged",
    "old command": "a\n##[error]forged",
    "old command on the way": "a ##[add-matcher]forged",
    "command of Azure": "##vso[task.setvariable variable=a]forged",
    "command of TeamCity": "##teamcity[buildStatus text='forged']",
    "error of ours": "a\nerror: forged",
    "percent": "a%0A::error::forged",
    "markup": "</script><b onclick='forged'>&\"'`|[a](b)<!--",
    "very long": "a" * 5_000,
}
# All at once, for what costs more to ask.
EVERYTHING = "\n".join(text for name, text in TEXTS.items() if name != "very long")
# What no command can be given, and no file can be called.
UNTYPED = re.compile("[\0\ud800-\udbff]")
# Signs of our own: a warning's, and what keeps Markdown from making a link or calling somebody.
OURS = re.compile("(?<=\u26a0)\ufe0f|(?<=[@#!%~&$^:;w-])\u200b")

# Written out once more, so that a sign left out of the code is missed here.
HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
FORGED = re.compile(
    r"^\s*::[a-z-]+[^:\n]*::forged|##\[|##vso\[|##teamcity\[|^error: forged", re.MULTILINE
)


def check_stream(text: str) -> None:
    """Hold what was printed against what a terminal or a log obeys.

    Raises:
        AssertionError: something in it is hidden, or a stranger gives an order.
    """
    text = OURS.sub("", text)
    for pattern in (HIDDEN, FORGED):
        found = pattern.search(text)
        assert not found, repr(text[max(0, found.start() - 60) : found.end() + 20])


def template(text: str) -> dict[str, Any]:
    """Return a template that has a text in every place that a template has."""
    statement = {"Sid": text, "Effect": "Allow", "Principal": {"AWS": text}, "Action": text}
    policy = {"Statement": [{**statement, "Resource": text, "Condition": {text: {text: text}}}]}
    role = {
        "RoleName": text,
        "AssumeRolePolicyDocument": policy,
        "Policies": [{"PolicyName": text, "PolicyDocument": policy}],
        "ManagedPolicyArns": [text],
    }
    code = {"Code": {"ZipFile": f"a\n{text}"}, "Handler": text, "Runtime": text, "Role": text}
    bucket = {"BucketName": text, "Tags": [{"Key": text, "Value": text}], text: text}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": text,
        "Metadata": {text: text},
        "Parameters": {
            text: {"Type": text, "Default": text, "Description": text, "AllowedValues": [text]},
            "Asked": {"Type": "String", "Description": text, text: text},
        },
        "Mappings": {text: {text: {text: text}}},
        "Conditions": {text: {"Fn::Equals": [text, {"Ref": text}]}},
        "Rules": {text: {"Assertions": [{"Assert": {text: text}, "AssertDescription": text}]}},
        "Resources": {
            text: {"Type": text, "Properties": {text: text}, "DependsOn": text, "Condition": text},
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket, "DeletionPolicy": text},
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": code},
            "Open": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": text, "PolicyDocument": policy},
            },
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupName": text, "SecurityGroupIngress": [{"CidrIp": text}]},
            },
            "Nested": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": text, "Parameters": {text: text}},
            },
            "Imports": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"DisplayName": {"Fn::ImportValue": text}, "TopicName": text},
            },
        },
        "Outputs": {text: {"Description": text, "Value": text, "Export": {"Name": text}}},
    }


def pipelines(text: str) -> dict[str, Any]:
    """Return a template of pipelines that have a text for everything that they are called."""
    gate = {"Name": text, "RuleTypeId": {"Provider": text, "Category": "Rule"}}
    first = stage(text, text, BeforeEntry={"Conditions": [{"Rules": [gate]}]})
    return {
        "Resources": {
            "First": pipeline(first, stage(f"{text}2"), Name=text),
            text: pipeline(stage("Second"), Name=f"{text}2", ExecutionMode=text),
            "Opens": schedule("cron(0 9 * * ? *)", "UTC", text, opens=True, of="First"),
        }
    }


def written(body: dict[str, Any]) -> str:
    """Return a template as JSON that any editor can save."""
    return json.dumps(body, indent=1)
