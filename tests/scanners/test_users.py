"""What users of cfngen see of scanners: their commands find nothing that is not waived.

The templates are ours, by the commands of the README; and a third party's, made of our patterns.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from scanners.findings import ALL, BIN, ENVIRONMENTS, UNKNOWN_TO_CFRIPPER, Scanner
from scanners.waivers import every, placed
from support.blueprint_package import cfngen, package, project
from support.drawn import PROJECT, ROOT, drawn

from cfngen import synthesize
from cfngen.project import waiver_files, write

pytestmark = pytest.mark.scanners

# What a third party writes; each line of it is explained in docs/writing-a-blueprint.md.
THIRD_PARTY = '''
"""Counts what comes in, and tells people when it cannot."""

from awacs import sqs
from troposphere import GetAtt, Ref

from cfngen import Parameters, Payloads, Template, allow, blueprint, parameter
from cfngen.patterns import (
    alarm, alarm_topic, build_project, cache_bucket, dead_letters, log_group, python_function, role,
    write_logs,
)

payload = Payloads(__package__)


class Params(Parameters):
    """Asked at deploy time."""

    Email = parameter("Address that alarms are sent to", AllowedPattern="[^@ ]+@[^@ ]+")


@blueprint
def {name}() -> Template:
    """Count what comes in."""
    t = Template()
    p = t.declare(Params)
    topic = t.add(alarm_topic("Warnings", email=p.Email))
    missed = t.add(dead_letters("Missed", rules=(), reason="Events that were not counted."))
    counts = t.add(cache_bucket("Counts", days=30), reason="Where the counts are kept.")
    t.add(
        python_function(
            "Counter",
            payload["counter.py"],
            reason="Counts.",
            days=30,
            dead_letter_queue=missed,
            environment={"BUCKET": Ref(counts.bucket)},
        )
    )
    log = t.add(log_group("ReportLog", days=30))
    reporter = t.add(role("Reporter", "codebuild", write_logs(log)), reason="Assumed by Report.")
    t.add(
        build_project(
            "Report", description="Reports", buildspec=payload["report.yml"], role=reporter, log=log
        )
    )
    t.add(
        alarm(
            "NotCounted",
            "Something was not counted; queue Missed has it",
            metric="AWS/SQS NumberOfMessagesSent",
            dimensions={"QueueName": GetAtt(missed.queue, "QueueName")},
            topic=topic.topic,
        )
    )
    return t
'''
FILES = {
    "counting/payload/counter.py": "def handler(event, context):\n    return len(event)\n",
    "counting/payload/report.yml": (
        "version: 0.2\nphases:\n  build:\n    commands:\n      - echo report\n"
    ),
}
of_templates = [name for name, s in ALL.items() if s.subjects is ALL["checkov"].subjects]


def present(name: str) -> Scanner:
    """Return a scanner; without it, skip on a desk and fail in CI."""
    scanner = ALL[name]
    if scanner.missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(scanner.missing)
    return scanner


def readme_commands() -> list[list[str]]:
    """Return the words of the README's commands with waivers, without comments."""
    lines = (ROOT / "README.md").read_text().splitlines()
    found = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines
             if re.match(r"(\$ )?(cfngen|checkov) .*waivers", line)]  # fmt: skip
    return [words for words in found if words]


def checkov(*arguments: str, cwd: Path) -> dict[str, Any]:
    """Run the real checkov and return its report."""
    offline = ("--skip-download", "--output", "json")
    command = [str(ENVIRONMENTS / "checkov/bin/checkov"), *arguments, *offline]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    reports = answer if isinstance(answer, list) else [answer]
    (found,) = (report for report in reports if report["check_type"] == "cloudformation")
    return dict(found["results"], status=done.returncode)


