"""What becomes of several pushes, and the longest wait, in every execution mode."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.timelines import (
    BUILD,
    action,
    at,
    body,
    pipeline,
    rule,
    schedule,
    stage,
    switched,
    timed,
    told,
)

from cfngen.errors import Problems
from cfngen.timeline import Durations
from cfngen.timeline.simulation import Timeline

NIGHT = ("cron(0 1 ? * * *)", "cron(0 5,6 ? * * *)", "UTC")
USUAL = Durations(build=10, deploy=5, approval=0)


def test_only_the_newest_that_waits_is_deployed() -> None:
    """In SUPERSEDED mode: the others go as the next one arrives."""
    pushes = ("2026-11-24T10:00", "2026-11-24T12:00", "2026-11-24T23:00", "2026-11-25T02:00")
    assert told(switched(*NIGHT), *pushes) == [
        "superseded by 2 at 11-24 12:00 before Deploy",
        "superseded by 3 at 11-24 23:00 before Deploy",
        "2026-11-25 01:00",
        "2026-11-25 02:00",
    ]


def test_in_queued_mode_all_are_deployed_in_turn() -> None:
    """Each takes its five minutes; a third that comes meanwhile waits for both."""
    template = switched(*NIGHT, stage("Deploy"), ExecutionMode="QUEUED")
    pushes = ("2026-11-24T10:00", "2026-11-24T12:00", "2026-11-25T01:02")
    assert told(template, *pushes, durations=Durations(0, 5, 0)) == [
        "2026-11-25 01:00",
        "2026-11-25 01:05",
        "2026-11-25 01:10",
    ]


def test_in_parallel_mode_all_are_deployed_at_once() -> None:
    """That is why it is refused together with windows."""
    template = switched(*NIGHT, stage("Deploy"), ExecutionMode="PARALLEL")
    pushes = ("2026-11-24T10:00", "2026-11-24T12:00")
    assert told(template, *pushes, durations=Durations(0, 5, 0)) == ["2026-11-25 01:00"] * 2


def test_one_that_waits_for_a_stage_to_be_free_is_superseded_as_well() -> None:
    """A stage holds one execution at a time, window or not."""
    template = body(Pipeline=pipeline(stage("Deploy")))
    pushes = ("2026-11-24T10:00", "2026-11-24T10:01", "2026-11-24T10:02", "2026-11-24T10:05")
    assert told(template, *pushes, durations=Durations(0, 5, 0)) == [
        "2026-11-24 10:00",
        "superseded by 3 at 11-24 10:02 before Deploy",
        "2026-11-24 10:05",
        "2026-11-24 10:10",
    ]


def test_a_push_that_arrives_as_the_window_opens_does_not_supersede() -> None:
    """The one that waited enters first."""
    assert told(switched(*NIGHT), "2026-11-24T10:00", "2026-11-25T01:00") == [
        "2026-11-25 01:00",
        "2026-11-25 01:00",
    ]


def test_what_was_superseded_earlier_gets_nowhere_later() -> None:
    """It says before which stage it was, also for the stages behind."""
    template = switched(*NIGHT, stage("Deploy"), stage("Last", "us-east-1"))
    pushes = ("2026-11-24T10:00", "2026-11-24T12:00")
    assert told(template, *pushes, stage="Last") == [
        "superseded by 2 at 11-24 12:00 before Deploy",
        "2026-11-25 01:00",
    ]


def two_nights() -> dict[str, Any]:
    """Return a pipeline for Dublin's night and then New York's, with schedules."""
    found = {
        "Pipeline": pipeline(
            BUILD,
            stage("Deploy-eu"),
            stage("Deploy-us", "us-east-1"),
            shut=("Deploy-eu", "Deploy-us"),
            Name={"Ref": "AWS::StackName"},
        )
    }
    for label, zone in (("eu", "Europe/Dublin"), ("us", "America/New_York")):
        name = f"Deploy-{label}"
        found[f"Open{label}"] = schedule("cron(0 1 ? * * *)", zone, name, opens=True)
        found[f"Close{label}"] = schedule("cron(0 5,6 ? * * *)", zone, name, opens=False)
    return body(**found)


def test_a_region_s_window_is_looked_at_after_the_region_before() -> None:
    """Dublin at 01:00; five minutes later New York's begins at 06:00 UTC."""
    pushes = ("2026-11-24T10:00",)
    assert told(two_nights(), *pushes, durations=USUAL, stage="Deploy-eu") == ["2026-11-25 01:00"]
    assert told(two_nights(), *pushes, durations=USUAL, stage="Deploy-us") == ["2026-11-25 06:00"]


