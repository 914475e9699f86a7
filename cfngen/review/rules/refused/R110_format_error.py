"""The template has a form that CloudFormation does not accept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cfngen.cloudformation.capabilities import macros
from cfngen.cloudformation.loops import LOOP
from cfngen.cloudformation.sections import Sections
from cfngen.review.facts import Facts
from cfngen.review.model import Certainty
from cfngen.review.rule import Hit, Rule

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
QUOTAS = f"{GUIDE}cloudformation-limits.html"
PAGES = {
    "AWSTemplateFormatVersion": f"{GUIDE}format-version-structure.html",
    "Description": f"{GUIDE}template-description-structure.html",
    "Outputs": f"{GUIDE}outputs-section-structure.html",
    "Parameters": f"{GUIDE}parameters-section-structure.html",
    "Resources": f"{GUIDE}resources-section-structure.html",
}
VERSION = "2010-09-09"
SAM = "AWS::Serverless-2016-10-31"
# Sections that are mappings, each with the most entries that CloudFormation takes.
MAPPINGS = {
    "Conditions": 0, "Hooks": 0, "Mappings": 200, "Metadata": 0, "Outputs": 200,
    "Parameters": 200, "Resources": 500, "Rules": 0,
}  # fmt: skip
SECTIONS = {*MAPPINGS, "AWSTemplateFormatVersion", "Description", "Transform"}
ATTRIBUTES = {
    "Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type",
    "UpdatePolicy", "UpdateReplacePolicy", "Version",
}  # fmt: skip
SAM_ATTRIBUTES = {"Connectors", "IgnoreGlobals"}
# What each entry of a section has to have, and the sections whose names are logical IDs.
REQUIRED = {"Outputs": "Value", "Parameters": "Type", "Resources": "Type"}
LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
MAX_DESCRIPTION_BYTES = 1024  # bytes


class Problem(NamedTuple):
    """One thing that CloudFormation does not accept; equal on both sides if it was there before."""

    section: str
    subject: str
    message: str
    path: str = ""


def check(facts: Facts) -> Iterator[Hit]:
    """Yield what CloudFormation refuses to read in head's template, and accepted in base's.

    It does so before it looks at resources. A macro gets the template first, and may make another
    one of it.
    """
    before, after = facts.before.sections, facts.after.sections
    if after is None or facts.same:
        return
    old_problems = set(_problems(before)) if before else set()
    problems = [problem for problem in _problems(after) if problem not in old_problems]
    foreign = problems and any(not name.startswith("AWS::") for name in macros(after.body))
    for problem in problems:
        yield Hit(
            problem.subject,
            problem.message,
            Certainty.MAY if foreign else Certainty.WILL,
            problem.path,
            problem.section,
            QUOTAS if "at most" in problem.message else PAGES.get(problem.section),
        )


def _problems(sections: Sections) -> Iterator[Problem]:
    body = sections.body
    sam = _has_sam(body.get("Transform"))
    for name in map(str, body):
        if name not in SECTIONS and not name.startswith("Fn::") and not (sam and name == "Globals"):
            yield Problem(
                name, name, f"is not a template section; valid sections are {_listed(SECTIONS)}"
            )
    yield from _heading(body)
    for section, limit in MAPPINGS.items():
        if section not in body:
            continue
        entries = body[section]
        if not isinstance(entries, Mapping):
            yield Problem(section, section, "must be a mapping")
            continue
        if limit and len(entries) > limit:
            yield Problem(section, section, f"may have at most {limit} entries")
        if section in REQUIRED:
            yield from _entries(section, entries)
    if isinstance(resources := body.get("Resources"), Mapping):
        if not resources:
            yield Problem("Resources", "Resources", "must contain a resource")
        yield from _attributes(resources, ATTRIBUTES | SAM_ATTRIBUTES if sam else ATTRIBUTES)


def _heading(body: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with version and description, which have to be plain text."""
    name = "AWSTemplateFormatVersion"
    if name in body and str(body[name]) != VERSION:
        yield Problem(name, name, f"must be {VERSION}, the only valid version")
    name = "Description"
    if name in body:
        if isinstance(body[name], dict | list) or body[name] is None:
            yield Problem(name, name, "must be a string; functions are not allowed here")
        elif len(str(body[name]).encode("utf-8", "surrogatepass")) > MAX_DESCRIPTION_BYTES:
            yield Problem(name, name, f"may have at most {MAX_DESCRIPTION_BYTES:,} bytes")


def _entries(section: str, entries: Mapping[Any, Any]) -> Iterator[Problem]:
    required = REQUIRED[section]
    for key, entry in entries.items():
        name = str(key)
        if name.startswith((LOOP, "Fn::Transform")):
            continue
        if not LOGICAL_ID.fullmatch(name):
            yield Problem(
                section, name, "is not a valid logical ID: letters and digits only, at most 255"
            )
        if not isinstance(entry, Mapping):
            yield Problem(section, name, "must be a mapping")
        elif entry.get(required) is None and "Fn::Transform" not in entry:
            yield Problem(section, name, f"has no {required}")
        elif required == "Type" and not isinstance(entry.get(required, ""), str):
            yield Problem(section, name, f"{required} must be a string", required)


def _attributes(resources: Mapping[Any, Any], allowed: set[str]) -> Iterator[Problem]:
    for name, resource in resources.items():
        if not isinstance(resource, Mapping) or str(name).startswith("Fn::"):
            continue
        for attribute in map(str, resource):
            if attribute not in allowed and not attribute.startswith("Fn::"):
                message = f"{attribute} is not a resource attribute; is it a property?"
                yield Problem("Resources", str(name), message, attribute)
            elif resource.get(attribute, "") is None:
                message = f"{attribute} is null, which CloudFormation does not accept"
                yield Problem("Resources", str(name), message, attribute)


def _has_sam(transform: Any) -> bool:
    return SAM in (transform if isinstance(transform, list) else [transform])


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


RULE = Rule(
    title="The template has a form that CloudFormation does not accept",
    help=(
        "CloudFormation validates the form of a template before it does anything: its sections, their "
        "limits, and the types of what stands in them. Such a template is refused. The message says "
        "what is wrong; correct it."
    ),
    check=check,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html",
)
