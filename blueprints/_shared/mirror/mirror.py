"""Makes CodeCommit repositories equal to a source git repository: same branches, same tags.

Prints one JSON object a line. Exit status: 0 equal, 1 not, 2 bad configuration, 143 SIGTERM.
"""

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

Refs = dict[str, str]
problems: list[str] = []


def number(name: str, default: float, least: float = 0, most: float = 1e9) -> float:
    """Read a number from the environment."""
    text = os.environ.get(name) or str(default)
    with suppress(ValueError):
        if least <= float(text) <= most:
            return float(text)
    problems.append(f"{name}: {text!r} is not a number from {least:g} to {most:g}")
    return default


SOURCE = os.environ.get("MIRROR_SOURCE_URL", "").strip()
DESTINATIONS = os.environ.get("MIRROR_DESTINATION_URLS", "").split()
# Kept between runs: a restored cache, or on an EFS shared by runs.
DIR = Path(os.path.realpath(os.environ.get("MIRROR_DIR") or "/"))
ROUNDS = int(number("MIRROR_ROUNDS", 5, 1))
PAUSE = number("MIRROR_PAUSE", 2)  # seconds after round 1, growing by as much each time
BATCH = int(number("MIRROR_BATCH", 1000, 1, 4000))  # refs in a push; CodeCommit takes 4000
BYTES = 100_000  # of arguments, about
MAX_DELETIONS = number("MIRROR_MAX_DELETIONS", 1e9)  # at one destination, in a run
LOCK_SECONDS = number("MIRROR_LOCK_SECONDS", 3000)  # to wait for another run in MIRROR_DIR
GIT = [
    *("git", "-c", "safe.directory=*"),  # a restored cache may belong to another user
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"),  # all under the lock
    *("-c", "fetch.unpackLimit=1"),  # S3 and EFS are slow at many small files
    *("-c", "core.fsync=none"),  # what a crash spoils is fetched again
]
CODECOMMIT = re.compile(
    r"(?:https://git-codecommit\.|codecommit::)([a-z0-9-]+)"
    r"(?:\.amazonaws\.com(?:\.cn)?/v1/repos/|://(?:([^/@]+)@)?)([\w.-]+)"
)
deleted = dict.fromkeys(DESTINATIONS, 0)
done: set[str] = set()


def bare(text: str) -> str:
    """Strip credentials from URLs or an scp-like address; keep the end, where git says why."""
    return re.sub(r"(?:(://)\S*|^[^\s/]*)@", r"\1", text).strip()[-1000:]


def log(event: str, **facts: object) -> None:
    """Print one line of JSON: a hostile ref name cannot forge another."""
    print(json.dumps({"event": event, **facts}), flush=True)


def run(*command: str) -> tuple[int, str, str]:
    """Run a command; return its status, output and errors."""
    try:
        child = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as why:
        return 1, "", str(why)
    return child.returncode, os.fsdecode(child.stdout), os.fsdecode(child.stderr)


def git(*arguments: str) -> str:
    """Run git; return its output or raise its complaint."""
    status, out, err = run(*GIT, *arguments)
    if status:
        raise RuntimeError(bare(err) or f"git: {status}")
    return out


def listing(url: str) -> tuple[Refs, str]:
    """Ask a repository for its branches and tags, and its default branch, if any."""
    out = git("ls-remote", "--symref", "--", url)
    refs = re.findall(r"^(\w+)\t(refs/(?:heads|tags)/[^^\n]+)$", out, re.M)
    head = re.findall(r"^ref: (.+)\tHEAD$", out, re.M)
    return {ref: value for value, ref in refs}, "".join(head)


