"""What the multi-region pipeline refuses at build time, in the words a user reads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cfngen_blueprints.multi_region_pipeline.checks import TAKEN

from cfngen import synthesize
from cfngen.authoring.options import option_problems
from cfngen.cloudformation.regions import regions
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.project.registry import find

BLUEPRINT = find("multi_region_pipeline").load()

DUBLIN = {"zone": "Europe/Dublin", "hours": "01:00-05:00"}
NEW_YORK = {"zone": "America/New_York", "hours": "01:00-05:00"}
FRIDAYS = {"zone": "Europe/Dublin", "hours": "22:00-03:00", "days": ["FRI"]}
HALF = {"zone": "Europe/Dublin", "hours": "01:30-05:00"}


def region(label: str = "eu", code: str = "eu-west-1", **more: Any) -> dict[str, Any]:
    """Return a region as a table of options."""
    return {"label": label, "region": code, **more}


def window(**changed: Any) -> dict[str, Any]:
    """Return options with one region and a window that differs from Dublin's night."""
    return {"regions": [region(window={**DUBLIN, **changed})]}


def said(options: dict[str, Any]) -> str:
    """Return what is wrong with the options, or nothing."""
    return "\n".join(option_problems(BLUEPRINT.options_type, options))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a window without days": (
        window(days=[]),
        "regions: 'eu': window: a window without days never opens",
    ),
    "a window that ends when it begins": (
        window(hours="05:00-05:00"),
        "window: hours: 05:00-05:00 never opens: it ends when it begins",
    ),
    "hours that are none": (
        window(hours="1-5"),
        "window: hours: '1-5' is not from a time to another, as in 01:00-05:00",
    ),
    "an hour after midnight's": (window(hours="22:00-24:30"), "'22:00-24:30' is not from a time"),
    "a window of minutes": (window(hours="01:00-01:15"), "is too short; 30 minutes at least"),
    "a window that is always open": (
        window(hours="00:00-24:00"),
        "window: a window that is always open has no effect; remove it",
    ),
    "a day twice": (window(days=["MON", "MON"]), "listed twice"),
    "an unknown day": (window(days=["MO"]), "days"),
    "an unknown time zone": (
        window(zone="Europe/Dubln"),
        (
            "'Europe/Dubln' is not UTC, nor a time zone in the form Region/City; did you mean"
            " 'Europe/Dublin'?"
        ),
    ),
    "a time zone of three letters": (window(zone="CST"), "'CST' is not UTC, nor a time zone"),
    "a closing that clocks jump over": (
        window(zone="America/Nuuk", hours="20:00-23:30"),
        "clocks in America/Nuuk jump over 23:30",
    ),
    "a rule of half hours": (
        {"windows": "rule", "regions": [region(window=HALF)]},
        'hours: 01:30-05:00: the rule\'s cron has whole hours only; take such, or windows = "sched',
    ),
    "a rule over midnight on one day": (
        {"windows": "rule", "regions": [region(window=FRIDAYS)]},
        (
            "hours: 22:00-03:00 goes over midnight on FRI: the rule's cron would open it on the"
            " morning of the same days, not of the next ones; take all days"
        ),
    ),
    "a window and an alarm in one entry condition": (
        {"windows": "rule", "regions": [region(window=DUBLIN, entry_alarms=["busy"])]},
        (
            "regions: 'eu': a window and an alarm in one entry condition: CodePipeline looks at the"
            " alarm before the window opens, and not again"
        ),
    ),
    "two windows in one wave": (
        {
            "regions": [
                region(wave="west", window=DUBLIN),
                region("us", "us-east-1", wave="west", window=NEW_YORK),
            ]
        },
        (
            "waves: 'west': two different windows (01:00-05:00 Europe/Dublin, MON-SUN and"
            " 01:00-05:00 America/New_York, MON-SUN), but one stage is entered once"
        ),
    ),
    "two windows in the wave and a region of it": (
        {
            "regions": [region(wave="west", window=DUBLIN)],
            "waves": [{"name": "west", "window": NEW_YORK}],
        },
        "two different windows",
    ),
    "two windows in a single stage": (
        {
            "layout": "single_stage",
            "regions": [region(window=DUBLIN), region("us", "us-east-1", window=NEW_YORK)],
        },
        "regions, all in one stage: two different windows",
    ),
    "a window in PARALLEL mode": (
        {"execution_mode": "PARALLEL", **window()},
        "a window in PARALLEL mode: all that waits would deploy at once when it opens",
    ),
    "a scheduled window in QUEUED mode": (
        {"execution_mode": "QUEUED", **window()},
        "a window in QUEUED mode: when a stage is opened, only the latest execution is sure to go",
    ),
    "rollback in PARALLEL mode": (
        {"execution_mode": "PARALLEL", "on_failure": "rollback"},
        "on_failure = \"rollback\": in PARALLEL mode nothing can be rolled back; take another mode",
    ),
    "two ways to fail in one stage": (
        {
            "regions": [
                region(wave="west", on_failure="rollback"),
                region("us", "us-east-1", wave="west", on_failure="retry"),
            ]
        },
        "on_failure is rollback and retry, but one stage has one",
    ),
    "a region without CodePipeline": (
        {"regions": [region(code="eu-north-2")]},
        (
            f"regions: 'eu-north-2' is no commercial region with CodePipeline, as of"
            f" {regions().as_of}; did you mean 'eu-north-1'?"
        ),
    ),
    "a region of another partition": (
        {"regions": [region(code="cn-north-1")]},
        "'cn-north-1' is no commercial region with CodePipeline",
    ),
    "a home without CodePipeline": ({"home": "mars-1"}, "home: 'mars-1' is no commercial region"),
    "a home without CodeConnections": (
        {"home": "ap-northeast-3"},
        'source = "connection": ap-northeast-3 has no CodeConnections, as of',
    ),
    "two regions with one label": (
        {"regions": [region(), region("eu", "us-east-1")]},
        "regions: two have the label 'eu'",
    ),
    "two labels that make one name": (
        {"regions": [region("us-east"), region("us-east1", "us-east-1"),
                     region("us-east-1", "us-west-2")]},
        "regions: the labels 'us-east-1' and 'us-east1' differ in dashes only",
    ),
    "one region twice": (
        {"regions": [region(), region("ie")]},
        "regions: two are for 'eu-west-1'",
    ),
    "no region": ({"regions": []}, "regions: list at least one"),
    "a label that is none": (
        {"regions": [region("E U")]},
        "regions: 'E U' cannot be a label: use small letters, digits and single hyphens",
    ),
    "a label too long for an action": (
        {"regions": [region(), region("x" * 86, "us-east-1")]},
        (
            "(us-east-1): the name of the action '" + "x" * 86 + "-infrastructure' has 101"
            " characters; CodePipeline takes 100"
        ),
    ),
    "a label that something else has": (
        {"layout": "pipelines", "regions": [region("role")]},
        "regions: the label 'role' is taken; so are codebuild, failed, home, policy, role, source",
    ),
    "a service that is none": (
        {"service": "service x"},
        "service: 'service x' cannot be the name of a service: use at most 64 letters, digits",
    ),
    "a service too long": ({"service": "x" * 65}, "at most 64"),
    "a wave without regions": (
        {"waves": [{"name": "west"}]},
        "waves: no region is in the wave 'west'",
    ),
    "a wave that is also a label": (
        {"regions": [region(), region("us", "us-east-1", wave="eu")]},
        "waves: 'eu' is a wave and the label of a region outside of it",
    ),
    "waves in one stage": (
        {"layout": "single_stage", "regions": [region(wave="west")]},
        'waves: with layout = "single_stage", all regions are one wave; remove them',
    ),
    "waves of separate pipelines": (
        {"layout": "pipelines", "regions": [region(wave="west")]},
        'waves: with layout = "pipelines", no region waits for another; remove them',
    ),
    "more than fifty stages": (
        {
            "regions": [
                region(f"r{number}", code, approval=True)
                for number, code in enumerate(regions().codepipeline[:25])
            ]
        },
        (
            "regions: 52 stages with source, build and approvals; a pipeline has 50: put regions"
            ' into waves, or take layout = "pipelines"'
        ),
    ),
    "more than fifty actions in a stage": (
        {
            "layout": "single_stage",
            "regions": [
                region(f"r{number}", code)
                for number, code in enumerate(regions().codepipeline[:17])
            ],
        },
        "regions: 17 in one stage make 51 actions; a stage has 50 at most, so 16 regions",
    ),
    "more than fifty actions in a wave": (
        {
            "regions": [
                region(f"r{number}", code, wave="all")
                for number, code in enumerate(regions().codepipeline[:17])
            ],
        },
        "regions: 17 in one stage make 51 actions",
    ),
    "alarms without time": (
        {"regions": [region(alarms=["errors"])]},
        "regions: 'eu': alarms and bake_minutes need each other: set both, or neither",
    ),
    "time without alarms": ({"regions": [region(bake_minutes=5)]}, "set both"),
    "a bake time of a week": (
        {"regions": [region(alarms=["errors"], bake_minutes=10080)]},
        "bake_minutes = 10080: 1 to 1440",
    ),
    "six alarms": (
        {"regions": [region(alarms=list("abcdef"), bake_minutes=5)]},
        "alarms: 6 in all its regions; a condition has 5 rules at most: make composite alarms",
    ),
    "paths without branches": (
        {"paths": {"includes": ["src/**"]}},
        "paths: they need branches; list these",
    ),
    "nine patterns": (
        {"branches": {"includes": [f"b{number}" for number in range(9)]}},
        "branches: 9 includes; CodePipeline takes 8",
    ),
    "an empty pattern": (
        {"tags": {"excludes": [""]}},
        "tags: '' has 0 characters; CodePipeline takes 1 to 255",
    ),
    "filters without a connection": (
        {"source": "codecommit", "tags": {"includes": ["v*"]}},
        'tags: filters need source = "connection"; remove them',
    ),
    "a build of a second": ({"minutes": 0}, "minutes = 0: use 5 to 2160, as CodeBuild allows"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    """Each message says which option, what is wrong with it, and what would do."""
    assert words in said(options)
    assert not re.search(r"Traceback|object at|Options\(", said(options)), "for people"


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody has to build four times to learn of four mistakes."""
    told = said(
        {
            "service": "?",
            "home": "mars-1",
            "minutes": 0,
            "regions": [region("EU"), region("us", "us-east-1", window={**DUBLIN, "zone": "X"})],
        }
    )
    for part in ("service: '?'", "home: 'mars-1'", "'EU' cannot be", "'X' is not UTC",
                 "minutes = 0"):  # fmt: skip
        assert part in told, part


GOES_TOGETHER: dict[str, dict[str, Any]] = {
    "waves with all there is": {
        "regions": [
            region(wave="europe"),
            region("de", "eu-central-1", wave="europe", alarms=["errors"]),
            region("us", "us-east-1", window=NEW_YORK, approval=True, on_failure="retry"),
        ],
        "waves": [
            {
                "name": "europe",
                "window": FRIDAYS,
                "approval": True,
                "entry_alarms": ["busy"],
                "alarms": ["slow"],
                "bake_minutes": 15,
                "on_failure": "rollback",
            }
        ],
        "branches": {"includes": ["main", "release/*"], "excludes": ["release/old*"]},
        "paths": {"excludes": ["docs/**"]},
        "tags": {"includes": ["v*"]},
    },
    "rule": {
        "windows": "rule",
        "execution_mode": "QUEUED",
        "on_failure": "rollback",
        "regions": [
            region(window=DUBLIN),
            region("us", "us-east-1", window={**NEW_YORK, "hours": "22:00-03:00"}),
        ],
    },
    "single stage": {
        "layout": "single_stage",
        "source": "codecommit",
        "privileged": True,
        "capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "regions": [region(window=DUBLIN, approval=True), region("us", "us-east-1")],
    },
    "pipelines": {
        "layout": "pipelines",
        "source": "s3",
        "architecture": "arm64",
        "on_failure": "rollback",
        "home": "us-west-2",
        "regions": [
            region(window=DUBLIN, approval=True, alarms=["errors"], bake_minutes=5),
            region("us", "us-east-1", window=NEW_YORK),
        ],
    },
    "parameters": {"stores": "parameters", "home": "us-west-2", "layout": "pipelines"},
    "regions of a global namespace": {
        "home": "me-south-1",
        "source": "s3",
        "regions": [region("me", "me-south-1"), region("ae", "me-central-1"), region()],
    },
    "parallel": {"execution_mode": "PARALLEL", "on_failure": "retry"},
}


@pytest.mark.parametrize(
    ("layout", "stores"),
    [
        ("stages", "stack"),
        pytest.param("stages", "parameters", marks=pytest.mark.slow),
        pytest.param("pipelines", "stack", marks=pytest.mark.slow),
        pytest.param("pipelines", "parameters", marks=pytest.mark.slow),
    ],
)
def test_no_other_label_clashes_with_a_name_of_the_template(layout: str, stores: str) -> None:
    """Each word that a name in it is made of may be a label, but for those that are taken."""
    chosen = {"layout": layout, "stores": stores, "source": "s3", "home": "us-west-2"}
    body = synthesize(BLUEPRINT, chosen).document.body
    names = [*body["Resources"], *body["Parameters"], *body["Outputs"], *body["Conditions"]]
    words = {word.lower() for name in names for word in re.findall("[A-Z][a-z]+", name)}
    for word in sorted(words - set(TAKEN)):
        assert said({**chosen, "regions": [region(word)]}) == ""
        synthesize(BLUEPRINT, {**chosen, "regions": [region(word, window=DUBLIN)]})


@pytest.mark.parametrize("options", GOES_TOGETHER.values(), ids=GOES_TOGETHER)
def test_what_goes_together_draws(options: dict[str, Any]) -> None:
    """Combinations that people deploy are no contradictions."""
    assert said(options) == ""
    synthesize(BLUEPRINT, options)


@pytest.mark.slow
@pytest.mark.parametrize("options", GOES_TOGETHER.values(), ids=GOES_TOGETHER)
def test_what_goes_together_draws_and_lints_clean(options: dict[str, Any], linter: Linter) -> None:
    """Combinations that people deploy have no error and no warning."""
    template = synthesize(BLUEPRINT, options)
    home = options.get("home", "eu-west-1")
    findings = linter.lint(template.text, template.name, (home,))
    assert [f for f in findings if f.severity != INFORMATIONAL] == []
