"""Runs commands as whole processes, in turns, and says what each run took."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
BIN = Path(PYTHON).parent  # of the virtual environment: the link is not followed
CFNGEN, CFN_LINT = str(BIN / "cfngen"), str(BIN / "cfn-lint")
CDK = "benchmarks/cdk/node_modules/.bin/cdk"
# Neither a user's region, which cfn-lint looks at, nor switches of Python, nor the network.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
ENVIRONMENT |= {"CDK_DISABLE_CLI_TELEMETRY": "1", "CDK_DISABLE_VERSION_CHECK": "1"}
QUIET = 0.1  # cores that others may use while a row is measured
SET_CHILD_SUBREAPER = 36  # of prctl(2), from linux/prctl.h


class NotComparableError(Exception):
    """The two commands do not do what is compared, so their times say nothing."""


@dataclass(frozen=True)
class Usage:
    """What one run took: seconds, and MiB of its largest process; only `wall` within a process."""

    wall: float
    cpu: float = 0
    memory: float = 0


Pairs = list[tuple[Usage, Usage]]


def run(command: Sequence[str], *, expect: int = 0) -> tuple[Usage, str]:
    """Run a command as `finished` does; return what it took and what it printed.

    Raises:
        NotComparableError: it ended with another exit code than expected.
    """
    used, text, said, code = finished(command)
    if code != expect:
        words = " ".join(command)
        raise NotComparableError(f"{words}: exit code {code}\n{text[-999:]}{said[-999:]}")
    return used, text


def finished(command: Sequence[str]) -> tuple[Usage, str, str, int]:
    """Run a command in the root of the repository, to its end.

    A word `{fresh}` of the command becomes an empty folder, made for this run alone.

    Returns:
        What it took, what it printed, what it printed as errors, and its exit code.
    """
    with (
        tempfile.TemporaryDirectory() as fresh,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        words = [fresh if word == "{fresh}" else word for word in command]
        streams = [(os.POSIX_SPAWN_DUP2, file.fileno(), n) for n, file in ((1, out), (2, err))]
        start = perf_counter()
        pid = os.posix_spawnp(words[0], words, ENVIRONMENT, file_actions=streams)
        _, status, used = os.wait4(pid, 0)
        wall = perf_counter() - start
        processes = [used, *orphans()]
        text, said = contents(out), contents(err)
    cpu = sum(process.ru_utime + process.ru_stime for process in processes)
    memory = max(process.ru_maxrss for process in processes) / 1024
    return Usage(wall, cpu, memory), text, said, os.waitstatus_to_exitcode(status)


def contents(file: IO[bytes]) -> str:
    """Return what was written to a temporary file."""
    file.seek(0)
    return file.read().decode(errors="replace")


def orphans() -> Iterator[Any]:
    """Yield the usage of processes for which their own parent did not wait."""
    with contextlib.suppress(ChildProcessError):
        while True:
            yield os.wait3(0)[2]


def in_turns(
    ours: Sequence[str], theirs: Sequence[str], runs: int, *, expect: tuple[int, int] = (0, 0)
) -> Pairs:
    """Run two commands A B A B …, after a warm-up of each, which also compiles and fills caches."""

    def both() -> tuple[Usage, Usage]:
        return run(ours, expect=expect[0])[0], run(theirs, expect=expect[1])[0]

    both()
    return [both() for _ in range(runs)]


def adopt_orphans() -> None:
    """Become the parent of processes that lose theirs, so that they count too; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def busy() -> float:
    """Return the seconds of CPU used so far by all but this process and those it waited for.

    The kernel's and the hypervisor's are among them. Always 0 where there is no /proc.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0
    user, nice, system, _, _, irq, softirq, steal = map(int, stat.read_text().split()[1:9])
    everybody = user + nice + system + irq + softirq + steal
    return everybody / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def machine() -> str:
    """Return where and when this runs, with the load that others put on it."""
    cpu = Path("/proc/cpuinfo")
    told = cpu.read_text("utf-8") if cpu.exists() else ""
    model = (re.findall(r"(?m)^model name\s*: (.*)", told) or [platform.machine()])[0]
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    software = f"Python {platform.python_version()}, cfn-lint {version('cfn-lint')}"
    if Path(CDK).exists():
        software += f", cdk {run([CDK, '--version'])[1].split()[0]}"
    today = datetime.now(UTC).date()
    return f"{today}: {cores} cores, {model}, load {load:.1f}; {software}; bytecode compiled"
