"""Compares what `cfngen review` and `cdk diff` say of each pair of the corpus, and writes it down.

Both are asked the same question of a pair, and what they say is held against the pair's
`expected.yaml` in the same way; see `QUESTIONS`. How `cdk diff` is read: `cdk_diff.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import yaml
from cdk_diff import Shown, diff, shown
from timing import CDK, CFNGEN, QUIET, ROOT, Usage, adopt_orphans, busy, machine, run

CORPUS = ROOT / "tests" / "review" / "corpus"
REPORT = ROOT / "benchmarks" / "verdicts.md"
RIGHT, SILENT, WRONG = "right", "not told", "wrong"
Said = set[tuple[str, str]]  # a thing, and what is said of it


@dataclass(frozen=True)
class Pair:
    """One folder of the corpus, and what both said of it; several templates are several stacks."""

    name: str  # of its folders, such as `data/bucket-removed`
    expected: dict[str, Any] = field(repr=False)
    ours: list[dict[str, Any]] = field(repr=False)  # the stacks of the JSON format
    theirs: dict[str, Shown] = field(repr=False)
    took: tuple[Usage, Usage] | None  # nothing where one command does not take the whole pair

    @property
    def concern(self) -> str:
        """What the pair is about."""
        return self.name.partition("/")[0]

    def outcomes(self) -> tuple[str, str]:
        """Return how cfngen did, and how the CDK."""
        question = QUESTIONS[self.concern]
        truth = question.truth(self)
        return outcome(truth, question.ours(self)), outcome(truth, question.theirs(self))


def outcome(truth: Said, said: Said) -> str:
    """Return how what was said compares with what is so.

    Right is all of it and nothing else. To say something that is not so is wrong; `may` where it
    is certain is not wrong, only less than there is to say.
    """
    if said == truth:
        return RIGHT
    vague = {(name, "may") for name, word in truth if word == "will"}
    return SILENT if said <= truth | vague else WRONG


@dataclass(frozen=True)
class Question:
    """What is asked of each pair of one concern, and where each side's answer is found."""

    asked: str
    truth: Callable[[Pair], Said]
    ours: Callable[[Pair], Said]
    theirs: Callable[[Pair], Said]


