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


def patterns(p: Params, options: Options) -> dict[str, Any]:
    """Return the patterns of the rules that hear of pushes, by their logical IDs."""
    detail: dict[str, Any] = {"referenceType": ["branch"], **_branches(options)}
    if options.direct and options.separate:
        found = {
            f"Push{number if number > 1 else ''}": push_pattern([name], events=EVENTS, **detail)
            for number, name in enumerate(options.repositories, start=1)
        }
    else:
        found = push_patterns(
            repositories=options.repositories,
            parameter_value=None if options.repositories else p.Repositories,
            events=EVENTS,
            **detail,
        )
    if options.other_account:
        return {title: {"account": [p.SourceAccount], **each} for title, each in found.items()}
    return found


def _branches(options: Options) -> dict[str, Any]:
    """Return what a branch has to be called.

    On one field, what is wanted and what is not would be alternatives, so they are on two.
    """
    found: dict[str, Any] = {}
    if "*" not in options.branches:
        found["referenceFullName"] = [_test(f"refs/heads/{glob}") for glob in options.branches]
    unwanted = [*options.exclude, *(HOSTILE if options.direct else ())]
    if unwanted:
        found["referenceName"] = [{"anything-but": {"wildcard": unwanted}}]
    return found


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


def add_rules(t: Template, found: Mapping[str, Any], targets: list[Target], bus: Any) -> None:
    """Add the rules that hear of pushes."""
    for title, pattern in found.items():
        on = {"EventBusName": bus} if bus else {}
        t.add(Rule(title, **on, EventPattern=pattern, Targets=targets))


def add_direct_rules(
    t: Template, options: Options, builds: Builds, found: Mapping[str, Any], lost: DeadLetters
) -> None:
    """Add the rules that start builds themselves, and the role that they hold."""
    location = None if options.separate else Sub(CLONE_URL % ("${AWS::Region}", "*"))
    held = t.add(
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
    names = options.repositories if options.separate else (EVERY,) * len(found)
    for (title, pattern), name in zip(found.items(), names, strict=True):
        target = Target(
            Id="Build",
            Arn=builds.arns[name],
            RoleArn=GetAtt(held, "Arn"),
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
        values["OUTPUT_LOCATION"] = '"s3://${Outputs}/<repository>/<branch>/<commit>"'
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
            "repository": "$.detail.repositoryName",
        },
        InputTemplate=Sub("{" + ",\n ".join(parts) + "}\n"),
    )
