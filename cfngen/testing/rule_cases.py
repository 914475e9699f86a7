"""Cases of the review's rules: what each finds, and what comes near and is not found.

The cases of `data/D103_retention_shortened.py` are a list in `data/D103_retention_shortened.yaml`:

    - claim: Log events older than the new retention are deleted.
      before: {Resources: {Log: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}}}
      after: {Resources: {Log: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}}}
      hits:
        - {subject: Log, path: RetentionInDays, certainty: will}
    - claim: A longer retention deletes nothing.
      …
      hits: []

A side is a template, as data or as text; or files by path, where one may be `{link: TARGET}`; one
that is left out has no template. `deployed` are the parameters that the running stack has,
`change_set` the resource changes that CloudFormation lists, both in the AWS CLI's words. A hit
states fields of a finding; the certainty is `may` and the path empty if it does not, and of the
message a part is enough. Only the rule itself is looked at.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfngen.cloudformation.read import read
from cfngen.project.change_sets import by_template, read_change_set
from cfngen.project.reviews import review_of
from cfngen.project.revisions import pair
from cfngen.review.deployed import DeployedParameter, DeployedStack
from cfngen.review.model import Finding
from cfngen.review.rule import RegisteredRule

TEMPLATE = "stack"  # the name of a side's only template
SIDES = ("before", "after")
KEYS = frozenset(("claim", *SIDES, "deployed", "change_set", "hits"))
UNSTATED = {"certainty": "may", "path": ""}  # of a hit


@dataclass(frozen=True)
class RuleCase:
    """One change, and what a rule finds in it."""

    file: str  # such as `data/D103_retention_shortened`
    claim: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)
    hits: tuple[Mapping[str, Any], ...]
    deployed: Mapping[str, str] = field(default_factory=dict)
    change_set: tuple[Mapping[str, Any], ...] = ()

    @property
    def code(self) -> str:
        """The code of the rule."""
        return self.file.rpartition("/")[2].partition("_")[0]


def rule_cases(directory: Path) -> list[RuleCase]:
    """Return the cases in a directory that has one for each concern.

    Raises:
        ValueError: a case has a key that none has, or lacks its claim or its hits.
        RenderError: a file is not YAML.
    """
    return [
        _case(file, number, entry)
        for file in sorted(directory.glob("*/*.yaml"))
        for number, entry in enumerate(read(file.read_text("utf-8")) or [], 1)
    ]


def missing_cases(rules: Mapping[str, RegisteredRule], directory: Path) -> Iterator[str]:
    """Yield the rules that lack a hit or a near miss, and the files of cases that lack a rule."""
    names = {f"{rule.concern.value}/{code}_{rule.name}": code for code, rule in rules.items()}
    for file in sorted(directory.glob("*/*.yaml")):
        name = f"{file.parent.name}/{file.stem}"
        if name not in names:
            yield f"{name}.yaml: no rule is called so"
    counts = {(case.file, bool(case.hits)) for case in rule_cases(directory)}
    for name, code in names.items():
        if (name, True) not in counts:
            yield f"{name}.yaml: no case that {code} finds something in"
        if (name, False) not in counts:
            yield f"{name}.yaml: no case that comes near, and {code} finds nothing in"


def unexpected(case: RuleCase, rules: Mapping[str, RegisteredRule]) -> list[str]:
    """Return in what a case's rule does not find what it should; nothing if all is as stated."""
    findings = case_findings(case, {case.code: rules[case.code]})
    problems = []
    left = list(findings)
    for hit in case.hits:
        finding = next((finding for finding in left if _matches(hit, finding)), None)
        if finding is None:
            problems.append(f"not found: {dict(hit)}")
        else:
            left.remove(finding)
    stated = sorted({"subject", *UNSTATED, "message", *(key for hit in case.hits for key in hit)})
    problems += [
        f"also found: { {key: _value(finding, key) for key in stated} }" for finding in left
    ]
    return problems


def case_findings(case: RuleCase, rules: Mapping[str, RegisteredRule]) -> tuple[Finding, ...]:
    """Return what some rules find in a case."""
    with TemporaryDirectory() as folder, chdir(folder):
        for name, side in zip(SIDES, (case.before, case.after), strict=True):
            _write(Path(name), side)
        compared = pair(*SIDES, Path(folder))
        if case.deployed:
            values = {name: DeployedParameter(value) for name, value in case.deployed.items()}
            compared = replace(compared, stacks={TEMPLATE: DeployedStack(TEMPLATE, values)})
        if case.change_set:
            file = _change_set_file(case)
            listed = by_template([read_change_set(file)], compared.base, compared.head, {})
            compared = replace(compared, change_sets=listed)
        return review_of(compared, rules).findings


def _case(file: Path, number: int, entry: Any) -> RuleCase:
    where = f"{file.parent.name}/{file.name}: case {number}"
    if not isinstance(entry, dict) or not entry.get("claim") or "hits" not in entry:
        raise ValueError(f"{where}: it needs a claim and hits, of which there may be none: []")
    if unknown := sorted(entry.keys() - KEYS):
        raise ValueError(f"{where}: {', '.join(unknown)}: no such key")
    return RuleCase(
        f"{file.parent.name}/{file.stem}",
        entry["claim"],
        entry.get("before"),
        entry.get("after"),
        tuple(entry["hits"]),
        {name: str(value) for name, value in entry.get("deployed", {}).items()},
        tuple(entry.get("change_set", ())),
    )


def _write(directory: Path, side: Any) -> None:
    directory.mkdir()
    if side is None:
        return
    files = isinstance(side, dict) and any("." in name for name in side)
    for name, content in (side if files else {f"{TEMPLATE}.yaml": side}).items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict) and list(content) == ["link"]:
            file.symlink_to(content["link"])
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=2)
            file.write_text(text, "utf-8", newline="")


def _change_set_file(case: RuleCase) -> Path:
    printed = {
        "ChangeSetName": "case",
        "StackName": TEMPLATE,
        "Status": "CREATE_COMPLETE",
        "Changes": [{"Type": "Resource", "ResourceChange": change} for change in case.change_set],
    }
    file = Path("change-set.json")
    file.write_text(json.dumps(printed), "utf-8")
    return file


def _matches(hit: Mapping[str, Any], finding: Finding) -> bool:
    stated = {**UNSTATED, **hit}
    message = stated.pop("message", "")
    return message in finding.message and all(
        _value(finding, key) == value for key, value in stated.items()
    )


def _value(finding: Finding, key: str) -> Any:
    value = getattr(finding, key)
    return value.value if isinstance(value, enum.Enum) else value
