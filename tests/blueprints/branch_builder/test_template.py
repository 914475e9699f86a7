"""What the branch builder's template promises, asserted on it as data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cfngen_blueprints.worker_image.image import files
from support.branches import BLUEPRINT
from support.cloudformation import resolved

from cfngen import Payloads, synthesize
from cfngen.authoring.options import option_problems
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.linting.rules.budgets import over_budget
from cfngen.patterns.build_permissions import DENIED, NOT_ALLOWED
from cfngen.project.registry import find
from cfngen.testing import of_type, references, statements

OURS = Payloads("cfngen_blueprints.branch_builder")
IN_IMAGE = Payloads("cfngen_blueprints.worker_image")
SHAPES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "direct": {"mode": "direct"},
    "each": {"projects": "repository", "repositories": ["shop", "web.app", "web-app"]},
    "direct each": {"mode": "direct", "projects": "repository", "repositories": ["shop", "web"]},
    "existing": {"existing_projects": True, "newest_only": True},
    "existing each": {
        "existing_projects": True,
        "projects": "repository",
        "repositories": ["shop", "web"],
    },
    "direct existing": {"mode": "direct", "existing_projects": True},
    "account": {"other_account": True, "pull_requests": "approve"},
    "much": {
        "pull_requests": "approve",
        "newest_only": True,
        "network": "own",
        "spot": True,
        "privileged": True,
        "architecture": "x86_64",
        "exclude": ["test"],
    },
    "one template": {"image": "build"},
    "failures": {"results": "failures", "pull_requests": "comment"},
}
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)
REPORTS = [
    f"codebuild:{action}"
    for action in (
        *("CreateReportGroup", "CreateReport", "UpdateReport"),
        *("BatchPutTestCases", "BatchPutCodeCoverages"),
    )
]
GROUPS = "arn:aws:codebuild:us-east-2:123456789012:report-group"
VARIABLES = ["REPOSITORY_NAME", "BRANCH_NAME", "COMMIT_ID", "OUTPUT_LOCATION"]


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def listed(value: Any) -> list[Any]:
    """Return a list of one or more."""
    return value if isinstance(value, list) else [value]


def policies(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """Return a role's statements."""
    found = template["Resources"][role]["Properties"]["Policies"]
    return [statement for _, statement in statements(found)]


def may(template: dict[str, Any], role: str, given: Mapping[str, Any] = {}) -> dict[str, set[str]]:
    """Return what a role is allowed: each action with its resources."""
    found: dict[str, set[str]] = {}
    for statement in policies(template, role):
        if statement["Effect"] == "Allow":
            for action in listed(statement["Action"]):
                on = listed(
                    resolved(statement["Resource"], {"Repositories": "*", **given}, template)
                )
                found.setdefault(action, set()).update(on)
    return found


def starter(template: dict[str, Any]) -> str:
    """Return the role that starts builds."""
    return "WorkerRole" if "WorkerRole" in template["Resources"] else "StartRole"


# --- least privilege ---


def test_a_build_may_do_next_to_nothing() -> None:
    """Its own log, the bundles, the outputs: nothing that a push could use against others."""
    assert may(body(), "BuildsRole") == {
        "logs:CreateLogStream": {"<BuildsLog.Arn>"},
        "logs:PutLogEvents": {"<BuildsLog.Arn>"},
        "s3:GetObject": {"<Bundles.Arn>/*"},
        "s3:GetObjectVersion": {"<Bundles.Arn>/*"},
        "s3:GetBucketAcl": {"<Bundles.Arn>"},
        "s3:GetBucketLocation": {"<Bundles.Arn>"},
        "s3:PutObject": {"<Outputs.Arn>/*"},
        **{action: {f"{GROUPS}/mirror-Builds-*"} for action in REPORTS},
    }


