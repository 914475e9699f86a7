"""Synthesises the pairs of `tests/review/cdk` with the real CDK, before and after each change.

Writes `NAME.json` beside each `NAME.yaml`, which says what AWS does; those are written by hand,
before anybody looks at a review. Needs `npm install --prefix benchmarks/cdk` and a Python that has
aws-cdk-lib of the same version, which `--python` names.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAIRS = HERE.parents[2] / "tests" / "review" / "cdk"
# What a review reads of an assembly; the rest is for `cdk deploy` and for people.
KEPT = (".template.json", ".assets.json")
# What the command line of the CDK sets for the apps that it runs.
CONTEXT = ("aws:cdk:enable-path-metadata", "aws:cdk:enable-asset-metadata")


def assembly(folder: Path) -> dict[str, Any]:
    """Return the templates and manifests of assets of an assembly, by path."""
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.json"))
        if path.name.endswith(KEPT) and not any(p.startswith("asset.") for p in path.parts)
    }


def synthesise(scratch: Path, python: str) -> None:
    """Run the apps of both languages, for both sides."""
    compiler = HERE.parent / "node_modules" / "typescript" / "bin" / "tsc"
    options = "--target es2022 --module commonjs --esModuleInterop --skipLibCheck --types node"
    for part in ("code", "image"):
        shutil.copytree(HERE / part, scratch / part)
    shutil.copy(HERE / "apps.ts", scratch)
    (scratch / "node_modules").symlink_to(HERE.parent / "node_modules")
    subprocess.run(["node", str(compiler), *options.split(), "apps.ts"], cwd=scratch, check=True)
    for side in ("before", "after"):
        for command in (["node", "apps.js"], [python, str(HERE / "apps.py")]):
            subprocess.run([*command, side, str(scratch / "out")], cwd=scratch, check=True)


def main() -> int:
    """Synthesise, write, and fail where a pair has no expectation or the reverse."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="a Python with aws-cdk-lib")
    wanted = parser.parse_args()
    os.environ["CDK_CONTEXT_JSON"] = json.dumps(dict.fromkeys(CONTEXT, True))
    with tempfile.TemporaryDirectory() as folder:
        synthesise(Path(folder), wanted.python)
        pairs = {path.name: path for path in Path(folder, "out").iterdir()}
        for name, path in pairs.items():
            sides = {side: assembly(path / side) for side in ("before", "after")}
            text = json.dumps(sides, separators=(",", ":"), ensure_ascii=False)
            (PAIRS / f"{name}.json").write_text(text + "\n", "utf-8")
    alone = pairs.keys() ^ {path.stem for path in PAIRS.glob("*.yaml")}
    print(f"{len(pairs)} pairs", *sorted(f"{name}: only one of both" for name in alone), sep="\n")
    return int(bool(alone))


if __name__ == "__main__":
    raise SystemExit(main())
