"""The linter in processes of its own, loading while the templates are drawn."""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self

from cfngen.errors import CfngenError, LintError
from cfngen.linting.lint import Finding, Linter

# What to lint: the text, what to call it, the regions it is meant for.
Job = tuple[str, str, tuple[str, ...]]
# Seconds of a processor that cfn-lint may take for a template: twenty times what ours need. Some
# of its rules take time in proportion to the square of a list, or worse.
MIN_SECONDS, SECONDS_PER_CHARACTER = 60.0, 0.001


class Linters:
    """One process that loads cfn-lint at once, and as many forks of it as there are cores.

    Loading the rules is most of a cold run. A fork shares what is loaded; a second process that
    loads by itself pays again. Where forking is not safe (threads, macOS, Windows) everything
    happens in this process, with the same findings.

    Use as a context manager: the processes end with it.
    """

    def __init__(self, root: Path, *, append_rules: bool = True) -> None:
        """Start loading.

        Args:
            root: the directory whose `.cfnlintrc` counts.
            append_rules: whether the Python that it names as `append_rules` is run.
        """
        self.root = root
        self._load = partial(Linter, append_rules=append_rules)
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
                linter = self._load()
                return [_lint(linter, job) for job in jobs]
        results: dict[int, list[Finding]] = self._child.ask(jobs, jobs)
        return [results[number] for number in range(len(jobs))]

    def _serve(self, requests: BinaryIO, progress: _Progress) -> dict[int, list[Finding]]:
        """Load, read the jobs, share them out among forks, reply with all results."""
        os.chdir(self.root)
        linter = self._load()
        gc.freeze()  # what is loaded now stays: the collector need not look at it in any fork
        jobs: list[Job] = pickle.load(requests)  # noqa: S301 - written by our own parent
        first, *others = _shares(jobs, len(os.sched_getaffinity(0)))

        def work(
            share: list[int], _: BinaryIO | None, progress: _Progress
        ) -> dict[int, list[Finding]]:
            results = {}
            for number in share:
                progress.begin(number)
                results[number] = _lint(linter, jobs[number])
            progress.begin(NO_JOB)
            return results

        helpers = [_fork(partial(work, share)) for share in others]
        results = work(first, None, progress)
        for helper in helpers:
            results |= helper.ask(None, jobs)
            helper.end()
        return results


def _lint(linter: Linter, job: Job) -> list[Finding]:
    """Lint one template, for as long as one of its size may take.

    Raises:
        LintError: it takes longer, or cfn-lint failed.
    """
    text, name, _ = job
    seconds = MIN_SECONDS + SECONDS_PER_CHARACTER * len(text)
    try:
        with _no_longer_than(seconds):
            return linter.lint(*job)
    except _OutOfTimeError:
        raise LintError(
            f"{name}: cfn-lint was stopped after {seconds:,.0f} s of a processor's time, many times"
            " what a template of that size takes; make its lists shorter, or leave it out"
        ) from None


class _OutOfTimeError(BaseException):
    """Not to be caught by a rule that goes on after any failure."""


@contextlib.contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Stop what takes more of the processor than that, where a program may set itself a timer."""

    def stop(*_: object) -> None:
        raise _OutOfTimeError

    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)  # again, if something swallows it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _shares(jobs: list[Job], workers: int) -> list[list[int]]:
    """Share the jobs out, the longest first, each to whom has least to do."""
    shares: list[list[int]] = [[] for _ in range(max(1, min(workers, len(jobs))))]
    loads = [0] * len(shares)
    for number in sorted(range(len(jobs)), key=lambda n: (-len(jobs[n][0]), n)):
        idlest = loads.index(min(loads))
        shares[idlest].append(number)
        loads[idlest] += len(jobs[number][0])
    return shares


def _may_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


NO_JOB = -1


class _Progress:
    """The number of the job that a process is at, which its parent can read when it is dead."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self.begin(NO_JOB)

    def begin(self, number: int) -> None:
        self._shared[:] = number.to_bytes(8, "little", signed=True)

    @property
    def number(self) -> int:
        return int.from_bytes(self._shared[:], "little", signed=True)


class _Child:
    """A forked process that replies to one request."""

    def __init__(self, pid: int, requests: BinaryIO, replies: BinaryIO, at: _Progress) -> None:
        self.pid = pid
        self.requests = requests
        self.replies = replies
        self.progress = at

    def ask(self, request: Any, jobs: list[Job]) -> Any:
        """Send the request and return the reply; what went wrong there is raised here.

        Args:
            request: what to send.
            jobs: what it is about, to name the one that it died of.
        """
        with contextlib.suppress(BrokenPipeError):  # it failed already; the reply says why
            pickle.dump(request, self.requests)
            self.requests.close()
        try:
            reply = pickle.load(self.replies)  # noqa: S301 - written by our own child
        except (EOFError, pickle.UnpicklingError):
            raise LintError(self._death(jobs)) from None
        if isinstance(reply, CfngenError):
            raise reply
        if isinstance(reply, BaseException):
            error = LintError("the linter failed, a bug of cfngen or cfn-lint:")
            error.add_note(str(reply))
            raise error from None
        return reply

    def _death(self, jobs: list[Job]) -> str:
        """Return what a process died of that has not replied."""
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(self.pid, 0)
            self.pid = 0
            if os.WIFSIGNALED(status):
                number, cause = self.progress.number, signal.Signals(os.WTERMSIG(status)).name
                if number == NO_JOB:
                    return f"the linter's process was killed ({cause}) while it linted no template"
                return (
                    f"{jobs[number][1]}: the linter's process was killed ({cause}) while it linted"
                    " this template; look at what is odd in it, or leave it out"
                )
        return "the linter's process ended without a reply; run again"

    def end(self) -> None:
        """End the process and wait for it."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        for stream in (self.requests, self.replies):
            with contextlib.suppress(OSError):
                stream.close()


def _fork(serve: Callable[[BinaryIO, _Progress], Any]) -> _Child:
    """Run `serve` in a fork of this process."""
    progress = _Progress()
    request_read, request_write = os.pipe()
    reply_read, reply_write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(request_read)
        os.close(reply_write)
        writer, reader = os.fdopen(request_write, "wb"), os.fdopen(reply_read, "rb")
        return _Child(pid, writer, reader, progress)
    # The child never returns into the caller's code, whatever happens.
    try:
        # Ctrl-C ends it at once. Python's own way could end up in a place where it prints a word.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(request_write)
        os.close(reply_read)
        reply: Any
        try:
            with os.fdopen(request_read, "rb") as requests:
                reply = serve(requests, progress)
        except EOFError:  # the parent gave up before it sent a request
            os._exit(0)
        except BaseException as error:  # the parent raises it
            reply = error if isinstance(error, CfngenError) else _portable(error)
        with os.fdopen(reply_write, "wb") as replies:
            pickle.dump(reply, replies)
    finally:
        os._exit(0)


def _portable(error: BaseException) -> Exception:
    import traceback

    return RuntimeError("".join(traceback.format_exception(error)))
