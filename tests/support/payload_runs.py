"""Runs payloads in this process, or as builds, and notes what was executed (`executed`)."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml
from support import executed
from support.executed import ROOT

from cfngen import testing
from cfngen.testing import BuildRun

# A command of a buildspec that writes a file which the buildspec carries.
CARRIED = re.compile(r"^cat > ([\w.-]+) <<'(\w+)'\n(.*?)^\2$", re.M | re.S)


def load(path: Path) -> Any:
    """Load a function's program afresh, as the module that Lambda makes of inline code.

    The program counts as executed once its `handler` is called.
    """
    spec = importlib.util.spec_from_file_location("index", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler, text = module.handler, path.read_bytes()

    @functools.wraps(handler)
    def called(*given: Any, **more: Any) -> Any:
        executed.note(text)
        return handler(*given, **more)

    module.handler = called
    return module


def run_buildspec(text: str, **options: Any) -> BuildRun:
    """Run a buildspec as `cfngen.testing.run_buildspec` does.

    The buildspec, and what it carries or has as its source, and calls by name, count as executed if
    all phases were run, and none failed; so do modules that a program of the source has imported.
    """
    source = Path(options["cwd"])
    executed.collect(source)  # whatever another run left
    run = testing.run_buildspec(text, **options)
    if run.phase is None and options.get("phases") is None:
        for payload in executed.payloads(ROOT):
            # A buildspec that carries files begins with what it was made of, unchanged.
            if payload.suffix in (".yml", ".yaml") and text.startswith(payload.read_text()):
                executed.note(payload.read_bytes())
        commands = "\n".join(_commands(text))
        for name, _, content in CARRIED.findall(commands):
            if name in CARRIED.sub("", commands):
                executed.note(content)
        for program in source.iterdir():
            if program.is_file() and program.name in CARRIED.sub("", commands):
                executed.note(program.read_bytes())
        executed.collect(source)
    return run


def _commands(text: str) -> list[str]:
    phases = yaml.safe_load(text)["phases"].values()
    return [str(command) for phase in phases for command in phase.get("commands", [])]
