"""What the multi-region pipeline's template promises, asserted on it as data."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.cloudformation import resolved
from support.pipeline_requests import requests
from support.pipelines import (
    GIVEN,
    KEY,
    NIGHT,
    SHAPES,
    THREE,
    actions,
    arn_of,
    may,
    pipelines,
    role_of,
)

from cfngen import synthesize
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.regions import regions
from cfngen.cloudformation.zones import zone
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.patterns.windows import DAYS, Window
from cfngen.project.generate import SynthesizedTemplate, size_advice
from cfngen.project.registry import find
from cfngen.testing import of_type
from cfngen.timeline import timeline

BLUEPRINT = find("multi_region_pipeline").load()
ROOT = Path(__file__).parents[3]
SHUT = "DisableInboundStageTransitions"
each_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)


def body(**options: Any) -> dict[str, Any]:
    """Return a shape's template as data."""
    found: dict[str, Any] = synthesize(BLUEPRINT, options).document.body
    return found


def deploys(pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the actions of CloudFormation."""
    return [a for _, _, a in actions(pipeline) if a["ActionTypeId"]["Provider"] == "CloudFormation"]


# --- what is handed on, and where it is kept ---


@each_shape
def test_each_artifact_is_made_before_it_is_used(options: dict[str, Any]) -> None:
    """By an earlier stage, or an earlier run order of the same one; and by one action only."""
    for pipeline in pipelines(body(**options)).values():
        made: dict[str, tuple[int, int]] = {}
        for number, _, action in actions(pipeline):
            for artifact in action.get("OutputArtifacts", []):
                assert artifact["Name"] not in made
                made[artifact["Name"]] = number, action.get("RunOrder", 1)
        used = [
            (artifact["Name"], (number, action.get("RunOrder", 1)))
            for number, _, action in actions(pipeline)
            for artifact in action.get("InputArtifacts", [])
        ]
        assert used
        for name, when in used:
            assert made[name] < when


@each_shape
def test_each_region_has_a_store_and_a_key_that_its_actions_may_use(
    options: dict[str, Any],
) -> None:
    """The bucket and the key are those of the region, and the action's role gets at both."""
    template = body(**options)
    for pipeline in pipelines(template).values():
        stores = {
            store["Region"]: resolved(store["ArtifactStore"], GIVEN)
            for store in pipeline["ArtifactStores"]
        }
        assert len(stores) == len(pipeline["ArtifactStores"])
        home = options.get("home", "eu-west-1")
        assert home in stores
        for _, _, action in actions(pipeline):
            region = action.get("Region", home)
            bucket = stores[region]["Location"]
            if not (action.get("InputArtifacts") or action.get("OutputArtifacts")):
                continue
            role = role_of(action)
            if action["ActionTypeId"]["Provider"] == "CodeBuild":
                role = "BuildRole"  # the build reads and writes, not the action that starts it
            reads = "s3:PutObject" if action.get("OutputArtifacts") else "s3:GetObject"
            assert may(template, role, reads, f"arn:aws:s3:::{bucket}/x")
            assert may(template, "PipelineRole", "s3:PutObject", f"arn:aws:s3:::{bucket}/x")
            if options.get("stores") == "parameters":
                assert "EncryptionKey" not in stores[region]
                continue
            assert bucket == f"artifact-stores-artifacts-123456789012-{region}-an"
            key = stores[region]["EncryptionKey"]
            assert key == {"Type": "KMS", "Id": f"arn:aws:kms:{region}:123456789012:key/{KEY}"}
            assert may(template, role, "kms:Decrypt", key["Id"])
            assert may(template, "PipelineRole", "kms:GenerateDataKey", key["Id"])


def test_the_build_is_told_each_region_s_bucket() -> None:
    """As in the article: LABEL_BUCKET, and besides which labels there are."""
    (project,) = of_type(body(), "AWS::CodeBuild::Project").values()
    told = {
        v["Name"]: resolved(v["Value"], GIVEN)
        for v in project["Environment"]["EnvironmentVariables"]
    }
    assert told == {
        "SERVICE": "service-x",
        "REGIONS": "eu=eu-west-1 us=us-east-1 au=ap-southeast-2",
        "EU_BUCKET": "artifact-stores-packages-123456789012-eu-west-1-an",
        "US_BUCKET": "artifact-stores-packages-123456789012-us-east-1-an",
        "AU_BUCKET": "artifact-stores-packages-123456789012-ap-southeast-2-an",
    }
    assert project["TimeoutInMinutes"] == 15
    assert project["Cache"] == {"Type": "LOCAL", "Modes": ["LOCAL_CUSTOM_CACHE"]}
    assert project["Environment"]["PrivilegedMode"] is False
    assert project["Source"] == {"Type": "CODEPIPELINE", "BuildSpec": {"Ref": "BuildSpecPath"}}


def test_what_the_build_makes_is_encrypted_as_the_rest_is() -> None:
    """By the home region's key, with the stores; by S3's own, in buckets of one's own."""
    (project,) = of_type(body(), "AWS::CodeBuild::Project").values()
    key = resolved(project["EncryptionKey"], GIVEN)
    assert key == f"arn:aws:kms:eu-west-1:123456789012:key/{KEY}"
    (project,) = of_type(body(stores="parameters"), "AWS::CodeBuild::Project").values()
    assert "EncryptionKey" not in project


def test_docker_and_arm64_change_the_build_s_cache() -> None:
    """Docker's layers are kept where Docker may run; arm64 has no local cache."""
    (docker,) = of_type(body(privileged=True), "AWS::CodeBuild::Project").values()
    assert docker["Cache"]["Modes"] == ["LOCAL_CUSTOM_CACHE", "LOCAL_DOCKER_LAYER_CACHE"]
    assert docker["Environment"]["PrivilegedMode"] is True
    (arm,) = of_type(body(architecture="arm64"), "AWS::CodeBuild::Project").values()
    assert arm["Cache"] == {"Type": "NO_CACHE"}


def test_buckets_in_a_global_namespace_have_other_names() -> None:
    """A region without account-regional names has the same name without its suffix."""
    template = body(
        source="s3", home="me-south-1", regions=[{"label": "me", "region": "me-south-1"}]
    )
    (pipeline,) = pipelines(template).values()
    (store,) = resolved(pipeline["ArtifactStores"], GIVEN)
    assert store["ArtifactStore"]["Location"] == "artifact-stores-artifacts-123456789012-me-south-1"


# --- what is done in each region ---


@each_shape
def test_each_region_gets_what_the_article_does_in_its_order(options: dict[str, Any]) -> None:
    """Infrastructure, change set, execution; and the execution is given no role."""
    for pipeline in pipelines(body(**options)).values():
        by_region: dict[str, list[dict[str, Any]]] = {}
        for action in sorted(deploys(pipeline), key=lambda found: found["RunOrder"]):
            by_region.setdefault(action["Region"], []).append(action)
        for found in by_region.values():
            modes = [action["Configuration"]["ActionMode"] for action in found]
            assert modes == ["CREATE_UPDATE", "CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"]
            infrastructure, change, execution = (action["Configuration"] for action in found)
            assert infrastructure["StackName"] == "service-x-infrastructure"
            label = found[1]["Name"].removesuffix("-change-set")
            assert change["TemplatePath"] == f"Package::{label}.yaml"
            assert change["StackName"] == execution["StackName"] == "service-x-application"
            assert change["ChangeSetName"] == execution["ChangeSetName"]
            assert infrastructure["RoleArn"] == {
                "Fn::GetAtt": ["InfrastructureExecutionRole", "Arn"]
            }
            assert change["RoleArn"] == {"Fn::GetAtt": ["ApplicationExecutionRole", "Arn"]}
            assert "RoleArn" not in execution
            assert [action["RunOrder"] for action in found] == [1, 2, 3]


def test_a_failure_in_the_second_region_leaves_the_third_alone() -> None:
    """With a stage for each region: the first stays deployed, the second is handled by its own."""
    (pipeline,) = pipelines(body(on_failure="rollback")).values()
    stages = [stage["Name"] for stage in pipeline["Stages"]]
    assert stages == ["Source", "Build", "Deploy-eu", "Deploy-us", "Deploy-au"]
    for stage in pipeline["Stages"][2:]:
        assert {action["Region"] for action in stage["Actions"]} == {
            {"eu": "eu-west-1", "us": "us-east-1", "au": "ap-southeast-2"}[stage["Name"][-2:]]
        }
        assert stage["OnFailure"] == {"Result": "ROLLBACK"}


def test_a_failure_in_the_second_region_of_one_stage_stops_all_before_the_next_order() -> None:
    """No region's change set is executed unless all of them could be made."""
    (pipeline,) = pipelines(body(layout="single_stage")).values()
    assert [stage["Name"] for stage in pipeline["Stages"]] == ["Source", "Build", "Deploy"]
    orders: dict[int, set[str]] = {}
    for action in deploys(pipeline):
        orders.setdefault(action["RunOrder"], set()).add(action["Configuration"]["ActionMode"])
    assert orders == {1: {"CREATE_UPDATE"}, 2: {"CHANGE_SET_REPLACE"}, 3: {"CHANGE_SET_EXECUTE"}}
    for order in orders:
        assert len([a for a in deploys(pipeline) if a["RunOrder"] == order]) == 3


def test_a_failure_in_the_second_region_s_pipeline_is_no_other_s() -> None:
    """Each region has a pipeline that no other waits for, and each is started at once."""
    found = pipelines(body(layout="pipelines"))
    assert list(found) == ["Pipeline", "PipelineEu", "PipelineUs", "PipelineAu"]
    for pipeline in list(found.values())[1:]:
        assert len({action["Region"] for action in deploys(pipeline)}) == 1
    starts = [a for _, s, a in actions(found["Pipeline"]) if s["Name"] == "Start"]
    assert [a["Configuration"]["PipelineName"]["Ref"] for a in starts] == list(found)[1:]
    assert {a.get("RunOrder", 1) for a in starts} == {1}


def test_failures_are_handled_as_the_region_or_the_pipeline_says() -> None:
    """A region's own choice goes before the pipeline's."""
    (pipeline,) = pipelines(
        body(
            on_failure="retry",
            regions=[
                {"label": "eu", "region": "eu-west-1"},
                {"label": "us", "region": "us-east-1", "on_failure": "stop"},
                {"label": "au", "region": "ap-southeast-2", "on_failure": "rollback"},
            ],
        )
    ).values()
    retry, stop, rollback = pipeline["Stages"][2:]
    assert retry["OnFailure"] == {
        "Result": "RETRY",
        "RetryConfiguration": {"RetryMode": "FAILED_ACTIONS"},
    }
    assert "OnFailure" not in stop
    assert rollback["OnFailure"] == {"Result": "ROLLBACK"}


def test_a_wave_is_one_stage_with_one_approval_one_window_and_alarms_in_each_region() -> None:
    """Its regions are deployed side by side; the approval comes before, in a stage of its own."""
    (pipeline,) = pipelines(body(**SHAPES["waves"])).values()
    stages = {stage["Name"]: stage for stage in pipeline["Stages"]}
    assert list(stages)[2:] == ["Approve-europe", "Deploy-europe", "Approve-us", "Deploy-us"]
    (asked,) = stages["Approve-europe"]["Actions"]
    assert asked["ActionTypeId"]["Category"] == "Approval"
    assert asked["Configuration"]["NotificationArn"] == {"Ref": "NotifyTopic"}
    assert "ie (eu-west-1), de (eu-central-1)" in asked["Configuration"]["CustomData"]
    assert "01:00-05:00 Europe/Dublin" in asked["Configuration"]["CustomData"]
    wave = stages["Deploy-europe"]
    assert [a["Name"] for a in wave["Actions"]] == [
        "ie-infrastructure", "de-infrastructure", "ie-change-set", "de-change-set", "ie-execute",
        "de-execute",
    ]  # fmt: skip
    (baked,) = wave["OnSuccess"]["Conditions"]
    assert baked["Result"] == "ROLLBACK"
    for rule, region in zip(baked["Rules"], ("eu-west-1", "eu-central-1"), strict=True):
        assert rule["Configuration"] == {"AlarmName": "errors", "WaitTime": "15"}
        assert rule["Region"] == region
    (entered,) = wave["BeforeEntry"]["Conditions"]
    assert entered["Result"] == "FAIL"
    assert [rule["Configuration"] for rule in entered["Rules"]] == [{"AlarmName": "busy"}] * 2


@each_shape
def test_nobody_approves_inside_a_window(options: dict[str, Any]) -> None:
    """A window is looked at when its stage is entered; an approval inside would escape it."""
    for pipeline in pipelines(body(**options)).values():
        shut = {t["StageName"] for t in pipeline.get("DisableInboundStageTransitions", [])}
        for stage in pipeline["Stages"]:
            kinds = {action["ActionTypeId"]["Category"] for action in stage["Actions"]}
            assert len(kinds) == 1
            if stage["Name"] in shut or "BeforeEntry" in stage:
                assert kinds == {"Deploy"}


# --- a pipeline that starts pipelines ---


def test_what_was_built_is_handed_over_under_the_execution_s_id() -> None:
    """Each region's pipeline is started with the very objects that the home pipeline stored."""
    found = pipelines(body(**SHAPES["pipelines"]))
    stored = {
        action["InputArtifacts"][0]["Name"]: action["Configuration"]
        for _, stage, action in actions(found["Pipeline"])
        if stage["Name"] == "Store"
    }
    assert set(stored) == {"Source", "Package"}
    for configuration in stored.values():
        assert configuration["Extract"] == "false"
        assert "#{codepipeline.PipelineExecutionId}" in configuration["ObjectKey"]
    for _, stage, action in actions(found["Pipeline"]):
        if stage["Name"] != "Start":
            continue
        revisions = json.loads(action["Configuration"]["SourceRevisions"])
        child = found[action["Configuration"]["PipelineName"]["Ref"]]
        sources = {a["Name"]: a for _, s, a in actions(child) if s["Name"] == "Source"}
        assert {r["actionName"] for r in revisions} == set(sources)
        for revision in revisions:
            source = sources[revision["actionName"]]
            assert revision["revisionType"] == "S3_OBJECT_KEY"
            assert revision["revisionValue"] == stored[revision["actionName"]]["ObjectKey"]
            assert (
                source["Configuration"]["S3Bucket"] == stored[revision["actionName"]]["BucketName"]
            )
            assert source["Configuration"]["AllowOverrideForS3ObjectKey"] == "true"
            assert source["Configuration"]["PollForSourceChanges"] == "false"
            assert source["OutputArtifacts"] == [{"Name": revision["actionName"]}]


def test_the_home_pipeline_may_start_the_regions_pipelines_and_no_others() -> None:
    """Their names begin with the stack's, and so its role need not list them."""
    template = body(layout="pipelines")
    names = [resolved(p["Name"], GIVEN) for p in pipelines(template).values()]
    assert names == ["release", "release-eu", "release-us", "release-au"]
    arn = "arn:aws:codepipeline:eu-west-1:123456789012:"
    start = "codepipeline:StartPipelineExecution"
    for name in names[1:]:
        assert may(template, "StartRegionsRole", start, arn + name)
    assert not may(template, "StartRegionsRole", start, f"{arn}release")
    assert not may(template, "StartRegionsRole", start, f"{arn}other-eu")


# --- many regions ---


def many(count: int, **more: Any) -> SynthesizedTemplate:
    """Draw a pipeline for the first so many regions that have CodePipeline."""
    codes = regions().codepipeline[:count]
    table = [{"label": f"r-{code}", "region": code, **more} for code in codes]
    return synthesize(BLUEPRINT, {"regions": table, "home": "eu-west-1"})


EVERYWHERE = len(regions().codepipeline)


@pytest.mark.parametrize("count", [3, 10, 20, EVERYWHERE])
def test_any_number_of_regions_builds_within_cloudformation_s_limits(count: int) -> None:
    """With a window each: at most 1 MB, 500 resources; the size is told where it matters."""
    template = many(count, window=NIGHT)
    assert len(template.document.body["Resources"]) <= 500
    assert len(template.document.body["Parameters"]) <= 200
    assert template.size <= 1_000_000
    advice = size_advice(template)
    assert (template.size > INLINE_LIMIT) == ("--s3-bucket" in advice)
    assert (template.size > INLINE_LIMIT) == (f"{template.size:,} bytes" in advice)
    (pipeline,) = pipelines(template.document.body).values()
    assert len(pipeline["Stages"]) == 2 + count


@pytest.mark.slow
def test_the_readme_tells_the_sizes() -> None:
    """To the kilobyte, for each layout and number of regions."""
    readme = (ROOT / "blueprints/multi_region_pipeline/README.md").read_text()
    rows = re.findall(r"^\| (\d+)[^|]*\| (.+) kB \| (.+) \| (\d+) kB \|$", readme, re.M)
    assert [int(row[0]) for row in rows] == [3, 10, 16, 20, EVERYWHERE]
    for count, *sizes in rows:
        for layout, said in zip(("stages", "single_stage", "pipelines"), sizes, strict=True):
            if said == "—":
                assert layout == "single_stage"
                assert int(count) > 16
                continue
            codes = regions().codepipeline[: int(count)]
            table = [{"label": f"r-{code}", "region": code, "window": NIGHT} for code in codes]
            size = synthesize(BLUEPRINT, {"regions": table, "layout": layout}).size
            assert abs(size / 1000 - float(said.removesuffix(" kB"))) < 1, (layout, count, size)


def test_imported_roles_make_room_for_pipelines_in_three_regions() -> None:
    """4,096 bytes stay free of those that go without a bucket, and the README tells the saving."""
    readme = (ROOT / "blueprints/multi_region_pipeline/README.md").read_text()
    saved = re.search(r'`roles = "stack"` reduces the size by (\d+) kB with three', readme)
    assert saved
    own, imported = (
        synthesize(BLUEPRINT, {**SHAPES["pipelines"], "roles": roles}).size
        for roles in ("own", "stack")
    )
    assert imported <= INLINE_LIMIT - 4096 < own
    assert abs((own - imported) / 1000 - float(saved[1])) < 0.5


@pytest.mark.parametrize("roles", ["own", "stack"])
@pytest.mark.parametrize("layout", ["stages", "single_stage", "pipelines"])
def test_policies_do_not_grow_with_the_regions(layout: str, roles: str) -> None:
    """A role for sixteen regions is, letter by letter, that for three."""
    codes = regions().codepipeline
    found = []
    for count in (3, 16):
        table = [{"label": f"r{n}", "region": code} for n, code in enumerate(codes[:count])]
        chosen = {"layout": layout, "home": codes[0], "source": "s3", "roles": roles}
        template = body(regions=table, **chosen)
        found.append(
            {
                name: resource
                for name, resource in template["Resources"].items()
                if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::RolePolicy")
            }
        )
    assert found[0] == found[1]


@pytest.mark.slow
def test_all_regions_lint_clean(linter: Linter) -> None:
    """A pipeline for every commercial region that has CodePipeline has no findings."""
    template = many(EVERYWHERE, window=NIGHT)
    findings = linter.lint(template.text, template.name, ("eu-west-1",))
    assert [f for f in findings if f.severity != INFORMATIONAL] == []


CREATE_ONLY = {
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::IAM::RolePolicy": ("PolicyName", "RoleName"),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::SNS::Subscription": ("TopicArn", "Protocol", "Endpoint"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::SNS::TopicPolicy": (),
    "AWS::SQS::QueuePolicy": (),
}


@pytest.mark.parametrize("roles", ["own", "stack"])
@pytest.mark.parametrize("layout", ["stages", "pipelines"])
def test_adding_a_region_replaces_nothing(layout: str, roles: str) -> None:
    """What was there keeps its logical ID, its type and all that cannot be changed in place."""
    fourth = {"label": "jp", "region": "ap-northeast-1", "window": {**NIGHT, "zone": "Asia/Tokyo"}}
    before = body(regions=THREE, layout=layout, roles=roles)
    after = body(regions=[*THREE, fourth], layout=layout, roles=roles)
    for name, resource in before["Resources"].items():
        now = after["Resources"][name]
        assert now["Type"] == resource["Type"]
        for key in CREATE_ONLY[resource["Type"]]:
            assert now.get("Properties", {}).get(key) == resource.get("Properties", {}).get(key), (
                key
            )
    for section in ("Parameters", "Outputs"):
        assert set(before[section]) <= set(after[section])
    new = set(after["Parameters"]) - set(before["Parameters"])
    assert not [name for name in new if "Default" not in after["Parameters"][name]]


# --- what is sent to AWS ---


@each_shape
def test_all_that_is_handed_to_an_api_is_what_it_takes(options: dict[str, Any]) -> None:
    """Pipelines, their closed stages, schedules and what those ask for, by AWS's own models."""
    template = body(**options)
    roles = {f"{name}.Arn": arn_of(template, name) for name in of_type(template, "AWS::IAM::Role")}
    given = {**GIVEN, **roles, "LostSwitches.Arn": "arn:aws:sqs:eu-west-1:123456789012:lost"}
    given |= {name: name for name in (*pipelines(template), "Build")}
    asked = list(requests(template, given))
    found = [f"{one.operation}: {problem}" for one in asked for problem in one.problems]
    assert not found, "\n".join(found)
    schedules = of_type(template, "AWS::Scheduler::Schedule")
    shut = [t for p in pipelines(template).values() for t in p.get(SHUT, [])]
    assert len(asked) == len(pipelines(template)) + len(shut) + 2 * len(schedules)
    assert len(schedules) == 2 * len(shut)


def test_triggers_are_as_they_were_chosen() -> None:
    """Branches with their paths are one filter, tags another; the source no longer looks itself."""
    (pipeline,) = pipelines(body(**SHAPES["filters"])).values()
    (trigger,) = pipeline["Triggers"]
    assert trigger["ProviderType"] == "CodeStarSourceConnection"
    assert trigger["GitConfiguration"] == {
        "SourceActionName": "Source",
        "Push": [
            {"Branches": {"Includes": ["main"]}, "FilePaths": {"Excludes": ["docs/**"]}},
            {"Tags": {"Includes": ["v*"]}},
        ],
    }
    assert "DetectChanges" not in pipeline["Stages"][0]["Actions"][0]["Configuration"]
    (plain,) = pipelines(body()).values()
    assert "Triggers" not in plain
    assert plain["Stages"][0]["Actions"][0]["Configuration"]["DetectChanges"] == "true"


@each_shape
def test_it_is_made_for_one_home(options: dict[str, Any]) -> None:
    """Deployed elsewhere it would look for stores that are not there; CloudFormation refuses."""
    rule = body(**options)["Rules"]["HomeRegion"]["Assertions"][0]
    home = options.get("home", "eu-west-1")
    assert resolved(rule["Assert"], {"AWS::Region": home}) is True
    assert resolved(rule["Assert"], {"AWS::Region": "us-gov-west-1"}) is False
    assert home in rule["AssertDescription"]


def test_the_longest_region_says_how_long_the_stores_name_may_be() -> None:
    """63 characters, less `-artifacts-`, an account, the region and `-an`."""
    asked = body()["Parameters"]["StoresName"]
    assert asked["MaxLength"] == 63 - len("-artifacts-123456789012-ap-southeast-2-an")
    assert "ap-southeast-2" in asked["ConstraintDescription"]
    short = body(regions=[{"label": "us", "region": "us-east-1"}], home="us-east-1")
    asked = short["Parameters"]["StoresName"]
    assert asked["MaxLength"] == 63 - len("-artifacts-123456789012-us-east-1-an")


def test_stages_of_one_pipeline_come_in_the_order_of_the_regions() -> None:
    """The list of regions reads as the order of deployments."""
    (pipeline,) = pipelines(body(regions=THREE)).values()
    order = [action["Region"] for action in deploys(pipeline)]
    assert [one for one, other in pairwise([*order, ""]) if one != other] == [
        "eu-west-1",
        "us-east-1",
        "ap-southeast-2",
    ]


@pytest.mark.parametrize("source", ["codecommit", "s3"])
def test_nothing_polls(source: str) -> None:
    """An event starts the pipeline."""
    (pipeline,) = pipelines(body(source=source)).values()
    (action,) = pipeline["Stages"][0]["Actions"]
    assert action["Configuration"]["PollForSourceChanges"] == "false"


ZONES = (
    "Europe/Dublin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Asia/Kathmandu",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns", "Australia/Lord_Howe",
    "Africa/Casablanca", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Chatham", "UTC",
)  # fmt: skip
HOURS = {
    "a night": ("01:00-05:00", DAYS),
    "over midnight": ("22:00-03:00", DAYS),
    "weekdays": ("01:00-05:00", DAYS[:5]),
    "weekend": ("00:00-24:00", DAYS[5:]),
    "evenings": ("19:00-24:00", ("SUN", "WED")),
}


@pytest.mark.slow
@pytest.mark.parametrize("windows", ["scheduler", "rule"])
@pytest.mark.parametrize(("hours", "days"), HOURS.values(), ids=HOURS)
def test_windows_in_the_template_match_the_options_in_every_time_zone(
    windows: str, hours: str, days: tuple[str, ...]
) -> None:
    """Read back from the template, each stage is open in the hours that were asked for."""
    hold_to_the_options(ZONES, windows, hours, days)


@pytest.mark.parametrize("windows", ["scheduler", "rule"])
@pytest.mark.parametrize(("hours", "days"), HOURS.values(), ids=HOURS)
def test_windows_in_the_template_match_the_options(
    windows: str, hours: str, days: tuple[str, ...]
) -> None:
    """The same, east and west of Greenwich."""
    hold_to_the_options(("Asia/Kathmandu", "America/St_Johns"), windows, hours, days)


def hold_to_the_options(
    zones: tuple[str, ...], windows: str, hours: str, days: tuple[str, ...]
) -> None:
    """Compare a template's windows with the options, in each zone.

    Eight days in January are looked at, in which no clocks change.
    """
    start = datetime(2027, 1, 4, tzinfo=UTC)
    for chosen in zones:
        window = {"zone": chosen, "hours": hours, "days": list(days)}
        table = [{"label": "eu", "region": "eu-west-1", "window": window}]
        found = timeline(body(regions=table, windows=windows), [start])
        opening = found.hours["Pipeline", "Deploy-eu"]
        asked = Window(**{**window, "days": days})
        for step in range(0, 8 * 24 * 60, 30):
            moment = start + timedelta(minutes=step)
            local = moment.astimezone(zone(chosen))
            minute = local.hour * 60 + local.minute
            today, before = DAYS[local.weekday()], DAYS[local.weekday() - 1]
            meant = (today in days and asked.begins <= minute < asked.ends) or (
                before in days and minute + 24 * 60 < asked.ends
            )
            assert (opening.entry(moment) == moment) == meant, (chosen, local)
