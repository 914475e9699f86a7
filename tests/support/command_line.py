"""What the tests of the command line share: blueprints of a third party, and a project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from support.blueprint_package import (
    BUCKET,
    FAULTY,
    SHAPES,
    UNUSED,
)

RUN = [sys.executable, "-m", "cfngen"]


FAILING = '''
"""Fails in one way or another."""

import sys
from cfngen import Template, allow, blueprint

@blueprint
def {name}() -> Template:
    """Fail."""
    ACTION
'''


TALKING = '''
"""Says more than it should."""

from troposphere.s3 import Bucket
from cfngen import Template, blueprint

print("imported")

@blueprint
def {name}() -> Template:
    """Keep naïve things, 日本."""
    print("drawn")
    template = Template()
    template.add(Bucket("Things"))
    return template
'''


SLOW = '''
"""Takes its time."""

import pathlib, time
from cfngen import Template, blueprint

@blueprint
def {name}() -> Template:
    """Wait."""
    pathlib.Path("ready").touch()
    time.sleep(60)
'''


BLUEPRINTS = {
    "cli_long": BUCKET.replace("Where things are kept.", "long " * 50_000),
    "cli_bucket": BUCKET,
    "cli_shapes": SHAPES,
    "cli_faulty": FAULTY,
    "cli_unused": UNUSED,
    "cli_talking": TALKING,
    "cli_slow": SLOW,
    "cli_raises": FAILING.replace("ACTION", "raise KeyError('lost')"),
    "cli_policy": FAILING.replace("ACTION", "allow('s3:*', on='x')"),
    "cli_eof": FAILING.replace("ACTION", "raise EOFError"),
    "cli_pipe": FAILING.replace("ACTION", "raise BrokenPipeError(32, 'Broken pipe')"),
    "cli_exit": FAILING.replace("ACTION", "sys.exit(0)"),
}


MANIFEST = """
[templates.one]
blueprint = "cli_bucket"
[templates.two]
blueprint = "cli_shapes"
options.cache = "efs"
"""


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


def add(root: Path, **templates: str) -> None:
    """Add templates to a manifest."""
    with (root / "cfngen.toml").open("a") as stream:
        for name, blueprint in templates.items():
            stream.write(f'[templates.{name}]\nblueprint = "{blueprint}"\n')
