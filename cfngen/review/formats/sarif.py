"""The findings of a review as SARIF, located in the template and in the blueprint."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from cfngen.linting.sarif_document import added, document, location
from cfngen.review.formats.columns import visible
from cfngen.review.formats.phrases import counted
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.verdict import is_grave, ordered, verdict
from cfngen.review.model import Certainty, Concern, Finding, Kind, Review, StackReview

MOST = 5000  # results; GitHub shows no more of them
# A rule for each concern: what it is called, and what to do about it.
RULES = {
    Concern.REFUSED: (
        "CloudFormation will refuse the deployment",
        (
            "The stack that is running cannot be updated to this template as it stands. Some is"
            " refused before anything starts: a parameter without a value, a capability that is"
            " not named, a logical ID that changes its type. Some is refused on the way, and the"
            " stack rolls back: a resource that has to be replaced and keeps its given name, an"
            " export that another stack imports and that goes away or changes. The message says"
            " which it is; what cannot be given to the command takes a logical ID or a name of its"
            " own, or two deployments."
        ),
    ),
    Concern.DATA: (
        "Data is at risk",
        (
            "A resource that holds data is removed or replaced, and nothing keeps the old one."
            " Set DeletionPolicy and UpdateReplacePolicy to Retain or Snapshot in a deployment"
            " before this one, or move the data first."
        ),
    ),
    Concern.REPLACE: (
        "A resource is replaced",
        (
            "CloudFormation makes a new resource and deletes the old one; what refers to it"
            " changes with it, its physical ID and what is not in the template are lost. The"
            " reason names the property in the resource type's schema."
        ),
    ),
    Concern.BROADEN: (
        "Somebody may do more than before",
        (
            "A policy allows or a trust admits what it did not before, or something has become"
            " reachable from the internet. See to it that this is what the change is about."
        ),
    ),
    Concern.UNKNOWN: (
        "A change could hide in what was not compared",
        (
            "A template, or a part of one, could not be compared: it is a link or a special file,"
            " is fetched from elsewhere, or is made by a macro, and it is not the same on both"
            " sides. Put it where the review can read it, look at it by yourself, or accept the"
            " part by its name under [review] in the manifest, with a reason."
        ),
    ),
}


def as_sarif(review: Review, version: str) -> str:
    """Return the findings as SARIF 2.1.0; GitHub's code scanning and others take it.

    The identity of a result is its template, concern, subject and property, not its line.
    """
    found = ordered(review.stacks, review.unknowns)
    driver: dict[str, Any] = {"rules": [_rule(concern) for concern in RULES]}
    if version:
        driver["version"] = version
    seen: Counter[str] = Counter()
    results = [_result(stack, finding, review, seen) for stack, finding in found[:MOST]]
    notes = [("note", f"{phrase}.") for phrase in (verdict(review), *scope(review))]
    if len(found) > MOST:
        text = f"{counted(len(found) - MOST, 'finding')} more, the least grave, are left out."
        notes.append(("warning", text))
    notifications = [{"level": level, "message": {"text": text}} for level, text in notes]
    ran = {"executionSuccessful": True, "toolExecutionNotifications": notifications}
    return document(driver, results, invocations=[ran])


def rule_id(concern: Concern) -> str:
    """Return the name of the rule for a concern."""
    return f"cfngen/{concern.value}"


def level(finding: Finding) -> str:
    """Return how grave a finding is in SARIF's words."""
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
    line = finding.near if gone else finding.line
    name = f"{finding.subject}.{finding.path}" if finding.path else finding.subject
    qualified = f"{stack.name}/{finding.section}/{name}"
    result = {
        "ruleId": rule_id(finding.concern),
        "ruleIndex": list(RULES).index(finding.concern),
        "level": level(finding),
        "message": {"text": _message(finding, review)},
        "locations": [
            location(stack.file or finding.subject, line)
            | {
                "logicalLocations": [
                    {"name": visible(name), "fullyQualifiedName": visible(qualified)}
                ]
            }
        ],
        "partialFingerprints": {"cfngen/v1": _identity(stack, finding, seen)},
    }
    if finding.origin:
        result["relatedLocations"] = [{"id": 1, **added(finding.origin)}]
    return result


def _message(finding: Finding, review: Review) -> str:
    text = f"{visible(finding.subject)}: {visible(finding.message)}"
    if finding.certainty is Certainty.MAY:
        text += " (depends on what is deployed)"
    for reason in reasons(finding.because):
        text += f". {': '.join(part for part in (reason.words, reason.page) if part)}"
    if finding.side == "base":
        text += f". It stood on line {max(finding.line, 1)} in {visible(review.base)}"
    text = text.replace("](", "] (")  # would be a link
    return text + ("" if text.endswith((".", "!")) else ".")


def _identity(stack: StackReview, finding: Finding, seen: Counter[str]) -> str:
    parts = (stack.name, finding.concern.value, finding.section, finding.subject, finding.path)
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    digest = sha256(text).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
