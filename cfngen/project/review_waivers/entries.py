"""The entries of a waivers file: what they have to say, and what is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from cfngen.errors import did_you_mean
from cfngen.escaping import INVISIBLE, escape_controls
from cfngen.project.registry import review_rules
from cfngen.review.model import Concern
from cfngen.review.waiver import Waiver
from cfngen.review.waivers.canonical import DIGITS

REQUIRED = ("code", "template", "resource", "reason", "owner", "until", "change")
KEYS = (*REQUIRED, "after")
MAX_WAIVERS = 1_000
MAX_LENGTH = {"code": 100, "template": 500, "resource": 300, "reason": 1_000, "owner": 200}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
DIGEST = re.compile(rf"[0-9a-f]{{{DIGITS}}}", re.ASCII)
WILDCARDS = frozenset("*?")


def read_entries(table: Any, at: str) -> tuple[list[Waiver], list[str]]:
    """Return the waivers of a list of tables, and what is wrong with it.

    Args:
        table: what the file has under the key.
        at: the file and the key, for messages.
    """
    if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
        return [], [f"{at}: must be a list of tables"]
    if len(table) > MAX_WAIVERS:
        return [], [f"{at}: {len(table):,} waivers, more than {MAX_WAIVERS:,}"]
    waivers: list[Waiver] = []
    problems: list[str] = []
    first: dict[tuple[str, ...], int] = {}
    for number, entry in enumerate(table):
        wrong = [f"{at}[{number}].{problem}" for problem in _problems(entry)]
        problems += wrong
        if wrong:
            continue
        waiver = _waiver(entry)
        if (earlier := first.setdefault(waiver.key, number)) != number:
            problems.append(f"{at}[{number}]: waives the same as {at}[{earlier}]; keep one of them")
        waivers.append(waiver)
    return waivers, problems


def date_of(value: Any) -> str:
    """Return a date as YYYY-MM-DD; empty for anything that is not written so."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return ""
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        return ""


def _waiver(entry: dict[str, Any]) -> Waiver:
    return Waiver(
        entry["code"],
        entry["template"],
        entry["resource"],
        entry["reason"].strip(),
        entry["owner"].strip(),
        date_of(entry["until"]),
        entry["change"],
        entry.get("after", ""),
    )


def _problems(entry: dict[str, Any]) -> Iterator[str]:
    for key in entry:
        if key not in KEYS:
            keys = f"(known: {', '.join(KEYS)})"
            yield f"{escape_controls(key)}: unknown key{did_you_mean(key, KEYS)} {keys}"
    for key in REQUIRED:
        check = CHECKS.get(key, _text_problem)
        if problem := check(key, entry.get(key)):
            yield f"{key}: {problem}"
    if "after" in entry and (problem := _digest_problem("after", entry["after"])):
        yield f"after: {problem}"


def _text_problem(key: str, value: Any) -> str:
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return "must be text"
    if not INVISIBLE.sub("", value).strip():
        return "is empty; say it in a few words" if key in ("reason", "owner") else "is empty"
    if not value.isprintable() or INVISIBLE.search(value):
        return "must be text on one line, with nothing invisible in it"
    if len(value) > MAX_LENGTH[key]:
        return f"is longer than {MAX_LENGTH[key]:,} characters"
    return ""


def _name_problem(key: str, value: Any) -> str:
    if problem := _text_problem(key, value):
        return problem
    if WILDCARDS & set(value):
        return f"{value!r} is too broad; a waiver is about one finding: write the whole name"
    return ""


@cache
def _codes() -> frozenset[str]:
    """Return the codes that can be waived."""
    rules = review_rules().values()
    return frozenset(rule.code for rule in rules if rule.concern is not Concern.UNKNOWN)


def _code_problem(key: str, value: Any) -> str:
    if (problem := _name_problem(key, value)) or value in _codes():
        return problem
    advice = did_you_mean(value, _codes()) or " (`cfngen explain` lists all codes)"
    return f"no code {value!r} that can be waived{advice}"


def _date_problem(_key: str, value: Any) -> str:
    if value is None:
        return "is missing"
    return "" if date_of(value) else "must be a date as YYYY-MM-DD"


def _digest_problem(_key: str, value: Any) -> str:
    if value is None:
        return "is missing; `cfngen review --write-waivers` drafts entries that have it"
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        return f"must be {DIGITS} hexadecimal digits, as `cfngen review --write-waivers` writes it"
    return ""


CHECKS: dict[str, Callable[[str, Any], str]] = {
    "code": _code_problem,
    "template": _name_problem,
    "resource": _name_problem,
    "until": _date_problem,
    "change": _digest_problem,
}
