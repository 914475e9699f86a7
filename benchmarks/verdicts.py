"""Compares what `cfngen review` and `cdk diff` say of each pair of the corpus, and writes it down.

Both are asked the same question of a pair, and what they say is held against the pair's
claim in the same way; see `questions.py`. How `cdk diff` is read: `cdk_diff.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from cdk_diff import diff, shown
from questions import QUESTIONS, RIGHT, SILENT, WRONG, Pair
from timing import CDK, CFNGEN, QUIET, ROOT, adopt_orphans, busy, finished, machine, run

sys.path.insert(0, str(ROOT / "tests"))

from support.corpus import ALONE, CASES, Case, case

REPORT = ROOT / "benchmarks" / "verdicts.md"
INTRODUCTION = """# Who says what of a change: `cfngen review` and `cdk diff`

Written by `benchmarks/verdicts.py --save`; how to read it: [README](README.md#who-is-right-where).
"""


def ask(asked: Case, scratch: Path) -> Pair:
    """Run both on one pair, first cfngen, then the CDK on each of its templates."""
    texts = [asked.before, asked.after]
    places = []
    for name, of in zip(("before", "after"), texts, strict=True):
        place = scratch / name
        place.mkdir(parents=True)
        for stem, text in of.items():
            (place / f"{stem}.yaml").write_text(text, "utf-8")
        places.append(place)
    names = sorted({*texts[0], *texts[1]})
    alone = all([*of] == [ALONE] for of in texts)
    given = [str(place / f"{ALONE}.yaml" if alone else place) for place in places]
    took, printed = run([CFNGEN, "review", *given, "--format", "json"])
    theirs, last = {}, None
    for name in names:
        command = diff(scratch / f"cdk-{name}", *(of.get(name) for of in texts))
        last, answer, _, code = finished(command)
        theirs[name] = shown(answer, code)
    both = (took, last) if alone and last else None
    return Pair(asked.name, asked.expected, json.loads(printed)["stacks"], theirs, both)


def report(pairs: list[Pair], heading: str, others: float) -> str:
    """Return everything as Markdown: the table, the times, and where the two differ."""
    cells = []
    for concern, question in QUESTIONS.items():
        found = [pair for pair in pairs if pair.concern == concern]
        if not found:
            continue
        both = [pair.outcomes() for pair in found]
        ours, theirs = (Counter(side) for side in zip(*both, strict=True))
        silence = sum(
            other == RIGHT and not question.truth(pair)
            for pair, (_, other) in zip(found, both, strict=True)
        )
        counts = [ours[RIGHT], ours[SILENT], ours[WRONG]]
        counts += [theirs[RIGHT], theirs[SILENT], theirs[WRONG], silence]
        cells.append([concern, question.asked, str(len(found)), *map(str, counts)])
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
    if others > QUIET:
        return f"Time: not shown, since other programs used {others:.2f} cores meanwhile."
    took = [pair.took for pair in pairs if pair.took]
    ours, theirs = (median(usage.wall for usage in side) * 1000 for side in zip(*took, strict=True))
    ratios = [one.wall / other.wall for one, other in took]
    return (
        f"Time, of {len(took)} pairs with one template on each side, run in turns: {ours:.0f} ms /"
        f" {theirs:.0f} ms (medians); ratio {median(ratios):.2f}"
        f" ({min(ratios):.2f}-{max(ratios):.2f}); other programs used {others:.2f} cores."
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
            what = {"replacement": " be replaced", "data": " be lost"}.get(concern, "")
            told = ", ".join(f"{name} {word}{what}" for name, word in sorted(said))
            told = told or ("both texts, whole" if concern == "payloads" else "nothing")
            claim = " ".join(pair.expected["claim"].split())
            source = pair.expected.get("source")
            claim += f" ([AWS]({source}))" if source else ""
            lines.append(f"| {pair.name} | {ours} | {theirs}: says {told} | {claim} |")
        lines += [""] if found else []
    return "\n".join(lines)


def everything(only: list[str] | None) -> Iterator[Pair]:
    """Yield each pair of the corpus, asked."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, asked in enumerate(map(case, CASES)):
            if not only or asked.theme in only:
                yield ask(asked, Path(scratch, str(number)))


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
    if wanted.save:
        REPORT.write_text(text.rstrip() + "\n", "utf-8")
    answered = [pair for pair in pairs if pair.concern in QUESTIONS]
    return int(any(pair.outcomes()[0] != RIGHT for pair in answered))


if __name__ == "__main__":
    raise SystemExit(main())