def test_builds_make_test_reports_of_their_own_project_only() -> None:
    """A buildspec's `reports:` are groups that CodeBuild calls after the project."""
    template = body(**SHAPES["each"])
    for title in of_type(template, "AWS::CodeBuild::Project"):
        granted = may(template, f"{title}Role")
        for action in REPORTS:
            assert granted[action] == {f"{GROUPS}/mirror-{title}-*"}


@each_shape
def test_no_build_can_write_what_another_builds(options: dict[str, Any]) -> None:
    """Bundles are written by the worker alone."""
    template = body(**options)
    for name in of_type(template, "AWS::CodeBuild::Project"):
        if name.endswith("Builds"):
            assert "Bundles" not in references(
                [s for s in policies(template, f"{name}Role") if "PutObject" in json.dumps(s)]
            )


@pytest.mark.parametrize("shape", ["each", "direct each"])
def test_with_a_project_for_each_repositories_are_kept_apart(shape: str) -> None:
    """A build reads and writes what is its own repository's."""
    options = SHAPES[shape]
    template = body(**options)
    for name, title in (("shop", "ShopBuilds"), (options["repositories"][1], None)):
        role = f"{title or ('WebAppBuilds' if '.' in name else 'WebBuilds')}Role"
        granted = may(template, role)
        assert granted["s3:PutObject"] == {f"<Outputs.Arn>/{name}/*"}
        assert granted["logs:PutLogEvents"] == {f"<{role.removesuffix('Role')}Log.Arn>"}
        if shape == "each":
            assert granted["s3:GetObject"] == {f"<Bundles.Arn>/{name}/*"}
        else:
            assert granted["codecommit:GitPull"] == {
                f"arn:aws:codecommit:us-east-2:123456789012:{name}"
            }
    assert len(of_type(template, "AWS::CodeBuild::Project")) >= len(options["repositories"])


@pytest.mark.parametrize("asked", ["shop", "team-*", "*"])
def test_the_worker_reads_the_repositories_and_starts_builds(asked: str) -> None:
    """And takes from its queue, and writes bundles; it cannot push, nor read what it wrote."""
    assert may(body(), "WorkerRole", {"Repositories": asked}) == {
        "sqs:ReceiveMessage": {"<Pushes.Arn>"},
        "sqs:SendMessage": {"<GivenUp.Arn>"},  # what failed twice
        "sqs:DeleteMessage": {"<Pushes.Arn>"},
        "sqs:ChangeMessageVisibility": {"<Pushes.Arn>"},
        "sqs:GetQueueAttributes": {"<Pushes.Arn>"},
        "codecommit:GitPull": {f"arn:aws:codecommit:us-east-2:123456789012:{asked}"},
        "s3:PutObject": {"<Bundles.Arn>/*"},
        "s3:AbortMultipartUpload": {"<Bundles.Arn>/*"},
        "codebuild:StartBuild": {"<Builds.Arn>"},
    }


def test_stopping_builds_is_allowed_only_where_they_are_stopped() -> None:
    """With `newest_only`."""
    found = may(body(newest_only=True), "WorkerRole")
    for action in ("ListBuildsForProject", "BatchGetBuilds", "StopBuild"):
        assert found[f"codebuild:{action}"] == {"<Builds.Arn>"}


