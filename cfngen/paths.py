"""Paths as a person would type them, and as other tools expect them."""

from __future__ import annotations

import os
from pathlib import Path


def display_path(path: Path | str) -> str:
    """Return a path relative to the working directory, absolute where that is shorter."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - links stay what the user calls them
    return min(os.path.relpath(absolute), absolute, key=len)


def uri(path: Path | str) -> str:
    """Return a path as a URI: relative below the working directory, `file:` elsewhere.

    In GitHub Actions it is relative to the root of the checkout, wherever the command runs, since
    that is where code scanning looks for it.
    """
    from urllib.parse import quote

    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as above
    for root in (Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()), Path.cwd()):
        if absolute.is_relative_to(root):
            return quote(absolute.relative_to(root).as_posix())
    return absolute.as_uri()
