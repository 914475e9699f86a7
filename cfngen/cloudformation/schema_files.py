"""The files of schemas that an installed cfn-lint has, read when they are needed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from functools import cache
from pathlib import Path

from cfngen.errors import LintError

FIRST_REGION = "us-east-1"  # has more types than any other
REGION_FILE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d\.json")


def schema_digest(type_: str) -> str:
    """Return the digest of a type's schema, which is the name of its file; empty without one."""
    value = provider_digests(FIRST_REGION).get(type_)
    providers = data_directory() / "schemas" / "providers"
    for path in () if value else sorted(providers.glob("*.json")):
        if value := provider_digests(path.stem).get(type_):
            break
    return value or ""


@cache
def provider_digests(region: str) -> dict[str, str]:
    """Return the digests of the schemas that a Region has, by type."""
    text = (data_directory() / "schemas" / "providers" / f"{region}.json").read_text("utf-8")
    value: dict[str, str] = json.loads(text)
    return value


def schema_regions() -> frozenset[str]:
    """Return the regions that the installed cfn-lint has schemas of, without loading it."""
    names = os.listdir(data_directory() / "schemas" / "providers")  # noqa: PTH208 - a third of iterdir's time
    return frozenset(name.removesuffix(".json") for name in names if REGION_FILE.fullmatch(name))


@cache
def data_directory() -> Path:
    """Return where cfn-lint keeps its data, without importing it.

    Raises:
        LintError: no such data, as of a version that is too old.
    """
    spec = importlib.util.find_spec("cfnlint")
    folder = Path((spec.submodule_search_locations or [""])[0] if spec else "", "data")
    if not (folder / "schemas" / "providers" / f"{FIRST_REGION}.json").is_file():
        raise LintError(f"{folder}: no resource schemas; install cfn-lint 1.58 or newer")
    return folder
