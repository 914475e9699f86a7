"""The digest of a review, by which an approval binds."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePosixPath

from cfngen.cloudformation.source import Source
from cfngen.review.model import Review, Side
from cfngen.review.waiver import Waiver, WaiverState
from cfngen.review.waivers.canonical import DIGITS, digest

DIGEST = re.compile(rf"[0-9a-f]{{{DIGITS}}}", re.ASCII)
MAX_DAYS = 400  # that an approval is looked for, before and after the date of the review


@dataclass(frozen=True)
class Approval:
    """What an approval is about, each part as a digest; the date as it is.

    `templates` are both sides, each a digest of texts in which only CRLF counts as LF, which is the
    same to YAML and to JSON: a comment or the order of keys counts. `facts` are what the review
    found; no sentence is part of it, and neither is what the two sides are called. `waivers` are
    all entries of both sides, whether they count or not. `deployed` is what is known of the stacks
    that run.
    """

    templates: tuple[str, str]
    facts: str
    waivers: tuple[Waiver, ...]
    date: str
    deployed: str = ""

    @property
    def digest(self) -> str:
        """The one digest of all of it."""
        return self._with(_waivers(self.waivers), self.date)

    def differences(self, expected: str) -> str:
        """Return what is different from the review that was approved; empty if nobody can know."""
        return next((difference for other, difference in self._others() if other == expected), "")

    def _others(self) -> Iterator[tuple[str, str]]:
        """Yield the digests of reviews that may be the approved one, with what is different."""
        earlier = tuple(w for w in self.waivers if w.side is not Side.HEAD)
        standing = tuple(replace(w, side=Side.BOTH) for w in earlier)
        for waivers, difference in (
            (self.waivers, ""),
            (earlier, "waivers were added since"),
            (standing, "waivers were added or removed since"),
            ((), "waivers were added since, also to the base"),
        ):
            part = _waivers(waivers)
            for date in _dates(self.date):
                day = f"it was approved as of {date}: pass --date {date}"
                about = (difference, "" if date == self.date else day)
                yield self._with(part, date), "; ".join(filter(None, about))
        if self.deployed:
            yield replace(self, deployed="").digest, "it was approved without what is deployed"
        swapped = replace(self, templates=self.templates[::-1])
        yield swapped.digest, "BASE and HEAD are swapped"

    def _with(self, waivers: str, date: str) -> str:
        deployed = [self.deployed] if self.deployed else []
        return digest(["cfngen review 1", *self.templates, self.facts, waivers, date, *deployed])


def _waivers(waivers: Iterable[Waiver]) -> str:
    names = [field.name for field in fields(Waiver) if field.name != "state"]
    return digest(sorted([getattr(waiver, name) for name in names] for waiver in waivers))


def approval(
    review: Review,
    base: Mapping[str, str | Source],
    head: Mapping[str, str | Source],
    deployed: object = None,
) -> Approval:
    """Return what an approval of a review with its waivers is about.

    Args:
        review: with its waivers.
        base: the templates of base.
        head: the templates of head.
        deployed: what is known of the stacks that run, as values of the model.
    """
    scope = review.scope
    facts = digest(
        {
            "stacks": review.stacks,
            "unchanged": review.unchanged,
            # As its path is typed differently elsewhere.
            "unknowns": [
                [f.concern, f.certainty, PurePosixPath(f.subject).name] for f in review.unknowns
            ],
            "accepted": scope.accepted,
            "opaque": scope.opaque,
        }
    )
    waivers = tuple(replace(waiver, state=WaiverState.UNUSED) for waiver in review.waivers)
    running = digest(deployed) if deployed else ""
    return Approval((_texts(base), _texts(head)), facts, waivers, review.date, running)


def _texts(side: Mapping[str, str | Source]) -> str:
    return digest({name: _text_digest(source) for name, source in side.items()})


def _text_digest(source: str | Source) -> str:
    text = source if isinstance(source, str) else source.text
    content = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()


def _dates(date: str) -> Sequence[str]:
    """Return a date, then those around it, the nearest first."""
    day = dt.date.fromisoformat(date)
    dates = [date]
    for number in range(1, MAX_DAYS):
        for days in (-number, number):
            try:
                dates.append((day + dt.timedelta(days)).isoformat())
            except OverflowError:
                continue
    return dates
