"""Reads what a command of the AWS CLI has printed to a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfngen.errors import CfngenError

MAX_BYTES = 50_000_000  # hundreds of stacks with all that is printed of them are far smaller


def read_printed(path: Path, what: str) -> Any:
    """Return the JSON in a file.

    Args:
        path: the file.
        what: what the file is given as, for messages.

    Raises:
        CfngenError: it cannot be read, or is not JSON.
    """
    try:
        if not path.is_file():
            raise CfngenError(f"{what}: {path}: no such file")
        if path.stat().st_size > MAX_BYTES:
            raise CfngenError(f"{what}: {path}: more than {MAX_BYTES:,} bytes")
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CfngenError(f"{what}: {path}: cannot be read: {error}") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CfngenError(
            f"{what}: {path}: not JSON; let the AWS CLI print it with --output json"
        ) from None


def refuse_part(printed: Any, path: Path, what: str) -> None:
    """Refuse one page of several.

    Raises:
        CfngenError: it has a token for the next.
    """
    if isinstance(printed, dict) and printed.get("NextToken"):
        raise CfngenError(
            f"{what}: {path}: only a part, since it has a NextToken; let the AWS CLI print all of"
            " it, without --no-paginate and --max-items"
        )
