"""What a pipeline is refused for, whoever draws it."""

from __future__ import annotations

from typing import Any

import pytest
from troposphere import Ref
from troposphere.codepipeline import (
    BeforeEntryConditions,
    Condition,
    DisableInboundStageTransitions,
    FailureConditions,
    GitBranchFilterCriteria,
    GitConfiguration,
    GitPushFilter,
    PipelineTriggerDeclaration,
    RetryConfiguration,
    Stages,
    SuccessConditions,
)

from cfngen.errors import PipelineError
from cfngen.patterns import role
from cfngen.patterns.pipelines import action, artifact_store, pipeline, rule

ROLE = role("PipelineRole", "codepipeline")
WINDOW = {"Cron": "* * 1-4 ? * * *", "TimeZone": "Europe/Dublin"}
SOURCE = Stages(
    Name="Source",
    Actions=[
        action("Source", "Source/S3", gives=["Code"], configuration={"S3Bucket": "b"}),
    ],
)


def deploy(name: str = "deploy", **more: Any) -> Any:
    """Return an action that executes a change set."""
    return action(
        name,
        "Deploy/CloudFormation",
        **{"configuration": {"ActionMode": "CHANGE_SET_EXECUTE"}, **more},
    )


def last(name: str = "Deploy", actions: Any = None, **more: Any) -> list[Stages]:
    """Return a source and one more stage."""
    return [SOURCE, Stages(Name=name, Actions=actions or [deploy()], **more)]


def entry(*rules: Any, result: str = "FAIL") -> BeforeEntryConditions:
    """Return a condition of entry."""
    return BeforeEntryConditions(Conditions=[Condition(Result=result, Rules=list(rules))])


def window(name: str = "window", **more: Any) -> Any:
    """Return a rule for a window."""
    return rule(name, "DeploymentWindow", {**WINDOW, **more}, region="eu-west-1")


def alarm(name: str = "alarm") -> Any:
    """Return a rule for an alarm."""
    return rule(name, "CloudWatchAlarm", {"AlarmName": "x"}, region="eu-west-1")


def trigger(*filters: Any) -> dict[str, Any]:
    """Return the property that says what starts a pipeline."""
    git = GitConfiguration(SourceActionName="Source", Push=list(filters))
    declared = PipelineTriggerDeclaration(
        ProviderType="CodeStarSourceConnection", GitConfiguration=git
    )
    return {"Triggers": [declared]}


def branches(*names: str) -> Any:
    """Return a filter of branches."""
    return GitPushFilter(Branches=GitBranchFilterCriteria(Includes=list(names)))


def closed_for(reason: Any, *stages: str) -> dict[str, Any]:
    """Return what closes stages, or the last one, for a reason."""
    names = stages or ("Deploy",)
    shut = [DisableInboundStageTransitions(StageName=name, Reason=reason) for name in names]
    return {"closed_stages": shut}


