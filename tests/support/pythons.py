"""Interpreters of other versions that this machine has: payloads run on all from 3.9 on."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import boto3
import pytest

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
# Where the modules are that a payload may import beside the standard library.
MODULES = Path(boto3.__file__).parents[1]
# What the boto3 that is installed here runs on; older ones run on Python 3.9 as well.
WITH_BOTO3 = VERSIONS[1:]


@cache
def installed(version: str) -> str:
    """Return the path of an interpreter, empty if this machine has none of that version."""
    found = [
        shutil.which(f"python{version}"),
        *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))),
    ]
    for python in filter(None, found):
        done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
        if done.stdout.startswith(f"Python {version}."):
            return python
    return ""


def python(version: str) -> str:
    """Return the path of an interpreter, or skip the test."""
    if found := installed(version):
        return found
    pytest.skip(f"no Python {version} on this machine: nothing is run on it")
