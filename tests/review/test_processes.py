"""A review that several processes share is the one that a single process makes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cfngen.cloudformation.source import Source
from cfngen.errors import RenderError
from cfngen.review import review
from cfngen.review.model import MISSING, Review
from cfngen.review.processes import MIN_SHARED, available_processes, each

TEMPLATE = """
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: {name}
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: {count}}}
  Dead:
    Type: AWS::SQS::Queue
"""
MANY = MIN_SHARED + 5


def reviewed(processes: int) -> Review:
    """Review many templates: changed ones, new and removed ones, and some that are none."""
    base = {f"stack-{n:03}": TEMPLATE.format(name=f"a{n}", count=3) for n in range(MANY)}
    head = {name: text.replace("a1", "b1") for name, text in base.items()}
    head = {name: text.replace("Count: 3", "Count: 4") for name, text in head.items()}
    head |= {"new": TEMPLATE.format(name="new", count=1), "broken": "Resources: ["}
    head["stack-003"] = "Resources: {A: {Type: AWS::SNS::Topic}, A: {Type: AWS::SNS::Topic}}"
    outer = (
        "Resources: {Inner: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateBody: %s}}}"
    )
    base["outer"] = outer % "'Resources: {A: {Type: AWS::SNS::Topic}}'"
    head["outer"] = outer % "'Resources: {B: {Type: AWS::SNS::Topic}}'"
    del head["stack-004"]
    head["stack-005"] = head["stack-005"].replace("QueueName:", "DelaySeconds: 5\n      QueueName:")
    return review(base, head, processes=processes)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are shared on Linux only")
def test_a_shared_review_is_the_same() -> None:
    """All of it, in the same order; what stands for no value is one thing in all processes."""
    alone, shared = reviewed(1), reviewed(3)
    assert alone == shared
    assert len(alone.stacks) > MANY - 5
    details = [
        detail
        for stack in shared.stacks
        for change in stack.resources
        for detail in change.properties
    ]
    assert any(d.path == "DelaySeconds" and d.before is MISSING for d in details)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are shared on Linux only")
def test_work_is_shared_and_kept_in_order() -> None:
    """Many names are worked on elsewhere, few are not; results are in the order of the names."""
    names = [f"{number:03}" for number in range(MIN_SHARED)]
    pids = each(lambda _: os.getpid(), names, 2)
    assert os.getpid() not in pids
    assert each(lambda name: name, names, 2) == names
    assert set(each(lambda _: os.getpid(), names[1:], 2)) == {os.getpid()}


@pytest.mark.skipif(sys.platform != "linux", reason="processes are shared on Linux only")
def test_what_goes_wrong_in_a_process_is_raised_here() -> None:
    """An error of the work is the caller's; a process that is killed costs time only."""

    def refuse(name: str) -> None:
        raise RenderError(name)

    names = [f"{number:03}" for number in range(MIN_SHARED)]
    with pytest.raises(RenderError, match="000"):
        each(refuse, names, 2)
    here = os.getpid()

    def die(name: str) -> str:
        if name == "007" and os.getpid() != here:
            os.abort()
        return name

    assert each(die, names, 2) == names


def test_threads_forbid_a_fork() -> None:
    """Where another thread runs, a fork could wait for a lock for ever."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert available_processes() == 1
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are shared on Linux only")
def test_the_command_shares_and_writes_the_same(tmp_path: Path) -> None:
    """On one processor and on all, the command prints the same."""
    for side, name in (("base", "a"), ("head", "b")):
        (tmp_path / side).mkdir()
        for number in range(MANY):
            text = TEMPLATE.format(name=f"{name}{number}", count=3)
            (tmp_path / side / f"stack-{number:03}.yaml").write_text(text)
    review_of = "from cfngen.cli import main; sys.exit(main(['review', 'base', 'head']))"
    first = f"os.sched_setaffinity(0, [{min(os.sched_getaffinity(0))}])"
    alone, shared = (
        subprocess.run(
            [sys.executable, "-c", f"import os, sys; {limit}; {review_of}"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for limit in (first, "pass")
    )
    assert alone
    assert alone == shared


def test_a_source_is_a_template_unless_somebody_doubts() -> None:
    """Texts that are given as templates are; one that is none is certainly refused."""
    assert Source("Resources: {}").is_template
    (finding,) = review({}, {"new": "a: ["}).unknowns
    assert str(finding.certainty) == "will"