@each_shape
def test_whoever_starts_builds_can_override_nothing(options: dict[str, Any]) -> None:
    """A denial for each key that matters, and a permission that asks for the absence of others."""
    template = body(**options)
    found = [
        s for s in policies(template, starter(template)) if s["Action"] == "codebuild:StartBuild"
    ]
    allowed = [s for s in found if s["Effect"] == "Allow"]
    denied = [s["Condition"] for s in found if s["Effect"] == "Deny"]
    assert all(s["Resource"] == "*" for s in found if s["Effect"] == "Deny")
    (only,) = allowed
    assert only["Condition"] == {"Null": {f"codebuild:{key}": "true" for key in NOT_ALLOWED}}
    assert set(DENIED) == {
        *("artifacts", "environment.image", "environment.privilegedMode", "logsConfig"),
        *("secondarySources", "serviceRole", "source.buildspec"),
    }
    for key in DENIED:
        assert {"Null": {f"codebuild:{key}": "false"}} in denied
    existing = "existing_projects" in options
    names = VARIABLES[:-1] if existing else VARIABLES
    assert {
        "ForAnyValue:StringNotEquals": {"codebuild:environment.environmentVariables.name": names}
    } in denied
    (where,) = [c for c in denied if "codebuild:source.location" in json.dumps(c)]
    if "WorkerRole" in template["Resources"]:
        assert resolved(where, {}, template) == {
            "StringNotLike": {"codebuild:source.location": "<Bundles>/*"}
        }
    elif "projects" in options:
        assert where == {"Null": {"codebuild:source.location": "false"}}
    else:
        clone = "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/*"
        assert resolved(where, {}, template) == {
            "StringNotLike": {"codebuild:source.location": clone}
        }
    assert len(denied) == len(DENIED) + 2


def test_in_another_account_the_worker_has_one_way_in() -> None:
    """A role there, and no right of its own to any repository; so has the function."""
    template = body(**SHAPES["account"])
    given = {"SourceRole": "arn:reader", "SourceAnswerRole": "arn:answer"}
    worker = may(template, "WorkerRole", given)
    assert worker["sts:AssumeRole"] == {"arn:reader"}
    assert "codecommit:GitPull" not in worker
    function = next(n for n in template["Resources"] if n == "AnswerRole")
    granted = may(template, function, given)
    assert granted["sts:AssumeRole"] == {"arn:answer"}
    assert not [action for action in granted if action.startswith("codecommit:")]