def test_checkov_by_the_readmes_commands_fails_nothing(tmp_path: Path) -> None:
    """Every finding on fargate-mirror is skipped, each with the reason that the code gives."""
    present("checkov")
    build, scan = readme_commands()
    assert (build[0], scan[0]) == ("cfngen", "checkov")
    assert scan[-1].endswith("fargate-mirror.yaml")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [BIN / build[0], *build[1:]], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    report = checkov(*scan[1:], cwd=tmp_path)
    assert report["status"] == 0
    assert report["failed_checks"] == []
    skipped = {
        (
            entry["check_id"],
            entry["resource"].rpartition(".")[2],
            entry["check_result"]["suppress_comment"],
        )
        for entry in report["skipped_checks"]
    }
    waived = {
        (w.waiver.rule_name, w.resource, w.waiver.reason)
        for w in every()
        if w.template == "fargate-mirror" and w.waiver.scanner == "checkov"
    }
    assert skipped == waived
    assert len(skipped) > 5
    # It is the same template that ships.
    shipped = (PROJECT.output / "fargate-mirror.yaml").read_bytes()
    assert (tmp_path / "output/fargate-mirror.yaml").read_bytes() == shipped


def test_scanners_fail_nothing_with_the_files_of_our_waivers(tmp_path: Path) -> None:
    """Of all templates: what checkov reads in the copies, what cfripper reads in the filters."""
    present("checkov")
    present("cfripper")
    documents = {name: drawn(name).document for name in PROJECT.templates}
    for changes in waiver_files.pending_changes(
        tmp_path, documents, output=PROJECT.output, prune=True
    ):
        write.apply(changes)
    report = checkov("--directory", "checkov", "--framework", "cloudformation", cwd=tmp_path)
    assert report["failed_checks"] == []
    assert len(report["skipped_checks"]) > 80
    filters = sorted((tmp_path / "cfripper").glob("*/filters.py"))
    assert len(filters) > 5
    for path in filters:
        name = path.parent.name
        body = without_unknown(documents[name].body)
        (tmp_path / "template.json").write_text(json.dumps(body))
        command = [ENVIRONMENTS / "cfripper/bin/cfripper", "--format", "json"]
        command += ["--rules-filters-folder", path.parent, tmp_path / "template.json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert json.loads(done.stdout)["failures"] == [], name
        assert done.returncode == 0, done.stderr


def without_unknown(value: Any) -> Any:
    """Return a template without the properties that cfripper stumbles over."""
    if isinstance(value, dict):
        return {k: without_unknown(v) for k, v in value.items() if k not in UNKNOWN_TO_CFRIPPER}
    return [without_unknown(v) for v in value] if isinstance(value, list) else value


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A third party's package with its own entry point, and a project that uses it, built."""
    site = tmp_path / "site"
    package(site, {"counting": THIRD_PARTY}, module="acme_counting", files=FILES)
    root = project(tmp_path / "project", '[templates.counting]\nblueprint = "counting"\n')
    done = cfngen("build", "--waivers", "waivers", cwd=root, sites=(site,))
    assert done.returncode == 0, done.stderr
    assert "no findings" in done.stderr
    monkeypatch.syspath_prepend(site)
    return root


def test_a_third_partys_blueprint_of_our_patterns_is_clean(third_party: Path) -> None:
    """It builds and lints; what scanners find in it, the patterns waive, and nothing is edited."""
    blueprint = import_module("acme_counting.counting.blueprint").counting
    waivers = list(placed("counting", synthesize(blueprint).document))
    template = third_party / "output/counting.yaml"
    used = set()
    for name in of_templates:
        for finding in present(name).findings([template]):
            rule = f"{finding.scanner}:{finding.rule}"
            about = [w for w in waivers if w.applies(rule, finding.template, finding.place)]
            assert about, f"{finding}"
            used |= set(about)
    assert {w.waiver.scanner for w in used} >= {"checkov", "cdk-nag", "cfripper"}
    of_resources = {w for w in waivers if len(w.path) == 2}
    assert not of_resources - used, "\n".join(map(str, of_resources - used))
    report = checkov("--file", "waivers/checkov/counting.yaml", cwd=third_party)
    assert report["failed_checks"] == []
    for module in [name for name in sys.modules if name.startswith("acme_counting")]:
        del sys.modules[module]
