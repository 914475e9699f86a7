"""Writes `docs/sizes.md`: how large each shape of each blueprint is, and which need a bucket.

`python tests/sizes.py` writes the page; a test holds it to what is drawn now.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfngen import synthesize
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.project.manifest import load
from cfngen.project.registry import blueprints
from cfngen.testing import shapes

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "sizes.md"
RESERVE = 4_096
BUDGET = INLINE_LIMIT - RESERVE
ROLE = "arn:aws:iam::222233334444:role/there-DestinationRole-A"
WINDOW = {"zone": "Europe/Berlin", "hours": "01:00-05:00"}
REGIONS = {"eu": "eu-west-1", "us": "us-east-1", "au": "ap-southeast-2"}
# Several options at once, as people have them: name of the shape, blueprint, options.
TOGETHER: list[tuple[str, str, dict[str, Any]]] = [
    ("everything", "backlog_proxy", {
        "cache": "efs", "waf": True, "access_logs": True, "debug_sessions": True,
        "host_keys": "trust_on_first_use", "key_store": "secrets_manager",
    }),
    ("everything", "fargate_mirror", {
        "source": "ssh", "cache": "efs", "network": "own", "spot": True, "dashboard": True,
        "repositories": ["app", "shop"],
        "destinations": [
            {"region": "us-west-2", "prefix": "eu-"}, {"region": "eu-central-1", "role": ROLE},
        ],
    }),
    ("everything", "branch_builder", {
        "pull_requests": "approve", "newest_only": True, "network": "own", "spot": True,
        "other_account": True, "privileged": True, "exclude": ["test"],
    }),
    ("ten repositories apart", "branch_builder", {
        "projects": "repository", "repositories": [f"service-{n}" for n in range(10)],
    }),
    ("three regions, each with window, approval and alarms", "multi_region_pipeline", {
        "regions": [
            {
                "label": label, "region": region, "window": WINDOW, "approval": True,
                "alarms": ["Errors"], "bake_minutes": 10,
            }
            for label, region in REGIONS.items()
        ],
    }),
]  # fmt: skip
INTRODUCTION = f"""\
# How large templates are

<!-- Made by `python tests/sizes.py`; a test holds it to the blueprints. -->

`aws cloudformation deploy` sends a template of up to {INLINE_LIMIT:,} bytes by itself. What ships
keeps {RESERVE:,} of them free, so that the next version goes the same way. Larger templates go
through a bucket: add `--s3-bucket`, or let `cfngen deploy-script --bucket NAME` write it;
[template-bucket](../blueprints/template_bucket/README.md) makes a bucket for who has none.

*Before* is the size when images, the file system of builds and the roles that deploy were not yet
stacks of their own. A shape is drawn without the name of what ships its blueprint.
"""


@dataclass(frozen=True)
class Size:
    """How large a shape of a blueprint is, in bytes."""

    blueprint: str
    shape: str
    bytes: int


def shipped() -> list[Size]:
    """Return the sizes of what is in `output/`, by the names of the templates."""
    project = load(ROOT)
    return [
        Size(name, "", (project.output / entry.file_name).stat().st_size)
        for name, entry in project.templates.items()
    ]


@functools.cache
def all_shapes() -> tuple[Size, ...]:
    """Return the size of each blueprint: as it is, with each single choice, with several."""
    return tuple(_drawn())


def _drawn() -> Iterator[Size]:
    for name, entry in blueprints().items():
        if entry.distribution != "cfngen":
            continue
        for shape in shapes(entry.load()):
            yield Size(name, chosen(shape.text), shape.size)
        for title, blueprint, options in TOGETHER:
            if blueprint == name:
                yield Size(name, title, synthesize(entry.load(), options).size)


def chosen(text: str) -> str:
    """Return the options that a template's first line names, as a manifest has them."""
    found = re.search(r" with (\{.+?\}); change", text.partition("\n")[0])
    options = json.loads(found[1]) if found else {}
    return ", ".join(f"`{key} = {json.dumps(value)}`" for key, value in options.items())


def key(size: Size) -> str:
    """Return what a shape is called in lists."""
    return f"{size.blueprint}|{size.shape}"


def page() -> str:
    """Return the page."""
    before = json.loads((ROOT / "tests" / "sizes_before.json").read_text())
    lines = [INTRODUCTION, "## What ships", ""]
    lines += ["| template | bytes | free | before |", "|---|---:|---:|---:|"]
    lines += [
        f"| [`{size.blueprint}.yaml`](../output/{size.blueprint}.yaml) | {size.bytes:,} |"
        f" {INLINE_LIMIT - size.bytes:,} | {number(before['shipped'].get(size.blueprint))} |"
        for size in shipped()
    ]
    lines += ["", "## Every shape", ""]
    lines += ["| blueprint | options | bytes | before | bucket |", "|---|---|---:|---:|---|"]
    lines += [
        f"| `{size.blueprint}` | {size.shape or 'the defaults'} | {size.bytes:,} |"
        f" {number(before['shapes'].get(key(size)))} |"
        f" {'needed' if size.bytes > INLINE_LIMIT else ''} |"
        for size in all_shapes()
    ]
    return "\n".join(lines) + "\n"


def number(value: int | None) -> str:
    """Return a number for a table, a dash for none."""
    return "—" if value is None else f"{value:,}"


if __name__ == "__main__":
    PAGE.write_text(page())
