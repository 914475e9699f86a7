"""The check of requests refuses what AWS refuses, and skips no pattern."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from support.shapes import answer_problems, model, of_header, problems, refusal, violations

from cfngen.linting.value_limits import UnreadablePatternError, beyond, compiled

CLOSING = {"pipelineName": "app", "stageName": "Live", "transitionType": "Inbound"}
BUILD = {"projectName": "app"}
# Patterns that are not of any engine's language, in services that no template of ours asks.
UNREADABLE = {
    (r"([\w!$&()*+,./:;=?@\x{60}-]|%([\dA-Fa-f]{2}|[\dA-Fa-f]?\*))+", "location"),
    (r"[\p{all}]*", "dlm"),
    (r"[a-zA-Z0-9\s'\x{0022},.:\\\/{$}\[\]=_\-\+]+", "iot-managed-integrations"),
    (r"^(\p{LD}|\p{Punct}| )+$", "ds"),
    (r"^arn:\S+:rbin:[a-z\-0-9]{0,63}:[0-9]{12}:rule/[0-9a-zA-Z]{11}{0,1011}$", "rbin"),
}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "said"),
    [
        ("codepipeline", "DisableStageTransition", CLOSING, "the request has no reason"),
        (
            *("codepipeline", "DisableStageTransition"),
            *({**CLOSING, "reason": "Open 01:00"}, "which does not match [a-zA-Z0-9!@"),
        ),
        (
            *("codepipeline", "DisableStageTransition"),
            *({**CLOSING, "reason": "a" * 301}, "reason has 301 characters, more than 300"),
        ),
        (
            *("codepipeline", "StartPipelineExecution"),
            *({"name": "bad name"}, "name is 'bad name', which does not match"),
        ),
        (
            *("codebuild", "StartBuild"),
            *({**BUILD, "timeoutInMinutesOverride": 9999}, "is 9,999, not from 5 to 2,160"),
        ),
        (
            *("codebuild", "StartBuild"),
            *({**BUILD, "computeTypeOverride": "HUGE"}, "is 'HUGE', none of BUILD_GENERAL1_SMALL"),
        ),
        (
            *("codebuild", "StartBuild"),
            *({**BUILD, "sourceVerison": "main"}, "takes no member 'sourceVerison'"),
        ),
        (
            *("codebuild", "StartBuild"),
            *({**BUILD, "sourceVersion": True}, "sourceVersion is True, not of type string"),
        ),
        (
            *("codebuild", "StartBuild"),
            *(
                {**BUILD, "environmentVariablesOverride": [{"name": "", "value": ""}]},
                "environmentVariablesOverride[0].name has 0 characters, fewer than 1",
            ),
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "a b"},
            "FunctionName is 'a b', which does not match",
        ),
        (
            *("ssm", "AddTagsToResource"),
            *(
                {
                    "ResourceType": "Parameter",
                    "ResourceId": "x",
                    "Tags": [{"Key": "", "Value": ""}],
                },
                "Tags[0].Key has 0 characters",
            ),
        ),
        (
            *("codepipeline", "CreatePipeline"),
            *({"pipeline": {}}, "pipeline has no name"),
        ),
    ],
)
def test_what_aws_refuses(service: str, operation: str, parameters: Any, said: str) -> None:
    """Each with its place."""
    assert any(said in problem for problem in problems(service, operation, parameters))


def test_what_aws_takes() -> None:
    """Nothing is wrong with it."""
    good = {**CLOSING, "reason": "Open 01.00-05.00 Europe-Dublin TUE-SAT"}
    assert problems("codepipeline", "DisableStageTransition", good) == []
    override = {**BUILD, "environmentVariablesOverride": [{"name": "A", "value": "b"}]}
    assert problems("codebuild", "StartBuild", override) == []
    assert problems("sts", "GetCallerIdentity", {}) == []


def test_a_union_takes_one_of_its_members() -> None:
    """Neither none nor two."""
    shape = model("bedrock-runtime").shape_for("ContentBlock")
    assert shape.is_tagged_union
    assert list(violations({"text": "a"}, shape, "content")) == []
    assert "exactly one of" in next(iter(violations({}, shape, "content")))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("codecommit", "CreateRepository", {}, "RepositoryNameRequiredException"),
        (
            *("codecommit", "CreateRepository"),
            *({"repositoryName": "a b"}, "InvalidRepositoryNameException"),
        ),
        (
            *("codecommit", "UpdateDefaultBranch"),
            *(
                {"repositoryName": "a", "defaultBranchName": "x" * 257},
                "InvalidBranchNameException",
            ),
        ),
        (
            *("codecommit", "CreateRepository"),
            *({"repositoryName": "a", "unknown": 1}, "ValidationException"),
        ),
        ("ssm", "PutParameter", {"Name": "a"}, "ValidationException"),
    ],
)
def test_a_refusal_has_the_operations_own_code(
    service: str, operation: str, parameters: Any, code: str
) -> None:
    """Where it has one for the member."""
    refused = refusal(service, operation, parameters)
    assert refused
    assert refused[0] == code


def test_nothing_is_refused_of_what_aws_takes() -> None:
    """Requests and answers, by the header that names their operation."""
    assert refusal("codecommit", "CreateRepository", {"repositoryName": "a"}) is None
    assert of_header("CodeCommit_20150413.CreateRepository") == ("codecommit", "CreateRepository")
    assert answer_problems("codecommit", "CreateRepository", {}) == []
    assert answer_problems("codecommit", "UpdateDefaultBranch", {"a": 1})
    assert "takes no member 'a'" in answer_problems("ssm", "GetParameter", {"a": 1})[0]


def test_an_unknown_operation_is_an_error() -> None:
    """No request is silently checked by nothing."""
    with pytest.raises(ValueError, match="no operation codebuild StartBuilds"):
        problems("codebuild", "StartBuilds", {})
    with pytest.raises(ValueError, match="no operation codebilt"):
        problems("codebilt", "StartBuild", {})


@pytest.mark.parametrize(
    ("pattern", "takes", "refuses"),
    [
        (r"[a-z]+", "ab", "ab1"),
        (r"[\w-.]+", "a-b.c", "é"),
        (r"\d+", "12", "\u0663"),
        (r"\p{L}+", "é", "1"),
        (r"[\p{Alpha}&&[^x]]+", "ab", "ax"),
        (r"a++b", "aab", "b"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF]*", "\U0001f600", "\n"),
    ],
)
def test_patterns_are_javas_and_whole(pattern: str, takes: str, refuses: str) -> None:
    """Letters of ASCII, properties of Unicode, intersections, possessive quantifiers, pairs."""
    assert list(beyond(takes, {"pattern": pattern})) == []
    assert [kind for kind, _ in beyond(refuses, {"pattern": pattern})] == ["pattern"]


@pytest.mark.slow
def test_unreadable_patterns_are_listed() -> None:
    """Of all services' models; a new one is an error where it is met, and to be listed here."""
    session, unreadable = botocore.session.get_session(), set()
    for service in session.get_available_services():
        description = session.get_service_model(service)
        for name in description.shape_names:
            pattern = description.shape_for(name).metadata.get("pattern", "")
            try:
                compiled(pattern)
            except UnreadablePatternError:
                unreadable.add((pattern, service))
    assert unreadable == UNREADABLE
