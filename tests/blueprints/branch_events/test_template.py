"""What the other account lets in and out, asserted on the template as data."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

import pytest
from support import aws_events
from support.branches import BLUEPRINT as BUILDER
from support.cloudformation import resolved

from cfngen import synthesize
from cfngen.errors import Problems
from cfngen.project.registry import find
from cfngen.testing import of_type, statements

if TYPE_CHECKING:
    from support.eventbridge import EventBridge

BLUEPRINT = find("branch_events").load()
GIVEN = {
    "BuilderAccount": "222233334444",
    "BuilderRegion": "eu-west-1",
    "BuilderStack": "branch-builder",
    "Repositories": "team-*",
}


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template, with what the deployment fills in."""
    found: dict[str, Any] = resolved(synthesize(BLUEPRINT, options).document.body, GIVEN)
    return found


def test_pushes_to_branches_are_sent_to_the_builder_s_bus(eventbridge: EventBridge) -> None:
    """And nothing else is; the bus is the one that the builder's stack makes."""
    (rule,) = of_type(body(), "AWS::Events::Rule").values()
    pushes = aws_events.pushes("team-x")
    seen = {k for k, event in pushes.items() if eventbridge.matches(rule["EventPattern"], event)}
    assert seen == {"branch created", "branch updated", "branch merged"}
    for event in (*aws_events.OTHERS.values(), *aws_events.pushes("other").values()):
        assert not eventbridge.matches(rule["EventPattern"], event)
    (target,) = rule["Targets"]
    assert target["Arn"] == "arn:aws:events:eu-west-1:222233334444:event-bus/branch-builder"
    assert target["RoleArn"] == "<SendRole.Arn>"
    assert target["DeadLetterConfig"] == {"Arn": "<Lost.Arn>"}
    # Another account's bus takes events as they are.
    assert not {"Input", "InputPath", "InputTransformer"} & set(target)
    (bus,) = of_type(
        synthesize(BUILDER, {"other_account": True}).document.body, "AWS::Events::EventBus"
    ).values()
    assert bus["Name"] == {"Ref": "AWS::StackName"}


def test_only_the_builder_s_roles_may_read() -> None:
    """Their names begin with the stack's and their own, as CloudFormation makes them."""
    template = body(pull_requests=True)
    for mine, theirs in (("ReaderRole", "WorkerRole"), ("AnswerRole", "AnswerRole")):
        role = template["Resources"][mine]["Properties"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}
        like = trust["Condition"]["ArnLike"]["aws:PrincipalArn"]
        there = "arn:aws:iam::222233334444:role/branch-builder-"
        assert fnmatch.fnmatchcase(f"{there}{theirs}-1ABC", like)
        assert not fnmatch.fnmatchcase(f"{there}BuildsRole-1ABC", like)
    builder = synthesize(BUILDER, {"other_account": True, "pull_requests": "approve"}).document.body
    assert {"WorkerRole", "AnswerRole"} <= set(of_type(builder, "AWS::IAM::Role"))


def allowed_actions(statement: dict[str, Any]) -> list[str]:
    """Return a statement's actions, of which one may stand alone."""
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else actions


def test_readers_pull_and_answerers_answer() -> None:
    """Neither can push, and without being asked for nobody answers."""
    template = body(pull_requests=True)
    granted = {
        name: {
            action
            for _, statement in statements(role.get("Policies", []))
            for action in allowed_actions(statement)
        }
        for name, role in of_type(template, "AWS::IAM::Role").items()
    }
    assert granted == {
        "SendRole": {"events:PutEvents"},
        "ReaderRole": {"codecommit:GitPull"},
        "AnswerRole": {
            "codecommit:GetPullRequest",
            "codecommit:ListPullRequests",
            "codecommit:PostCommentForPullRequest",
            "codecommit:UpdatePullRequestApprovalState",
        },
    }
    assert "AnswerRole" not in of_type(body(), "AWS::IAM::Role")


def test_listed_repositories_are_those_that_may_be_read() -> None:
    """By name, in this account and region."""
    template = body(repositories=["shop", "team-*"])
    (statement,) = [s for _, s in statements(template["Resources"]["ReaderRole"]["Properties"][
        "Policies"])]  # fmt: skip
    assert statement["Resource"] == [
        "arn:aws:codecommit:us-east-2:123456789012:shop",
        "arn:aws:codecommit:us-east-2:123456789012:team-*",
    ]


@pytest.mark.parametrize(
    ("repositories", "words"),
    [(["a b"], "'a b'"), ([f"{n:03}{'x' * 90}" for n in range(80)], "IAM takes 10,240")],
)
def test_what_cannot_be_is_refused(repositories: list[str], words: str) -> None:
    """In words that say what would be right."""
    with pytest.raises(Problems, match=words):
        synthesize(BLUEPRINT, {"repositories": repositories})
