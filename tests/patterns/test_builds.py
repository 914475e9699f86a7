"""Build projects: those that grant themselves what they need, and what is refused of any."""

from __future__ import annotations

from typing import Any

import pytest
from awacs import secretsmanager
from troposphere import Ref

from cfngen import Template, allow
from cfngen.errors import CfngenError, PatternError
from cfngen.patterns import build_project, log_group, role, standalone_build, variable
from cfngen.testing import allowed, dangling, unused

TEXT = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"


def standalone(**changed: Any) -> Any:
    """Return a project without a source."""
    return standalone_build(
        "Build", **{"description": "Builds", "buildspec": TEXT, "days": 30} | changed
    )


def bare(**changed: Any) -> Any:
    """Return a project for a role and a log group that are there."""
    log = log_group("Log", days=30)
    given = {"description": "Builds", "buildspec": TEXT, "role": role("Role", "codebuild")}
    return build_project("Build", **given | {"log": log} | changed)


def test_a_standalone_build_is_whole() -> None:
    """Log, role and project are there, and the role may write that log and nothing else."""
    t = Template("A test")
    t.add(standalone())
    body = t.document().body
    assert list(body["Resources"]) == ["BuildLog", "BuildRole", "Build"]
    log = {"Fn::GetAtt": ["BuildLog", "Arn"]}
    assert allowed(body, "BuildRole") == {
        "logs:CreateLogStream": [log],
        "logs:PutLogEvents": [log],
    }
    assert not list(dangling(body))
    assert not list(unused(body))


def test_a_build_of_a_repository_may_pull_it_and_no_other() -> None:
    """The right is on the repository that is the project's source."""
    t = Template("A test")
    t.add(standalone(repository="app", buildspec="buildspec.yml"))
    body = t.document().body
    source = body["Resources"]["Build"]["Properties"]["Source"]
    assert source["Type"] == "CODECOMMIT"
    assert source["Location"]["Fn::Sub"].endswith("/v1/repos/app")
    (arn,) = allowed(body, "BuildRole")["codecommit:GitPull"]
    assert arn["Fn::Sub"].endswith(":app")


def test_a_shared_log_is_not_made_again() -> None:
    """The role may write the one that was given."""
    log = log_group("Log", days=30)
    project = standalone(days=None, log=log)
    assert log not in [resource for resource, _ in project.resources]
    t = Template("A test")
    t.add(log)
    t.add(project)
    assert allowed(t.document().body, "BuildRole")["logs:PutLogEvents"] == [
        {"Fn::GetAtt": ["Log", "Arn"]}
    ]


def test_a_secret_that_no_build_could_read_is_refused() -> None:
    """CodeBuild would fail every build; with the right, the same is taken."""
    token = variable("TOKEN", "app/token", "SECRETS_MANAGER")
    with pytest.raises(PatternError) as caught:
        standalone(environment=[token])
    assert str(caught.value) == (
        "standalone_build('Build'): environment: TOKEN comes from SECRETS_MANAGER, and no statement"
        " allows secretsmanager:GetSecretValue; add allow(secretsmanager.GetSecretValue, on=...)"
        " with the ARN of what it is kept in"
    )
    with pytest.raises(PatternError, match="ssm:GetParameters"):
        standalone(environment=[variable("HOST", "/app/host", "PARAMETER_STORE")])
    right = allow(secretsmanager.GetSecretValue, on=Ref("TokenArn"))
    settings = {"description": "Builds", "buildspec": TEXT, "days": 30}
    made = standalone_build("Build", right, environment=[token], **settings)
    assert made.project.Environment.EnvironmentVariables == [token]


@pytest.mark.parametrize(
    ("make", "changed", "argument", "told"),
    [
        (standalone, {"days": None}, "days", "say either days="),
        (standalone, {"log": log_group("Log", days=1)}, "days", "say either days="),
        (standalone, {"repository": "a", "source": {"Type": "S3"}}, "source", "remove one"),
        (bare, {"buildspec": "buildspec.yml"}, "buildspec", "there is no source"),
        (bare, {"architecture": "arm"}, "architecture", "did you mean 'arm64'?"),
        (bare, {"minutes": 4}, "minutes", "5 to 2160"),
        (bare, {"queued_minutes": 481}, "queued_minutes", "5 to 480"),
        (bare, {"in_pipeline": True, "source": {"Type": "S3"}}, "source", "CodePipeline provides"),
    ],
)
def test_what_codebuild_would_refuse_is_refused_with_the_argument(
    make: Any, changed: dict[str, Any], argument: str, told: str
) -> None:
    """The error says which pattern, which logical ID, which argument, and what would be right."""
    with pytest.raises(PatternError) as caught:
        make(**changed)
    assert isinstance(caught.value, CfngenError)
    assert (caught.value.title, caught.value.argument) == ("Build", argument)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"buildspec": "ci/build.yml", "in_pipeline": True},
        {"buildspec": "ci/build.yml", "source": {"Type": "CODECOMMIT", "Location": "x"}},
        {"buildspec": '{"version": 0.2, "phases": {}}'},
        {"buildspec": Ref("Buildspec"), "minutes": Ref("Minutes")},
    ],
)
def test_what_codebuild_takes_is_taken(changed: dict[str, Any]) -> None:
    """A path where there is a source, a text of one line, and what only the deployment knows."""
    assert bare(**changed).Source.BuildSpec == changed["buildspec"]
