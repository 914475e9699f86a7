"""SARIF 2.1.0, as far as findings in templates need it: documents and places in files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cfngen.cloudformation.document import Origin
from cfngen.escaping import as_json
from cfngen.paths import uri


def document(driver: dict[str, Any], results: Sequence[Any], **more: Any) -> str:
    """Return a SARIF document of one run of a tool, as text.

    Args:
        driver: what the tool says of itself and its rules, `tool.driver`.
        results: what it found.
        more: other members of the run.
    """
    run = {
        "tool": {"driver": {"name": "cfngen", **driver}},
        "columnKind": "unicodeCodePoints",
        "results": list(results),
        **more,
    }
    contents = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return as_json(contents)


def location(file: str, line: int, column: int = 0) -> dict[str, Any]:
    """Return a place in a file; lines and columns begin with 1, 0 is an unknown one."""
    region = {"startLine": max(line, 1)} | ({"startColumn": column} if column > 0 else {})
    address = uri(file.encode("utf-8", "backslashreplace").decode("utf-8"))
    return {"physicalLocation": {"artifactLocation": {"uri": address}, "region": region}}


def added(origin: Origin) -> dict[str, Any]:
    """Return the line of a blueprint that added what a finding is about."""
    return {**location(origin.file, origin.line), "message": {"text": "added here"}}
