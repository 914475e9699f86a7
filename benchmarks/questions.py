"""The questions that are asked of a pair of templates, and what each side's answer comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cdk_diff import Shown
from timing import Usage

RIGHT, SILENT, WRONG = "right", "not told", "wrong"
Said = set[tuple[str, str]]  # a thing, and what is said of it


@dataclass(frozen=True)
class Pair:
    """One case of the corpus, and what both said of it; several templates are several stacks."""

    name: str  # its theme and its file, such as `data/bucket-removed`
    expected: dict[str, Any] = field(repr=False)
    ours: list[dict[str, Any]] = field(repr=False)  # the stacks of the JSON format
    theirs: dict[str, Shown] = field(repr=False)
    took: tuple[Usage, Usage] | None  # nothing where one command does not take the whole pair

    @property
    def concern(self) -> str:
        """What the pair is about."""
        return self.name.partition("/")[0]

    def outcomes(self) -> tuple[str, str]:
        """Return how cfngen did, and how the CDK."""
        question = QUESTIONS[self.concern]
        truth = question.truth(self)
        return outcome(truth, question.ours(self)), outcome(truth, question.theirs(self))


def outcome(truth: Said, said: Said) -> str:
    """Return how what was said compares with what is so.

    Right is all of it and nothing else. To say something that is not so is wrong; `may` where it
    is certain is not wrong, only less than there is to say.
    """
    if said == truth:
        return RIGHT
    vague = {(name, "may") for name, word in truth if word == "will"}
    return SILENT if said <= truth | vague else WRONG


@dataclass(frozen=True)
class Question:
    """What is asked of each pair of one concern, and where each side's answer is found."""

    asked: str
    truth: Callable[[Pair], Said]
    ours: Callable[[Pair], Said]
    theirs: Callable[[Pair], Said]


