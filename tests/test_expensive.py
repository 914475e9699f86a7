"""What costs a great deal to read is refused at once, or takes time in proportion to its size.

Time is this process's own, not that on the wall: what goes wrong here takes minutes, so the bounds
are wide.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.expensive import BUCKET, REFUSED, flat, named, timed

from cfngen.cloudformation.capabilities import needs
from cfngen.cloudformation.read import check, read
from cfngen.deploy.role import Destination, policy
from cfngen.deploy.script import PlannedTemplate, steps
from cfngen.deploy.script.shell import shell
from cfngen.errors import LintError, Problems, RenderError
from cfngen.linting import processes as linters
from cfngen.linting.lint import Linter
from cfngen.review import review
from cfngen.review.formats import FORMATS, format_review
from cfngen.timeline import format_timeline, timeline

LEAST, PER_CHARACTER = 2.0, 0.00008  # seconds: several times what it takes
COUNT = 15_000


def in_proportion(text: str, what: Callable[[], object]) -> None:
    """Do something about a text, in as much time as one of its length may take.

    Raises:
        AssertionError: it takes longer.
    """
    gc.collect()
    started = time.process_time()
    what()
    assert time.process_time() - started < LEAST + PER_CHARACTER * len(text)


def plain(text: str, **_: object) -> str:
    """Return text without colours."""
    return text


each_refused = pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)


@each_refused
def test_what_grows_without_end_is_refused_at_once(text: str) -> None:
    """By what reads a template, in one line."""
    in_proportion("", lambda: _not_read(text))


@pytest.mark.slow
@each_refused
def test_what_grows_without_end_is_refused_by_all_that_read(text: str, linter: Linter) -> None:
    """Before cfn-lint sees it, and by a review; in one line with the file's name."""
    in_proportion("", lambda: _refused(text, linter))


def _not_read(text: str) -> None:
    with pytest.raises(RenderError, match=r"no template|not YAML") as error:
        read(text)
    assert "\n" not in str(error.value)


def _refused(text: str, linter: Linter) -> None:
    with pytest.raises(LintError, match=r"^a\.yaml: no template: ") as other:
        linter.lint(text, "a.yaml")
    assert "\n" not in str(other.value)
    review_of = review({"stack": BUCKET}, {"stack": text})  # it costs this template's findings only
    (unknown,) = review_of.findings
    assert unknown.code == "U101"
    assert "no template" in unknown.message or "not YAML" in unknown.message
    assert "\n" not in unknown.message


@pytest.mark.parametrize("text", [named("&a [*a]"), "A: [\n", "A: {B: &a {<<: *a, x: 1}}\n", "\0"])
def test_what_only_cfn_lint_complains_about_is_left_to_it(text: str) -> None:
    """No circle, and nothing that is no YAML, is refused before."""
    check(text)


@pytest.mark.slow
@pytest.mark.parametrize("what", flat(10))
def test_wide_templates_take_time_in_proportion(what: str) -> None:
    """A review in all formats, a policy for the deployment, a plan, the capabilities."""
    text = flat(COUNT)[what]
    changed = flat(COUNT + 1)[what].replace("AWS::SNS", "AWS::SQS")
    in_proportion(text, lambda: _reviewed(BUCKET, text))
    in_proportion(text, lambda: _reviewed(text, BUCKET))
    in_proportion(text + changed, lambda: _reviewed(text, changed))
    body = read(text)
    in_proportion(text, lambda: needs(body))
    in_proportion(text, lambda: policy("t", body, Destination("t"), skip_unknown=True))
    in_proportion(text, lambda: _planned(body))


def _reviewed(base: str, head: str) -> None:
    found = review({"stack": base}, {"stack": head})
    for form in FORMATS:
        format_review(found, form, plain, limit=60_000, version="1")


def _planned(body: Any) -> str:
    entry: Any = SimpleNamespace(name="t", account="", after=(), regions=(), tags={})
    return shell(steps([PlannedTemplate(entry, body, 1_000, "t.yaml")]))


