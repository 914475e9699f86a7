"""A timeline for programs: JSON, and Mermaid for pages that draw it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from cfngen import escaping
from cfngen.cloudformation.zones import zone
from cfngen.timeline.clock import iso
from cfngen.timeline.model import NOTHING_DEPLOYS
from cfngen.timeline.simulation import Run, Supersession, Timeline


def as_json(timeline: Timeline) -> str:
    """Return a timeline as JSON. Moments are in UTC, as `2026-11-25T01:00:00Z`; lengths in minutes.

    Keys: `template`; `assumed_minutes` (`build`, `deploy`, `approval`); `pushes`, a list of
    moments; `pipelines`, each with `id`, `name`, `mode` and the names of its `stages`; `runs`, one
    for each push and each stage that deploys; `longest_waits`, one for each such stage; `notes`.

    A run has `push` (from 1 on), `pipeline`, `stage`, `regions`, `status` (`deploys`,
    `superseded` or `never`), `arrives_at`, `enters_at`, `ends_at`, `window_closes_at`,
    `enters_at_local` (on the clocks of `time_zone`), `wait_minutes` (before this stage),
    `minutes_after_push`, `runs_past_window`, and `superseded`: `by_push`, `at`, and
    `before_stage`. What does not apply is null. A longest wait has `pipeline`, `stage`, `push` and
    `minutes`, null if that push is never deployed.
    """
    return escaping.as_json(_plain(timeline))


def _plain(timeline: Timeline) -> dict[str, Any]:
    return {
        "template": timeline.name,
        "assumed_minutes": {
            "build": timeline.durations.build,
            "deploy": timeline.durations.deploy,
            "approval": timeline.durations.approval,
        },
        "pushes": [iso(push) for push in timeline.pushes],
        "pipelines": [
            {"id": p.id, "name": p.name, "mode": p.mode, "stages": [s.name for s in p.stages]}
            for p in timeline.model.pipelines.values()
        ],
        "runs": [_run(run, timeline.pushes[run.push - 1]) for run in timeline.runs],
        "longest_waits": [
            {
                "pipeline": longest.pipeline,
                "stage": longest.stage.name,
                "push": iso(longest.push),
                "minutes": _minutes(longest.wait) if longest.wait is not None else None,
            }
            for longest in timeline.longest_waits
        ],
        "notes": [*timeline.model.notes, *([] if timeline.model.deploys else [NOTHING_DEPLOYS])],
    }


def _run(run: Run, push: datetime) -> dict[str, Any]:
    enters, arrives, name = run.entered, run.arrived, run.stage.gate.zone
    return {
        "push": run.push,
        "pipeline": run.pipeline,
        "stage": run.stage.name,
        "regions": list(run.stage.regions),
        "status": run.status,
        "arrives_at": iso(arrives),
        "enters_at": iso(enters),
        "ends_at": iso(run.left),
        "window_closes_at": iso(run.closes),
        "enters_at_local": enters.astimezone(zone(name)).isoformat() if enters else None,
        "time_zone": name,
        "wait_minutes": _minutes(enters - arrives) if enters and arrives else None,
        "minutes_after_push": _minutes(enters - push) if enters else None,
        "runs_past_window": run.late,
        "superseded": _supersession(run.superseded_by),
    }


def _supersession(superseded_by: Supersession | None) -> dict[str, Any] | None:
    if superseded_by is None:
        return None
    return {
        "by_push": superseded_by.push,
        "at": iso(superseded_by.at),
        "before_stage": superseded_by.stage,
    }


def _minutes(time: timedelta) -> int:
    return int(time / timedelta(minutes=1))


def as_mermaid(timeline: Timeline) -> str:
    """Return a timeline as a Gantt chart in Mermaid, which GitHub draws in Markdown.

    Deployments are `active`, waiting is `done`, and what is superseded is `crit`.
    """
    nothing = "" if timeline.model.deploys else " - no stage deploys"
    lines = [
        "gantt",
        f"    title {_label(timeline.name)}, in UTC{nothing}",
        "    dateFormat YYYY-MM-DDTHH:mm",
        "    axisFormat %a %H:%M",
    ]
    for number, push in enumerate(timeline.pushes, start=1):
        lines += [f"    section Push {number}", f"    pushed :milestone, {_at(push)}, 0m"]
        for run in (run for run in timeline.runs if run.push == number):
            lines += _bars(run)
    return "".join(f"{line}\n" for line in lines)


def _bars(run: Run) -> list[str]:
    stage = _label(run.stage.name)
    places = _label(" ".join(run.stage.regions))
    lines = []
    until = run.wait_ends
    if run.arrived and until and until > run.arrived:
        lines.append(f"    {stage} waits :done, {_at(run.arrived)}, {_at(until)}")
    if run.entered and run.left:
        lines.append(f"    {stage} {places} :active, {_at(run.entered)}, {_at(run.left)}")
    elif run.superseded_by and until:
        lines.append(
            f"    {stage} superseded by push {run.superseded_by.push} :crit, {_at(until)}, 1m"
        )
    return lines


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _label(text: str) -> str:
    """Return text without what Mermaid takes for its own."""
    return re.sub(r"[^\w .()/-]", " ", text).strip() or "-"
