"""A timeline as people and programs get it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from support.timelines import BUILD, body, pipeline, stage, switched, timed

from cfngen import synthesize
from cfngen.project.manifest import load
from cfngen.project.registry import find
from cfngen.timeline import Durations, Timeline, format_timeline, timeline
from cfngen.timeline.clock import length, moments

ROOT = Path(__file__).parents[2]
NIGHT = ("cron(0 1 ? * * *)", "cron(0 5,6 ? * * *)")
USUAL = Durations(10, 5, 0)
SVG = "{http://www.w3.org/2000/svg}"


def plain(text: str, **_: Any) -> str:
    """Return text without colour."""
    return text


def three() -> Timeline:
    """Return the timeline of the template that we ship, with two pushes."""
    entry = load(ROOT).templates["multi-region-pipeline"]
    found = synthesize(entry.blueprint.load(), entry.options).document.body
    pushes = moments(("2026-11-24T10:00Z", "2026-11-25T03:00Z"))
    return timeline(found, pushes, name="multi-region-pipeline")


TEXT = """\
multi-region-pipeline  SUPERSEDED
  Source → Build → Deploy-eu → Deploy-us → Deploy-au

push 1  Tue 2026-11-24 10:00 UTC
  Deploy-eu  eu-west-1       Wed 2026-11-25 01:00 UTC  Wed 01:00 Europe/Dublin (UTC+0)  after 15 h
  Deploy-us  us-east-1       superseded by push 2, Wed 2026-11-25 03:15 UTC
  Deploy-au  ap-southeast-2  superseded before

push 2  Wed 2026-11-25 03:00 UTC
  Deploy-eu  eu-west-1       Wed 2026-11-25 03:10 UTC  Wed 03:10 Europe/Dublin (UTC+0)  after 10 min
  Deploy-us  us-east-1       Wed 2026-11-25 06:00 UTC  Wed 01:00 America/New_York (UTC-5)  after 3 h
  Deploy-au  ap-southeast-2  Wed 2026-11-25 14:00 UTC  Thu 01:00 Australia/Sydney (UTC+11)  after 11 h

             |Tue 11-24                    |Wed 11-25
  Deploy-eu    ······························█░░░█░░░
  Deploy-us  ░░                              ····✕·····█░░░░░░░
  Deploy-au            ░░░░░░░░                        ················█░░░░░░░
             ░ open  · waits  █ deploys  ✕ superseded  a column is 30 min

longest wait from a push, in the year after the first
  Deploy-eu  2 d 21 h 10 min     for one on Sat 2027-10-30 03:50 UTC
  Deploy-us  3 d 1 h 10 min      for one on Sat 2026-11-28 04:50 UTC
  Deploy-au  3 d 11 h 10 min     for one on Fri 2027-04-02 03:50 UTC

assumptions
  a build takes 10 min, a deployment stage 5 min plus its bake time, an approval 0 min
