"""A destination, and what a run has done to it so far."""

from codecommit import codecommit, place
from git import listed, ls_remote
from log import log, redact
from pushes import push
from settings import CREATE, KEEP, MAX_DELETIONS, METRICS, PUSH_BYTES, SINCE, carried

backups = carried("backups") if KEEP else None
metrics = carried("metrics") if METRICS else None
history = carried("history", optional=True)


def split(refs):
    """Return refs without our own; backups; and tags of pieces of history."""
    refs, kept = backups.split(refs) if backups else (refs, {})
    refs, progress = history.split(refs) if history else (refs, {})
    return refs, kept, progress


class Destination:
    """A repository that is made equal to the source."""

    def __init__(self, url):
        """Remember its address."""
        self.url = url
        self.default = ""  # branch
        self.kept = {}  # refs of backups
        self.told = set()  # losses that were logged
        self.deleted = 0  # refs
        self.held = set()  # refs whose deletion is held back
        self.figures = {"RefsRewritten": 0} if backups else {}  # of its pushes
        self.progress = {}  # tags of pieces of history
        self.push_bytes = PUSH_BYTES  # of a piece
        self.strained = False  # a push failed, maybe for its size
        self.waiting = False  # for refs that lead to pieces
        self.measured = False  # reported to CloudWatch
        self.defaults = set()  # branches that were tried

    def read(self):
        """Return the lines about its refs; create it if that is wanted."""
        try:
            return ls_remote(self.url)
        except RuntimeError as why:
            if not CREATE:
                raise
            about = f"--repository-description={CREATE}"
            if more := codecommit(self.url, "create-repository", about):
                raise RuntimeError(f"{why}; {more}") from None
            log("created", url=redact(self.url))
            return ""

    def parse(self, out):
        """Return the branches and tags of lines about its refs, without those of our own."""
        refs, self.default = listed(out)
        refs, self.kept, self.progress = split(refs)
        self.waiting = False
        return refs

    def set_default(self, head, there):
        """Give it the source's default branch, if it has that; return what went wrong."""
        if head not in there:  # a stand-in, if the present one must go
            head = "" if self.default in ("", *there) else min(there, default="")
        if head in ("", self.default) or head in self.defaults:
            return ""
        name = head[11:]
        why = codecommit(self.url, "update-default-branch", f"--default-branch-name={name}")
        if why and place(self.url):
            return f"{name} cannot be made the default branch: {why}"
        self.defaults.add(head)
        self.default = self.default if why else head
        log("default_branch", url=redact(self.url), branch=name, set=not why)
        return ""

    def end(self, problem, size):
        """Delete what is past its use; return all problems, one from before included."""
        expiry = backups.expire(self, size) if backups else ""
        unswept = history.clear(self, size) if history and not self.waiting else ""
        return [text for text in (problem, expiry, unswept) if text]

    def delete(self, refs, old, size):
        """Delete all of some refs, or none if they are too many; return why some are left."""
        if self.deleted + len(refs) > MAX_DELETIONS:
            self.held.update(refs)
            return dict.fromkeys(refs, "held back: too many deletions")
        self.deleted += len(refs)
        self.held.difference_update(refs)
        return push(self, dict.fromkeys(refs, ""), old, size)

    def count(self, refs, progress):
        """Add a push to its figures."""
        if metrics:
            metrics.count(self.figures, refs, progress)

    def measure(self, failures):
        """Log its figures, once, if it has a region."""
        where = place(self.url)
        if metrics and where and not self.measured:
            log("measured", **metrics.line(METRICS, SINCE, *where, self.figures, failures))
        self.measured = True