def test_only_the_other_account_s_pushes_come_in() -> None:
    """The bus lets it send what CodeCommit says of repositories, and nothing else."""
    template = body(other_account=True)
    (policy,) = of_type(template, "AWS::Events::EventBusPolicy").values()
    statement = resolved(policy["Statement"], {"SourceAccount": "222233334444"}, template)
    assert statement["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}
    assert statement["Action"] == "events:PutEvents"
    assert statement["Condition"] == {
        "StringEquals": {
            "events:source": "aws.codecommit",
            "events:detail-type": "CodeCommit Repository State Change",
        }
    }


@pytest.mark.parametrize("answer", ["comment", "approve"])
def test_only_who_is_to_approve_may(answer: str) -> None:
    """A comment needs no right to approve."""
    found = may(body(pull_requests=answer), "AnswerRole", {"Repositories": "*"})
    assert ("codecommit:UpdatePullRequestApprovalState" in found) is (answer == "approve")
    assert found["codecommit:PostCommentForPullRequest"] == {
        "arn:aws:codecommit:us-east-2:123456789012:*"
    }


# --- the queue ---


def test_the_queue_keeps_an_order_and_gives_up_after_ten_deaths() -> None:
    """Encrypted; kept for 14 days. Deduplicated by content as before, or it would be replaced."""
    queues = of_type(body(), "AWS::SQS::Queue")
    pushes, given_up = queues["Pushes"], queues["GivenUp"]
    assert pushes["FifoQueue"] is given_up["FifoQueue"] is True
    assert pushes["ContentBasedDeduplication"] is True
    assert pushes["SqsManagedSseEnabled"] is given_up["SqsManagedSseEnabled"] is True
    assert pushes["RedrivePolicy"]["maxReceiveCount"] == 10
    assert pushes["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["GivenUp", "Arn"]}
    assert pushes["MessageRetentionPeriod"] == given_up["MessageRetentionPeriod"] == 1209600
    # A rule's own dead letters cannot go into a FIFO queue.
    assert "FifoQueue" not in queues["Lost"]


def test_only_our_rules_and_function_put_anything_into_the_queue() -> None:
    """Rules of earlier releases do until they are replaced in an update, after the policy."""
    template = body(repositories=["a" * 90 + str(n) for n in range(25)])
    rules = {n for n in of_type(template, "AWS::Events::Rule") if n.startswith("Push")}
    assert len(rules) > 1
    policy = of_type(template, "AWS::SQS::QueuePolicy")["PushesPolicy"]
    statement, tls_only = policy["PolicyDocument"]["Statement"]
    assert tls_only["Effect"] == "Deny"
    named = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {arn["Fn::GetAtt"][0] for arn in named} == rules


@each_shape
def test_every_target_has_a_place_for_what_it_could_not_take(options: dict[str, Any]) -> None:
    """But for that place itself."""
    template = body(**options)
    senders = set()
    for title, rule in of_type(template, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if target["Id"] == "Lost" or title == "ImageFindings":  # which tells people
                continue
            assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Lost", "Arn"]}}
            senders.add(title)
        senders |= {title} if any(t["Id"] == "Lost" for t in rule["Targets"]) else set()
    document = of_type(template, "AWS::SQS::QueuePolicy")["LostPolicy"]["PolicyDocument"]
    (statement,) = (said for said in document["Statement"] if said["Effect"] == "Allow")
    named = {arn["Fn::GetAtt"][0] for arn in statement["Condition"]["ArnEquals"]["aws:SourceArn"]}
    assert named == senders


def test_a_push_goes_by_the_function_which_queues_it() -> None:
    """A rule cannot be relied on to choose a group by what an event says, and starts nothing else.

    EventBridge tries for a day, as it does by itself.
    """
    template = body()
    for title in ("Push", "Resume"):
        (target,) = template["Resources"][title]["Properties"]["Targets"]
        assert target["Id"] == "Starter"
        assert "RetryPolicy" not in target
        assert not {"InputTransformer", "InputPath", "Input"} & set(target)
    granted = may(template, "StarterRole")
    assert granted["sqs:SendMessage"] == {"<Pushes.Arn>", "<Lost.Arn>"}


def pool_members(template: dict[str, Any]) -> list[Any]:
    """Return the outputs that are for approval rules."""
    outputs = template["Outputs"]
    return [resolved(outputs[n]["Value"], {}, template) for n in outputs if "Pool" in n]


def test_approval_rules_get_the_pool_member_that_matches() -> None:
    """A role's session in the account of the repositories, whoever approves there."""
    member = "arn:aws:sts::123456789012:assumed-role/<AnswerRole>/*"
    assert pool_members(body(pull_requests="approve")) == [member]
    assert pool_members(body(pull_requests="comment")) == []
    assert pool_members(body(**SHAPES["account"])) == []  # its role is none of that account's
    there = synthesize(find("branch_events").load(), {"pull_requests": True}).document.body
    assert pool_members(there) == [member]


@pytest.mark.parametrize("answers", ["none", "comment"])
def test_mail_can_be_of_failures_only(answers: str) -> None:
    """Pull requests are told of all ends all the same, by rules of their own."""
    template = body(results="failures", pull_requests=answers)
    rules = of_type(template, "AWS::Events::Rule")
    told = {
        target["Id"]: set(rule["EventPattern"]["detail"]["build-status"])
        for name, rule in rules.items()
        if name.startswith("Build")
        for target in rule["Targets"]
    }
    assert told["Topic"] == {"FAILED", "FAULT", "TIMED_OUT"}
    if answers == "comment":
        assert told["Answer"] == {"SUCCEEDED", "STOPPED", *told["Topic"]}
    assert set(told) == {"Topic"} | ({"Answer"} if answers == "comment" else set())


def test_every_rule_that_calls_a_function_may() -> None:
    """Each has a permission of its own."""
    template = body(**SHAPES["much"])
    wanted = {
        (title, target["Arn"]["Fn::GetAtt"][0])
        for title, rule in of_type(template, "AWS::Events::Rule").items()
        for target in rule["Targets"]
        if target["Id"] in ("Starter", "Answer")
    }
    found = {
        (p["SourceArn"]["Fn::GetAtt"][0], p["FunctionName"]["Fn::GetAtt"][0])
        for p in of_type(template, "AWS::Lambda::Permission").values()
    }
    assert (
        found
        == wanted
        == {
            ("Push", "Starter"),
            ("Resume", "Starter"),
            ("WorkerDied", "Starter"),
            ("BuildEnded", "Answer"),
        }
    )


def test_people_hear_of_what_is_stuck_lost_or_given_up() -> None:
    """An alarm for each."""
    alarms = of_type(body(), "AWS::CloudWatch::Alarm")
    assert {name: alarm["MetricName"] for name, alarm in alarms.items()} == {
        "BuilderSilent": "Invocations",
        "EventLost": "NumberOfMessagesSent",
        "PushAbandoned": "ApproximateNumberOfMessagesVisible",
        "PushGivenUp": "NumberOfMessagesSent",
        "PushWaits": "ApproximateAgeOfOldestMessage",
    }
    assert alarms["PushWaits"]["Threshold"] == {"Ref": "WaitSeconds"}
    assert set(of_type(body(mode="direct"), "AWS::CloudWatch::Alarm")) == {"EventLost"}


def test_a_bigger_disk_is_for_one_repository_at_a_time() -> None:
    """What was sized for one bundle does not have to hold eight."""
    for size, threads in ((20, []), (100, ["1"])):
        (task,) = of_type(body(ephemeral_storage=size), "AWS::ECS::TaskDefinition").values()
        (container,) = task["ContainerDefinitions"]
        told = [v["Value"] for v in container["Environment"] if v["Name"] == "THREADS"]
        assert told == threads


# --- the rest ---


@each_shape
def test_what_is_carried_is_what_is_used(options: dict[str, Any]) -> None:
    """No shape has a program that it does not run."""
    text = synthesize(BLUEPRINT, options).text
    direct, wanted = options.get("mode") == "direct", options.get("pull_requests", "none")
    for name, there in {
        **dict.fromkeys(files().keys() - {"Dockerfile"}, options.get("image") == "build"),
        "start_worker.py": not direct,
        "answer_pull_request.py": wanted != "none",
    }.items():
        payload = OURS if name in OURS.names() else IN_IMAGE
        first = str(payload[name]).partition("\n")[0]
        assert (first in text) is there, name


@each_shape
def test_direct_builds_need_no_network_and_no_image(options: dict[str, Any]) -> None:
    """Nothing of the worker is left in that shape."""
    template = body(**options)
    direct = options.get("mode") == "direct"
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    worker = {"AWS::ECS::TaskDefinition", "AWS::EC2::SecurityGroup"}
    assert worker <= kinds if not direct else not worker & kinds
    assert ("ImageParameter" in template["Parameters"]) is (
        not direct and options.get("image", "stack") == "stack"
    )
    assert ("AWS::ECR::Repository" in kinds) is (options.get("image") == "build")
    assert ("VpcId" in template["Parameters"]) is (
        not direct and options.get("network", "public") != "own"
    )


def test_logical_ids_of_projects_cannot_meet() -> None:
    """Names that differ in odd characters only, and such as look like ours."""
    names = ["a-b", "a.b", "a_b", "a-b2", "role", "worker-image", "_", "log"]
    template = body(projects="repository", repositories=names)
    projects = [n for n in of_type(template, "AWS::CodeBuild::Project") if n.endswith("Builds")]
    assert len(projects) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["branch-builder", "branch-builder-direct", "branch-events"])
def test_every_region_whose_registry_has_the_types_lints_clean(name: str, linter: Linter) -> None:
    """Where there is a finding, it is that there is no CodeBuild at all."""
    text = (Path(__file__).parents[3] / f"output/{name}.yaml").read_text()
    findings = linter.lint(text, name, ("ALL_REGIONS",))
    others = {f.message for f in findings if f.severity != INFORMATIONAL}
    assert all(
        re.match("Resource type 'AWS::CodeBuild::Project' does not exist", m) for m in others
    )
    assert len(others) < 5


# --- how many there can be ---

LISTS: dict[str, dict[str, Any]] = {
    "shared": {"newest_only": True},
    "each": {"projects": "repository", "newest_only": True, "pull_requests": "approve"},
    "existing each": {"projects": "repository", "newest_only": True, "existing_projects": True},
    "direct": {"mode": "direct", "pull_requests": "approve", "results": "failures"},
    "direct each": {"mode": "direct", "projects": "repository", "pull_requests": "comment"},
    "account": {"projects": "repository", "other_account": True, "pull_requests": "comment"},
}


def named(count: int, length: int) -> list[str]:
    """Return so many names of repositories, of so many characters."""
    return [f"{number:03}".rjust(length, "r") for number in range(count)]


def most(length: int, options: dict[str, Any]) -> int:
    """Return how many names of so many characters the options take."""
    few, many = 1, 400  # taken, and not
    while many - few > 1:
        count = (few + many) // 2
        if option_problems(
            BLUEPRINT.options_type, {**options, "repositories": named(count, length)}
        ):
            many = count
        else:
            few = count
    return few


@pytest.mark.parametrize(
    "length",
    [pytest.param(4, marks=pytest.mark.slow), 30, pytest.param(100, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("options", LISTS.values(), ids=LISTS)
def test_whatever_lists_the_options_take_aws_takes(options: dict[str, Any], length: int) -> None:
    """The longest list has patterns and policies that are not too long, and is not short."""
    count = most(length, options)
    assert count >= {4: 45, 30: 40, 100: 20}[length]
    template = body(**options, repositories=named(count, length))
    assert list(over_budget(template)) == []


def test_ends_of_builds_are_heard_of_by_as_many_rules_as_it_takes() -> None:
    """Each project is in one of them, and each of them may call the function."""
    template = body(**LISTS["each"], repositories=named(44, 20))
    rules = {
        name: rule
        for name, rule in of_type(template, "AWS::Events::Rule").items()
        if name.startswith("BuildEnded")
    }
    assert list(rules) == ["BuildEnded", "BuildEnded2"]
    listed = [n["Ref"] for r in rules.values() for n in r["EventPattern"]["detail"]["project-name"]]
    projects = set(of_type(template, "AWS::CodeBuild::Project"))
    assert len(listed) == len(set(listed)) == 44
    assert set(listed) <= projects
    called = {
        p["SourceArn"]["Fn::GetAtt"][0]
        for p in of_type(template, "AWS::Lambda::Permission").values()
        if p["FunctionName"]["Fn::GetAtt"][0] == "Answer"
    }
    assert called == set(rules)


def test_the_worker_may_stop_all_builds_however_many_projects_there_are() -> None:
    """In a policy of its own where the others leave no room, and in no second one elsewhere."""
    projects = {**LISTS["each"], "pull_requests": "none"}
    for count, apart in ((3, False), (40, True)):
        template = body(**projects, repositories=named(count, 30))
        (stops,) = (s for _, s in statements(template) if "codebuild:StopBuild" in s["Action"])
        assert len(stops["Resource"]) == count
        policies_apart = of_type(template, "AWS::IAM::ManagedPolicy")
        assert bool(policies_apart) is apart
        for policy in policies_apart.values():
            assert policy["Roles"] == [{"Ref": "WorkerRole"}]
            assert policy["PolicyDocument"]["Statement"] == [stops]


def test_no_shape_asks_how_long_logs_are_kept_that_it_does_not_have() -> None:
    """`LogDays` is asked where there is a log."""
    existing = {"mode": "direct", "existing_projects": True}
    assert "LogDays" not in body(**existing)["Parameters"]
    assert "LogDays" in body(**existing, pull_requests="comment")["Parameters"]