RETRY = RetryConfiguration(RetryMode="FAILED_ACTIONS")
ROLLBACK = FailureConditions(Result="ROLLBACK")
QUIET = Condition(Result="ROLLBACK", Rules=[alarm()])

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one stage": ({"stages": [SOURCE]}, "1 stages; a pipeline has 2 to 50"),
    "51 stages": (
        {"stages": [SOURCE, *(Stages(Name=f"S{n}", Actions=[deploy()]) for n in range(50))]},
        "51 stages; a pipeline has 2 to 50",
    ),
    "51 actions": (
        {"stages": last(actions=[deploy(f"a{n}") for n in range(51)])},
        "stage Deploy: 51 actions; a stage has 50 at most",
    ),
    "1,001 actions": (
        {
            "stages": [
                SOURCE,
                *(
                    Stages(Name=f"S{n}", Actions=[deploy(f"a{m}") for m in range(50)])
                    for n in range(20)
                ),
            ]
        },
        "1001 actions; a pipeline has 1000 at most",
    ),
    "two stages of one name": (
        {"stages": [*last(), *last()[1:]]},
        "stage 'Deploy' is there 2 times",
    ),
    "two actions of one name": (
        {"stages": last(actions=[deploy(), deploy()])},
        "stage Deploy: action 'deploy' is there 2 times",
    ),
    "a name too long": (
        {"stages": last(actions=[deploy("x" * 101)])},
        "cannot be a name: letters, digits and . @ - _, 100 at most (101 here)",
    ),
    "a name with a space": ({"stages": last("De ploy")}, "'De ploy' cannot be a name"),
    "a source later": (
        {"stages": last(actions=[action("again", "Source/S3", gives=["More"])])},
        "stage Deploy: action again: sources are in the first stage, and nothing else is",
    ),
    "an artifact nobody makes": (
        {"stages": last(actions=[deploy(takes=["Package"])])},
        "action deploy: takes the artifact 'Package', which nothing before it makes",
    ),
    "an artifact made beside it": (
        {
            "stages": last(
                actions=[
                    action("build", "Build/CodeBuild", takes=["Code"], gives=["Package"]),
                    deploy(takes=["Package"]),
                ]
            )
        },
        "takes the artifact 'Package', which nothing before it makes",
    ),
    "an artifact made twice": (
        {
            "stages": last(
                actions=[
                    action("one", "Build/CodeBuild", takes=["Code"], gives=["Package"]),
                    action("two", "Build/CodeBuild", takes=["Code"], gives=["Package"]),
                ]
            )
        },
        "action two: artifact 'Package' is made twice",
    ),
    "a region without a store": (
        {"stages": last(actions=[deploy(region="us-east-1")])},
        "action deploy: acts in us-east-1, which has no artifact store; add one",
    ),
    "two stores of one region": (
        {"stores": [artifact_store("eu-west-1", "a"), artifact_store("eu-west-1", "b")]},
        "is there 2 times",
    ),
    "a role for an execution": (
        {
            "stages": last(
                actions=[deploy(configuration={"ActionMode": "CHANGE_SET_EXECUTE", "RoleArn": "x"})]
            )
        },
        "action deploy: RoleArn is ignored by CHANGE_SET_EXECUTE; give it to the action that makes",
    ),
    "a value too long": (
        {"stages": last(actions=[deploy(configuration={"ParameterOverrides": "x" * 1001})])},
        "action deploy: ParameterOverrides has 1,001 characters; CodePipeline takes 1,000",
    ),
    "a window and an alarm": (
        {"stages": last(BeforeEntry=entry(window(), alarm()))},
        "stage Deploy: a window and an alarm in one entry condition: the alarm is looked at before",
    ),
    "an approval in a window": (
        {"stages": last(actions=[action("ok", "Approval/Manual")], BeforeEntry=entry(window()))},
        "stage Deploy: an approval inside a stage with a window escapes it",
    ),
    "six rules": (
        {"stages": last(BeforeEntry=entry(*(alarm(f"a{n}") for n in range(6))))},
        "stage Deploy: BeforeEntry: 6 rules; a condition has 1 to 5",
    ),
    "two conditions": (
        {
            "stages": last(
                OnSuccess=SuccessConditions(Conditions=[QUIET, QUIET]),
            )
        },
        "stage Deploy: 2 conditions in OnSuccess; there may be one",
    ),
    "a rollback at the entry": (
        {"stages": last(BeforeEntry=entry(alarm(), result="ROLLBACK"))},
        "stage Deploy: BeforeEntry: ROLLBACK cannot be its result; FAIL or SKIP can",
    ),
    "a window that is skipped": (
        {"stages": last(BeforeEntry=entry(window(), result="SKIP"))},
        "SKIP goes with rules of LambdaInvoke and VariableCheck only",
    ),
    "retry and rules": (
        {
            "stages": last(
                OnFailure=FailureConditions(
                    Result="RETRY", RetryConfiguration=RETRY, Conditions=[QUIET]
                )
            )
        },
        "stage Deploy: OnFailure: retry and rules exclude each other; choose one",
    ),
    "rollback of the first stage": (
        {
            "stages": [
                Stages(Name="Source", Actions=SOURCE.Actions, OnFailure=ROLLBACK),
                *last()[1:],
            ]
        },
        "stage Source: the first stage cannot be rolled back",
    ),
    "rollback in PARALLEL mode": (
        {"mode": "PARALLEL", "stages": last(OnFailure=ROLLBACK)},
        "stage Deploy: in PARALLEL mode nothing can be rolled back; take another mode",
    ),
    "rollback by an alarm in PARALLEL mode": (
        {"mode": "PARALLEL", "stages": last(OnSuccess=SuccessConditions(Conditions=[QUIET]))},
        "in PARALLEL mode nothing can be rolled back",
    ),
    "a window in PARALLEL mode": (
        {"mode": "PARALLEL", "stages": last(BeforeEntry=entry(window()))},
        "in PARALLEL mode all that waits for a window would deploy at once; take SUPERSEDED",
    ),
    "a closed stage in PARALLEL mode": (
        {
            "mode": "PARALLEL",
            "closed_stages": [DisableInboundStageTransitions(StageName="Deploy", Reason="x")],
        },
        "in PARALLEL mode all that waits for a window",
    ),
    "a reason with characters that are refused": (
        closed_for("Open 01:00-05:00 Europe/Dublin, MON-SUN"),
        (
            "closed stage Deploy: 'Open 01:00-05:00 Europe/Dublin, MON-SUN' cannot be its reason: "
            "letters, digits, blanks and ! @ ( ) . * ? -, 300 at most (39 here)"
        ),
    ),
    "no reason": (closed_for(""), "closed stage Deploy: '' cannot be its reason"),
    "a long reason": (closed_for("x" * 301), "300 at most (301 here)"),
    "a closed stage that is not there": (
        closed_for("x", "Test"),
        "closed stage Test: there is no such stage",
    ),
    "a stage that is closed twice": (
        closed_for("x", "Deploy", "Deploy"),
        "closed stage 'Deploy' is there 2 times",
    ),
    "an unknown zone": (
        {"stages": last(BeforeEntry=entry(window(TimeZone="PST")))},
        "stage Deploy: window: 'PST' is not UTC, nor a time zone in the form Region/City",
    ),
    "a cron of five fields": (
        {"stages": last(BeforeEntry=entry(window(Cron="* 1-4 * * *")))},
        "stage Deploy: window: '* 1-4 * * *' is not a cron expression of six or seven fields",
    ),
    "a cron with minutes": (
        {"stages": last(BeforeEntry=entry(window(Cron="0 0 9-17 ? * MON-FRI *")))},
        "'0 0 9-17 ? * MON-FRI *': write all seven fields, seconds and minutes as *",
    ),
    "a day that never comes": (
        {"stages": last(BeforeEntry=entry(window(Cron="* * 1-4 30 FEB ? *")))},
        "'* * 1-4 30 FEB ? *' never opens: there is no such day",
    ),
    "four filters": (
        trigger(*(branches(f"b{n}") for n in range(4))),
        "trigger: 4 filters of Push; CodePipeline takes 3",
    ),
    "a filter of nothing": (trigger(GitPushFilter()), "trigger: Push: say branches or tags"),
    "nine branches": (
        trigger(branches(*(f"b{n}" for n in range(9)))),
        "trigger: Branches: 9 includes; CodePipeline takes 8",
    ),
}


