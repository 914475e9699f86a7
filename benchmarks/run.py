"""Measures how long cfngen takes, as ratios to other commands in the same run.

Each comparison runs two commands in turns, as whole processes, and takes the median of the ratios
of neighbours: what else the machine does falls on both. How to read it: README.md beside this file.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- figures: run.py --save -->", "<!-- end of figures -->"
CDK = "benchmarks/cdk/node_modules/.bin/cdk"
BIN = os.path.dirname(os.path.abspath(sys.executable))  # of the environment: no link is followed
PYTHON, CFNGEN, CFN_LINT = sys.executable, f"{BIN}/cfngen", f"{BIN}/cfn-lint"
# Neither a user's region nor Python's switches may tell the two commands apart.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
ENVIRONMENT |= {"NO_COLOR": "1", "CDK_DISABLE_CLI_TELEMETRY": "1", "CDK_DISABLE_VERSION_CHECK": "1"}
PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h
HEAVY = ("troposphere", "yaml", "click", "pydantic", "cfnlint")


class NotComparableError(Exception):
    """The two commands do not do what is compared, so their times say nothing."""


@dataclass(frozen=True)
class Usage:
    """What one run took: seconds, and MiB of its largest process; without `cpu`, within one."""

    wall: float
    cpu: float = 0
    memory: float = 0


@dataclass(frozen=True)
class Comparison:
    """Two things to be timed in turns; `target` is the ratio of their wall times to stay below."""

    name: str
    what: str
    target: float | None
    runs: int
    pairs: Callable[[int], list[tuple[Usage, Usage]]]
    needs: str = ""  # a file without which it is left out


def run(command: list[str], *, expect: int = 0) -> tuple[Usage, str]:
    """Run a command from the root of the repository; return what it took and printed.

    A `{fresh}` in the command becomes an empty folder of this run alone.

    Raises:
        NotComparableError: it ended with another status than expected.
    """
    with tempfile.TemporaryDirectory() as fresh, tempfile.TemporaryFile() as printed:
        words = [word.replace("{fresh}", fresh) for word in command]
        streams = [(os.POSIX_SPAWN_DUP2, printed.fileno(), stream) for stream in (1, 2)]
        start = perf_counter()
        pid = os.posix_spawnp(words[0], words, ENVIRONMENT, file_actions=streams)
        _, status, used = os.wait4(pid, 0)
        wall = perf_counter() - start
        processes = [used, *orphans()]
        printed.seek(0)
        text = printed.read().decode(errors="replace")
    if os.waitstatus_to_exitcode(status) != expect:
        raise NotComparableError(f"{' '.join(words)} ended with {status}:\n{text[-2000:]}")
    cpu = sum(process.ru_utime + process.ru_stime for process in processes)
    return Usage(wall, cpu, max(process.ru_maxrss for process in processes) / 1024), text


def orphans() -> Iterator[os._Usage]:  # type: ignore[name-defined]
    """Yield what processes used that outlived the parent which should have waited for them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            yield os.wait3(0)[2]


def in_turns(ours: list[str], theirs: list[str]) -> Callable[[int], list[tuple[Usage, Usage]]]:
    """Return what runs two commands A B A B …, after a warm-up of each."""

    def pairs(runs: int) -> list[tuple[Usage, Usage]]:
        run(ours), run(theirs)
        return [(run(ours)[0], run(theirs)[0]) for _ in range(runs)]

    return pairs


def imports(runs: int) -> list[tuple[Usage, Usage]]:
    """Time `import cfngen`, which must leave everything large for later."""
    code = f"import sys, cfngen; print(*(m for m in {HEAVY} if m in sys.modules))"
    if loaded := run([PYTHON, "-c", code])[1].strip():
        raise NotComparableError(f"`import cfngen` imports {loaded}")
    return in_turns([PYTHON, "-c", "import cfngen"], [PYTHON, "-c", "pass"])(runs)


def rendering(runs: int) -> list[tuple[Usage, Usage]]:
    """Time the way from resources to text within one process."""
    script = [PYTHON, "benchmarks/plain_troposphere.py", "--pairs", str(runs)]
    return [(Usage(a), Usage(b)) for a, b in json.loads(run(script)[1])]


class Built:
    """The templates of this repository, built once into a folder that both commands read."""

    def __init__(self, folder: Path) -> None:
        """Build them; `output/` itself is neither read nor written."""
        self.folder = folder
        run([CFNGEN, "build", "--output", str(folder)])
        self.files = sorted(folder.glob("*.yaml"))
        self.linter = [CFN_LINT, *map(str, self.files)]

    def cold(self, runs: int) -> list[tuple[Usage, Usage]]:
        """Time a first build, which must find what the linter's own command finds."""
        self._find_the_same()
        return in_turns([CFNGEN, "build", "--output", "{fresh}"], self.linter)(runs)

    def unchanged(self, runs: int) -> list[tuple[Usage, Usage]]:
        """Time a build with nothing to do, which must touch nothing."""
        before = [file.stat().st_mtime_ns for file in self.files]
        result = in_turns([CFNGEN, "build", "--output", str(self.folder)], self.linter)(runs)
        if before != [file.stat().st_mtime_ns for file in self.files]:
            raise NotComparableError("a build with nothing to do wrote files")
        return result

    def synth(self, ours: list[str]) -> Callable[[int], list[tuple[Usage, Usage]]]:
        """Return what times a command against `cdk synth` of the same templates."""
        app = ["--app", "node benchmarks/cdk/app.js", "--context", f"templates={self.folder}"]
        theirs = [CDK, "synth", "--quiet", "--no-notices", *app, "--output"]

        def pairs(runs: int) -> list[tuple[Usage, Usage]]:
            with tempfile.TemporaryDirectory() as folder:
                run([*theirs, folder])
                for file in self.files:
                    made = json.loads(Path(folder, f"{file.stem}.template.json").read_text())
                    section = file.read_text().split("\nResources:\n")[1].split("\nOutputs:\n")[0]
                    if set(made["Resources"]) != set(re.findall(r"(?m)^  (\w+):$", section)):
                        raise NotComparableError(f"cdk synth has other resources in {file.name}")
            return in_turns(ours, [*theirs, "{fresh}"])(runs)

        return pairs

    def show(self) -> list[str]:
        """Return the command that shows one template after the other, unlinted."""
        script = 'cfngen=$1; shift; for name; do "$cfngen" show "$name" || exit; done'
        return ["sh", "-c", script, "sh", CFNGEN, *(file.stem for file in self.files)]

    def _find_the_same(self) -> None:
        """Both find nothing in the templates, and the same in one with a mistake in each."""
        if findings := run(self.linter)[1].strip():
            raise NotComparableError(f"cfn-lint finds what cfngen does not:\n{findings}")
        with tempfile.TemporaryDirectory() as folder:
            broken = [Path(folder, file.name) for file in self.files]
            for here, there in zip(self.files, broken, strict=True):
                there.write_text(here.read_text().replace("\n    Type: AWS::", "\n    Type: Aws::", 1))
            names = list(map(str, broken))
            ours = json.loads(run([CFNGEN, "lint", "--format", "json", *names], expect=1)[1])
            theirs = json.loads(run([CFN_LINT, "--format", "json", *names], expect=2)[1])
        print(ours, theirs)


def main() -> int:
    return 0
