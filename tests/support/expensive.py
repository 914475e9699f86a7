"""Templates that are small, or flat, and cost whoever reads them a great deal."""

from __future__ import annotations

import json
from typing import Any

from support.timelines import pipeline, stage

BUCKET = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n"


def named(value: str) -> str:
    """Return a bucket whose name is a value of YAML."""
    return f"{BUCKET}    Properties:\n      BucketName: {value}\n"


def merged(levels: int) -> str:
    """Return mappings that each merge the one before twice."""
    lines = [
        f"  a{number}: &a{number} {{<<: [*a{number - 1}, *a{number - 1}]}}\n"
        for number in range(1, levels + 1)
    ]
    return f"{BUCKET}Metadata:\n  a0: &a0 {{x: 1}}\n{''.join(lines)}"


def merged_often() -> str:
    """Return many mappings that each merge a large one."""
    large = ", ".join(f"k{number}: 1" for number in range(2_000))
    lines = "".join(f"  b{number}: {{<<: *a}}\n" for number in range(200))
    return f"{BUCKET}Metadata:\n  a: &a {{{large}}}\n{lines}"


# Refused by everything that reads a template, and in one line.
REFUSED = {
    "nested lists": named("[" * 100_000 + "]" * 100_000),
    "nested dashes": f"{BUCKET}    Metadata:\n      {'- ' * 100_000}a\n",
    "nested mappings": named("{a: " * 50_000 + "1" + "}" * 50_000),
    "nested JSON": json.dumps({"Resources": {"A": 1}}).replace("1", "[" * 100_000 + "]" * 100_000),
    "nested JSON with tabs": '{"Resources":\t' + "[" * 100_000 + "]" * 100_000 + "}",
    "hexadecimal number": named("0x" + "f" * 100_000),
    "number of minutes": named("1" + ":59" * 250_000),
    "number of minutes with a fraction": named("1" + ":59" * 20_000 + ".5"),
    "decimal number": named("7" * 100_000),
    "merges of merges": merged(30),
    "merges of one": merged_often(),
}


def flat(count: int) -> dict[str, str]:
    """Return templates with one thing that is wide, by what that is."""
    texts = [str(number) for number in range(count)]
    tags = [{"Key": text, "Value": "a"} for text in texts[: count // 5]]
    rules = [{"IpProtocol": "tcp", "CidrIp": f"10.0.0.{n}/32"} for n in range(count // 20)]
    actions = [f"s3:Get{text}" for text in texts[: count // 5]]
    statement = {"Effect": "Allow", "Action": actions, "Resource": texts[: count // 5]}
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
    few = texts[: count // 20]
    return {
        "list in YAML": named(f"[{'1,' * count}1]"),
        "block in YAML": named("\n" + "      - a\n" * count),
        "list of numbers": _bucket(Tags=[1] * count),
        "list of texts": _bucket(Tags=texts),
        "tags": _bucket(Tags=tags),
        "mapping": _bucket(**dict.fromkeys(texts[: count // 3], 1)),
        "joined": _bucket(BucketName={"Fn::Join": ["", [{"Ref": "P"}] * (count // 3)]}),
        "substituted": _bucket(BucketName={"Fn::Sub": "${P}" * (count // 3)}),
        "split": _bucket(Tags={"Fn::Split": [",", "a," * count]}),
        "long text": _bucket(BucketName="a" * count * 5),
        "imports": _bucket(Tags=[{"Fn::ImportValue": text} for text in few]),
        "policy": _all({"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}}),
        "rules": _all({"G": _of("AWS::EC2::SecurityGroup", SecurityGroupIngress=rules)}),
        "resources": _all({f"R{text}": {"Type": "AWS::SNS::Topic"} for text in few}),
        "names": _all({f"R{t}": _of("AWS::S3::Bucket", BucketName=f"b-{t}") for t in few}),
        "roles": _all({f"R{t}": _of("AWS::IAM::Role", RoleName=f"r-{t}") for t in few}),
        "parameters": _all(
            {"A": {"Type": "AWS::SNS::Topic"}}, Parameters=_each(few, Type="String")
        ),
        "outputs": _all({"A": {"Type": "AWS::SNS::Topic"}}, Outputs=_each(few, Value="a")),
        "transforms": _all({"A": {"Type": "AWS::SNS::Topic"}}, Transform=texts[: count // 5]),
    }


def timed(count: int) -> dict[str, str]:
    """Return templates of pipelines with one thing that there is much of."""
    stages = [stage(f"S{number}") for number in range(count // 150)]
    starts = [
        {"Actions": [_starting(f"P{number + 1}"), _starting(f"P{number + 1}")], "Name": "Start"}
        for number in range(40)
    ]
    row = {f"P{number}": pipeline(start) for number, start in enumerate(starts)}
    circle = {
        f"P{number}": pipeline({"Name": "Start", "Actions": [_starting(f"P{(number + 1) % 500}")]})
        for number in range(500)
    }
    return {
        "stages": _all({"P": pipeline(*stages)}),
        "pipelines": _all({f"P{n}": pipeline(stage("S")) for n in range(count // 300)}),
        "each starts the next twice": _all({**row, "P40": pipeline(stage("S"))}),
        "each starts the next, in a circle": _all(circle),
        "windows of a minute": _all({"P": pipeline(*_gated(20, "0 0/2 * ? * * *"))}),
        "windows of a day": _all({"P": pipeline(*_gated(90, "0 0 9 ? * MON-FRI *"))}),
        "list beside": _all({"P": pipeline(stage("S"))}, Metadata={"a": [1] * count}),
    }


def _starting(name: str) -> dict[str, Any]:
    kind = {"Category": "Invoke", "Provider": "CodePipeline", "Owner": "AWS", "Version": "1"}
    return {"Name": "a", "ActionTypeId": kind, "Configuration": {"PipelineName": {"Ref": name}}}


def _gated(count: int, cron: str) -> list[dict[str, Any]]:
    kind = {"Category": "Rule", "Provider": "DeploymentWindow"}
    rule = {"Name": "r", "RuleTypeId": kind, "Configuration": {"Cron": cron, "TimeZone": "UTC"}}
    gate = {"Conditions": [{"Rules": [rule]}]}
    return [stage(f"S{number}", BeforeEntry=gate) for number in range(count)]


def _of(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def _bucket(**properties: Any) -> str:
    return _all({"A": _of("AWS::S3::Bucket", **properties)})


def _each(names: list[str], **about: Any) -> dict[str, Any]:
    return {f"N{name}": about for name in names}


def _all(resources: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Resources": resources, **more})