def made(**chosen: Any) -> Any:
    """Return a pipeline that is fine but for what is chosen."""
    stores = [artifact_store("eu-west-1", "bucket")]
    return pipeline("Release", role=ROLE, **{"stores": stores, "stages": last(), **chosen})


@pytest.mark.parametrize(("chosen", "words"), REFUSED.values(), ids=REFUSED)
def test_what_codepipeline_would_refuse_or_not_do_is_refused_at_once(
    chosen: dict[str, Any], words: str
) -> None:
    """The message names the pipeline, the stage or action, and what would do."""
    with pytest.raises(PipelineError) as refused:
        made(**chosen)
    assert any(words in problem for problem in refused.value.problems), refused.value.problems
    assert all(problem.startswith("Release: ") for problem in refused.value.problems)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """A role for an execution, a region without a store and a missing artifact, in one go."""
    configuration = {"ActionMode": "CHANGE_SET_EXECUTE", "RoleArn": "x"}
    actions = [deploy(region="us-east-1", takes=["Nothing"], configuration=configuration)]
    with pytest.raises(PipelineError) as refused:
        made(stages=last(actions=actions))
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"stages": last(BeforeEntry=entry(window()))},
        {"stages": last(BeforeEntry=entry(alarm(), alarm("other")))},
        {"stages": last(OnFailure=FailureConditions(Conditions=[QUIET]))},
        {"stages": last(OnFailure=FailureConditions(Result="RETRY", RetryConfiguration=RETRY))},
        {"mode": "PARALLEL"},
        {"mode": "QUEUED", "stages": last(OnFailure=ROLLBACK, BeforeEntry=entry(window()))},
        trigger(branches("main", "release/*")),
        closed_for("Ask (a@b.c) first! Why? *.-" + "x" * 273),
        closed_for(Ref("Reason")),
        {
            "stages": last(
                actions=[
                    action("build", "Build/CodeBuild", takes=["Code"], gives=["Package"], order=1),
                    deploy(takes=["Package"], order=2),
                ]
            )
        },
    ],
)
def test_what_codepipeline_takes_is_drawn(chosen: dict[str, Any]) -> None:
    """The same shapes without their mistakes."""
    assert made(**chosen).title == "Release"