def fetch() -> Refs:
    """Fetch the source into MIRROR_DIR; return its branches and tags."""
    here = f"--git-dir={DIR}"
    specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    specs += ["+refs/none/*:refs/staged/*"]  # clears what `push` has left
    try:
        # Mends a half-made repository, and one whose empty folders a cache has lost.
        git("init", "--quiet", "--bare", "--template=", "--", str(DIR))
        if "suspect" in done:
            git(here, "fsck")
        done.discard("suspect")
        git(here, "fetch", "--quiet", "--prune", "--force", "--", SOURCE, *specs)
        show = ("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
        lines = git(here, *show).split("\n")
    except RuntimeError as why:
        listing(SOURCE)  # raises if the source is to blame
        if "fresh" in done:
            raise
        done.add("fresh")
        log("cache_dropped", reason=str(why))
        shutil.rmtree(DIR)
        return fetch()
    return dict(line.split(" ") for line in lines if line)


def push(url: str, changes: Refs, old: Refs, size: int) -> Refs:
    """Set refs ('' deletes), each by itself; return why some were refused."""
    # If refs/heads/refs/heads/x exists, a common slip, git cannot tell what refs/heads/x is and
    # gives up the push. Such a ref goes alone, by a wildcard.
    known = {*changes, *old}
    twins = [r for r in changes if known & {f"refs/heads/{r}", f"refs/tags/{r}"}]
    rest = [r for r in changes if r not in twins]
    size = min(size, BYTES // (99 + 2 * max(map(len, rest), default=0)))
    refused: Refs = {}
    dead = 0
    for refs in [[r] for r in twins] + [rest[n : n + size] for n in range(0, len(rest), size)]:
        specs = [f"{changes[r]}:{r}" for r in refs]
        if refs[0] in twins and changes[refs[0]]:
            space = f"refs/staged/{refs[0]}/"
            git(f"--git-dir={DIR}", "update-ref", space + refs[0][5:], changes[refs[0]])
            specs = [f"{space}*:refs/*"]
        # A lease forces the ref. A "+" would, too, but whatever the lease says.
        leases = [f"--force-with-lease={r}:{old.get(r, '')}" for r in refs]
        command = ("push", "--porcelain", *leases, "--", url, *specs)
        _, out, err = run(*GIT, f"--git-dir={DIR}", *command)
        told = re.findall(r"^(.)\t[^\t]*:(.+)\t(.*)$", out, re.M)
        bad = {ref: why for flag, ref, why in told if flag == "!"}
        if re.search("^fatal", err, re.M):  # the connection or the cache broke
            done.add("suspect")
        if not told:
            bad = dict.fromkeys(refs, bare(err))
            dead += 1
        log("pushed", url=bare(url), refs=len(refs) - len(bad))
        if bad:
            log("refused", url=bare(url), refs=[*bad][:20])
        refused.update(bad)
        if dead > 3:
            break
    return refused


def set_default(url: str, now: str, head: str, there: list[str]) -> str:
    """Give a destination the source's default branch; return what went wrong."""
    if head not in there:  # a stand-in, if the present one must go
        head = "" if now in ("", *there) else min(there, default="")
    if head in ("", now) or url + head in done:
        return ""
    name = head[11:]
    known = CODECOMMIT.fullmatch(url)
    if known:
        region, profile, repository = known.groups()
        command = ["aws", "codecommit", "update-default-branch", f"--region={region}"]
        command += [f"--repository-name={repository}", f"--default-branch-name={name}"]
        status, _, err = run(*command, *([f"--profile={profile}"] if profile else []))
        if status:
            return f"{name} cannot be made the default branch: {bare(err)}; "
    done.add(url + head)
    log("default_branch", url=bare(url), branch=name, set=bool(known))
    return ""


def update(url: str, old: Refs, now: str, new: Refs, head: str, size: int) -> str:
    """Push what differs to a destination; return what is wrong then."""
    branches = [r for r in new if r.startswith("refs/heads/")]
    if old and not branches:
        return "the source has no branches: the destination stays as it is"
    # "^{object}", or git would prefer a branch that is called like the value.
    changes = {r: v + "^{object}" for r, v in new.items() if old.get(r) != v}
    refused = push(url, changes, old, size)
    # Before the deletions: CodeCommit does not delete its default branch.
    reason = set_default(url, now, head, [r for r in branches if r in old or r not in refused])
    want = listing(SOURCE)[0]
    gone = {r: "" for r in old if r not in new and r not in want}
    if deleted[url] + len(gone) > MAX_DELETIONS:
        reason += f"{len(gone)} deletions exceed MIRROR_MAX_DELETIONS, none made; "
    else:
        deleted[url] += len(gone)
        refused.update(push(url, gone, old, size))
    have = listing(url)[0]
    differ = sorted(r for r in {*want, *have} if want.get(r) != have.get(r))
    if differ:
        refs = {r: [want.get(r), have.get(r), refused.get(r)] for r in differ[:20]}
        log("differs", url=bare(url), refs=refs)
        return f"{reason}{len(differ)} refs differ"
    log("equal", url=bare(url), refs=len(want))
    return reason


def mirror(todo: list[str], size: int) -> Refs:
    """Bring destinations to the source's state; return what is wrong, by URL.

    The order keeps racing runs from rolling a destination back: its refs are read first, then the
    source, and a push changes a ref only if it is still as it was read (the lease). So what we
    replace is no newer than what we bring. If another run has pushed meanwhile, the lease refuses
    and the next round reads all anew.
    """
    wrong, old = {}, {}
    for url in todo:
        try:
            old[url] = listing(url)
        except RuntimeError as why:
            wrong[url] = str(why)
    try:
        head = listing(SOURCE)[1]
        new = fetch()
    except RuntimeError as why:
        return {SOURCE: f"cannot read the source: {why}"}
    log("fetched", refs=len(new))
    for url, was in old.items():
        try:
            wrong[url] = update(url, *was, new, head, size)
        except RuntimeError as why:
            wrong[url] = str(why)
    return {url: reason for url, reason in wrong.items() if reason}


def main() -> int:
    """Lock, and mirror in rounds until all destinations equal the source."""
    DIR.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + LOCK_SECONDS
    lock = os.open(f"{DIR}.lock", os.O_CREAT | os.O_RDWR)
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # on EFS between machines, too
            break
        if time.monotonic() > end:
            raise RuntimeError("another run keeps MIRROR_DIR locked")
        time.sleep(0.2)
    for left in DIR.rglob("*.lock"):
        left.unlink()  # by a killed run: no other is at work, we have the lock
    todo = list(deleted)
    for n in range(ROUNDS):
        time.sleep(PAUSE * n)
        # A server may refuse a whole push for one ref, so pushes shrink to single refs.
        wrong = mirror(todo, round(BATCH ** (1 - n / max(1, ROUNDS - 1))))
        for url, reason in wrong.items():
            log("failed" if n == ROUNDS - 1 else "retrying", url=bare(url), reason=reason)
        todo = [url for url in todo if url in wrong or SOURCE in wrong]
        if not todo:
            return 0
    return 1


def stop(number: int, _frame: object) -> None:
    """Stop git with its helpers (ssh), and leave."""
    signal.signal(number, signal.SIG_IGN)
    os.killpg(0, number)
    os.write(1, b'{"event": "stopped"}\n')
    raise SystemExit(128 + number)


if __name__ == "__main__":
    if not DESTINATIONS or any(url[:1] in ("", "-") for url in (SOURCE, *DESTINATIONS)):
        problems.append("MIRROR_SOURCE_URL, MIRROR_DESTINATION_URLS: name git repositories")
    if DIR.suffix != ".git":  # if broken, it is deleted
        problems.append("MIRROR_DIR: name a bare repository ending in .git")
    if problems:
        log("failed", problems=problems)
        sys.exit(2)
    os.environ["GIT_TERMINAL_PROMPT"] = "0"
    with suppress(OSError):
        os.setsid()  # fails if we lead a group already
    signal.signal(signal.SIGTERM, stop)
    log("started", source=bare(SOURCE), destinations=[bare(url) for url in DESTINATIONS])
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as why:
        log("failed", reason=bare(str(why)))
        sys.exit(1)