"""  # noqa: E501 - as wide as it is printed


def test_a_person_reads_when_each_region_deploys_and_sees_it() -> None:
    """In UTC and on local clocks, with what is superseded, a drawing and the longest waits."""
    assert format_timeline(three(), "text", plain) == TEXT


def test_the_text_fits_a_terminal() -> None:
    """The drawing and the lists; only a long local time may hang over."""
    found = synthesize(find("multi_region_pipeline").load(), {"layout": "pipelines"}).document.body
    at = moments(("2026-11-24T10:00Z", "2027-02-25T03:00Z"))
    for line in format_timeline(timeline(found, at), "text", plain).splitlines():
        assert len(line) <= 100 or " after " in line


def test_colours_are_for_those_who_can_see_them() -> None:
    """They come from whoever asks, and are nowhere else."""
    seen: list[dict[str, Any]] = []

    def coloured(text: str, **how: Any) -> str:
        seen.append(how)
        return f"<{text}>"

    assert "<push 1>" in format_timeline(three(), "text", coloured)
    assert {"fg": "green"} in seen
    assert "\x1b" not in format_timeline(three(), "text", plain)


def test_a_program_reads_the_same() -> None:
    """Moments in UTC, lengths in minutes, nulls for what does not apply."""
    found = json.loads(format_timeline(three(), "json", plain))
    assert list(found) == [
        "template", "assumed_minutes", "pushes", "pipelines", "runs", "longest_waits", "notes",
    ]  # fmt: skip
    assert found["pushes"] == ["2026-11-24T10:00:00Z", "2026-11-25T03:00:00Z"]
    assert found["assumed_minutes"] == {"build": 10, "deploy": 5, "approval": 0}
    assert found["pipelines"] == [
        {
            "id": "Pipeline",
            "name": "multi-region-pipeline",
            "mode": "SUPERSEDED",
            "stages": ["Source", "Build", "Deploy-eu", "Deploy-us", "Deploy-au"],
        }
    ]
    runs = {(run["push"], run["stage"]): run for run in found["runs"]}
    assert len(runs) == len(found["runs"]) == 6
    assert runs[2, "Deploy-au"] == {
        "push": 2,
        "pipeline": "Pipeline",
        "stage": "Deploy-au",
        "regions": ["ap-southeast-2"],
        "status": "deploys",
        "arrives_at": "2026-11-25T06:05:00Z",
        "enters_at": "2026-11-25T14:00:00Z",
        "ends_at": "2026-11-25T14:05:00Z",
        "window_closes_at": "2026-11-25T18:00:00Z",
        "enters_at_local": "2026-11-26T01:00:00+11:00",
        "time_zone": "Australia/Sydney",
        "wait_minutes": 475,
        "minutes_after_push": 660,
        "runs_past_window": False,
        "superseded": None,
    }
    lost = runs[1, "Deploy-us"]
    assert lost["status"] == "superseded"
    assert lost["enters_at"] is lost["ends_at"] is lost["wait_minutes"] is None
    assert lost["superseded"] == {
        "by_push": 2,
        "at": "2026-11-25T03:15:00Z",
        "before_stage": "Deploy-us",
    }
    assert found["longest_waits"][0] == {
        "pipeline": "Pipeline",
        "stage": "Deploy-eu",
        "push": "2027-10-30T03:50:00Z",
        "minutes": 4150,
    }


def test_what_is_for_ever_is_null() -> None:
    """A stage that nothing opens."""
    found = timed(body(Pipeline=pipeline(stage("Deploy"), shut=("Deploy",))), "2026-11-24T10:00")
    data = json.loads(format_timeline(found, "json", plain))
    assert data["runs"][0]["status"] == "never"
    assert data["longest_waits"][0]["minutes"] is None
    assert "never: its window does not open" in format_timeline(found, "text", plain)
    assert "never deployed" in format_timeline(found, "text", plain)
    ET.fromstring(format_timeline(found, "svg", plain))  # noqa: S314 - our own


def test_mermaid_draws_a_gantt_chart() -> None:
    """One section for each push; what waits, is deployed and is superseded are tagged."""
    lines = format_timeline(three(), "mermaid", plain).splitlines()
    assert lines[0] == "gantt"
    assert "    section Push 2" in lines
    assert "    Deploy-eu waits :done, 2026-11-24T10:10, 2026-11-25T01:00" in lines
    assert "    Deploy-eu eu-west-1 :active, 2026-11-25T01:00, 2026-11-25T01:05" in lines
    assert "    Deploy-us superseded by push 2 :crit, 2026-11-25T03:15, 1m" in lines
    for line in lines[5:]:
        assert re.fullmatch(r"    (section [\w ]+|[\w .()/-]+ :\w+(, [\w:-]+)+)", line), line


def hostile() -> Timeline:
    """Return the timeline of a template whose names try to be something else."""
    name = "<script>alert(1)</script>: #;,\"'&\n"
    nasty = stage(name, "eu-west-1<b>")
    return timed(body(Pipeline=pipeline(BUILD, nasty, Name=name)), "2026-11-24T10:00")


def test_a_pipeline_that_deploys_nothing_is_no_empty_chart() -> None:
    """Every format says that no stage deploys; none does of one that deploys."""
    for last, deploys in ((BUILD, False), (stage("Deploy"), True)):
        result = timed(body(P=pipeline(BUILD, last)), "2026-03-03T10:00")
        for name in ("text", "json", "mermaid", "svg"):
            printed = format_timeline(result, name, plain)
            assert ("no stage deploys" in printed) is not deploys, name


def test_names_from_a_template_stay_names() -> None:
    """Neither Mermaid nor an SVG takes them for its own."""
    lines = format_timeline(hostile(), "mermaid", plain).splitlines()
    assert all(line.count(":") <= 4 and "#" not in line and ";" not in line for line in lines)
    assert not [line for line in lines if "<" in line]
    root = ET.fromstring(format_timeline(hostile(), "svg", plain))  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "rect", "text", "path", "g",
    }  # fmt: skip


def test_an_svg_is_one_picture_that_asks_for_nothing() -> None:
    """No script, no font, no address; a title and all of it in words for those who hear it."""
    text = format_timeline(three(), "svg", plain)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert not re.search(r"href|url\(|@import|<script|<style|on\w+=", text)
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    (title, told) = (root.find(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert title is not None
    assert title.text == "When multi-region-pipeline would deploy"
    assert told is not None
    assert "Push 2 is deployed by Deploy-au on Wed 2026-11-25 14:00 UTC." in str(told.text)
    assert "Push 1 is superseded by push 2 before Deploy-us." in str(told.text)
    bars = [r for r in root.iter(f"{SVG}rect") if r.get("fill") == "#14804a"]
    assert len(bars) == 5  # four deployments, and one in the legend
    for element in root.iter():
        for key in ("x", "width"):
            assert -1 <= float(element.get(key) or 0) <= 1000


def test_the_picture_in_the_readme_is_current() -> None:
    """What the README shows is what the template does."""
    folder = ROOT / "blueprints/multi_region_pipeline"
    assert "](timeline.svg)" in (folder / "README.md").read_text()
    shown = (folder / "timeline.svg").read_text()
    assert shown == format_timeline(three(), "svg", plain), (
        "cfngen timeline multi-region-pipeline --push 2026-11-24T10:00Z --push 2026-11-25T03:00Z"
        " --format svg > blueprints/multi_region_pipeline/timeline.svg"
    )


@pytest.mark.slow
def test_thirty_regions_over_a_year_take_no_time_to_speak_of() -> None:
    """All that is printed is there: a row for each, however many."""
    from cfngen.cloudformation.regions import regions

    night = {"zone": "Europe/Dublin", "hours": "01:00-05:00"}
    table = [{"label": f"r-{c}", "region": c, "window": night} for c in regions().codepipeline]
    found = synthesize(find("multi_region_pipeline").load(), {"regions": table}).document.body
    made = timeline(found, moments(("2026-11-24T10:00Z",)), USUAL)
    assert len(made.runs) == len(made.longest_waits) == len(table)
    for form in ("text", "json", "mermaid", "svg"):
        assert "r-us-west-2" in format_timeline(made, form, plain)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (1445, "1 d 5 min"), (2970, "2 d 1 h 30 min")],
)
def test_lengths_of_time_as_people_say_them(minutes: int, text: str) -> None:
    """Without what is nothing."""
    from datetime import timedelta

    assert length(timedelta(minutes=minutes)) == text


def test_a_window_s_end_is_told_to_those_who_pass_it() -> None:
    """What begins at 04:58 ends after five."""
    text = format_timeline(
        timed(switched(*NIGHT, "UTC"), "2026-11-25T04:58", durations=USUAL), "text", plain
    )
    assert "after 0 min, past 05:00" in text
