"""Which pushes are built, and how events start builds by themselves."""

import json
from collections.abc import Mapping
from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere.events import (
    DeadLetterConfig,
    EventBus,
    EventBusPolicy,
    InputTransformer,
    Rule,
    Target,
)

from cfngen import Template
from cfngen.patterns import DeadLetters, role, start_as_is
from cfngen.patterns.pushes import push_pattern, push_patterns

from .builds import CLONE_URL, EVERY, VARIABLES, Builds
from .options import Options
from .parameters import Params

EVENTS = ("referenceCreated", "referenceUpdated")
# EventBridge escapes nothing of what it fills in: either would end the text that it stands in.
HOSTILE = ('*"*', r"*\\*")


def push_rules(p: Params, options: Options) -> dict[str, Any]:
    """Return the event patterns of the rules that match pushes, by their logical IDs."""
    detail: dict[str, Any] = {"referenceType": ["branch"], **_branches(options)}
    if options.direct and options.separate:
        rules = {
            f"Push{number if number > 1 else ''}": push_pattern([name], events=EVENTS, **detail)
            for number, name in enumerate(options.repositories, start=1)
        }
    else:
        rules = push_patterns(
            repositories=options.repositories,
            parameter_value=None if options.repositories else p.Repositories,
            events=EVENTS,
            **detail,
        )
    if options.other_account:
        return {title: {"account": [p.SourceAccount], **each} for title, each in rules.items()}
    return rules


def _branches(options: Options) -> dict[str, Any]:
    """Return the part of a pattern that matches the names of branches.

    On one field, what is wanted and what is not would be alternatives, so they are on two.
    """
    detail: dict[str, Any] = {}
    if "*" not in options.branches:
        detail["referenceFullName"] = [_test(f"refs/heads/{glob}") for glob in options.branches]
    unwanted = [*options.exclude, *(HOSTILE if options.direct else ())]
    if unwanted:
        detail["referenceName"] = [{"anything-but": {"wildcard": unwanted}}]
    return detail


def _test(glob: str) -> Any:
    if "*" not in glob:
        return glob
    return {"prefix": glob[:-1]} if glob.index("*") == len(glob) - 1 else {"wildcard": glob}


def add_bus(t: Template) -> Any:
    """Add a bus for the other account's events; return its name, for rules."""
    bus = t.add(
        EventBus("Bus", Name=Ref("AWS::StackName")),
        reason="Has the stack's name, so that the other account can know it beforehand.",
    )
    t.add(
        EventBusPolicy(
            "BusPolicy",
            EventBusName=Ref(bus),
            StatementId="Pushes",
            Statement={
                "Effect": "Allow",
                "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${SourceAccount}:root")},
                "Action": "events:PutEvents",
                "Resource": GetAtt(bus, "Arn"),
                "Condition": {
                    "StringEquals": {
                        "events:source": "aws.codecommit",
                        "events:detail-type": "CodeCommit Repository State Change",
                    }
                },
            },
        )
    )
    return Ref(bus)


def add_rules(t: Template, options: Options, rules: Mapping[str, Any], target: Target) -> None:
    """Add the rules that match pushes, on a bus of their own for those of another account."""
    bus = {"EventBusName": add_bus(t)} if options.other_account else {}
    for title, pattern in rules.items():
        t.add(Rule(title, **bus, EventPattern=pattern, Targets=[target]))


def add_direct_rules(
    t: Template, options: Options, builds: Builds, rules: Mapping[str, Any], lost: DeadLetters
) -> None:
    """Add the rules that start builds themselves, and the role that they assume."""
    location = None if options.separate else Sub(CLONE_URL % ("${AWS::Region}", "*"))
    start_role = t.add(
        role(
            "StartRole",
            "events",
            *start_as_is(
                *builds.arns.values(),
                variables=VARIABLES if builds.outputs else VARIABLES[:-1],
                location=location,
            ),
        ),
        reason="Assumed by rules: whatever a branch is called, its build is what the project says.",
    )
    names = options.repositories if options.separate else (EVERY,) * len(rules)
    for (title, pattern), name in zip(rules.items(), names, strict=True):
        target = Target(
            Id="Build",
            Arn=builds.arns[name],
            RoleArn=GetAtt(start_role, "Arn"),
            InputTransformer=_start_build(options, builds),
            DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
        )
        t.add(Rule(title, EventPattern=pattern, Targets=[target]))


def _start_build(options: Options, builds: Builds) -> InputTransformer:
    """Return how an event becomes StartBuild's parameters.

    EventBridge puts the quotes around a value that stands alone.
    """
    values = dict(zip(VARIABLES, ("<repository>", "<branch>", "<commit>"), strict=False))
    if builds.outputs:
        # No other build knows the event's id, by which it could replace what this one makes.
        values["OUTPUT_LOCATION"] = '"s3://${Outputs}/<repository>/<branch>/<commit>/<event>"'
    variables = ",\n  ".join(
        f'{{"name": "{name}", "type": "PLAINTEXT", "value": {value}}}'
        for name, value in values.items()
    )
    parts = ['"sourceVersion": <commit>']
    if not options.separate:
        url = json.dumps(CLONE_URL % ("${AWS::Region}", "<repository>"))
        parts += ['"sourceTypeOverride": "CODECOMMIT"', f'"sourceLocationOverride": {url}']
    parts.append(f'"environmentVariablesOverride": [\n  {variables}\n ]')
    return InputTransformer(
        InputPathsMap={
            "branch": "$.detail.referenceName",
            "commit": "$.detail.commitId",
            **({"event": "$.id"} if builds.outputs else {}),
            "repository": "$.detail.repositoryName",
        },
        InputTemplate=Sub("{" + ",\n ".join(parts) + "}\n"),
    )
