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
from timing import CDK, CFNGEN, QUIET, ROOT, Usage, adopt_orphans, busy, finished, machine, run

CORPUS = ROOT / "tests" / "review" / "corpus"
REPORT = ROOT / "benchmarks" / "verdicts.md"
INTRODUCTION = """# Who says what of a change: `cfngen review` and `cdk diff`

Written by `benchmarks/verdicts.py --save`; how to read it: [README](README.md#who-is-right-where).
"""
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
    each = (item for stack in pair.theirs.values() for item in stack.resources)
    return {(item.name, IMPACTS[item.impact]) for item in each if item.impact in IMPACTS}


def losses_theirs(pair: Pair) -> Said:
    """Return what the CDK says of data: it says `destroy`, or `orphan` for what is retained.

    That something is replaced counts where data goes with it, and where none does it is no
    mistake: the CDK does not say so. A policy or the like holds no data.
    """
    truth = {name for name, _ in findings(pair.expected.get("findings"), "data")}
    said = {(name, word) for name, word in replaced_theirs(pair) if name in truth}
    for item in (item for stack in pair.theirs.values() for item in stack.resources):
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
    rows = [row for stack in pair.theirs.values() for row in stack.opened]
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
    each = (item for stack in pair.theirs.values() for item in stack.resources)
    return {(item.name, "diff") for item in each if item.name in wanted and item.marked}


QUESTIONS = {
    "nothing": Question(
        "is it said that nothing changes?",
        lambda _: set(),
        lambda pair: {(stack["name"], "changes") for stack in pair.ours},
        lambda pair: {(name, "changes") for name, s in pair.theirs.items() if s.differs},
    ),
    "changes": Question(
        "which resources, parameters, outputs … are added, removed, changed?",
        changes_truth,
        changes_ours,
        lambda pair: {said for stack in pair.theirs.values() for said in stack.changes},
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
        lambda _: set(),
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
        lambda pair: broadened(any(stack.broadens for stack in pair.theirs.values())),
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
        last, answer, _, code = finished(command)
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


def report(pairs: list[Pair], heading: str, others: float) -> str:
    """Return everything as Markdown: the table, the times, and where the two differ."""
    cells = []
    for concern, question in QUESTIONS.items():
        both = [pair.outcomes() for pair in pairs if pair.concern == concern]
        if not both:
            continue
        ours, theirs = (Counter(side) for side in zip(*both, strict=True))
        silence = sum(
            outcomes[1] == RIGHT and not question.truth(pair)
            for pair, outcomes in zip((p for p in pairs if p.concern == concern), both, strict=True)
        )
        counts = [ours[RIGHT], ours[SILENT], ours[WRONG]]
        counts += [theirs[RIGHT], theirs[SILENT], theirs[WRONG], silence]
        cells.append([concern, question.asked, str(len(both)), *map(str, counts)])
    totals = [str(sum(int(row[n]) for row in cells)) for n in range(2, len(cells[0]))]
    headings = ["concern", "asked of each pair", "pairs"]
    headings += [f"{who}: {how}" for who in ("cfngen", "cdk") for how in (RIGHT, SILENT, WRONG)]
    headings.append("(cdk right where nothing is to be told)")
    lines = [
        headings,
        ["---", "---", *["---:"] * (len(headings) - 2)],
        *cells,
        ["all", "", *totals],
    ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{INTRODUCTION}\n{heading}\n\n{table}\n\n{times(pairs, others)}\n\n{differing(pairs)}"


def times(pairs: list[Pair], others: float) -> str:
    """Return a sentence about the time of both, of the pairs that are one template on each side."""
    took = [pair.took for pair in pairs if pair.took]
    ours, theirs = (median(usage.wall for usage in side) * 1000 for side in zip(*took, strict=True))
    ratios = [one.wall / other.wall for one, other in took]
    state = "disturbed" if others > QUIET else "quiet"
    return (
        f"Time, of {len(took)} pairs with one template on each side, run in turns: {ours:.0f} ms /"
        f" {theirs:.0f} ms (medians); ratio {median(ratios):.2f}"
        f" ({min(ratios):.2f}-{max(ratios):.2f}); others used {others:.2f} cores: {state}."
    )


def differing(pairs: list[Pair]) -> str:
    """Return the pairs of which the two do not say the same, with what is so and who says it."""
    lines = ["## Where they differ", ""]
    for concern in QUESTIONS:
        found = [
            (pair, *both)
            for pair in pairs
            if pair.concern == concern and len({*(both := pair.outcomes())}) > 1
        ]
        if found:
            lines += [
                f"### {concern}",
                "",
                "| pair | cfngen | cdk | what is so |",
                "|---|---|---|---|",
            ]
        for pair, ours, theirs in found:
            said = QUESTIONS[concern].theirs(pair)
            told = ", ".join(" ".join(each) for each in sorted(said)) or "nothing"
            claim = " ".join(pair.expected["claim"].split())
            source = pair.expected.get("source")
            claim += f" ([AWS]({source}))" if source else ""
            lines.append(f"| {pair.name} | {ours} | {theirs}: says {told} | {claim} |")
        lines += [""] if found else []
    return "\n".join(lines)


def everything(only: list[str] | None) -> Iterator[Pair]:
    """Yield each pair of the corpus, asked."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, file in enumerate(sorted(CORPUS.glob("*/*/expected.yaml"))):
            if not only or file.parent.parent.name in only:
                yield ask(file.parent, Path(scratch, str(number)))


def main() -> int:
    """Ask, print, and fail where cfngen was wrong or said less than there is to say."""
    os.chdir(ROOT)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", choices=list(QUESTIONS), help="of one concern")
    parser.add_argument("--save", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    wanted = parser.parse_args()
    if wanted.save and wanted.only:
        parser.error("--save is for the whole corpus: leave out --only")
    if not Path(CDK).exists():
        parser.error("no cdk here: npm install --prefix benchmarks/cdk")
    adopt_orphans()
    heading = machine()
    start, before = perf_counter(), busy()
    pairs = list(everything(wanted.only))
    others = max(0.0, busy() - before) / (perf_counter() - start)
    text = report(pairs, heading, others)
    print(text)
    if wanted.save and others > QUIET:
        print("not saved: others used the machine meanwhile", file=sys.stderr)
        return 1
    if wanted.save:
        REPORT.write_text(text.rstrip() + "\n", "utf-8")
    return int(any(pair.outcomes()[0] != RIGHT for pair in pairs))


if __name__ == "__main__":
    raise SystemExit(main())
