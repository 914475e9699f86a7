"""What commands do with the waivers of a review: read, apply, draft and hold to an approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cfngen.console.project import here, write_file
from cfngen.console.terminal import say
from cfngen.errors import CfngenError, ManifestError
from cfngen.plurals import counted

if TYPE_CHECKING:
    from pathlib import Path

    from cfngen.project.revisions import Comparison
    from cfngen.review import Review
    from cfngen.review.waiver import Waiver
    from cfngen.review.waivers.changes import Changes

DRAFTED_DAYS = 30  # that a drafted waiver lasts, unless somebody writes another date


@dataclass
class Outcome:
    """A review with its waivers, and why the command fails, other than for findings."""

    review: Review
    failures: list[str]


@dataclass(frozen=True)
class WaiverOptions:
    """What the command line says about waivers."""

    date: str | None = None
    expect: str | None = None
    drafts: str | None = None  # the file that gets them; empty for the one that is read
    accept_new: bool = False

    def apply(self, compared: Comparison, review: Review) -> Outcome:
        """Return a review with its waivers and its digest; drafts are written if asked for.

        Raises:
            CfngenError: an option is wrong, or a waiver of head.
        """
        from dataclasses import replace

        from cfngen.review.waivers.apply import with_waivers
        from cfngen.review.waivers.approval import DIGEST, approval
        from cfngen.review.waivers.changes import Changes

        date = day(self.date)
        if self.expect is not None and not DIGEST.fullmatch(self.expect):
            raise CfngenError(f"--expect: {self.expect!r} is not the digest of a review")
        if self.drafts and not self.drafts.endswith(".toml"):
            raise CfngenError(
                f"--write-waivers: {self.drafts!r} is no .toml file; without a file, write the"
                " option behind BASE and HEAD"
            )
        waivers, notes = read_waivers(compared)
        changes = Changes(compared.base, compared.head)
        scope = replace(review.scope, notes=(*review.scope.notes, *notes))
        review = replace(review, scope=scope)
        result = with_waivers(
            review, waivers, changes, date, accept_new=self.accept_new, renamed=compared.renamed
        )
        about = approval(result, compared.base, compared.head, compared.stacks)
        if about.digest == self.expect and not self.accept_new:
            result = with_waivers(
                review, waivers, changes, date, accept_new=True, renamed=compared.renamed
            )
        failures = _expired(result)
        if self.expect not in (None, about.digest):
            difference = about.differences(self.expect or "") or (
                "the templates, their findings or the waivers have changed since"
            )
            failures.append(
                f"not the review that was approved: its digest is {about.digest}, not"
                f" {self.expect}; {difference}"
            )
        result = replace(result, digest=about.digest)
        if self.drafts is not None:
            _write(result, changes, self.drafts, compared)
        return Outcome(result, failures)


def day(text: str | None) -> str:
    """Return the day of a review as YYYY-MM-DD: an argument, or today.

    Raises:
        CfngenError: it is written otherwise.
    """
    from datetime import UTC, datetime

    from cfngen.project.review_waivers.entries import date_of

    if text is None:
        return datetime.now(UTC).date().isoformat()  # the same everywhere at one moment
    if date := date_of(text):
        return date
    raise CfngenError(f"--date: {text!r} is not a date as YYYY-MM-DD")


def read_waivers(compared: Comparison) -> tuple[list[Waiver], list[str]]:
    """Return the waivers of both sides, and what is wrong with those of base.

    Head's have to be right. Base's may be wrong, since no change could mend them otherwise: then
    none of them counts.
    """
    from cfngen.project.review_waivers.reading import SideWaivers, read_side
    from cfngen.review.waivers.apply import sides

    if not compared.locations:
        return [], []
    base, head = compared.locations[0], compared.locations[-1]
    old, new = read_side(base), read_side(head)
    if new.problems:
        raise ManifestError(new.problems)
    notes = [f"no waiver of {base.label} counts: {problem}" for problem in old.problems]
    same_tree = not base.in_revision and not head.in_revision and base.tree.top == head.tree.top
    shared = same_tree and old.files == new.files
    if old.problems or shared or len(compared.locations) == 1:
        old = SideWaivers()  # one file for both sides: nobody knows that it stood in base
    return sides(old.waivers, new.waivers), notes


def _expired(review: Review) -> list[str]:
    from cfngen.review.kinds import Side
    from cfngen.review.waiver import WaiverState

    named = [
        f"{waiver.template}/{waiver.resource} ({waiver.until})"
        for waiver in review.waivers
        if waiver.state is WaiverState.EXPIRED and waiver.side is not Side.BASE
    ]
    if not named:
        return []
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    advice = "take them out with `cfngen waivers prune`, or renew them in the base"
    return [f"failed because of expired waivers: {', '.join(named[:3])}{more}; {advice}"]


def _write(review: Review, changes: Changes, name: str, compared: Comparison) -> None:
    from datetime import date, timedelta
    from pathlib import Path

    from cfngen.paths import display_path
    from cfngen.project.review_waivers.drafting import can_be_written, drafts_file, with_drafts
    from cfngen.review.waivers.apply import drafts

    until = (date.fromisoformat(review.date) + timedelta(DRAFTED_DAYS)).isoformat()
    drafted = can_be_written(drafts(review, changes, until, compared.renamed))
    if not drafted:
        say("no finding without a waiver that could be waived; nothing was written")
        return
    path = Path(name) if name else drafts_file(compared.locations[-1:], here())
    write_file(path, with_drafts(_text(path), path, drafted))
    drafted_here = f"{display_path(path)}: {counted(len(drafted), 'waiver')} drafted"
    say(f"{drafted_here}; write the reason and the owner of each")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode() if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CfngenError(f"{path}: cannot be read: {error}") from None
