"""Pairs that the real CDK has synthesised, each with what AWS does when it is deployed.

`tests/review/cdk/NAME.yaml` is written by hand; `NAME.json` has the templates and manifests of
assets of both sides, by path, as `benchmarks/cdk/pairs/synth.py` writes them. A resource is named
by the path of its construct, since nobody writes a logical ID of the CDK by hand; `*` stands for
anything, as in `ExportsOutput*`, the name of an output.

`less` in an expectation names what AWS will do and cfngen says only that it may.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from support.corpus import loaded

PAIRS = Path(__file__).parents[1] / "review" / "cdk"
EXPECTED = sorted(PAIRS.glob("*.yaml"))
SIDES = ("before", "after")
TEMPLATE, NESTED = ".template.json", ".nested.template.json"


@dataclass(frozen=True)
class CdkPair:
    """One pair: what is expected of it, and the files of both sides by path."""

    name: str
    expected: dict[str, Any] = field(repr=False)
    files: dict[str, dict[str, Any]] = field(repr=False)

    def written(self, folder: Path) -> tuple[Path, Path]:
        """Write both sides as the CDK does, and return where."""
        for side, files in self.files.items():
            for path, content in files.items():
                place = folder / side / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(json.dumps(content, indent=1), "utf-8")
        return folder / SIDES[0], folder / SIDES[1]

    def templates(self, side: str) -> dict[str, str]:
        """Return the templates of a side, the nested ones as well, by path."""
        files = self.files[side].items()
        return {path: json.dumps(body) for path, body in files if path.endswith(TEMPLATE)}


def matching(wanted: str, found: set[str]) -> set[str]:
    """Return those of some names that are meant, or what is wanted if none is."""
    return {name for name in found if fnmatchcase(name, wanted)} or {wanted}


def cdk_pair(path: Path) -> CdkPair:
    """Return the pair whose expectations stand in a file."""
    files = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return CdkPair(path.stem, loaded(path.read_text("utf-8")), files)
