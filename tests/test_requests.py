"""What templates hand to APIs by themselves is taken by them, whatever an event brings.

Targets of rules, schedules and API Gateway's integrations make requests without a program in
between: nobody sees a refusal but an alarm, days later.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from support import drawn, shapes
from support.cloudformation import resolved
from support.mapping_templates import mapped

from cfngen import testing
from cfngen.project.registry import InstalledBlueprint

PLACEHOLDER = re.compile(r"<([^<>]+)>")
# What people call branches, for good and for evil: git takes them all.
BRANCHES = ("main", "feature/ünï-😀", "it's", "$(touch x);`id`", 'say"so', "a,b}]", "x" * 250)
REPOSITORIES = ("app", "a.b-c_d", "r" * 100)
COMMITS = ("0123456789abcdef0123456789abcdef01234567",)
# By the last part of the path into an event; what else is in one is of AWS's own making.
BROUGHT = {"referenceName": BRANCHES, "repositoryName": REPOSITORIES, "commitId": COMMITS}
ACCOUNT = "123456789012"


def filled(value: Any) -> Any:
    """Return a piece of template with a name of its own for each reference, an ARN for an ARN."""
    text = json.dumps(value)
    parts = re.findall(r'"Ref": "([^"]+)"|"Fn::GetAtt": \["([^]]+)"\]|\$\{([^!}]+)\}', text)
    names = {"".join(found).replace('", "', ".") for found in parts}
    return resolved(value, {name: standing(name) for name in names})


def standing(name: str) -> str:
    """Return what stands for a reference."""
    title = re.sub(r"[^A-Za-z0-9-]", "-", name)
    return f"arn:aws:iam::{ACCOUNT}:role/{title}" if name.endswith("Arn") else title


def of_type(entry: InstalledBlueprint, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the resources of a type in all of a blueprint's templates, each once."""
    seen = set()
    for shape in drawn.shapes(entry):
        body = json.loads(json.dumps(shape.document.body))
        for title, properties in testing.of_type(body, kind).items():
            text = json.dumps(properties, sort_keys=True)
            if text not in seen:
                seen.add(text)
                yield title, properties


def events(rule: dict[str, Any], paths: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield what an event that a rule sees can bring to a transformer, by the variables' names."""
    brought = [BROUGHT.get(path.rpartition(".")[2], ("x",)) for path in paths.values()]
    for values in itertools.product(*brought):
        given = dict(zip(paths.values(), values, strict=True))
        if all(passes(rule, path, value) for path, value in given.items()):
            yield dict(zip(paths, values, strict=True))


def passes(rule: dict[str, Any], path: str, value: str) -> bool:
    """Whether what a rule wants nothing of keeps a value out."""
    wanted: Any = rule["EventPattern"]
    for key in path.removeprefix("$.").split("."):
        wanted = wanted.get(key, {}) if isinstance(wanted, dict) else {}
    unwanted = [
        pattern.replace("\\\\", "\\")
        for entry in wanted
        if isinstance(entry, dict)
        for pattern in (entry.get("anything-but") or {}).get("wildcard", ())
    ]
    return not any(fnmatch.fnmatchcase(value, pattern) for pattern in unwanted)


def transformed(template: str, values: dict[str, str]) -> str:
    """Return what EventBridge makes of a template: a text in a text as it is, alone as JSON."""

    def one(match: re.Match[str]) -> str:
        quoted = template[: match.start()].count('"') % 2
        return values[match[1]] if quoted else json.dumps(values[match[1]], ensure_ascii=False)

    return PLACEHOLDER.sub(one, template)


def requests(rule: dict[str, Any], target: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the requests that EventBridge makes for a target: service, operation, members."""
    transformer = target.get("InputTransformer", {})
    template = filled(transformer.get("InputTemplate", "{}"))
    for values in events(rule, transformer.get("InputPathsMap", {})):
        made = json.loads(transformed(template, values))
        if ecs := target.get("EcsParameters"):
            yield "ecs", "RunTask", run_task(filled(ecs), made)
        elif isinstance(made, dict) and made:
            yield "codebuild", "StartBuild", {"projectName": "p", **made}
        else:
            yield "sns", "Publish", {"TopicArn": "x", "Message": str(made)}


def run_task(parameters: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the request that EventBridge makes of a target's parameters for ECS."""
    network = parameters["NetworkConfiguration"]["AwsVpcConfiguration"]
    return {
        "taskDefinition": parameters["TaskDefinitionArn"],
        "count": parameters["TaskCount"],
        **({"launchType": parameters["LaunchType"]} if "LaunchType" in parameters else {}),
        "networkConfiguration": {
            "awsvpcConfiguration": {key[0].lower() + key[1:]: network[key] for key in network}
        },
        "overrides": overrides,
    }


each_blueprint = pytest.mark.parametrize("entry", drawn.OURS.values(), ids=drawn.OURS)


@each_blueprint
def test_targets_of_rules_are_asked_as_they_take_it(entry: InstalledBlueprint) -> None:
    """With every name that a branch can have and the rule lets through."""
    for title, rule in of_type(entry, "AWS::Events::Rule"):
        for target in rule["Targets"]:
            for service, operation, request in requests(rule, target):
                assert shapes.problems(service, operation, request) == [], (title, request)


@each_blueprint
def test_schedules_ask_what_the_service_takes(entry: InstalledBlueprint) -> None:
    """Members in PascalCase, as EventBridge Scheduler's guide writes them for every service.

    A target that is named by its own ARN, and not by an operation, is handed no request.
    """
    for title, schedule in of_type(entry, "AWS::Scheduler::Schedule"):
        target = filled(schedule["Target"])
        if ":aws-sdk:" not in target["Arn"]:
            continue
        *_, service, call = target["Arn"].split(":")
        operation = call[0].upper() + call[1:]
        members = {name.lower(): name for name in shapes.input_of(service, operation).members}
        asked = json.loads(target["Input"])
        assert all(name[0].isupper() for name in asked), title
        request = {members.get(name.lower(), name): value for name, value in asked.items()}
        assert shapes.problems(service, operation, request) == [], (title, request)


@each_blueprint
def test_integrations_ask_what_the_service_takes(entry: InstalledBlueprint) -> None:
    """API Gateway sends the header and the body that the method maps."""
    for title, method in of_type(entry, "AWS::ApiGateway::Method"):
        integration = method.get("Integration", {})
        if integration.get("Type") != "AWS":
            continue
        header = integration["RequestParameters"]["integration.request.header.X-Amz-Target"]
        service, operation = shapes.of_header(header.strip("'"))
        assert integration["Uri"]["Fn::Sub"].endswith(f":{service}:action/{operation}")
        for text in integration["RequestTemplates"].values():
            names = re.findall(r"stageVariables\.(\w+)", text)
            sent = mapped(text, dict.fromkeys(names, "x"), 1_700_000_000_000)
            request = json.loads(sent)
            assert shapes.problems(service, operation, request) == [], (title, request)


def test_there_is_something_of_each_kind() -> None:
    """Nothing passes because nothing was looked at."""
    for kind in ("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::ApiGateway::Method"):
        assert any(True for entry in drawn.OURS.values() for _ in of_type(entry, kind)), kind


def test_a_quote_that_a_rule_lets_through_would_be_seen() -> None:
    """The values are hostile enough."""
    rule = {"EventPattern": {"detail": {}}}
    paths = {"branch": "$.detail.referenceName"}
    template = '{"name": "s3://<branch>"}'
    texts = [transformed(template, values) for values in events(rule, paths)]
    with pytest.raises(json.JSONDecodeError):
        list(map(json.loads, texts))
