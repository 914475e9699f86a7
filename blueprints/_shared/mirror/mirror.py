"""Makes CodeCommit repositories equal to a source git repository: same branches, same tags.

The environment says what to do. Prints one JSON object a line. Exit status: 0 all equal, 1 not,
2 bad configuration, 128 + n stopped by signal n.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

Refs = dict[str, str]
problems: list[str] = []


def number(name: str, default: float, least: float, most: float) -> float:
    """Read a number from the environment."""
    text = os.environ.get(name) or str(default)
    with suppress(ValueError):
        if least <= float(text) <= most:
            return float(text)
    problems.append(f"{name}: {text!r} is not a number from {least} to {most}")
    return default


SOURCE = os.environ.get("MIRROR_SOURCE_URL", "").strip()
DESTINATIONS = os.environ.get("MIRROR_DESTINATION_URLS", "").split()
# Bare repository kept between runs: a restored cache, or a folder on an EFS shared by runs.
DIR = Path(os.path.realpath(os.environ.get("MIRROR_DIR") or "/"))
# How often to try; seconds to wait after the first try, growing by as much each time.
ROUNDS = int(number("MIRROR_ROUNDS", 5, 1, 100))
PAUSE = number("MIRROR_PAUSE", 2, 0, 600)
# Most refs in one push, of which CodeCommit takes 4000, and about the most bytes of arguments.
BATCH = int(number("MIRROR_BATCH", 1000, 1, 4000))
BYTES = 100_000
# Most refs a run may delete at one destination.
MAX_DELETIONS = number("MIRROR_MAX_DELETIONS", float("inf"), 0, float("inf"))
# How long to wait for another run in MIRROR_DIR.
LOCK_SECONDS = number("MIRROR_LOCK_SECONDS", 3000, 0, 90000)
GIT_CONFIG = (
    ("safe.directory", "*"),  # a restored cache may belong to another user
    ("gc.autoDetach", "false"),  # nothing may work in MIRROR_DIR once the lock is released
    ("maintenance.autoDetach", "false"),
    ("fetch.unpackLimit", "1"),  # packs: S3 and EFS are slow at thousands of small files
    ("core.fsync", "none"),  # thousands of refs take minutes otherwise, and the cache can be lost
)
CODECOMMIT = re.compile(
    r"(?:https://(?:[^/@]*@)?git-codecommit\.|codecommit::)([a-z0-9-]+)"
    r"(?:\.amazonaws\.com(?:\.cn)?/v1/repos/|://(?:([^/@]+)@)?)([\w.-]+)"
)
deleted = dict.fromkeys(DESTINATIONS, 0)
done: set[str] = set()  # what a run does once


class Failure(Exception):
    """What git or another run refused, fit for a log."""

    def __init__(self, text: str) -> None:
        """Drop credentials; keep the end, where git gives its reason."""
        super().__init__(bare(text).strip()[-1000:])


def bare(text: str) -> str:
    """Strip user and password from the URLs in a text, or from an scp-like address."""
    return re.sub(r"(?:(://)\S*|^[^\s/]*)@", r"\1", text)


def log(event: str, **facts: object) -> None:
    """Print one line of JSON: a hostile ref name cannot forge another."""
    print(json.dumps({"event": event, **facts}), flush=True)


def run(*command: str) -> tuple[int, str, str]:
    """Run a command; return its status, output and errors."""
    pipe = subprocess.PIPE
    try:  # in a session of its own, so that ssh and other helpers are stopped with it
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except OSError as why:
        return 127, "", str(why)
    with child:
        try:
            out, err = child.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            raise
    return child.returncode, os.fsdecode(out), os.fsdecode(err)


def git(*arguments: str) -> str:
    """Run git; return its output or raise its complaint."""
    status, out, err = run("git", *arguments)
    if status:
        raise Failure(err or f"git ended with {status}")
    return out


def listing(url: str) -> tuple[Refs, str]:
    """Ask a repository for its branches and tags, and its default branch ('' if untold)."""
    refs, head = {}, ""
    for line in git("ls-remote", "--symref", "--", url).split("\n"):
        value, _, ref = line.partition("\t")
        if value.startswith("ref: "):
            head = value[5:] if ref == "HEAD" else head
        elif ref.startswith(("refs/heads/", "refs/tags/")) and not ref.endswith("^{}"):
            refs[ref] = value
    return refs, head


def fetch() -> Refs:
    """Fetch the source into MIRROR_DIR; return its branches and tags."""
    here = f"--git-dir={DIR}"
    specs = [f"+refs/{kind}/*:refs/{kind}/*" for kind in ("heads", "tags")]
    specs.append("+refs/staged/none/*:refs/staged/*")  # clears what `push` leaves there
    options = ("--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head")
    try:
        # Mends a half-made repository, and one whose empty folders a cache has lost.
        git("init", "--quiet", "--bare", "--template=", "--", str(DIR))
        if "suspect" in done:
            git(here, "fsck", "--no-dangling")
        done.discard("suspect")
        git(here, "fetch", *options, "--", SOURCE, *specs)
        show = ("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        _, out, err = run("git", here, *show)
        if err:  # a broken ref: git leaves it out, and we would delete it
            raise Failure(err)
    except Failure as why:
        listing(SOURCE)  # raises if the source is to blame
        if "fresh" in done:
            raise
        done.add("fresh")
        log("cache_dropped", reason=str(why))
        shutil.rmtree(DIR)
        return fetch()
    return dict(line.split(" ") for line in out.split("\n") if line)


def push(url: str, changes: Refs, old: Refs, size: int) -> Refs:
    """Set refs to values ('' deletes), each by itself; return why some were refused."""
    # Git cannot tell refs/heads/x from refs/heads/refs/heads/x, a common slip, and gives up the
    # push. So a ref with such a twin goes alone, by a wildcard over a ref made for it.
    known = {*changes, *old}
    twins = [r for r in changes if known & {f"refs/heads/{r}", f"refs/tags/{r}"}]
    rest = [r for r in changes if r not in twins]
    size = min(size, BYTES // (99 + 2 * max((len(os.fsencode(r)) for r in rest), default=0)))
    refused: Refs = {}
    dead = 0
    for refs in [[r] for r in twins] + [rest[n : n + size] for n in range(0, len(rest), size)]:
        specs = [f"{changes[r]}:{r}" for r in refs]
        if refs[0] in twins and changes[refs[0]]:
            space = f"refs/staged/{refs[0]}/"
            git(f"--git-dir={DIR}", "update-ref", space + refs[0][5:], changes[refs[0]])
            specs = [f"{space}*:refs/*"]
        # The lease forces the ref. A "+" would, too, but whatever the lease says.
        options = [f"--force-with-lease={r}:{old.get(r, '')}" for r in refs]
        options += ["--porcelain", "--", url, *specs]
        _, out, err = run("git", f"--git-dir={DIR}", "push", *options)
        lines = [line.split("\t") for line in out.split("\n") if line.count("\t") == 2]
        bad = {spec.split(":")[1]: why for flag, spec, why in lines if flag == "!"}
        if not lines:  # no word on any ref: the connection broke, or the cache is broken
            bad = dict.fromkeys(refs, str(Failure(err)))
            done.add("suspect")
            dead += 1
        log("pushed", url=bare(url), refs=len(refs) - len(bad))
        if bad:
            log("refused", url=bare(url), count=len(bad), refs=dict([*bad.items()][:20]))
        refused.update(bad)
        if dead > 3:
            break
    return refused


def set_default(url: str, now: str, head: str, there: list[str]) -> str:
    """Give a destination the source's default branch; return what went wrong."""
    if head not in there:  # a stand-in, if the present one must go
        names = [ref for ref in there if ref.startswith("refs/heads/")]
        head = min(names, default="") if now and now not in there else ""
    if head in ("", now) or url + head in done:
        return ""
    name = head[len("refs/heads/") :]
    known = CODECOMMIT.fullmatch(url)
    if known:
        region, profile, repository = known.groups()
        command = ["aws", "codecommit", "update-default-branch", f"--region={region}"]
        command += [f"--repository-name={repository}", f"--default-branch-name={name}"]
        status, _, err = run(*command, *([f"--profile={profile}"] if profile else []))
        if status:
            return f"{name} cannot be made the default branch: {Failure(err)}; "
    done.add(url + head)
    log("default_branch", url=bare(url), branch=name, set=bool(known))
    return ""


