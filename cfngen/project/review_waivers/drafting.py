"""Drafts entries for findings: everything but why, and who answers for it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cfngen.errors import CfngenError
from cfngen.escaping import INVISIBLE
from cfngen.paths import display_path
from cfngen.project.review_waivers.reading import FILE, TABLES, read_side, table_of
from cfngen.project.revisions.side import Location
from cfngen.review.waiver import Waiver

START = """\
# Findings of `cfngen review` that are waived, each for one change and until a day.
# An entry counts once it stands in the base of a review.
"""


def with_drafts(text: str, file: Path, waivers: Sequence[Waiver]) -> str:
    """Return the text of a waivers file, or of a manifest, with more entries at its end.

    Raises:
        CfngenError: the file is written so that they cannot stand there.
    """
    keys = TABLES.get(file.name, TABLES[FILE])
    text = text or (START if file.name not in TABLES or file.name == FILE else "")
    newline = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += newline
    drafted = "".join(f"\n[[{'.'.join(keys)}]]\n{_entry(waiver)}" for waiver in waivers)
    result = text + drafted.replace("\n", newline)
    try:
        before = table_of(_load(text), keys) or []
        after = table_of(_load(result), keys)
    except ValueError as error:
        raise CfngenError(
            f"{display_path(file)}: cannot take more waivers as it is written: {error}; write each"
            f" as a table of its own, under [[{'.'.join(keys)}]]"
        ) from None
    if after[: len(before)] != before or len(after) != len(before) + len(waivers):
        raise CfngenError(f"{display_path(file)}: cannot take more waivers as it is written")
    return result


def drafts_file(locations: Sequence[Location], here: Path) -> Path:
    """Return the file that drafts go to: one that a review of head reads.

    Args:
        locations: where head's templates are; nothing if that is no directory.
        here: where the command runs.
    """
    for location in locations:
        if location.in_revision:
            break
        if files := read_side(location).files:
            return location.tree.top / files[0]
        directory = location.tree.top / location.directory
        if here.absolute() not in (directory, *directory.parents) or not (
            here.absolute().is_relative_to(location.tree.top)
        ):
            return directory / FILE
    return here / FILE


def can_be_written(waivers: Iterable[Waiver]) -> list[Waiver]:
    """Return the waivers whose names UTF-8 can hold; hardly any other name exists."""
    return [w for w in waivers if not any("\ud800" <= c <= "\udfff" for c in "".join(w.key))]


def _load(text: str) -> dict[str, Any]:
    return tomllib.loads(text.replace("\r\n", "\n"))


def _entry(waiver: Waiver) -> str:
    lines = [
        f"code = {_quoted(waiver.code)}",
        f"template = {_quoted(waiver.template)}",
        f"resource = {_quoted(waiver.resource)}",
        'reason = "" # why this change is accepted',
        'owner = "" # who answers for it',
        f"until = {waiver.until} # the last day on which it counts",
        f'change = "{waiver.change}" # both values of what changes',
    ]
    if waiver.after:
        lines.append(f'after = "{waiver.after}" # what the base has once it contains the change')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text as TOML has it, with nothing hidden in it."""
    quoted = json.dumps(text, ensure_ascii=False)
    return INVISIBLE.sub(lambda match: f"\\U{ord(match[0]):08x}", quoted)
