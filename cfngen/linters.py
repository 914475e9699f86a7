"""The linter in processes of its own, loading while the templates are drawn."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self

from cfngen.errors import CfngenError, LintError
from cfngen.lint import Finding, Linter

# What to lint: the text, what to call it, the regions it is meant for.
Job = tuple[str, str, tuple[str, ...]]


class Linters:
    """One process that loads cfn-lint at once, and as many forks of it as there are cores.

    Loading the rules is most of a cold run. A fork shares what is loaded; a second process that
    loads by itself pays again. Where forking is not safe (threads, macOS, Windows) everything
    happens in this process, with the same findings.

    Use as a context manager: the processes end with it.
    """

    def __init__(self, root: Path) -> None:
        """Start loading.

        Args:
            root: the folder whose `.cfnlintrc` counts.
        """
        self.root = root
        self._child: _Child | None = _fork(self._serve) if _may_fork() else None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes, finished or not."""
        if self._child:
            self._child.end()

    def lint(self, jobs: list[Job]) -> list[list[Finding]]:
        """Return the findings of each job, in the jobs' order.

        Raises:
            LintError: cfn-lint cannot be configured, or failed.
        """
        if not jobs:
            return []
        if not self._child:
            with contextlib.chdir(self.root):
                linter = Linter()
                return [linter.lint(*job) for job in jobs]
        results: dict[int, list[Finding]] = self._child.ask(jobs)
        return [results[number] for number in range(len(jobs))]

    def _serve(self, requests: BinaryIO) -> dict[int, list[Finding]]:
        """Load, read the jobs, share them out among forks of this process, answer for all."""
        os.chdir(self.root)
        linter = Linter()
        gc.freeze()  # what is loaded now stays: the collector need not look at it in any fork
        jobs: list[Job] = pickle.load(requests)  # noqa: S301 - written by our own parent
        first, *others = _shares(jobs, len(os.sched_getaffinity(0)))

        def work(share: list[int], _: BinaryIO | None = None) -> dict[int, list[Finding]]:
            return {number: linter.lint(*jobs[number]) for number in share}

        helpers = [_fork(partial(work, share)) for share in others]
        results = work(first)
        for helper in helpers:
            results |= helper.ask(None)
            helper.end()
        return results


def _shares(jobs: list[Job], workers: int) -> list[list[int]]:
    """Share the jobs out, the longest first, each to whom has least to do."""
    shares: list[list[int]] = [[] for _ in range(max(1, min(workers, len(jobs))))]
    loads = [0] * len(shares)
    for number in sorted(range(len(jobs)), key=lambda n: (-len(jobs[n][0]), n)):
        least = loads.index(min(loads))
        shares[least].append(number)
        loads[least] += len(jobs[number][0])
    return shares


def _may_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


class _Child:
    """A forked process that answers one question."""

    def __init__(self, pid: int, requests: BinaryIO, answers: BinaryIO) -> None:
        self.pid = pid
        self.requests = requests
        self.answers = answers

    def ask(self, question: Any) -> Any:
        """Send the question and return the answer; what went wrong there is raised here."""
        with contextlib.suppress(BrokenPipeError):  # it failed already; the answer says why
            pickle.dump(question, self.requests)
            self.requests.close()
        try:
            answer = pickle.load(self.answers)  # noqa: S301 - written by our own child
        except EOFError:
            raise LintError("the linter's process ended without an answer; run again") from None
        if isinstance(answer, CfngenError):
            raise answer
        if isinstance(answer, BaseException):
            raise LintError(f"the linter failed, a bug of cfngen or cfn-lint:\n{answer}") from None
        return answer

    def end(self) -> None:
        """End the process and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        for stream in (self.requests, self.answers):
            with contextlib.suppress(OSError):
                stream.close()


def _fork(serve: Callable[[BinaryIO], Any]) -> _Child:
    """Run `serve` in a fork of this process."""
    question_read, question_write = os.pipe()
    answer_read, answer_write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(question_read)
        os.close(answer_write)
        return _Child(pid, os.fdopen(question_write, "wb"), os.fdopen(answer_read, "rb"))
    # The child never returns into the caller's code, whatever happens.
    try:
        # Ctrl-C ends it at once. Python's own way could end up in a place where it prints a word.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(question_write)
        os.close(answer_read)
        answer: Any
        try:
            with os.fdopen(question_read, "rb") as requests:
                answer = serve(requests)
        except EOFError:  # the parent gave up before it asked
            os._exit(0)
        except BaseException as error:  # the parent raises it
            answer = error if isinstance(error, CfngenError) else _portable(error)
        with os.fdopen(answer_write, "wb") as answers:
            pickle.dump(answer, answers)
    finally:
        os._exit(0)


def _portable(error: BaseException) -> Exception:
    import traceback

    return RuntimeError("".join(traceback.format_exception(error)))