def update(url: str, old: Refs, now: str, new: Refs, head: str, size: int) -> tuple[str, Refs]:
    """Push what differs; return what is wrong, and why refs were refused."""
    if old and not any(ref.startswith("refs/heads/") for ref in new):
        return "the source has no branches: the destination stays as it is", {}
    refused = push(url, {r: v for r, v in new.items() if old.get(r) != v}, old, size)
    # Before the deletions: CodeCommit does not delete its default branch.
    wrong = set_default(url, now, head, [r for r in new if r in old or r not in refused])
    gone = {r: "" for r in old if r not in new}
    if deleted[url] + len(gone) > MAX_DELETIONS:
        return f"{wrong}{len(gone)} deletions exceed MIRROR_MAX_DELETIONS: none made", refused
    deleted[url] += len(gone)
    return wrong, {**refused, **push(url, gone, old, size)}


def mirror(todo: list[str], size: int) -> dict[str, dict[str, Any]]:
    """Bring destinations to the source's state; return what is wrong, by URL.

    The order keeps racing runs from rolling a destination back: its refs are read first, then the
    source, and a push changes a ref only if it is still as it was read (the lease). So what we
    replace stems from a source state no newer than ours. If another run has pushed meanwhile, the
    lease refuses, and the next round reads everything anew.
    """
    wrong: dict[str, dict[str, Any]] = {}
    old = {}
    for url in todo:
        try:
            old[url] = listing(url)
        except Failure as why:
            wrong[url] = {"reason": str(why)}
    try:
        head = listing(SOURCE)[1]
        new = fetch()
    except Failure as why:
        return {SOURCE: {"reason": f"cannot read the source: {why}"}}
    log("fetched", refs=len(new))
    for url, was in old.items():
        try:
            reason, refused = update(url, *was, new, head, size)
            want, have = listing(SOURCE)[0], listing(url)[0]
        except Failure as why:
            wrong[url] = {"reason": str(why)}
            continue
        differ = sorted(ref for ref in {*want, *have} if want.get(ref) != have.get(ref))
        if differ or reason:
            refs = {r: [want.get(r), have.get(r), refused.get(r)] for r in differ[:20]}
            wrong[url] = {"reason": reason, "differing": len(differ), "refs": refs}
        else:
            log("equal", url=bare(url), refs=len(want))
    return wrong


