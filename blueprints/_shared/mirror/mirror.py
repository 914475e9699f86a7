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

env = os.environ
problems = []


def number(name, default, least=0, most=1e9):
    """Read a number from the environment."""
    text = env.get(name) or default
    with suppress(ValueError):
        if least <= float(text) <= most:
            return float(text)
    problems.append(f"{name}: {text!r} is no number from {least} to {most:g}")
    return default


SOURCE = env.get("MIRROR_SOURCE_URL", "").strip()
DESTINATIONS = env.get("MIRROR_DESTINATION_URLS", "").split()
# Kept between runs: a restored cache, or on a shared EFS.
DIR = Path(os.path.realpath(env.get("MIRROR_DIR") or "/"))
ROUNDS = int(number("MIRROR_ROUNDS", 5, 1))
PAUSE = number("MIRROR_PAUSE", 2)  # seconds after round 1, growing by as much each time
BATCH = int(number("MIRROR_BATCH", 1000, 1, 4000))  # refs in a push
BYTES = 100_000  # of arguments, about
MAX_DELETIONS = number("MIRROR_MAX_DELETIONS", 1e9)  # at one destination, in a run
LOCK_SECONDS = number("MIRROR_LOCK_SECONDS", 3000)  # to wait for another run in MIRROR_DIR
SECONDS = int(number("MIRROR_SECONDS", 0))  # after which the run is given up; 0 for never
CREATE = env.get("MIRROR_CREATE")  # the description of repositories to make, if any
METRICS = env.get("MIRROR_METRICS")  # CloudWatch's namespace and a stack, if any
SINCE = env.get("MIRROR_SINCE")  # when the source changed, as 2026-12-31T23:59:59Z
if METRICS:
    import metrics
GIT = [
    *("git", "-c", "safe.directory=*"),  # a restored cache may belong to another user
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"),  # all under the lock
    *("-c", "fetch.unpackLimit=1"),  # S3 and EFS are slow at many small files
    *("-c", "core.fsync=none"),  # what a crash spoils is fetched again
]
# The user, if any, is the AWS profile to go by.
CODECOMMIT = re.compile(
    r"(?:https://(?:([^/@]+)@)?git-codecommit\.|codecommit::)([a-z0-9-]+)"
    r"(?:\.amazonaws\.com(?:\.cn)?/v1/repos/|://(?:([^/@]+)@)?)([\w.-]+)"
)
deleted = dict.fromkeys(DESTINATIONS, 0)
figures = {url: {} for url in DESTINATIONS}  # for METRICS, until they are reported
done = set()


def redact(text):
    """Strip credentials from URLs or an scp-like address; keep the end, where git says why."""
    return re.sub(r"(?:(://)\S*|^[^\s/]*)@", r"\1", text).strip()[-1000:]


def log(event, **facts):
    """Print one line of JSON: a hostile ref name cannot forge another."""
    print(json.dumps({"event": event, **facts}), flush=True)


def run(*command):
    """Run a command; return its status, output and errors."""
    try:
        child = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as why:
        return 1, "", str(why)
    return child.returncode, os.fsdecode(child.stdout), os.fsdecode(child.stderr)


def git(*arguments):
    """Run git; return its output or raise its complaint."""
    status, out, err = run(*GIT, *arguments)
    if status:
        raise RuntimeError(redact(err) or f"git: {status}")
    return out


def codecommit(url, command, *arguments):
    """Have CodeCommit do something with one of its repositories; return its complaint."""
    known = CODECOMMIT.fullmatch(url)
    if not known:
        return "not in CodeCommit"
    user, region, profile, name = known.groups()
    where = [f"--region={region}", f"--repository-name={name}"]
    where += [f"--profile={p}" for p in (user, profile) if p]
    status, _, err = run("aws", "codecommit", command, *where, *arguments)
    return (redact(err) or "aws failed") if status else ""


def listing(url):
    """Ask a repository for its branches and tags, and its default branch, if any."""
    out = git("ls-remote", "--symref", "--", url)
    refs = re.findall(r"^(\w+)\t(refs/(?:heads|tags)/[^^\n]+)$", out, re.M)
    head = re.findall(r"^ref: (.+)\tHEAD$", out, re.M)
    return {ref: value for value, ref in refs}, "".join(head)


def fetch():
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