def test_builds_approvals_and_bake_times_take_their_time() -> None:
    """Ten minutes, half an hour, then five and fifteen: deployed at 10:40, the next at 11:00."""
    alarm = {
        "Name": "quiet",
        "RuleTypeId": {"Provider": "CloudWatchAlarm"},
        "Configuration": {"AlarmName": "x", "WaitTime": "15"},
    }
    baking = {"OnSuccess": {"Conditions": [{"Result": "FAIL", "Rules": [alarm]}]}}
    asked = {"Name": "Approve", "Actions": [action("Approval/Manual")]}
    template = body(Pipeline=pipeline(BUILD, asked, stage("Deploy", **baking), stage("Last")))
    usual = Durations(build=10, deploy=5, approval=30)
    assert told(template, "2026-11-24T10:00", durations=usual) == ["2026-11-24 10:40"]
    assert told(template, "2026-11-24T10:00", durations=usual, stage="Last") == ["2026-11-24 11:00"]


def test_only_the_way_in_is_gated() -> None:
    """What begins at 04:58 goes on for five minutes, past the window's end; it says so."""
    (run,) = timed(switched(*NIGHT), "2026-11-25T04:58", durations=Durations(0, 5, 0)).runs
    assert run.entered == at("2026-11-25T04:58")
    assert run.left == at("2026-11-25T05:03")
    assert run.closes == at("2026-11-25T05:00")
    assert run.late
    (run,) = timed(switched(*NIGHT), "2026-11-25T04:55", durations=Durations(0, 5, 0)).runs
    assert not run.late


def home() -> dict[str, Any]:
    """Return a pipeline that starts one for each of two regions."""
    names = ("Eu", "Us")
    invokes = [
        action("Invoke/CodePipeline", Configuration={"PipelineName": {"Ref": f"Pipeline{name}"}})
        for name in names
    ]
    found = {"Pipeline": pipeline(BUILD, {"Name": "Start", "Actions": invokes})}
    for name, zone in zip(names, ("Europe/Dublin", "America/New_York"), strict=True):
        found[f"Pipeline{name}"] = pipeline(
            stage("Deploy"), shut=("Deploy",), Name={"Fn::Sub": f"${{AWS::StackName}}-{name}"}
        )
        for word, cron in (("Open", "cron(0 1 ? * * *)"), ("Close", "cron(0 5 ? * * *)")):
            found[f"{word}{name}"] = schedule(
                cron, zone, "Deploy", opens=word == "Open", of=f"Pipeline{name}"
            )
    return body(**found)


def test_pipelines_that_are_started_by_one_wait_for_none_but_it() -> None:
    """Both have the push ten minutes later, and New York's window is not behind Dublin's."""
    found = timed(home(), "2026-11-25T02:00", durations=USUAL)
    entered = {run.pipeline: run.entered for run in found.runs}
    assert entered == {
        "PipelineEu": at("2026-11-25T02:10"),
        "PipelineUs": at("2026-11-25T06:00"),
    }
    assert [p.id for p in found.model.roots] == ["Pipeline"]
    assert found.model.pipelines["PipelineEu"].name == "release-Eu"


def test_a_pipeline_that_deploys_and_starts_another_is_told_once() -> None:
    """A canary at home, then the other's region; each stage has one longest wait."""
    invoke = action("Invoke/CodePipeline", Configuration={"PipelineName": {"Ref": "Other"}})
    template = body(
        Pipeline=pipeline(stage("Canary"), {"Name": "Start", "Actions": [invoke]}),
        Other=pipeline(stage("Deploy", "us-east-1")),
    )
    found = timed(template, "2026-11-24T10:00", durations=USUAL)
    assert [(w.pipeline, w.stage.name) for w in found.longest_waits] == [
        ("Pipeline", "Canary"),
        ("Other", "Deploy"),
    ]
    assert longest(found)["Other", "Deploy"][0] == timedelta(minutes=5)


def test_each_started_pipeline_supersedes_by_itself() -> None:
    """Dublin deploys both, New York only the second."""
    found = timed(home(), "2026-11-25T02:00", "2026-11-25T04:00", durations=USUAL)
    told_ = {(run.pipeline, run.push): run.status for run in found.runs}
    assert told_ == {
        ("PipelineEu", 1): "deploys",
        ("PipelineEu", 2): "deploys",
        ("PipelineUs", 1): "superseded",
        ("PipelineUs", 2): "deploys",
    }


