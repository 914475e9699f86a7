"""What the environment says."""

import importlib
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

VERSION = 1  # the same in modules that are carried
problems = []  # in words


def number(name, default, least=0, most=1e9):
    """Read a number from the environment."""
    text = os.environ.get(name) or default
    with suppress(ValueError):
        if least <= float(text) <= most:
            return float(text)
    problems.append(f"{name}: {text!r} is no number from {least} to {most:g}")
    return default


def carried(name, *, optional=False):
    """Import a module that is carried by the templates whose runs need it."""
    with suppress(ImportError, AttributeError):
        module = importlib.import_module(name)
        if module.VERSION == VERSION:
            return module
    if optional and name not in sys.modules:  # its template is older
        return None
    problems.append(f"{name}.py is missing or of another version: update mirror-program, then this")
    return None


SOURCE = os.environ.get("MIRROR_SOURCE_URL", "").strip()
DESTINATIONS = os.environ.get("MIRROR_DESTINATION_URLS", "").split()
DIR = Path(os.path.realpath(os.environ.get("MIRROR_DIR") or "/"))
ROUNDS = int(number("MIRROR_ROUNDS", 5, 1))
PAUSE = number("MIRROR_PAUSE", 2)  # seconds; twice as many after round 2, and so on
BATCH = int(number("MIRROR_BATCH", 4000, 1, 4000))  # refs in a push; CodeCommit takes no more
PUSH_BYTES = int(number("MIRROR_PUSH_BYTES", 5e8, 1000, 1e12))  # of history in a push, about
MAX_DELETIONS = int(number("MIRROR_MAX_DELETIONS", 1e9))  # at one destination, in a run
KEEP = os.environ.get("MIRROR_KEEP_DAYS")  # see backups.py
LOCK_SECONDS = number("MIRROR_LOCK_SECONDS", 3000)  # to wait for another run in MIRROR_DIR
SECONDS = int(number("MIRROR_SECONDS", 0))  # after which the run is given up; 0 for never
CREATE = os.environ.get("MIRROR_CREATE")  # description of repositories to make
METRICS = os.environ.get("MIRROR_METRICS")  # CloudWatch's namespace and a stack
SINCE = os.environ.get("MIRROR_SINCE")  # when the source changed, as 2026-12-31T23:59:59Z
# Branches to mirror; one * in each may stand for any characters, as in git's refspecs. None: all.
BRANCHES = os.environ.get("MIRROR_BRANCHES", "").replace(",", " ").split()
# What no branch is called. Source: git-check-ref-format(1).
UNNAMED = re.compile(r"[\0-\x1f\x7f~^:?[\\]|\.\.|@{|//|(^|/)\.|\.lock(/|$)|^/|[/.]$|\*.*\*")
problems += [f"MIRROR_BRANCHES: {b!r} is no branch" for b in BRANCHES if UNNAMED.search(b)]

if not DESTINATIONS or any(url[:1] in ("", "-") for url in (SOURCE, *DESTINATIONS)):
    problems.append("MIRROR_SOURCE_URL, MIRROR_DESTINATION_URLS: name git repositories")
if DIR.suffix != ".git":  # if broken, it is deleted
    problems.append("MIRROR_DIR: name a bare repository ending in .git")