def push(url, changes, old, size):
    """Set refs ('' deletes), each by itself; return why some were refused."""
    # If refs/heads/refs/heads/x exists, a common slip, git cannot tell what refs/heads/x is and
    # gives up the push. Such a ref goes alone, by a wildcard.
    known = {*changes, *old}
    ambiguous = [r for r in changes if known & {f"refs/heads/{r}", f"refs/tags/{r}"}]
    rest = [r for r in changes if r not in ambiguous]
    size = min(size, BYTES // (99 + 2 * max(map(len, rest), default=0)))
    refused, broken = {}, 0
    for refs in [[r] for r in ambiguous] + [rest[n : n + size] for n in range(0, len(rest), size)]:
        specs = [f"{changes[r]}:{r}" for r in refs]
        if refs[0] in ambiguous and changes[refs[0]]:
            space = f"refs/staged/{refs[0]}/"
            git(f"--git-dir={DIR}", "update-ref", space + refs[0][5:], changes[refs[0]])
            specs = [f"{space}*:refs/*"]
        # A lease forces the ref. A "+" would, too, but whatever the lease says.
        leases = [f"--force-with-lease={r}:{old.get(r, '')}" for r in refs]
        command = ("push", "--progress", "--porcelain", *leases, "--", url, *specs)
        status, out, err = run(*GIT, f"--git-dir={DIR}", *command)
        results = re.findall(r"^(.)\t[^\t]*:(.+)\t(.*)$", out, re.M)
        rejected = {ref: why for flag, ref, why in results if flag == "!"}
        if re.search("(^|\r)fatal", err, re.M):  # the connection or the cache broke
            done.add("suspect")
        if not results:
            rejected = dict.fromkeys(refs, redact(err) or f"git: {status}")
            broken += 1
        log("pushed", url=redact(url), refs=len(refs) - len(rejected))
        if METRICS:
            metrics.count(figures[url], len(refs) - len(rejected), err)
        if rejected:
            log("refused", url=redact(url), refs=[*rejected][:20])
        refused.update(rejected)
        if broken > 3:
            break
    return refused


def set_default(url, now, head, there):
    """Give a destination the source's default branch; return what went wrong."""
    if head not in there:  # a stand-in, if the present one must go
        head = "" if now in ("", *there) else min(there, default="")
    if head in ("", now) or url + head in done:
        return ""
    name = head[11:]
    why = codecommit(url, "update-default-branch", f"--default-branch-name={name}")
    if why and CODECOMMIT.fullmatch(url):
        return f"{name} cannot be made the default branch: {why}; "
    done.add(url + head)
    log("default_branch", url=redact(url), branch=name, set=not why)
    return ""


def update(url, old, now, new, head, size):
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
        log("differs", url=redact(url), refs=refs)
        return f"{reason}{len(differ)} refs differ"
    log("equal", url=redact(url), refs=len(want))
    return reason


def mirror(todo, size):
    """Bring destinations to the source's state; return what is wrong, by URL.

    The order keeps racing runs from rolling a destination back: it is read first, then the source,
    and a push changes a ref only if it is still as it was read (the lease). So what we replace is
    no newer than what we bring. Where another run was faster, the next round reads all anew.
    """
    wrong, old = {}, {}
    for url in todo:
        try:
            old[url] = listing(url)
        except RuntimeError as why:
            wrong[url] = str(why)
            if CREATE:
                about = f"--repository-description={CREATE}"
                if more := codecommit(url, "create-repository", about):
                    wrong[url] += f"; {more}"
                else:
                    log("created", url=redact(url))
                    old[url] = {}, ""
    try:
        head = listing(SOURCE)[1]
        new = fetch()
    except RuntimeError as why:
        return {SOURCE: f"cannot read the source: {why}"}
    log("fetched", refs=len(new))
    for url, was in old.items():
        try:
            wrong[url] = update(url, *was, new, head, size)
            measure([] if wrong[url] else [url], failures=0)
        except RuntimeError as why:
            wrong[url] = str(why)
    return {url: reason for url, reason in wrong.items() if reason}


def main():
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
    todo = [*deleted]
    for n in range(ROUNDS):
        time.sleep(PAUSE * n)
        # A server may refuse a whole push for one ref, so pushes shrink to single refs.
        wrong = mirror(todo, round(BATCH ** (1 - n / max(1, ROUNDS - 1))))
        for url, reason in wrong.items():
            log("failed" if n == ROUNDS - 1 else "retrying", url=redact(url), reason=reason)
        todo = [url for url in todo if url in wrong or SOURCE in wrong]
        if not todo:
            return 0
    return 1


def measure(urls, failures):
    """Report the figures of destinations, once for each, if somebody wants them."""
    for url in urls:
        known = CODECOMMIT.fullmatch(url)
        if METRICS and known:
            line = metrics.line(METRICS, SINCE, known[2], known[4], figures[url], failures)
            log("measured", **line)
        del figures[url]


def stop(number, _):
    """Stop git with its helpers (ssh), and leave."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    os.write(1, b'{"event": "stopped"}\n')
    if number == signal.SIGTERM:
        figures.clear()  # no failure
        raise SystemExit(143)
    raise SystemExit(1)  # MIRROR_SECONDS have passed


def start():
    """Do what the environment says; return the exit status."""
    if not DESTINATIONS or any(url[:1] in ("", "-") for url in (SOURCE, *DESTINATIONS)):
        problems.append("MIRROR_SOURCE_URL, MIRROR_DESTINATION_URLS: name git repositories")
    if DIR.suffix != ".git":  # if broken, it is deleted
        problems.append("MIRROR_DIR: name a bare repository ending in .git")
    if problems:
        log("failed", problems=problems)
        return 2
    env.update(GIT_TERMINAL_PROMPT="0", LC_ALL="C")
    with suppress(OSError):
        os.setsid()  # fails if we lead a group already
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    log("started", source=redact(SOURCE), destinations=[redact(url) for url in DESTINATIONS])
    try:
        return main()
    except (RuntimeError, OSError, ValueError) as why:
        log("failed", reason=redact(str(why)))
        return 1
    finally:
        measure([*figures], failures=1)


if __name__ == "__main__":
    sys.exit(start())
