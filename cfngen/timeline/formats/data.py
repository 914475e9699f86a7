"""A timeline for programs: JSON, and Mermaid for pages that draw it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from cfngen import escaping
from cfngen.cloudformation.zones import zone
from cfngen.timeline.clock import iso
from cfngen.timeline.simulation import Run, Timeline


def as_json(timeline: Timeline) -> str:
    """Return a timeline as JSON. Moments are in UTC, as `2026-11-25T01:00:00Z`; lengths in minutes.

    Keys: `template`; `assumed` (`build`, `deploy`, `approval`, in minutes); `pushes`, a list of
    moments; `pipelines`, each with `id`, `name`, `mode` and the names of its `stages`; `runs`, one
    for each push and each stage that deploys; `longest`, one for each such stage; `notes`.

    A run has `push` (from 1 on), `pipeline`, `stage`, `regions`, `status` (`deploys`,
    `superseded` or `never`), `arrives`, `enters`, `leaves`, `closes` (its window), `local` (when
    it enters, on the clocks of `zone`), `waits` (before this stage), `after` (since the push),
    `runs_past_closing`, and `superseded`: `by` which push, `at`, and `before` which stage. What
    does not apply is null. A longest wait has `pipeline`, `stage`, `push` and `minutes`, null if
    that push is never deployed.
    """
    return escaping.as_json(_plain(timeline))


def _plain(timeline: Timeline) -> dict[str, Any]:
    return {
        "template": timeline.name,
        "assumed": {
            "build": timeline.assumed.build,
            "deploy": timeline.assumed.deploy,
            "approval": timeline.assumed.approval,
        },
        "pushes": [iso(push) for push in timeline.pushes],
        "pipelines": [
            {"id": p.id, "name": p.name, "mode": p.mode, "stages": [s.name for s in p.stages]}
            for p in timeline.model.pipelines.values()
        ],
        "runs": [_run(run, timeline.pushes[run.push - 1]) for run in timeline.runs],
        "longest": [
            {
                "pipeline": found.pipeline,
                "stage": found.stage.name,
                "push": iso(found.push),
                "minutes": _minutes(found.wait) if found.wait is not None else None,
            }
            for found in timeline.longest
        ],
        "notes": list(timeline.model.notes),
    }


def _run(run: Run, push: datetime) -> dict[str, Any]:
    enters, arrives, name = run.entered, run.arrived, run.stage.gate.zone
    by = run.by
    return {
        "push": run.push,
        "pipeline": run.pipeline,
        "stage": run.stage.name,
        "regions": list(run.stage.regions),
        "status": run.status,
        "arrives": iso(arrives),
        "enters": iso(enters),
        "leaves": iso(run.left),
        "closes": iso(run.closes),
        "local": enters.astimezone(zone(name)).isoformat() if enters else None,
        "zone": name,
        "waits": _minutes(enters - arrives) if enters and arrives else None,
        "after": _minutes(enters - push) if enters else None,
        "runs_past_closing": run.late,
        "superseded": {"by": by[0], "at": iso(by[1]), "before": by[2]} if by else None,
    }


def _minutes(time: timedelta) -> int:
    return int(time / timedelta(minutes=1))


def as_mermaid(timeline: Timeline) -> str:
    """Return a timeline as a Gantt chart in Mermaid, which GitHub draws in Markdown.

    Deployments are `active`, waiting is `done`, and what is superseded is `crit`.
    """
    lines = [
        "gantt",
        f"    title {_label(timeline.name)}, in UTC",
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
    until = run.entered or (run.by[1] if run.by and run.by[2] == run.stage.name else None)
    if run.arrived and until and until > run.arrived:
        lines.append(f"    {stage} waits :done, {_at(run.arrived)}, {_at(until)}")
    if run.entered and run.left:
        lines.append(f"    {stage} {places} :active, {_at(run.entered)}, {_at(run.left)}")
    elif run.by and until:
        lines.append(f"    {stage} superseded by push {run.by[0]} :crit, {_at(until)}, 1m")
    return lines


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _label(text: str) -> str:
    """Return text without what Mermaid takes for its own."""
    return re.sub(r"[^\w .()/-]", " ", text).strip() or "-"
