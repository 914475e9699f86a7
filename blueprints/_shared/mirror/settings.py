"""What a mirroring is told by its environment, read once when the program starts."""

import importlib
import os
from contextlib import suppress
from pathlib import Path

VERSION = 1  # of what modules that come from elsewhere rely on; they have the same
problems = []  # with the environment, in words


def number(name, default, least=0, most=1e9):
    """Read a number from the environment."""
    text = os.environ.get(name) or default
    with suppress(ValueError):
        if least <= float(text) <= most:
            return float(text)
    problems.append(f"{name}: {text!r} is no number from {least} to {most:g}")
    return default


def carried(name):
    """Import a module that only some runs need, and that their templates therefore carry."""
    with suppress(ImportError, AttributeError):
        module = importlib.import_module(name)
        if module.VERSION == VERSION:
            return module
    problems.append(f"{name}.py: missing or of another version. Update mirror-program, then this")


SOURCE = os.environ.get("MIRROR_SOURCE_URL", "").strip()
DESTINATIONS = os.environ.get("MIRROR_DESTINATION_URLS", "").split()
# Kept between runs: a restored cache, or on a shared EFS.
DIR = Path(os.path.realpath(os.environ.get("MIRROR_DIR") or "/"))
ROUNDS = int(number("MIRROR_ROUNDS", 5, 1))
PAUSE = number("MIRROR_PAUSE", 2)  # seconds after round 1, growing by as much each time
BATCH = int(number("MIRROR_BATCH", 4000, 1, 4000))  # refs in a push; CodeCommit takes no more
MAX_DELETIONS = int(number("MIRROR_MAX_DELETIONS", 1e9))  # at one destination, in a run
KEEP = os.environ.get("MIRROR_KEEP_DAYS")  # read by backups.py; empty to keep nothing
LOCK_SECONDS = number("MIRROR_LOCK_SECONDS", 3000)  # to wait for another run in MIRROR_DIR
SECONDS = int(number("MIRROR_SECONDS", 0))  # after which the run is given up; 0 for never
CREATE = os.environ.get("MIRROR_CREATE")  # the description of repositories to make, if any
METRICS = os.environ.get("MIRROR_METRICS")  # CloudWatch's namespace and a stack, if any
SINCE = os.environ.get("MIRROR_SINCE")  # when the source changed, as 2026-12-31T23:59:59Z

if not DESTINATIONS or any(url[:1] in ("", "-") for url in (SOURCE, *DESTINATIONS)):
    problems.append("MIRROR_SOURCE_URL, MIRROR_DESTINATION_URLS: name git repositories")
if DIR.suffix != ".git":  # if broken, it is deleted
    problems.append("MIRROR_DIR: name a bare repository ending in .git")