def main() -> int:
    """Lock, and mirror in rounds until all destinations are equal to the source."""
    DIR.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + LOCK_SECONDS
    with open(f"{DIR}.lock", "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # on EFS between machines, too
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Failure("another run holds the lock of MIRROR_DIR for too long") from None
            time.sleep(0.2)
        for left in [*DIR.rglob("*.lock"), *DIR.glob("objects/**/tmp_*")]:
            left.unlink()  # by a run that was killed: no other is at work, we hold the lock
        todo = list(deleted)
        for n in range(ROUNDS):
            time.sleep(PAUSE * n)
            # A server may refuse a whole push for one ref. So pushes shrink from round to round,
            # down to single refs: in the end none stops another.
            wrong = mirror(todo, round(BATCH ** (1 - n / max(1, ROUNDS - 1))))
            for url, facts in wrong.items():
                log("failed" if n == ROUNDS - 1 else "differs", url=bare(url), **facts)
            todo = [url for url in todo if url in wrong or SOURCE in wrong]
            if not todo:
                return 0
        return 1


def stop(number: int, _frame: object) -> NoReturn:
    """Leave by an exception, which stops the child on its way."""
    signal.signal(number, signal.SIG_IGN)
    os.write(1, b'{"event": "stopped"}\n')
    raise SystemExit(128 + number)


if __name__ == "__main__":
    if not DESTINATIONS or any(url[:1] in ("", "-") for url in (SOURCE, *DESTINATIONS)):
        problems.append("MIRROR_SOURCE_URL, MIRROR_DESTINATION_URLS: name git repositories")
    inside = {path.name for path in DIR.glob("*")}
    # The lock stands beside the folder, and a broken cache is deleted.
    if DIR.is_mount() or (inside and not inside & {"HEAD", "config", "objects"}):
        problems.append("MIRROR_DIR: name a folder for git alone, below any mount point")
    first = int(number("GIT_CONFIG_COUNT", 0, 0, 9999))
    if problems:
        log("failed", problems=problems)
        sys.exit(2)
    for n, (key, value) in enumerate(GIT_CONFIG, first):
        os.environ.update({f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value})
    os.environ.update(GIT_CONFIG_COUNT=str(first + len(GIT_CONFIG)), GIT_TERMINAL_PROMPT="0")
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log("started", source=bare(SOURCE), destinations=[bare(url) for url in DESTINATIONS])
    try:
        sys.exit(main())
    except (Failure, OSError) as why:
        log("failed", reason=bare(str(why)))
        sys.exit(1)
