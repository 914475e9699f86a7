"""The comment line that says where a template came from, and seals it."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from typing import Any

MAX_OPTIONS_CHARACTERS = 120  # with more, only the names of the options are written
ORIGIN = re.compile(r"# Made by cfngen from (.*); change that, then run .*\Z")
SEALED = re.compile(r"# Made by cfngen from .* seal ([0-9a-f]{16})\r?\Z")


def header(blueprint: str, distribution: str, options: dict[str, Any], body: str) -> str:
    """Return the first line of a template, without `#`.

    It names the blueprint, the distribution that brought it and the options that are not the
    defaults, or which those are, if they are many: the same bytes from a checkout and from a
    wheel. The seal is a digest of the rest of the file, so that an edit by hand is noticed before
    a build would overwrite it.
    """
    source = f"blueprint {blueprint}" + (f" of {distribution}" if distribution else "")
    if options:
        text = json.dumps(options, default=_plain)
        long = len(text) > MAX_OPTIONS_CHARACTERS
        source += f" with {'options ' + ', '.join(options) if long else text}"
    return f"Made by cfngen from {source}; change that, then run `cfngen build`; seal {seal(body)}"


def sealed(source: str, body: str) -> str:
    """Return a file that is made beside the templates, with a first line that seals it.

    Args:
        source: what it is made from, for people.
        body: the rest of the file.
    """
    return f"# Made by cfngen from {source}; run `cfngen build` again; seal {seal(body)}\n{body}"


def seal(body: str) -> str:
    """Return the digest of a template without its first line."""
    return hashlib.sha256(body.encode("utf-8")).hexdigest()[:16]


def origin(text: str) -> str:
    """Return the blueprint and the options that a template's first line names, or nothing."""
    match = ORIGIN.match(text.partition("\n")[0].rstrip("\r"))
    return match[1] if match else ""


def is_generated(text: str) -> bool:
    """Whether the first line says that cfngen made this file."""
    return bool(SEALED.match(text.partition("\n")[0]))


def is_unedited(text: str) -> bool:
    """Whether a file that cfngen made is still as cfngen made it.

    Line ends do not count: Git may have changed them on the way.
    """
    first, _, body = text.partition("\n")
    match = SEALED.match(first)
    return match is not None and match[1] == seal(body.replace("\r\n", "\n"))


def _plain(value: Any) -> Any:
    """Return what JSON does not know: an enum by its value, a path and the like as text."""
    return value.value if isinstance(value, enum.Enum) else str(value)
