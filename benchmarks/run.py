"""Measures how long cfngen takes, as ratios to other commands in the same run.

Each comparison runs two commands in turns, as whole processes, and takes the median of the ratios
of neighbours. That cancels a slow machine, but not a busy one: whoever else takes a core slows a
command that uses two, and not one that uses one. So what others use is measured, too, and where it
is much the row is "disturbed" and not judged. How to read it all: README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter

from reviews import Reviews
from timing import (
    CDK,
    CFN_LINT,
    CFNGEN,
    PYTHON,
    QUIET,
    ROOT,
    NotComparableError,
    Pairs,
    Usage,
    adopt_orphans,
    busy,
    in_turns,
    machine,
    run,
)

README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- figures, written by run.py --save -->", "<!-- end of figures -->"
LATER = ("troposphere", "yaml", "click", "pydantic", "cfnlint")  # not for `import cfngen`
COMPILED = """
import sys, os, cfngen.cli, cfngen.project.generate, cfngen.linting.lint
import cfnlint.runner, troposphere
for name, module in sorted(sys.modules.items()):
    cached = getattr(getattr(module, "__spec__", None), "cached", None)
    if cached and name != "__main__" and not os.path.exists(cached): print(name)
"""
HUNDRED_STACKS = 2  # seconds that a review of them may take
HEADINGS = [
    *("name", "cfngen / the other", "target", "ratio", "(min-max)", "verdict"),
    *("wall ms", "CPU ms", "MiB", "others' cores"),
]


@dataclass(frozen=True)
class Comparison:
    """Two things to be timed in turns; the ratio of their wall times is to be `target` at most.

    Where `seconds` are given, they are the target instead, for the first of the two by itself.
    """

    name: str
    what: str
    target: float | None
    runs: int
    measure: Callable[[int], Pairs]
    seconds: float | None = None

    def verdict(self, pairs: Pairs) -> str:
        """Return whether the target is met, nothing where there is none."""
        if self.seconds:
            return "met" if median(ours.wall for ours, _ in pairs) < self.seconds else "missed"
        if self.target is None:
            return ""
        ratio = median(ours.wall / theirs.wall for ours, theirs in pairs)
        return "met" if ratio <= self.target else "missed"


class Installed:
    """A Python that has cfngen as users have it: in a folder of packages, not editable.

    The import hook of an editable install loads a dozen modules whenever Python starts. That makes
    `python -c pass` slow, and everything that is compared with it look fast.
    """

    def __init__(self, folder: str) -> None:
        """Take an empty folder."""
        self.folder = folder

    @cached_property
    def python(self) -> str:
        """The interpreter of a new environment, which borrows the packages of this one."""
        run([PYTHON, "-m", "venv", "--without-pip", self.folder])
        packages = Path(sysconfig.get_path("purelib", vars={"base": self.folder}))
        (packages / "cfngen").symlink_to(ROOT / "cfngen")
        (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
        return str(Path(self.folder, "bin", "python"))

    def imports(self, runs: int) -> Pairs:
        """Time `import cfngen`."""
        return imports(runs, self.python)

    def help(self, runs: int) -> Pairs:
        """Time `cfngen --help`, by what the installed command does."""
        code = "import sys; from cfngen.cli import main; sys.exit(main(['--help']))"
        return in_turns([self.python, "-c", code], [self.python, "-c", "pass"], runs)


def imports(runs: int, python: str = PYTHON) -> Pairs:
    """Time `import cfngen`, which must leave everything large for later."""
    code = f"import sys, cfngen; print(*(m for m in {LATER} if m in sys.modules))"
    if loaded := run([python, "-c", code])[1].strip():
        raise NotComparableError(f"`import cfngen` loads {loaded}")
    return in_turns([python, "-c", "import cfngen"], [python, "-c", "pass"], runs)


def rendering(runs: int, *switches: str) -> Pairs:
    """Time the way from resources to text, both in one process."""
    script = (PYTHON, "benchmarks/plain_troposphere.py", "--pairs", str(runs), *switches)
    return [(Usage(ours), Usage(theirs)) for ours, theirs in json.loads(run(script)[1])]


class Templates:
    """All templates of this repository, built into one folder when they are first needed.

    What the other commands read is what cfngen makes now; `output/` is left alone.
    """

    def __init__(self, folder: str) -> None:
        """Take an empty folder."""
        self.folder = folder

    @cached_property
    def files(self) -> list[Path]:
        """The built files, by name."""
        run([CFNGEN, "build", "--output", self.folder])
        return sorted(Path(self.folder).glob("*.yaml"))

    def cold(self, runs: int) -> Pairs:
        """Time a first build, whose linter must find what the cfn-lint command finds."""
        self._check_findings()
        build = [CFNGEN, "build", "--output", "{fresh}"]
        return in_turns(build, [CFN_LINT, *map(str, self.files)], runs)

    def unchanged(self, runs: int) -> Pairs:
        """Time a build with nothing to do, which must not touch a file."""
        before = [file.stat().st_mtime_ns for file in self.files]
        build = [CFNGEN, "build", "--output", self.folder]
        pairs = in_turns(build, [CFN_LINT, *map(str, self.files)], runs)
        if before != [file.stat().st_mtime_ns for file in self.files]:
            raise NotComparableError("a build with nothing to do wrote files")
        return pairs

    def shown_and_synth(self, runs: int) -> Pairs:
        """Time drawing each template, in a process each, against `cdk synth` of all of them."""
        script = 'cfngen=$1; shift; for name; do "$cfngen" show "$name" || exit; done'
        names = [file.stem for file in self.files]
        return in_turns(["sh", "-c", script, "sh", CFNGEN, *names], self._synth(), runs)

    def cold_and_synth(self, runs: int) -> Pairs:
        """Time a first build, linted, against `cdk synth`, which lints nothing."""
        return in_turns([CFNGEN, "build", "--output", "{fresh}"], self._synth(), runs)

    def _synth(self) -> list[str]:
        """Return the command, once it has been seen to make stacks of the same resources."""
        app = ["--app", "node benchmarks/cdk/app.js", "--context", f"templates={self.folder}"]
        command = [CDK, "synth", "--quiet", "--no-notices", *app, "--output"]
        files = self.files
        with tempfile.TemporaryDirectory() as folder:
            run([*command, folder])
            for file in files:
                stack = json.loads(Path(folder, f"{file.stem}.template.json").read_text("utf-8"))
                section = file.read_text("utf-8").partition("\nResources:\n")[2]
                names = re.findall(r"(?m)^  (\w+):$", re.split(r"(?m)^\w", section)[0])
                if set(names) != set(stack["Resources"]):
                    raise NotComparableError(f"{file.name}: cdk synth made other resources of it")
        return [*command, "{fresh}"]

    def _check_findings(self) -> None:
        """Let both lint the templates, which are clean, and then with a wrong type in each."""
        theirs = run([CFN_LINT, *map(str, self.files)])[1].strip()
        ours = run([CFNGEN, "build", "--output", "{fresh}", "--format", "json"])[1]
        if theirs or json.loads(ours):
            raise NotComparableError(f"there are findings:\n{theirs or ours}")
        with tempfile.TemporaryDirectory() as folder:
            broken = [str(Path(folder, file.name)) for file in self.files]
            for file, name in zip(self.files, broken, strict=True):
                text = file.read_text("utf-8").replace("Type: AWS::", "Type: Aws::", 1)
                Path(name).write_text(text, "utf-8")
            ours = run([CFNGEN, "lint", "--format", "json", *broken], expect=1)[1]
            theirs = run([CFN_LINT, "--format", "json", *broken], expect=2)[1]
        by_us = {(f["rule"], f["line"], f["column"], f["message"]) for f in json.loads(ours)}
        by_them = {
            (f["Rule"]["Id"], start["LineNumber"], start["ColumnNumber"], f["Message"])
            for f in json.loads(theirs)
            for start in (f["Location"]["Start"],)
        }
        if by_us != by_them:
            raise NotComparableError(f"different findings, such as {min(by_us ^ by_them)}")


def subjects(folder: str, environment: str, changed: str) -> tuple[Templates, Installed, Reviews]:
    """Return what is measured; each makes what it needs in an empty folder when it is needed."""
    built = Templates(folder)
    return built, Installed(environment), Reviews(changed, lambda: built.files)


def comparisons(built: Templates, installed: Installed, changed: Reviews) -> list[Comparison]:
    """Return what can be compared here, the quick ones first."""
    show = [CFNGEN, "show", "backlog-proxy"]
    plain, idle = [PYTHON, "benchmarks/plain_troposphere.py"], [PYTHON, "-c", "pass"]
    found = [
        Comparison("import", "`import cfngen` / python", 1.5, 31, installed.imports),
        Comparison("help", "--help / python", 5, 31, installed.help),
        Comparison("import-editable", "`import cfngen` / python", 1.5, 31, imports),
        Comparison(
            *("help-editable", "--help / python", 5, 31),
            lambda n: in_turns([CFNGEN, "--help"], idle, n),
        ),
        Comparison("show", "show / plain script", None, 15, lambda n: in_turns(show, plain, n)),
        Comparison("text", "document + render / to_yaml", None, 101, rendering),
        Comparison(
            "render", "render / to_yaml", None, 101, lambda n: rendering(n, "--render-only")
        ),
        Comparison("cold", "first build / cfn-lint", 0.75, 9, built.cold),
        Comparison("unchanged", "build, no change / cfn-lint", None, 9, built.unchanged),
        *(
            Comparison(name, f"{what} / reading YAML", None, 7, measure, HUNDRED_STACKS)
            for name, what, measure in (
                ("review", "review of 100 stacks", changed.text),
                ("review-markdown", "as markdown", changed.markdown),
                ("review-json", "as JSON", changed.data),
                ("review-copies", "of 100 copies", changed.of_copies),
            )
        ),
        *(
            Comparison(name, f"{what} / reading YAML", None, 3, measure, seconds)
            for name, what, measure, seconds in (
                ("review-few", "review of 1,000, 20 changed", changed.of_few, 2),
                ("review-1000", "review of 1,000, all changed", changed.of_thousand, 7),
                ("review-1000-alone", "in one process", changed.of_thousand_alone, 11),
            )
        ),
        Comparison("reading", "reading YAML in it / review", 0.5, 7, changed.reading),
        Comparison(
            "reading-copies", "in that of copies / review", 0.5, 7, changed.reading_of_copies
        ),
    ]
    if Path(CDK).exists():
        found += [
            Comparison("draw-cdk", "show of each / cdk synth", None, 7, built.shown_and_synth),
            Comparison("cold-cdk", "first build / cdk synth", None, 7, built.cold_and_synth),
            Comparison("review-cdk", "review of one / cdk diff", None, 7, changed.one_and_diff),
        ]
    return found


def row(comparison: Comparison, pairs: Pairs, others: float) -> list[str]:
    """Return the cells of a comparison, among them the verdict."""
    ratios = [ours.wall / theirs.wall for ours, theirs in pairs]
    verdict = "disturbed" if others > QUIET else comparison.verdict(pairs)
    target = f"{comparison.target:g}" if comparison.target else ""
    if comparison.seconds:
        target = f"{comparison.seconds:g} s"
    digits = 0 if pairs[0][0].cpu else 2
    # A spawned process begins with the memory of its parent, so less than ours cannot be seen.
    floor = getrusage(RUSAGE_SELF).ru_maxrss / 1024 + 1
    seen = all(side.memory > floor for pair in pairs for side in pair)
    return [
        *(comparison.name, comparison.what, target, f"{median(ratios):.2f}"),
        *(f"({min(ratios):.2f}-{max(ratios):.2f})", verdict),
        both([(ours.wall * 1000, theirs.wall * 1000) for ours, theirs in pairs], digits),
        both([(ours.cpu * 1000, theirs.cpu * 1000) for ours, theirs in pairs]),
        both([(ours.memory, theirs.memory) for ours, theirs in pairs]) if seen else "",
        f"{others:.2f}",
    ]


def both(pairs: list[tuple[float, float]], digits: int = 0) -> str:
    """Return the two medians, or nothing where nothing was measured."""
    ours, theirs = (median(side) for side in zip(*pairs, strict=True))
    return f"{ours:.{digits}f} / {theirs:.{digits}f}" if theirs else ""


def table(rows: list[list[str]], *, markdown: bool) -> str:
    """Return the rows below their headings."""
    if markdown:
        lines = [HEADINGS, ["---"] * 2 + ["---:"] * (len(HEADINGS) - 2), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    lines = [HEADINGS, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def save(figures: str) -> None:
    """Put the figures into the README, in place of the last ones."""
    before, begin, rest = README.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README}: no {BEGIN} with {END} after it")
    README.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}", "utf-8")


def wishes() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, metavar="N", help="pairs of runs, for each comparison")
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; may be repeated")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--save", action="store_true", help="put the figures into the README")
    parser.add_argument("--strict", action="store_true", help="fail unless each target is met")
    wanted = parser.parse_args()
    if wanted.runs is not None and wanted.runs < 1:
        parser.error("--runs: at least 1")
    if wanted.save and wanted.only:
        parser.error("--save is for all figures: leave out --only")
    known = [comparison.name for comparison in comparisons(*subjects("", "", ""))]
    if unknown := [name for name in wanted.only or () if name not in known]:
        parser.error(f"--only: no {', '.join(unknown)} here (there are: {', '.join(known)})")
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        parser.error(
            "PYTHONDONTWRITEBYTECODE is set: what is compiled anew in each run would be measured;"
            " unset it (env -u PYTHONDONTWRITEBYTECODE ...)"
        )
    return wanted


def measured(wanted: argparse.Namespace) -> Iterator[list[str] | None]:
    """Yield the rows that are wanted, `None` for what could not be compared."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as environment,
        tempfile.TemporaryDirectory() as changed,
    ):
        run([CFNGEN, "build", "--output", "{fresh}"])  # compiles what has changed
        if uncompiled := run([PYTHON, "-c", COMPILED])[1].split():
            raise SystemExit(f"no bytecode can be kept of {', '.join(uncompiled[:5])} ...")
        for comparison in comparisons(*subjects(folder, environment, changed)):
            if wanted.only and comparison.name not in wanted.only:
                continue
            start, others = perf_counter(), busy()
            try:
                pairs = comparison.measure(wanted.runs or comparison.runs)
            except NotComparableError as error:
                print(f"{comparison.name}: not comparable: {error}", file=sys.stderr)
                yield None
            else:
                used = max(0.0, busy() - others)  # both are counted in ticks
                yield row(comparison, pairs, used / (perf_counter() - start))


def main() -> int:
    """Measure, print, and say by the exit code whether all could be compared."""
    os.chdir(ROOT)
    wanted = wishes()
    adopt_orphans()
    heading = machine()
    print(heading, flush=True)
    found = list(measured(wanted))
    rows = [cells for cells in found if cells]
    print(f"\n{table(rows, markdown=wanted.markdown)}")
    verdicts = {cells[HEADINGS.index("verdict")] for cells in rows}
    if "disturbed" in verdicts:
        print("\ndisturbed: others used the machine meanwhile; measure again when it is quiet")
    if not Path(CDK).exists():
        print("\nno cdk: it is compared where it is installed, see benchmarks/README.md")
    failed = len(rows) < len(found)
    if wanted.save and (failed or "disturbed" in verdicts):
        print("\nnot saved", file=sys.stderr)
        failed = True
    elif wanted.save:
        save(f"{heading}\n\n{table(rows, markdown=True)}")
    return int(failed or (wanted.strict and bool(verdicts & {"missed", "disturbed"})))


if __name__ == "__main__":
    raise SystemExit(main())
