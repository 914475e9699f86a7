"""Runs mirror.py for one repository, or for all of them, one after the other.

The environment: REPOSITORIES, names and beginnings of names followed by *; REPOSITORY, the one that
has changed, if one has, as the event EVENT_ID tells; SOURCE_URL, DESTINATION_URLS and CREATE,
mirror.py's, with {repository} for its name; CACHE_DIR, if git is kept. Exit status: 0 all equal, 1
some not, 2 failed, 143 SIGTERM.
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
LIST_SECONDS = int(env.get("LIST_SECONDS", 300))  # for CodeCommit's list of repositories
GRACE_SECONDS = int(env.get("GRACE_SECONDS", 60))  # for mirror.py, after it ought to have given up
at_work = []


def repositories():
    """Return the names of the repositories to mirror."""
    patterns = env["REPOSITORIES"].split()
    wanted = re.compile("|".join(re.escape(p).replace(r"\*", ".*") for p in patterns))
    names = [env["REPOSITORY"]] if env.get("REPOSITORY") else patterns
    if "*" in "".join(names):
        command = ["aws", "codecommit", "list-repositories", "--output=json"]
        listed = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=LIST_SECONDS)
        names = [there["repositoryName"] for there in json.loads(listed.stdout)["repositories"]]
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
    seconds = float(env.get("MIRROR_SECONDS") or 0)
    try:
        status = at_work[0].wait(seconds + GRACE_SECONDS if seconds else None)
    except subprocess.TimeoutExpired:
        at_work[0].kill()
        status = at_work[0].wait(GRACE_SECONDS)
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
    if "EVENT_ID" in env:
        print(json.dumps({"event": "requested", "id": env["EVENT_ID"]}), flush=True)
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