def test_storing_something_is_no_deployment() -> None:
    """A stage that puts what was built into a bucket is in no list, and takes no time."""
    store = {"Name": "Store", "Actions": [action("Deploy/S3")]}
    found = timed(
        body(Pipeline=pipeline(store, stage("Deploy"))), "2026-11-24T10:00", durations=USUAL
    )
    assert [(run.stage.name, run.entered) for run in found.runs] == [
        ("Deploy", at("2026-11-24T10:00"))
    ]


def test_pushes_are_put_in_order_and_one_moment_is_one_push() -> None:
    """However they are given."""
    found = timed(switched(*NIGHT), "2026-11-24T12:00", "2026-11-24T10:00", "2026-11-24T12:00")
    assert found.pushes == (at("2026-11-24T10:00"), at("2026-11-24T12:00"))


# --- the longest wait ---


def longest(found: Timeline) -> dict[tuple[str, str], tuple[timedelta | None, Any]]:
    """Return the longest waits by pipeline and stage."""
    return {(w.pipeline, w.stage.name): (w.wait, w.push) for w in found.longest_waits}


def test_the_longest_wait_is_that_of_a_push_that_came_just_too_late() -> None:
    """Open from one to five each day: twenty hours, and the build, whose ten minutes are lost.

    Of a push at 04:50 the build is done at 05:00, as it closes.
    """
    template = switched(*NIGHT, BUILD, stage("Deploy"))
    found = longest(timed(template, "2026-11-24T10:00", durations=USUAL))
    wait, push = found["Pipeline", "Deploy"]
    assert wait == timedelta(hours=20, minutes=10)
    assert push == at("2026-11-25T04:50")


def test_a_night_that_clocks_skip_makes_the_longest_wait_longer() -> None:
    """In Dublin it is not opened on 2027-03-28: from 05:00 of the 27th to 01:00 of the 29th.

    That is from 05:00 UTC to 00:00 UTC: 43 hours.
    """
    template = switched("cron(0 1 ? * * *)", "cron(0 5,6 ? * * *)", "Europe/Dublin")
    wait, push = longest(timed(template, "2026-11-24T10:00"))["Pipeline", "Deploy"]
    assert wait == timedelta(hours=43)
    assert push == at("2027-03-27T05:00")


def test_without_windows_nothing_waits() -> None:
    """The build takes its ten minutes."""
    template = body(Pipeline=pipeline(BUILD, stage("Deploy")))
    found = longest(timed(template, "2026-11-24T10:00", durations=USUAL))
    assert found["Pipeline", "Deploy"] == (timedelta(minutes=10), at("2026-11-24T10:00"))


def test_what_never_opens_again_is_waited_for_for_ever() -> None:
    """A push after the last opening; and the stages behind are not reached, either."""
    template = switched("cron(0 1 ? * * 2026)", "cron(0 5 ? * * *)", "UTC")
    wait, push = longest(timed(template, "2026-11-24T10:00"))["Pipeline", "Deploy"]
    assert wait is None
    assert push == at("2026-12-31T05:00")


BRUTE = [
    ("two nights", two_nights(), 0),
    ("two nights in spring", two_nights(), 100),
    ("a pipeline for each", home(), 100),
    (
        "a rule and a schedule",
        switched(*NIGHT, BUILD, stage("Deploy"), stage("Last", **rule("* 30-59 7,4 ? * MON *"))),
        0,
    ),
]


