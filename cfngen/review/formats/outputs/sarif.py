"""The findings of a review as SARIF, located in the template and in the blueprint."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from cfngen.escaping import escape_controls
from cfngen.linting.sarif_document import added, document, location
from cfngen.plurals import counted
from cfngen.review.formats.options import Options
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.verdict import is_grave, ordered, verdict
from cfngen.review.formats.waivers import (
    digest_phrase,
    finding_waiver,
    suppression,
    waiver_phrases,
)
from cfngen.review.model import Certainty, Concern, Finding, Kind, Review, Side, StackReview

MAX_RESULTS = 5000  # results; GitHub shows no more of them


def render(review: Review, options: Options) -> str:
    """Return the findings as SARIF 2.1.0; GitHub's code scanning and others take it.

    The identity of a result is its template, concern, subject and property, not its line.
    """
    findings = ordered(review.stacks, review.unknowns)
    listed = list(dict.fromkeys((f.concern, f.code) for _, f in findings[:MAX_RESULTS]))
    driver: dict[str, Any] = {"rules": [_rule(review, *key) for key in listed]}
    if options.version:
        driver["version"] = options.version
    seen: Counter[str] = Counter()
    results = [
        _result(stack, finding, review, seen)
        | {"ruleIndex": listed.index((finding.concern, finding.code))}
        for stack, finding in findings[:MAX_RESULTS]
    ]
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
    return [escape_controls(phrase) for phrase in about if phrase]


def rule_id(concern: Concern, code: str) -> str:
    """Return the name of a rule: its code, or its concern where a finding has none."""
    return f"cfngen/{code or concern.value}"


def level(finding: Finding) -> str:
    """Return the SARIF level of a finding."""
    if is_grave(finding):
        return "error"
    certain = finding.certainty is Certainty.WILL
    return "warning" if certain or finding.concern.grave else "note"


def _rule(review: Review, concern: Concern, code: str) -> dict[str, Any]:
    title, text, name, page = concern.sentence, concern.help, concern.value, ""
    for rule in review.rules:
        if rule.code == code:
            title, text, name, page = rule.title, rule.help, rule.name, rule.source
    return {
        "id": rule_id(concern, code),
        "name": "".join(word.capitalize() for word in name.split("_")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": "error" if concern.grave else "warning"},
        "properties": {"tags": ["cloudformation", "review", concern.value], "precision": "high"},
    }


def _result(
    stack: StackReview, finding: Finding, review: Review, seen: Counter[str]
) -> dict[str, Any]:
    # A line of base is none of head's: the file's first line stands for what is no longer there.
    gone = finding.side is Side.BASE and stack.kind is Kind.CHANGED
    line = finding.nearest_head_line if gone else finding.line
    name = f"{finding.subject}.{finding.path}" if finding.path else finding.subject
    qualified = f"{stack.name}/{finding.section}/{name}"
    result: dict[str, Any] = {
        "ruleId": rule_id(finding.concern, finding.code),
        "level": level(finding),
        "message": {"text": _message(finding, review)},
        "locations": [
            location(stack.file or finding.subject, line)
            | {
                "logicalLocations": [
                    {
                        "name": escape_controls(name),
                        "fullyQualifiedName": escape_controls(qualified),
                        **_decorated(finding),
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


def _decorated(finding: Finding) -> dict[str, str]:
    """Return the construct of the CDK, which developers know rather than the logical ID."""
    return {"decoratedName": escape_controls(finding.construct)} if finding.construct else {}


def _message(finding: Finding, review: Review) -> str:
    text = f"{finding.subject}: {finding.message}"
    if finding.certainty is Certainty.MAY:
        text += " (depends on what is deployed)"
    for reason in reasons(finding.reasons):
        text += f". {': '.join(part for part in (reason.text, reason.page) if part)}"
    if finding.side is Side.BASE:
        text += f". It was on line {max(finding.line, 1)} in {review.base}"
    if finding.waiver:
        text += f". {finding_waiver(finding)}"
    text = escape_controls(text).replace("](", "] (")  # would be a link
    return text + ("" if text.endswith((".", "!")) else ".")


def _identity(stack: StackReview, finding: Finding, seen: Counter[str]) -> str:
    parts = (stack.name, finding.concern.value, finding.section, finding.subject, finding.path)
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    digest = sha256(text).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
