"""Runs mirror.py for one repository, or for all of them, one after the other.

The environment: REPOSITORIES, names and beginnings of names followed by *; REPOSITORY, the one that
has changed, if one has; SOURCE_URL, DESTINATION_URLS and CREATE, mirror.py's, with {repository} for
its name; CACHE_DIR, if git is kept. Exit status: 0 all equal, 1 some not, 2 failed, 143 SIGTERM.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

env = os.environ
at_work = []


def repositories():
    """Return the names of the repositories to mirror."""
    patterns = env["REPOSITORIES"].split()
    wanted = re.compile("|".join(re.escape(p).replace(r"\*", ".*") for p in patterns))
    names = [env["REPOSITORY"]] if env.get("REPOSITORY") else patterns
    if "*" in "".join(names):
        with os.popen("aws codecommit list-repositories --output=json") as listed:
            names = [there["repositoryName"] for there in json.load(listed)["repositories"]]
        names = [name for name in names if wanted.fullmatch(name)]
    if not names:
        raise ValueError("there is no such repository")
    for name in names:
        if not re.fullmatch(r"[\w.-]{1,100}", name, re.A) or not wanted.fullmatch(name):
            raise ValueError(f"{name!r} is not to be mirrored")
    return names


def mirror(name):
    """Run mirror.py for one repository; return its exit status."""
    kept = env.get("CACHE_DIR")
    folder = Path(kept or env["HOME"], f"{name}.git")
    settings = {"MIRROR_DIR": str(folder)}
    for key in ("SOURCE_URL", "DESTINATION_URLS", "CREATE"):
        settings[f"MIRROR_{key}"] = env[key].replace("{repository}", name)
    if settings["MIRROR_SOURCE_URL"] in settings["MIRROR_DESTINATION_URLS"].split():
        raise ValueError(f"{name} cannot be its own mirror")
    command = [sys.executable, "-u", str(Path(__file__).with_name("mirror.py"))]
    at_work[:] = [subprocess.Popen(command, env={**env, **settings})]
    status = at_work[0].wait()
    at_work.clear()
    if not kept:
        shutil.rmtree(folder, ignore_errors=True)  # room for the next
    return status


def stop(*_):
    """Let mirror.py end cleanly, and be the last."""
    for child in at_work:
        child.terminate()
    if not at_work:
        sys.exit(143)


def main():
    """Mirror one repository after the other; return the worst exit status."""
    signal.signal(signal.SIGTERM, stop)
    if env.keys() & {"AWS_PROFILES", "SOURCE_SECRET"}:
        import sign_in

        sign_in.sign_in()
    worst = 0
    for name in repositories():
        status = mirror(name)
        if status in (143, -15):  # -15 if it had hardly begun
            return 143
        worst = max(worst, status % 256)  # one that was killed is below 0
    return worst


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as why:
        print(json.dumps({"event": "failed", "reason": f"{type(why).__name__}: {why}"}))
        sys.exit(2)
