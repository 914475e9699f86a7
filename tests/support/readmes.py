"""The commands that a blueprint's README prints, run as a reader would, in an emulator."""

from __future__ import annotations

import os
import re
import subprocess
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.emulator import Emulator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Way:
    """How a template is deployed by its README, changed, and deployed a second time.

    It is a table of `tests/blueprints/BLUEPRINT/deployments.toml`, whose name is the template's and
    whose keys are these; `change` is all that has no default.

    Attributes:
        blueprint: whose README it is: the directory that the file is in.
        stack: the name that the README gives the stack; the template's own.
        region: the region that it deploys to.
        blocks: for each block of commands to run before, a piece of it.
        answers: what a reader puts in the place of each YOUR_….
        files: what has to be in the directory, by name.
        change: a parameter to change once the stack is there, with its value, or with the `command`
            that prints it.
        refused: what AWS says to that change, if it refuses it.
        second_stack: parameters that a second stack needs, as the names in them are the user's own.
        alone: what AWS says to a second stack, if there can be one only.
    """

    blueprint: str
    stack: str
    change: Mapping[str, str | Mapping[str, str]]
    region: str = "us-east-1"
    blocks: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    second_stack: Mapping[str, str] = field(default_factory=dict)
    alone: str = ""

    def changed(self, emulator: Emulator) -> tuple[str, str]:
        """Return the parameter that is changed and its value, which a command may have to make."""
        ((parameter, value),) = self.change.items()
        if isinstance(value, str):
            return parameter, value
        environment = {**os.environ, **emulator.environment(self.region)}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", value["command"]],
            env=environment, capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return parameter, done.stdout.strip()

    @property
    def overrides(self) -> tuple[str, ...]:
        """What a second stack of the template needs, as `NAME=VALUE`."""
        return tuple(f"{name}={value}" for name, value in self.second_stack.items())


def ways() -> dict[str, Way]:
    """Return the deployments that the blueprints' tests describe, by the name of the template.

    Raises:
        ValueError: two tables are about one template.
    """
    every: dict[str, Way] = {}
    for path in sorted((ROOT / "tests" / "blueprints").glob("*/deployments.toml")):
        for name, table in tomllib.loads(path.read_text("utf-8")).items():
            if name in every:
                raise ValueError(f"{path.relative_to(ROOT)}: {name} is in another file as well")
            blocks = tuple(table.pop("blocks", ()))
            every[name] = Way(blueprint=path.parent.name, blocks=blocks, **{"stack": name, **table})
    return every


WAYS = ways()


def blocks(blueprint: str) -> list[str]:
    """Return the blocks of commands in a README, in order."""
    page = (ROOT / "blueprints" / blueprint / "README.md").read_text()
    return re.findall(r"^```bash\n(.*?)^```$", page, re.S | re.M)


def one(blueprint: str, piece: str) -> str:
    """Return the first block that has a piece."""
    return next(block for block in blocks(blueprint) if piece in block)


def answered(way: Way, text: str) -> str:
    """Fill in what a reader has to know; a value that is typed in has no place in a script."""
    text = re.sub(r"^\(umask .*\n", "", text, flags=re.M)
    for placeholder, answer in way.answers.items():
        text = text.replace(placeholder, answer)
    assert "YOUR_" not in text, text
    return text


def preparation(template: str) -> list[str]:
    """Return what a reader runs before he deploys a template."""
    way = WAYS[template]
    deploy = command(template)
    found = [answered(way, one(way.blueprint, piece)) for piece in way.blocks]
    return [block for block in dict.fromkeys(found) if block != deploy]


def command(template: str) -> str:
    """Return the command that deploys a template."""
    way = WAYS[template]
    return answered(way, one(way.blueprint, f"--template-file output/{template}.yaml"))


class Reader:
    """Somebody who runs commands, one after the other in one shell, where a checkout is."""

    def __init__(self, emulator: Emulator, folder: Path, region: str) -> None:
        """Start with what a checkout has."""
        self.folder, self.state = folder, folder / "state"
        self.environment = {**os.environ, **emulator.environment(region)}
        for name in ("output", "examples"):
            (folder / name).symlink_to(ROOT / name)
        self.state.touch()

    def run(self, text: str, seconds: int = 120) -> subprocess.CompletedProcess[str]:
        """Run commands; the variables and functions they make are there for the next.

        They begin with a new second: `aws cloudformation deploy` names a change set after the
        second, and an emulator is quick enough to be given the same name twice.
        """
        time.sleep(1.01 - time.time() % 1)
        kept = f"{{ declare -f; declare -p | grep -v '^declare -[a-zA-Z]*r'; }} > {self.state}"
        command = f"source {self.state} 2> /dev/null\nset -euo pipefail\n{text}\n{kept}"
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