def of_all(stacks: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """Yield what all stacks of a review have under a key."""
    return (entry for stack in stacks for entry in stack[key])


def findings(found: Any, concern: str) -> Said:
    """Return of what a concern is told, and how surely."""
    return {(f["subject"], f["certainty"]) for f in found or () if f["concern"] == concern}


def changes_truth(pair: Pair) -> Said:
    """Return each thing whose own text changes; what only refers to a replaced one is left out."""
    resources = pair.expected.get("resources", {}).items()
    entries = pair.expected.get("entries", {}).items()
    return {(f"Resources.{n}", kind) for n, kind in resources if kind != "affected"} | {*entries}


def changes_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    resources, entries = of_all(pair.ours, "resources"), of_all(pair.ours, "entries")
    said = {(f"Resources.{r['name']}", r["kind"]) for r in resources}
    said |= {(f"{e['section']}.{e['name']}", e["kind"]) for e in entries}
    return {(name, kind) for name, kind in said if kind != "affected"}


def replaced_truth(pair: Pair) -> Said:
    """Return what is replaced, and how surely; YAML reads `no` as false."""
    verdicts = pair.expected.get("replacement", {}).items()
    return {(name, word) for name, word in verdicts if word in ("will", "may")}


def replaced_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    resources = of_all(pair.ours, "resources")
    return {(r["name"], r["replacement"]) for r in resources if r["replacement"] != "no"}


# Types without data of their own, and those of which CloudFormation can make a snapshot (AWS page
# "DeletionPolicy attribute").
NO_LOSS = (
    *("Policy", "Permission", "EC2::Volume", "RDS::DBInstance", "RDS::DBCluster"),
    *("DocDB::DBCluster", "Neptune::DBCluster", "Redshift::Cluster"),
    *("ElastiCache::CacheCluster", "ElastiCache::ReplicationGroup"),
)
IMPACTS = {"replace": "will", "may be replaced": "may"}


def replaced_theirs(pair: Pair) -> Said:
    """Return the same, as the CDK says it behind a resource's name."""
    each = (item for stack in pair.theirs.values() for item in stack.resources)
    return {(item.name, IMPACTS[item.impact]) for item in each if item.impact in IMPACTS}


def losses_theirs(pair: Pair) -> Said:
    """Return what the CDK says of data: it says `destroy`, or `orphan` for what is retained.

    That something is replaced counts where data goes with it, and where none does it is no
    mistake: the CDK does not say so. Nor is `destroy`, where a snapshot can remain, or of a policy.
    """
    truth = {name for name, _ in findings(pair.expected.get("findings"), "data")}
    said = {(name, word) for name, word in replaced_theirs(pair) if name in truth}
    for item in (item for stack in pair.theirs.values() for item in stack.resources):
        if item.impact == "destroy" and (item.name in truth or not item.type.endswith(NO_LOSS)):
            said.add((item.name, "will"))
    return said


def broadened(yes: Any) -> Said:
    """Return the answer to whether anybody may do more, which is asked of the pair as a whole."""
    return {("anybody", "may do more")} if yes else set()


def opened(yes: Any) -> Said:
    """Return the answer to whether a way in is opened to everybody."""
    return {("a way in", "opened to everybody")} if yes else set()


def opened_theirs(pair: Pair) -> Said:
    """Return the same, of the rows with a plus in the CDK's tables of security changes.

    Of a row for everybody under a condition the reader judges, and is taken to judge well.
    """
    rows = [row for stack in pair.theirs.values() for row in stack.opened]
    if rows and all(row.get("Condition") for row in rows):
        return opened(pair.expected.get("opened"))
    return opened(rows)


def payloads_truth(pair: Pair) -> Said:
    """Return the texts of which the changed lines can be told."""
    return {(name, "diff") for name in pair.expected.get("payloads", ())}


def payloads_ours(pair: Pair) -> Said:
    """Return the same, as cfngen says it."""
    wanted = pair.expected.get("payloads", ())
    found = of_all(pair.ours, "payloads")
    return {(p["name"] if p["name"] in wanted else p["resource"], "diff") for p in found}


def payloads_theirs(pair: Pair) -> Said:
    """Return the same, as the CDK says it: a change whose every line is marked is a diff."""
    wanted = pair.expected.get("payloads", ())
    each = (item for stack in pair.theirs.values() for item in stack.resources)
    return {(item.name, "diff") for item in each if item.name in wanted and item.marked}


QUESTIONS = {
    "nothing": Question(
        "is it said that nothing changes?",
        lambda _: set(),
        lambda pair: {(stack["name"], "changes") for stack in pair.ours},
        lambda pair: {(name, "changes") for name, s in pair.theirs.items() if not s.silent},
    ),
    "changes": Question(
        "which resources, parameters, outputs … are added, removed, changed?",
        changes_truth,
        changes_ours,
        lambda pair: {said for stack in pair.theirs.values() for said in stack.changes},
    ),
    "replacement": Question(
        "which resources will be replaced, which may be?",
        replaced_truth,
        replaced_ours,
        replaced_theirs,
    ),
    "refused": Question(
        "what will CloudFormation refuse, what may it?",
        lambda pair: findings(pair.expected.get("findings"), "refused"),
        lambda pair: findings(of_all(pair.ours, "findings"), "refused"),
        lambda _: set(),
    ),
    "data": Question(
        "whose data will be lost, whose may be?",
        lambda pair: findings(pair.expected.get("findings"), "data"),
        lambda pair: findings(of_all(pair.ours, "findings"), "data"),
        losses_theirs,
    ),
    "powers": Question(
        "may anybody do more than before?",
        lambda pair: broadened(findings(pair.expected.get("findings"), "broaden")),
        lambda pair: broadened(findings(of_all(pair.ours, "findings"), "broaden")),
        lambda pair: broadened(any(stack.broadens for stack in pair.theirs.values())),
    ),
    "internet": Question(
        "is a way in opened to everybody?",
        lambda pair: opened(pair.expected.get("opened")),
        lambda pair: opened([e for e in of_all(pair.ours, "exposures") if e["opened"]]),
        opened_theirs,
    ),
    "payloads": Question(
        "which lines of a program are changed?", payloads_truth, payloads_ours, payloads_theirs
    ),
}
