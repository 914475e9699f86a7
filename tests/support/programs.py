"""Folders of programs that stand for the PATH of a container: what is not there is not found."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import boto3

SHELL = "bash sh grep sed awk"
COREUTILS = """
[ base64 basename cat chgrp chmod chown cksum comm cp cut date dd df dirname du echo env expr
false fold head id install join link ln ls md5sum mkdir mkfifo mktemp mv nl nohup nproc od paste
printenv printf pwd readlink realpath rm rmdir seq sha1sum sha256sum shuf sleep sort split stat
stty sync tail tee test timeout touch tr true truncate tsort uname uniq unlink wc whoami yes
"""
# Amazon Linux's own image has no find, tar, gzip, ps nor which.
BASE = tuple(f"{SHELL} {COREUTILS}".split())
# The images that AWS curates for CodeBuild have far more: this is what builds of ours may use.
CODEBUILD = (
    *BASE,
    *("aws", "curl", "find", "git", "gzip", "jq", "make", "ps", "python3", "tar", "unzip", "zip"),
    *("kill", "ssh", "ssh-add", "ssh-agent", "ssh-keygen", "ssh-keyscan", "xargs"),
)
# Every developer has these, or else the test could not run at all.
AWS = Path(sys.prefix, "bin", "aws")


def fill(folder: Path, names: Iterable[str], own: Mapping[str, str] | None = None) -> Path:
    """Fill a folder with programs, and with nothing else; return it.

    `own` are scripts to put there in the place of this machine's programs. A program that this
    machine lacks is missing, and whoever runs it fails as in an image without it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scripts = dict(own or {})
    for name in {*names, *scripts}:
        path = folder / name
        if name in scripts:
            put(path, scripts[name])
        elif name == "aws":
            path.symlink_to(AWS)
        elif found := shutil.which(name, path=os.environ["PATH"]):
            path.symlink_to(found)
    return folder


def put(path: Path, script: str) -> Path:
    """Put a script where a program is, or may be; return its path.

    What stands there may be a link to a program of this machine: it is removed, never written to.
    """
    path.unlink(missing_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def python(modules: Iterable[str], interpreter: str = sys.executable) -> str:
    """Return a script that runs Python: with its standard library alone, unless pip was run.

    Raises:
        ValueError: a module is not one that our tests have.

    """
    if unknown := set(modules) - {"boto3"}:
        raise ValueError(f"the tests have no modules {sorted(unknown)}")
    alone = "" if [*modules] else " -S"
    real = interpreter if [*modules] else os.path.realpath(interpreter)
    found = ""
    if [*modules] and interpreter != sys.executable:  # which has none of its own
        found = f'PYTHONPATH="{Path(boto3.__file__).parents[1]}" '
    return f'#!/bin/sh\n{found}exec "{real}"{alone} "$@"\n'