def of_all(stacks: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """Yield what all stacks of a review have under a key."""
    return (entry for stack in stacks for entry in stack[key])


def findings(found: Any, concern: str) -> Said:
    """Return of what a concern is told, and how surely."""
    return {(f["subject"], f["certainty"]) for f in found or () if f["concern"] == concern}


def changes_truth(pair: Pair) -> Said:
    """Return each thing whose own text changes; what only refers to a replaced one is left out."""
    resources = pair.expected.get("resources", {}).items()
    entries = pair.expected.get("entries", {}).items()
    return {(f"Resources.{n}", kind) for n, kind in resources if kind != "affected"} | {*entries}


def changes_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    resources, entries = of_all(pair.ours, "resources"), of_all(pair.ours, "entries")
    said = {(f"Resources.{r['name']}", r["kind"]) for r in resources}
    said |= {(f"{e['section']}.{e['name']}", e["kind"]) for e in entries}
    return {(name, kind) for name, kind in said if kind != "affected"}


def replaced_truth(pair: Pair) -> Said:
    """Return what is replaced, and how surely; YAML reads `no` as false."""
    verdicts = pair.expected.get("replacement", {}).items()
    return {(name, word) for name, word in verdicts if word in ("will", "may")}


def replaced_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    resources = of_all(pair.ours, "resources")
    return {(r["name"], r["replacement"]) for r in resources if r["replacement"] != "no"}


IMPACTS = {"replace": "will", "may be replaced": "may"}


def replaced_theirs(pair: Pair) -> Said:
    """Return the same, as the CDK says it behind a resource's name."""
    each = (item for shown in pair.theirs.values() for item in shown.resources)
    return {(item.name, IMPACTS[item.impact]) for item in each if item.impact in IMPACTS}


def losses_theirs(pair: Pair) -> Said:
    """Return what the CDK says of data: it says `destroy`, or `orphan` for what is retained.

    That something is replaced counts where data goes with it, and where none does it is no
    mistake: the CDK does not say so. A policy or the like holds no data.
    """
    truth = {name for name, _ in findings(pair.expected.get("findings"), "data")}
    said = {(name, word) for name, word in replaced_theirs(pair) if name in truth}
    for item in (item for shown in pair.theirs.values() for item in shown.resources):
        if item.impact == "destroy" and not item.type.endswith(("Policy", "Permission")):
            said.add((item.name, "will"))
    return said


def broadened(yes: Any) -> Said:
    """Return the answer to whether anybody may do more, which is asked of the pair as a whole."""
    return {("anybody", "may do more")} if yes else set()


def opened(yes: Any) -> Said:
    """Return the answer to whether a way in is opened to everybody."""
    return {("a way in", "opened to everybody")} if yes else set()


def opened_theirs(pair: Pair) -> Said:
    """Return the same, of the rows with a plus in the CDK's tables of security changes.

    Of a row for everybody under a condition the reader judges, and is taken to judge well.
    """
    rows = [row for shown in pair.theirs.values() for row in shown.opened]
    if rows and all(row.get("Condition") for row in rows):
        return opened(pair.expected.get("opened"))
    return opened(rows)


def payloads_truth(pair: Pair) -> Said:
    """Return the texts of which the changed lines can be told."""
    return {(name, "diff") for name in pair.expected.get("payloads", ())}


def payloads_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    wanted = pair.expected.get("payloads", ())
    found = of_all(pair.ours, "payloads")
    return {(p["name"] if p["name"] in wanted else p["resource"], "diff") for p in found}


def payloads_theirs(pair: Pair) -> Said:
    """Return the same, as the CDK says it: a change whose every line is marked is a diff."""
    wanted = pair.expected.get("payloads", ())
    each = (item for shown in pair.theirs.values() for item in shown.resources)
    return {(item.name, "diff") for item in each if item.name in wanted and item.marked}


QUESTIONS = {
    "nothing": Question(
        "is it said that nothing changes?",
        lambda pair: set(),
        lambda pair: {(stack["name"], "changes") for stack in pair.ours},
        lambda pair: {(name, "changes") for name, s in pair.theirs.items() if s.differs},
    ),
    "changes": Question(
        "which resources, parameters, outputs … are added, removed, changed?",
        changes_truth,
        changes_ours,
        lambda pair: {said for shown in pair.theirs.values() for said in shown.changes},
    ),
    "replacement": Question(
        "which resources will be replaced, which may be?",
        replaced_truth,
        replaced_ours,
        replaced_theirs,
    ),
    "refused": Question(
        "what will CloudFormation refuse, what may it?",
        lambda pair: findings(pair.expected.get("findings"), "refused"),
        lambda pair: findings(of_all(pair.ours, "findings"), "refused"),
        lambda pair: set(),
    ),
    "data": Question(
        "whose data will be lost, whose may be?",
        lambda pair: findings(pair.expected.get("findings"), "data"),
        lambda pair: findings(of_all(pair.ours, "findings"), "data"),
        losses_theirs,
    ),
    "powers": Question(
        "may anybody do more than before?",
        lambda pair: broadened(findings(pair.expected.get("findings"), "broaden")),
        lambda pair: broadened(findings(of_all(pair.ours, "findings"), "broaden")),
        lambda pair: broadened(any(shown.broadens for shown in pair.theirs.values())),
    ),
    "internet": Question(
        "is a way in opened to everybody?",
        lambda pair: opened(pair.expected.get("opened")),
        lambda pair: opened([e for e in of_all(pair.ours, "exposures") if e["opened"]]),
        opened_theirs,
    ),
    "payloads": Question(
        "which lines of a program are changed?", payloads_truth, payloads_ours, payloads_theirs
    ),
}


def ask(folder: Path, scratch: Path) -> Pair:
    """Run both on one pair, first cfngen, then the CDK on each of its templates."""
    texts = [side(folder, "before"), side(folder, "after")]
    places = []
    for name, of in zip(("before", "after"), texts, strict=True):
        place = scratch / name
        place.mkdir(parents=True)
        for stem, text in of.items():
            (place / f"{stem}.yaml").write_text(text, "utf-8")
        places.append(place)
    names = sorted({*texts[0], *texts[1]})
    alone = all([*of] == ["stack"] for of in texts)
    asked = [str(place / "stack.yaml" if alone else place) for place in places]
    took, printed = run([CFNGEN, "review", *asked, "--format", "json"])
    theirs, last = {}, None
    for name in names:
        command = diff(scratch / f"cdk-{name}", *(of.get(name) for of in texts))
        last, answer, code = run_any(command)
        theirs[name] = shown(answer, code)
    expected = yaml.safe_load((folder / "expected.yaml").read_text("utf-8"))
    label = f"{folder.parent.name}/{folder.name}"
    both = (took, last) if alone and last else None
    return Pair(label, expected, json.loads(printed)["stacks"], theirs, both)


def side(folder: Path, name: str) -> dict[str, str]:
    """Return the templates of one side of a pair; one that stands alone is called `stack`."""
    one = folder / f"{name}.yaml"
    files = [one] if one.is_file() else sorted((folder / name).glob("*.yaml"))
    return {"stack" if f == one else f.stem: f.read_text("utf-8") for f in files}
