"""The linter in process says exactly what the `cfn-lint` command says with our rules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from troposphere import Ref
from troposphere.sns import Topic

from cfngen import Template
from cfngen.errors import LintError
from cfngen.linting.lint import ERROR, Finding, Linter, trace
from cfngen.linting.processes import Linters

HERE = Path(__file__).parents[1]
OUTPUT = HERE.parent / "output"
OURS = "cfngen.linting.rules.cfn_lint"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")

CONFIGURATIONS = {
    "none": "",
    "everything": "include_checks: [I]\nregions: [us-east-1, af-south-1, cn-north-1]\n",
    "ignores": "ignore_checks: [E3002, W2001]\ninclude_checks: [I]\nmandatory_checks: [E3002]\n",
}


# Good templates of very different kinds; each costs a second.
FEW = ("backlog-proxy-efs.yaml", "branch-events.yaml", "multi-region-pipeline.yaml")


def folder(path: Path, configuration: str, *, whole: bool = False) -> Path:
    """Lay out good and deliberately broken templates beside a configuration.

    The good ones are a few of ours, or all.
    """
    good = [t for t in OUTPUT.glob("*.yaml") if whole or t.name in FEW]
    for template in [*HERE.glob("broken/*.yaml"), *good]:
        shutil.copy(template, path / template.name)
    if configuration:
        (path / ".cfnlintrc").write_text(configuration)
    return path


def as_the_command_says(path: Path, *arguments: str) -> list[tuple[object, ...]]:
    """Run the command on every template in the folder and return what it found, sorted."""
    names = sorted(p.name for p in path.glob("*.yaml"))
    env = {**os.environ, "HOME": str(path / "nobody")}
    run = subprocess.run(
        [CFN_LINT, "--append-rules", OURS, "--format", "json", *arguments, "--", *names],
        cwd=path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(run.stdout or "[]")
    return sorted(
        (
            f["Filename"],
            f["Location"]["Start"]["LineNumber"],
            f["Location"]["Start"]["ColumnNumber"],
            f["Rule"]["Id"],
            f["Level"].lower(),
            f["Message"],
        )
        for f in found
    )


def plain(findings: list[Finding]) -> list[tuple[object, ...]]:
    """Return findings in the shape of `as_the_command_says`."""
    return sorted((f.template, f.line, f.column, f.rule, f.severity, f.message) for f in findings)


@pytest.mark.slow
def test_the_command_and_we_agree_on_what_is_broken(
    linter: Linter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same files, same configuration, same findings."""
    for name in ("missing-property", "old-runtime", "unused", "wide-policy", "wrong-reference"):
        shutil.copy(HERE / f"broken/{name}.yaml", tmp_path)
    (tmp_path / ".cfnlintrc").write_text(CONFIGURATIONS["ignores"])
    assert len(agreed(tmp_path, monkeypatch, linter)) > 4


