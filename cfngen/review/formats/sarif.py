"""The findings of a review as SARIF, located in the template and in the blueprint."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from cfngen.escaping import escape_controls
from cfngen.linting.sarif_document import added, document, location
from cfngen.plurals import counted
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.verdict import is_grave, ordered, verdict
from cfngen.review.formats.waivers import (
    digest_phrase,
    finding_waiver,
    suppression,
    waiver_phrases,
)
from cfngen.review.model import Certainty, Concern, Finding, Kind, Review, StackReview

MAX_RESULTS = 5000  # results; GitHub shows no more of them
# A rule for each concern: what it is called, and what to do about it.
RULES = {
    Concern.REFUSED: (
        "CloudFormation will refuse the deployment",
        (
            "The running stack cannot be updated to this template as it stands. Some changes are"
            " refused before the update starts: a parameter without a value, a capability that is"
            " not acknowledged, a logical ID that changes its type. Others fail during the update,"
            " which is then rolled back: a resource that must be replaced but keeps its custom"
            " name, an export that another stack imports and that is removed or changed. The"
            " message says which case it is. Pass what is missing to the deploy command, choose"
            " another name or logical ID, or split the change into two deployments."
        ),
    ),
    Concern.DATA: (
        "Data is at risk",
        (
            "A resource that holds data is removed or replaced, and the old one is not retained."
            " Set DeletionPolicy and UpdateReplacePolicy to Retain or Snapshot in a deployment"
            " before this one, or move the data first."
        ),
    ),
    Concern.REPLACE: (
        "A resource is replaced",
        (
            "CloudFormation creates a new resource and deletes the old one. Whatever refers to it"
            " changes as well; its physical ID and all that is not in the template are lost. The"
            " reason names the property in the schema of the resource type."
        ),
    ),
    Concern.BROADEN: (
        "Somebody may do more than before",
        (
            "A policy or a role's trust policy allows what it did not allow before, or something"
            " has become reachable from the internet. Check that this is the purpose of the change."
        ),
    ),
    Concern.UNKNOWN: (
        "A change could hide in what was not compared",
        (
            "A template, or a part of one, could not be compared: it is a symlink or a special"
            " file, is fetched from elsewhere, or is the output of a macro, and it differs between"
            " the two sides. Put it where the review can read it, review it yourself, or accept"
            " the part by its name under [review] in the manifest, with a reason."
        ),
    ),
}


def as_sarif(review: Review, version: str) -> str:
    """Return the findings as SARIF 2.1.0; GitHub's code scanning and others take it.

    The identity of a result is its template, concern, subject and property, not its line.
    """
    findings = ordered(review.stacks, review.unknowns)
    driver: dict[str, Any] = {"rules": [_rule(concern) for concern in RULES]}
    if version:
        driver["version"] = version
    seen: Counter[str] = Counter()
    results = [_result(stack, finding, review, seen) for stack, finding in findings[:MAX_RESULTS]]
    notes = [("note", f"{phrase}.") for phrase in _phrases(review)]
    if len(findings) > MAX_RESULTS:
        rest = counted(len(findings) - MAX_RESULTS, "more finding")
        text = f"{rest}, the least severe, not listed."
        notes.append(("warning", text))
    notifications = [{"level": level, "message": {"text": text}} for level, text in notes]
    ran = {"executionSuccessful": True, "toolExecutionNotifications": notifications}
    return document(driver, results, invocations=[ran])


def _phrases(review: Review) -> list[str]:
    about = (verdict(review), *scope(review), *waiver_phrases(review), digest_phrase(review))
    return [phrase for phrase in about if phrase]


def rule_id(concern: Concern) -> str:
    """Return the name of the rule for a concern."""
    return f"cfngen/{concern.value}"


def level(finding: Finding) -> str:
    """Return the SARIF level of a finding."""
    if is_grave(finding):
        return "error"
    certain = finding.certainty is Certainty.WILL
    grave = finding.concern in (Concern.REFUSED, Concern.DATA)
    return "warning" if certain or grave else "note"


def _rule(concern: Concern) -> dict[str, Any]:
    short, text = RULES[concern]
    grave = concern in (Concern.REFUSED, Concern.DATA)
    return {
        "id": rule_id(concern),
        "name": f"Review{concern.value.capitalize()}",
        "shortDescription": {"text": short},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "error" if grave else "warning"},
        "properties": {"tags": ["cloudformation", "review"], "precision": "high"},
    }


def _result(
    stack: StackReview, finding: Finding, review: Review, seen: Counter[str]
) -> dict[str, Any]:
    # A line of base is none of head's: the file's first line stands for what is no longer there.
    gone = finding.side == "base" and stack.kind is Kind.CHANGED
    line = finding.nearest_head_line if gone else finding.line
    name = f"{finding.subject}.{finding.path}" if finding.path else finding.subject
    qualified = f"{stack.name}/{finding.section}/{name}"
    result: dict[str, Any] = {
        "ruleId": rule_id(finding.concern),
        "ruleIndex": list(RULES).index(finding.concern),
        "level": level(finding),
        "message": {"text": _message(finding, review)},
        "locations": [
            location(stack.file or finding.subject, line)
            | {
                "logicalLocations": [
                    {
                        "name": escape_controls(name),
                        "fullyQualifiedName": escape_controls(qualified),
                    }
                ]
            }
        ],
        "partialFingerprints": {"cfngen/v1": _identity(stack, finding, seen)},
    }
    if finding.waiver:
        result |= suppression(finding.waiver)
    if finding.origin:
        result["relatedLocations"] = [{"id": 1, **added(finding.origin)}]
    return result


def _message(finding: Finding, review: Review) -> str:
    text = f"{escape_controls(finding.subject)}: {escape_controls(finding.message)}"
    if finding.certainty is Certainty.MAY:
        text += " (depends on what is deployed)"
    for reason in reasons(finding.reason):
        text += f". {': '.join(part for part in (reason.text, reason.page) if part)}"
    if finding.side == "base":
        text += f". It was on line {max(finding.line, 1)} in {escape_controls(review.base)}"
    if finding.waiver:
        text += f". {finding_waiver(finding)}"
    text = text.replace("](", "] (")  # would be a link
    return text + ("" if text.endswith((".", "!")) else ".")


def _identity(stack: StackReview, finding: Finding, seen: Counter[str]) -> str:
    parts = (stack.name, finding.concern.value, finding.section, finding.subject, finding.path)
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    digest = sha256(text).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