def test_a_very_wide_list_is_walked_once() -> None:
    """What moves the rest of a list for each of its items takes minutes for this one."""
    body = {"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [1] * 400_000}}}}
    in_proportion("", lambda: needs(body))
    in_proportion("", lambda: _planned(body))


@pytest.mark.slow
def test_a_template_with_other_resources_is_compared_quickly() -> None:
    """Two thousand that are gone and two thousand that are new, in each other's place."""
    texts = [
        "Resources:\n" + "".join(f"  {a}{n}:\n    Type: AWS::SNS::Topic\n" for n in range(2_000))
        for a in "AB"
    ]
    in_proportion("", lambda: review({"stack": texts[0]}, {"stack": texts[1]}))


@pytest.mark.parametrize("count", [3_000, pytest.param(30_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", timed(10))
def test_pipelines_are_timed_in_proportion(what: str, count: int) -> None:
    """In all formats; what no pipeline needs is refused."""
    text = timed(count)[what]
    in_proportion(text, lambda: _timed(text))


def _timed(text: str) -> None:
    try:
        found = timeline(read(text), [datetime(2026, 11, 24, 10, tzinfo=UTC)])
    except Problems:
        return
    for form in ("text", "json", "mermaid", "svg"):
        format_timeline(found, form, plain)


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("each starts the next twice", "a push goes through billions of stages"),
        ("each starts the next, in a circle", "P0: circular dependency"),
        ("windows of a minute", "its stages open or close 14,400 times a day"),
    ],
)
def test_pipelines_that_would_take_for_ever_are_refused(what: str, word: str) -> None:
    """With the reason."""
    with pytest.raises(Problems, match=word):
        timeline(read(timed(10)[what]), [datetime(2026, 11, 24, 10, tzinfo=UTC)])


def test_the_longest_wait_is_left_out_where_it_takes_too_long() -> None:
    """And a note says so."""
    text = timed(10)["windows of a day"]
    found = timeline(read(text), [datetime(2026, 11, 24, 10, tzinfo=UTC)])
    assert found.longest_waits == ()
    assert any("too many windows" in note for note in found.model.notes)
    assert "too many windows" in format_timeline(replace(found), "text", plain)


# --- cfn-lint, which takes as long as it likes --------------------------------------------------


# The timer may ring in a destructor, which swallows it; it rings again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_linter_that_does_not_come_to_an_end_is_stopped(
    linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as much of the processor as templates of that size never take; the file is named."""
    monkeypatch.setattr(linters, "MIN_SECONDS", 0.5)
    monkeypatch.setattr(linters, "SECONDS_PER_CHARACTER", 0.0)
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(LintError, match=r"^slow\.yaml: cfn-lint was stopped after 0 s "):
        linters._lint(linter, (flat(5_000)["list of texts"], "slow.yaml", ()))
    assert signal.getsignal(signal.SIGPROF) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_rule_cannot_swallow_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a rule goes on after, the next second ends it."""

    class Stubborn:
        def lint(self, *_: object) -> list[object]:
            while True:
                try:
                    while True:
                        pass
                except BaseException as error:
                    caught.append(error)
                    if len(caught) > 1:
                        raise

    caught: list[BaseException] = []
    monkeypatch.setattr(linters, "MIN_SECONDS", 0.1)
    stubborn: Any = Stubborn()
    with pytest.raises(LintError, match="was stopped"):
        linters._lint(stubborn, ("", "a.yaml", ()))
    assert len(caught) == 2


DYING = """
import os, signal, sys
from pathlib import Path
from cfngen.errors import CfngenError
from cfngen.linting.lint import Linter
from cfngen.linting.processes import Linters

def die(self, text, name, regions):
    if name == "deadly.yaml":
        os.kill(os.getpid(), signal.SIGSEGV)
    return []

Linter.lint = die
os.sched_getaffinity = lambda _: range(int(sys.argv[1]))
try:
    with Linters(Path.cwd()) as linters:
        assert linters._child
        linters.lint([("Resources: {}", f"{name}.yaml", ()) for name in ("fine", "deadly", "well")])
except CfngenError as error:
    print(error)
"""


@pytest.mark.parametrize("processes", ["1", "3"])
@pytest.mark.slow
def test_a_process_that_dies_of_a_template_says_of_which(tmp_path: Path, processes: str) -> None:
    """And nobody is told to run it again, since it would die again."""
    done = subprocess.run(
        [sys.executable, "-c", DYING, processes],
        cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("deadly.yaml: the linter's process was killed (SIGSEGV) while")
    assert "run again" not in done.stdout
    assert not done.stderr


def test_a_bug_of_cfn_lint_names_the_file(linter: Linter) -> None:
    """A template that one of its rules fails on has an error of its own; others keep theirs."""
    (failure,) = linter.lint(f"{BUCKET}    Metadata: [a]\n", "a.yaml")
    assert (failure.template, failure.rule, failure.severity) == ("a.yaml", "E0002", "error")
    assert failure.message.startswith("cfn-lint has a bug: AttributeError: ")