@pytest.mark.parametrize(
    ("template", "days"), [case[1:] for case in BRUTE], ids=[case[0] for case in BRUTE]
)
def test_no_push_of_any_minute_waits_longer(
    template: Any, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within eight days, each minute is tried; and one of them waits exactly as long."""
    monkeypatch.setattr("cfngen.timeline.longest_waits.YEAR", timedelta(days=8))
    start = at("2026-12-12T00:00") + timedelta(days=days)
    found = longest(timed(template, start.isoformat()[:16], durations=USUAL))
    worst: dict[tuple[str, str], timedelta] = {}
    whole = timed(template, start.isoformat()[:16], durations=USUAL)
    for minute in range(8 * 24 * 60 + 1):
        push = start + timedelta(minutes=minute)
        for path in paths(whole):
            moment = push
            for pipeline_, stage_ in path:
                hours = whole.hours.get((pipeline_.id, stage_.name))
                entered = hours.entry(moment) if hours else moment
                assert entered
                moment = entered
                key = (pipeline_.id, stage_.name)
                if stage_.deploys:
                    worst[key] = max(worst.get(key, timedelta()), moment - push)
                moment += timedelta(minutes=stage_.minutes)
    assert {key: wait for key, (wait, _) in found.items()} == worst


def paths(found: Timeline) -> list[Any]:
    """Return the ways from a push to a deployment."""
    return found.model.paths()


# --- what cannot be timed ---


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (body(), "release: has no AWS::CodePipeline::Pipeline"),
        ([], "release: has no AWS::CodePipeline::Pipeline"),
        ({"Resources": {"X": "nonsense"}}, "release: has no AWS::CodePipeline::Pipeline"),
        (
            switched("rate(1 day)", "cron(0 5 ? * * *)", "UTC"),
            "release: Open: 'rate(1 day)' is not cron(…) with six fields",
        ),
        (
            switched("cron(0 1 ? * * *)", "cron(0 5 ? * * *)", "PST"),
            "release: Open: 'PST' is not UTC, nor a time zone",
        ),
        (
            body(
                Pipeline=pipeline(stage("Deploy")),
                Open=schedule("cron(0 1 ? * * *)", "UTC", "Deply", opens=True),
            ),
            "release: Pipeline has no stage 'Deply', which is opened or closed",
        ),
        (
            body(Pipeline=pipeline(stage("Deploy", **rule("* 1-4 * * *")))),
            "release: Pipeline: stage Deploy: '* 1-4 * * *' is not a cron expression of six",
        ),
        (
            body(Pipeline=pipeline(stage("Deploy", **rule("* * 1-4 ? * * *", "CST")))),
            "release: Pipeline: stage Deploy: 'CST' is not UTC, nor a time zone",
        ),
        (
            body(Pipeline=pipeline({"Fn::If": ["A", {}, {}]})),
            "release: Pipeline: its stages cannot be read here: one has no Name; write",
        ),
        (
            body(
                Pipeline=pipeline(
                    {
                        "Name": "Start",
                        "Actions": [
                            action(
                                "Invoke/CodePipeline",
                                Configuration={"PipelineName": {"Ref": "Pipeline"}},
                            )
                        ],
                    }
                )
            ),
            "release: Pipeline: circular dependency: it starts itself, directly",
        ),
    ],
)
def test_what_cannot_be_timed_is_refused_in_words(template: Any, words: str) -> None:
    """Which resource, what is wrong with it; and no traceback."""
    with pytest.raises(Problems) as refused:
        timed(template, "2026-11-24T10:00")
    assert any(words in problem for problem in refused.value.problems), refused.value.problems


def test_stages_and_actions_may_depend_on_conditions() -> None:
    """The first version of a stage is timed, and said; actions in two versions count once."""
    build, other = action("Build/CodeBuild"), action("Build/CodeBuild", Name="Other")
    built = {"Name": {"Fn::ImportValue": "Name"}, "Actions": [{"Fn::If": ["Slow", build, other]}]}
    deployed = {"Fn::If": ["Live", stage("Deploy"), {"Ref": "AWS::NoValue"}]}
    template = body(Pipeline=pipeline(built, deployed))
    template["Conditions"] = {c: {"Fn::Equals": [{"Ref": c}, "x"]} for c in ("Slow", "Live")}
    template["Parameters"] = {c: {"Type": "String"} for c in ("Slow", "Live")}
    result = timed(template, "2026-11-24T10:00", durations=Durations())
    (*_, first, second) = result.model.pipelines["Pipeline"].stages
    assert (first.name, first.minutes) == ("${Fn::ImportValue Name}", 10)
    assert (second.name, second.deploys) == ("Deploy", True)
    note = "Pipeline: the stage Deploy is timed as if Live is true"
    assert note in result.model.notes


def test_all_that_cannot_be_timed_is_said_at_once() -> None:
    """Both schedules, in one go."""
    with pytest.raises(Problems) as refused:
        timed(switched("rate(1 day)", "at(2026)", "UTC"), "2026-11-24T10:00")
    assert len(refused.value.problems) == 2


def test_what_is_supposed_is_noted() -> None:
    """That the rule waits, that other rules let it in, that other schedules are not ours."""
    window = rule("* * 1-4 ? * * *")
    window["BeforeEntry"]["Conditions"][0]["Rules"].append(
        {"Name": "busy", "RuleTypeId": {"Provider": "CloudWatchAlarm"}, "Configuration": {}}
    )
    template = body(
        Pipeline=pipeline(stage("Deploy", **window)),
        Other=schedule("cron(0 1 ? * * *)", "UTC", "Deploy", opens=True, of="Elsewhere"),
    )
    notes = timed(template, "2026-11-24T10:00").model.notes
    assert (
        "it is assumed, not verified, that executions wait for the rule DeploymentWindow" in notes
    )
    assert "Pipeline: stage Deploy: the rule busy is assumed to succeed" in notes
    assert "Other opens or closes a stage of a pipeline elsewhere" in notes
