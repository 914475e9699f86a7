"""A repository that is made equal to the source, and what a run has done to it so far."""

import metrics
from codecommit import codecommit, place
from git import listing
from log import log, redact
from pushes import push
from settings import CREATE, MAX_DELETIONS, METRICS, SINCE, SOURCE


class Destination:
    """One of the destinations of a run."""

    def __init__(self, url):
        """Remember its address."""
        self.url = url
        self.deleted = 0  # refs
        self.figures = {}  # of its pushes
        self.measured = False  # reported to CloudWatch
        self.defaults = set()  # branches that were made the default, or could not be

    def read(self):
        """Return its branches and tags, and its default branch; create it, if that is wanted."""
        try:
            return listing(self.url)
        except RuntimeError as why:
            if not CREATE:
                raise
            about = f"--repository-description={CREATE}"
            if more := codecommit(self.url, "create-repository", about):
                raise RuntimeError(f"{why}; {more}") from None
            log("created", url=redact(self.url))
            return {}, ""

    def set_default(self, now, head, there):
        """Give it the source's default branch; return what went wrong."""
        if head not in there:  # a stand-in, if the present one must go
            head = "" if now in ("", *there) else min(there, default="")
        if head in ("", now) or head in self.defaults:
            return ""
        name = head[11:]
        why = codecommit(self.url, "update-default-branch", f"--default-branch-name={name}")
        if why and place(self.url):
            return f"{name} cannot be made the default branch: {why}; "
        self.defaults.add(head)
        log("default_branch", url=redact(self.url), branch=name, set=not why)
        return ""

    def update(self, old, now, new, head, size):
        """Push what differs; return what is wrong then."""
        branches = [r for r in new if r.startswith("refs/heads/")]
        if old and not branches:
            return "the source has no branches: the destination stays as it is"
        # "^{object}", or git would prefer a branch that is called like the value.
        changes = {r: v + "^{object}" for r, v in new.items() if old.get(r) != v}
        refused = push(self, changes, old, size)
        # Before the deletions: CodeCommit does not delete its default branch.
        reason = self.set_default(now, head, [r for r in branches if r in old or r not in refused])
        want = listing(SOURCE)[0]
        gone = {r: "" for r in old if r not in new and r not in want}
        if self.deleted + len(gone) > MAX_DELETIONS:
            reason += f"{len(gone)} deletions exceed MIRROR_MAX_DELETIONS, none made; "
        else:
            self.deleted += len(gone)
            refused.update(push(self, gone, old, size))
        have = listing(self.url)[0]
        differ = sorted(r for r in {*want, *have} if want.get(r) != have.get(r))
        if differ:
            refs = {r: [want.get(r), have.get(r), refused.get(r)] for r in differ[:20]}
            log("differs", url=redact(self.url), refs=refs)
            return f"{reason}{len(differ)} refs differ"
        log("equal", url=redact(self.url), refs=len(want))
        return reason

    def measure(self, failures):
        """Report its figures, once, if somebody wants them and it has a region."""
        where = place(self.url)
        if METRICS and where and not self.measured:
            log("measured", **metrics.line(METRICS, SINCE, *where, self.figures, failures))
        self.measured = True