@pytest.mark.slow
@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_the_command_and_we_agree(
    configuration: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same file, same configuration, same findings: on good templates and on broken ones."""
    folder(tmp_path, configuration, whole="regions" in configuration)
    assert len(agreed(tmp_path, monkeypatch)) > 8


def agreed(path: Path, monkeypatch: pytest.MonkeyPatch, linter: Linter | None = None) -> set[str]:
    """Hold us to what the command says of a folder's templates, and return the rules it names."""
    expected = as_the_command_says(path)
    monkeypatch.chdir(path)
    monkeypatch.setenv("HOME", str(path / "nobody"))
    ours = linter or Linter()
    found = [
        finding
        for template in sorted(path.glob("*.yaml"))
        for finding in ours.lint(template.read_text(), template.name)
    ]
    assert plain(found) == expected
    return {finding.rule for finding in found}


@pytest.mark.slow
def test_regions_given_are_the_commands_dash_r(
    linter: Linter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The regions a template is meant for are those it is linted for."""
    text = (HERE / "broken" / "far-region.yaml").read_text()
    (tmp_path / "t.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    expected = as_the_command_says(tmp_path, "--regions", "us-east-1", "af-south-1")
    found = linter.lint(text, "t.yaml", ("us-east-1", "af-south-1"))
    assert plain(found) == expected
    assert [f.rule for f in found] == ["E3006"]
    assert linter.lint(text, "t.yaml", ("us-east-1",)) == []


def test_the_users_region_changes_nothing(
    linter: Linter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_REGION in the environment is no configuration of the project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "af-south-1")
    text = (HERE / "broken" / "far-region.yaml").read_text()
    assert linter.lint(text, "t.yaml") == []
    assert os.environ["AWS_REGION"] == "af-south-1"


def test_an_unknown_region_is_an_error_of_ours(linter: Linter) -> None:
    """cfn-lint's refusal is told as a message."""
    with pytest.raises(LintError, match="mars-north-1"):
        linter.lint("Resources: {}\n", "t", ("mars-north-1",))


@pytest.mark.parametrize("text", ["regions: 7\n", "regions: [\n", "a: b: c\n", "\tx: 1\n"])
def test_a_configuration_that_is_none_is_an_error_of_ours(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken .cfnlintrc is named."""
    (tmp_path / ".cfnlintrc").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LintError, match=r"\.cfnlintrc"):
        Linter()


def test_an_unknown_region_in_the_configuration_leads_to_it(
    linter: Linter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the file to look at, and the nearest region."""
    (tmp_path / ".cfnlintrc").write_text("regions: [us-eats-1]\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LintError, match=r"'us-eats-1'; did you mean 'us-east-1'.*\.cfnlintrc"):
        linter.lint("Resources: {}\n", "t")


def test_a_finding_names_the_blueprints_line(linter: Linter) -> None:
    """What is wrong with a resource leads to the line that added it."""
    t = Template()
    t.add(Topic("Fine"))
    t.add(Topic("Wrong", KmsMasterKeyId=Ref("Nobody")))
    from cfngen import render

    document = t.document()
    findings = trace(linter.lint(render(document), "t"), document.origins)
    assert findings
    assert {f.name for f in findings} == {"Wrong"}
    origin = findings[0].origin
    assert origin is not None
    assert origin.file == __file__
    assert "Wrong" in Path(origin.file).read_text().splitlines()[origin.line - 1]


def test_findings_are_sorted_values() -> None:
    """Findings can be compared, kept in sets, and not changed."""
    a = Finding("a", 1, 1, "E1", ERROR, "m")
    assert a == Finding("a", 1, 1, "E1", ERROR, "m")
    assert len({a, Finding("a", 2, 1, "E1", ERROR, "m")}) == 2
    with pytest.raises(AttributeError):
        a.line = 2  # type: ignore[misc]


RULE = '''"""No topic."""

from cfngen.linting.rule import Problem, Rule


def _topics(body):
    for name, resource in body["Resources"].items():
        if resource["Type"] == "AWS::SNS::Topic":
            yield Problem(("Resources", name), "is a topic; use a queue")


RULES = (Rule("E9499", "There is no topic", "None is wanted", "https://example.com", _topics),)
'''


@pytest.mark.slow
def test_a_rule_is_one_file(tmp_path: Path) -> None:
    """A module beside the other rules is loaded by our command and by cfn-lint's own."""
    package = tmp_path / "cfngen"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE.parent / "cfngen", package, ignore=ignored)
    (package / "linting/rules/no_topics.py").write_text(RULE)
    (tmp_path / "t.yaml").write_text("Resources:\n  News:\n    Type: AWS::SNS::Topic\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    for command in (
        [sys.executable, "-m", "cfngen", "lint", "t.yaml"],
        [CFN_LINT, "--append-rules", OURS, "--", "t.yaml"],
    ):
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode != 0, run.stderr
        assert "E9499" in run.stdout
        assert "is a topic; use a queue" in run.stdout


def test_two_rules_of_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is dropped silently."""
    from cfngen.linting.rules import api_limits, cfn_lint

    assert [rule.id for rule in cfn_lint.our_rules()] == ["E9401", "W9401", "E9402", "W9402"]
    again = replace(api_limits.RULES[0], title="The same again")
    monkeypatch.setattr(api_limits, "RULES", (*api_limits.RULES, again))
    with pytest.raises(ValueError, match=r"rules\.api_limits: another rule is called E9401"):
        cfn_lint.our_rules()


FORKS = """
import json, sys
from pathlib import Path
from cfngen.linting.processes import Linters
jobs = [(p.read_text(), p.name, ()) for p in sorted(Path().glob("*.yaml"))]
with Linters(Path.cwd()) as linters:
    assert linters._child, "should have forked"
    found = linters.lint(jobs)
print(json.dumps([[vars(f) for f in fs] for fs in found]))
"""


@pytest.mark.slow
def test_forked_linters_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes side by side give what one process gives, in the order that was asked."""
    folder(tmp_path, CONFIGURATIONS["everything"])
    run = subprocess.run(
        [sys.executable, "-c", FORKS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    monkeypatch.chdir(tmp_path)
    ours = Linter()
    alone = [
        [vars(f) for f in ours.lint(p.read_text(), p.name)] for p in sorted(tmp_path.glob("*.yaml"))
    ]
    assert json.loads(run.stdout) == alone


BROKEN = """
from pathlib import Path
from cfngen.errors import CfngenError
from cfngen.linting.processes import Linters
try:
    with Linters(Path.cwd()) as linters:
        linters.lint([("Resources: {}", "t", ())])
except CfngenError as error:
    print(type(error).__name__, error)
"""


def test_a_failure_in_a_fork_is_raised_here(tmp_path: Path) -> None:
    """A broken configuration is told by the process that was asked."""
    (tmp_path / ".cfnlintrc").write_text("regions: 7\n")
    run = subprocess.run(
        [sys.executable, "-c", BROKEN], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("LintError cfn-lint cannot start")
    assert not run.stderr


def test_leaving_early_ends_the_processes(tmp_path: Path) -> None:
    """Nothing is left running when a manifest turns out to be wrong."""
    code = (
        "from pathlib import Path\nfrom cfngen.linting.processes import Linters\n"
        "with Linters(Path.cwd()) as linters: pid = linters._child.pid\nprint(pid)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(run.stdout), 0)


def test_nothing_to_lint_starts_nothing() -> None:
    """No jobs, no findings."""
    linters = object.__new__(Linters)
    assert linters.lint([]) == []
