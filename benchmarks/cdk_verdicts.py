"""Counts who misses what, and who says what is not so, of pairs that the real CDK has synthesised.

Each pair of `tests/review/cdk` says what AWS does, written before anybody looked at a review.
`cfngen review` gets both assemblies; `cdk diff --method=template` gets each template of theirs, the
nested ones as well, and is asked twice: `--fail-on broadening` and `--fail-on destructive`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cdk_diff import Shown, diff, shown
from questions import IMPACTS, NO_LOSS
from timing import CDK, CFNGEN, ROOT, finished, machine, run

sys.path.insert(0, str(ROOT / "tests"))

from support.cdk_pairs import EXPECTED, CdkPair, cdk_pair, matching

REPORT = ROOT / "benchmarks" / "cdk_verdicts.md"
INTRODUCTION = """# Pairs of the CDK: what `cfngen review` and `cdk diff` miss and falsely say

Written by `cdk_verdicts.py --save`; how to read it: [README](README.md#pairs-of-the-cdk).
"""
CONCERNS = ("replace", "data", "refused", "broaden", "unknown")
ANYBODY = "anybody"  # who may do more is asked of a pair as a whole
Said = set[tuple[str, str, str]]  # concern, certainty, construct


@dataclass(frozen=True)
class Answers:
    """What is so of one pair, and what both say."""

    pair: CdkPair
    truth: Said
    ours: Said
    theirs: Said
    silent: tuple[bool, bool]  # whether each says that nothing changes
    destructive: bool  # the exit code of `--fail-on destructive`


def ask(pair: CdkPair) -> Answers:
    """Run both on one pair."""
    with tempfile.TemporaryDirectory() as scratch:
        sides = [str(side) for side in pair.written(Path(scratch, "pair"))]
        review = json.loads(run([CFNGEN, "review", *sides, "--format", "json"])[1])
        found = [f for stack in review["stacks"] for f in stack["findings"]]
        ours = {(f["concern"], f["certainty"], f["construct"] or f["subject"]) for f in found}
        truth = {
            (f["concern"], f["certainty"], subject)
            for f in pair.expected.get("findings", ())
            for subject in matching(f["subject"], {one[2] for one in ours})
        }
        said: Said = set()
        silent, destructive = True, False
        for number, (path, before, after) in enumerate(templates(pair)):
            command = diff(Path(scratch, f"cdk-{number}"), before, after)
            _, text, _, code = finished(command)
            answer = shown(text, code)
            command[command.index("broadening")] = "destructive"
            destructive |= finished(command)[3] == 1
            said |= set(theirs(pair, path, answer, truth))
            silent &= answer.silent
    return Answers(
        pair, whole(truth), whole(ours), said, (not review["stacks"], silent), destructive
    )


def templates(pair: CdkPair) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the templates that are not equal, without the paths that would stand before names."""
    before, after = (pair.templates(side) for side in ("before", "after"))
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield path, *(text and plain(text) for text in (before.get(path), after.get(path)))


def plain(text: str) -> str:
    """Return a template whose resources do not say which constructs they are made by."""
    body = json.loads(text)
    for resource in body.get("Resources", {}).values():
        resource.get("Metadata", {}).pop("aws:cdk:path", None)
    return json.dumps(body)


def theirs(pair: CdkPair, path: str, answer: Shown, truth: Said) -> Iterator[tuple[str, str, str]]:
    """Yield what the CDK says of one template; in its favour where it leaves a choice."""
    constructs = {
        name: resource.get("Metadata", {}).get("aws:cdk:path", name)
        for side in ("before", "after")
        for name, resource in pair.files[side].get(path, {}).get("Resources", {}).items()
    }
    losing = {construct for concern, _, construct in truth if concern == "data"}
    for item in answer.resources:
        name = constructs[item.name]
        if certainty := IMPACTS.get(item.impact):
            yield "replace", certainty, name
            if name in losing:
                yield "data", certainty, name
        if item.impact == "destroy" and (name in losing or not item.type.endswith(NO_LOSS)):
            yield "data", "will", name
        if item.impact == "orphan" and name in losing:
            yield "data", "will" if ("data", "will", name) in truth else "may", name
    if answer.broadens:
        yield "broaden", "will", ANYBODY


def whole(said: Said) -> Said:
    """Return what is said, of who may do more only whether anybody may."""
    return {
        (concern, certainty, ANYBODY if concern == "broaden" else name)
        for concern, certainty, name in said
    }


def counts(truth: Said, said: Said, concern: str) -> tuple[int, int, int]:
    """Return how much is missed, how much only `may` where it is `will`, and how much is false."""
    so = {(name, word) for what, word, name in truth if what == concern}
    told = {(name, word) for what, word, name in said if what == concern}
    vague = {(n, w) for n, w in so - told if w == "will" and (n, "may") in told - so}
    false = told - so - {(n, "may") for n, _ in vague}
    return len(so - told - vague), len(vague), len(false)


def report(answers: list[Answers], heading: str) -> str:
    """Return the table, and each pair of which one of the two is not right."""
    rows = ["| concern | so | cfngen: missed | only may | false | cdk: missed | only may | false |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|---:|")
    for concern in CONCERNS:
        so = sum(one[0] == concern for each in answers for one in each.truth)
        cells = [concern, so]
        for side in ("ours", "theirs"):
            each = [counts(a.truth, getattr(a, side), concern) for a in answers]
            cells += [sum(column) for column in zip(*each, strict=True)]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    lines = [
        silence(answers),
        "",
        verdict(answers),
        "",
        "| pair | cfngen | cdk | what is so |",
        "|---|---|---|---|",
    ]
    for a in answers:
        words = [difference(a.truth, said) for said in (a.ours, a.theirs)]
        if any(words):
            claim = " ".join(a.pair.expected["claim"].split())
            lines.append(f"| {a.pair.name} | {' | '.join(w or 'right' for w in words)} | {claim} |")
    return "\n".join([INTRODUCTION, heading, "", *rows, "", *lines])


def silence(answers: list[Answers]) -> str:
    """Return of how many pairs each says that nothing changes."""
    same = [a for a in answers if a.pair.expected.get("nothing")]
    others = [a for a in answers if a not in same]
    of_same, of_others = (
        [sum(a.silent[side] for a in some) for side in (0, 1)] for some in (same, others)
    )
    return (
        f"{len(answers)} pairs. Nothing changes in {len(same)}: cfngen says so of {of_same[0]}, the"
        f" CDK of {of_same[1]}. Of the others, cfngen says so of {of_others[0]}, the CDK of"
        f" {of_others[1]}."
    )


def verdict(answers: list[Answers]) -> str:
    """Return how `--fail-on` does as a gate: by its exit code, for destruction."""
    gates: dict[str, list[str]] = {"missed": [], "false": []}
    for a in answers:
        harm = any(concern in ("replace", "data") for concern, _, _ in a.truth)
        if harm != a.destructive:
            gates["missed" if harm else "false"].append(a.pair.name)
    harm = sum(any(one[0] in ("replace", "data") for one in a.truth) for a in answers)
    return (
        f"As a gate, of {harm} pairs in which something is replaced or data lost: `cdk diff"
        f" --fail-on destructive` lets {len(gates['missed'])} pass"
        f" ({', '.join(gates['missed']) or 'none'}) and stops {len(gates['false'])} others"
        f" ({', '.join(gates['false']) or 'none'})."
    )


def difference(truth: Said, said: Said) -> str:
    """Return what is missed and what is said falsely, in words."""
    missed = "; ".join(sorted(f"{a} {b} {c}" for a, b, c in truth - said))
    false = "; ".join(sorted(f"{a} {b} {c}" for a, b, c in said - truth))
    parts = (f"not told: {missed}" if missed else "", f"says: {false}" if false else "")
    return ", ".join(filter(None, parts))


def main() -> int:
    """Ask, print, and fail where cfngen missed something or said what is not so."""
    os.chdir(ROOT)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", help="the name of a pair")
    parser.add_argument("--save", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    wanted = parser.parse_args()
    if wanted.save and wanted.only:
        parser.error("--save is for all pairs: leave out --only")
    if not Path(CDK).exists():
        parser.error("no cdk here: npm install --prefix benchmarks/cdk")
    paths = [path for path in EXPECTED if not wanted.only or path.stem in wanted.only]
    with ProcessPoolExecutor(2) as pool:
        answers = list(pool.map(ask, map(cdk_pair, paths)))
    text = report(answers, machine())
    print(text)
    if wanted.save:
        REPORT.write_text(text.rstrip() + "\n", "utf-8")
    bad = (counts(a.truth, a.ours, concern) for a in answers for concern in CONCERNS)
    return int(any(missed or false for missed, _, false in bad))


if __name__ == "__main__":
    raise SystemExit(main())
