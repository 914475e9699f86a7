"""What may be done after a change that could not be done before it, and the reverse."""

from __future__ import annotations

from collections.abc import Collection
from operator import le

from cfngen.review.model import Extent, PowerChange
from cfngen.review.permissions.actions import wild_service
from cfngen.review.permissions.alternatives import ordered
from cfngen.review.permissions.attachments import Key, Policy, Sides, touched
from cfngen.review.permissions.comparison import News, grants, news, spelling
from cfngen.review.permissions.statements import Sentence, allowing
from cfngen.review.stack import Stack

# Of what one role may have (AWS page "IAM and AWS STS quotas"), none of these is reached.
MOST_SENTENCES, MOST_WIDE, MOST_TEXT = 1_500, 100, 200_000
KINDS = ("trust", "permissions", "boundary", "resource")


def powers(before: Stack, after: Stack, changed: Collection[str]) -> tuple[PowerChange, ...]:
    """Return how the powers of everyone whom the changed resources concern are different.

    `changed` are the logical IDs of resources that are not the same. What is compared is what
    policies mean, each with all other policies of its holder: a sentence is gained if none of
    `before` says as much. An `Allow` that is new and a `Deny` that is gone are gained, an `Allow`
    that is gone and a `Deny` that is new are lost. A policy that is only written otherwise is
    returned as `SAME`.
    """
    place = ordered(before, after)
    found = touched(before, after, set(changed))
    keys = sorted(found, key=lambda key: (place.get(key[0], 0), KINDS.index(key[1]), key[0]))
    changes = (_change(key, found[key], before, after) for key in keys)
    return tuple(change for change in changes if change)


def exceeds(holder: str, old: list[Policy], new: list[Policy]) -> bool:
    """Whether a holder may do more with some policies than with others."""
    was, now = _said(holder, old), _said(holder, new)
    return bool(news(was, now, "Allow") or news(now, was, "Deny"))


def _change(key: Key, sides: Sides, before: Stack, after: Stack) -> PowerChange | None:
    holder, kind = key
    old, new = sides
    if sorted(p.text for p in old) == sorted(p.text for p in new) or _moved(
        key, sides, before, after
    ):
        return None
    was, now = _said(holder, old), _said(holder, new)
    gained, lost = news(was, now, "Allow"), news(now, was, "Allow")
    # A `Deny` that came or went with the very thing that it protects takes or gives nothing.
    if holder in before.names or _outlives(new):
        lost += news(was, now, "Deny")
    if holder in after.names or _outlives(old):
        gained += news(now, was, "Deny")
    if not (gained or lost) and not (old and new):
        return None
    spelled = spelling((*was, *now))
    itself = next((policy.itself for policy in (*new, *old) if policy.itself), "")
    return PowerChange(
        holder,
        kind,
        _extent(gained, lost),
        grants(gained, itself, spelled),
        grants(lost, itself, spelled),
        tuple(dict.fromkeys(policy.source for policy in (*new, *old))),
    )


def _said(holder: str, policies: list[Policy]) -> list[Sentence]:
    """Return what policies say; of more than IAM would take, only that it is this."""
    found = [sentence for policy in policies for sentence in policy.sentences]
    texts = [policy.text for policy in policies]
    wide = {s.actions for s in found if s.actions.but or any(map(wild_service, s.actions.patterns))}
    sizes = len(found), len(wide), sum(map(len, texts))
    if all(map(le, sizes, (MOST_SENTENCES, MOST_WIDE, MOST_TEXT))):
        return found
    words = f"what {len(found):,} statements say, too many to compare"
    return [allowing(words, holder, exactly="\n".join(sorted(texts)))]


def _moved(key: Key, sides: Sides, before: Stack, after: Stack) -> bool:
    """Whether nothing is to be told of a holder that is no holder on the other side.

    A managed policy that is attached to a role on one side is told of there. A role that is there
    on one side only has, or lacks, no boundary on the other.
    """
    holder, kind = key
    old, new = sides
    if old and new:
        return False
    if kind == "boundary":
        return True
    return (
        kind == "permissions"
        and _outlives(old or new)
        and holder in (after.names if old else before.names)
    )


def _outlives(policies: list[Policy]) -> bool:
    """Whether what these policies are about is not in the template, and stays without them."""
    return any(policy.loose for policy in policies)


def _extent(gained: News, lost: News) -> Extent:
    if gained and lost:
        return Extent.MIXED
    if gained:
        return Extent.BROADENED
    return Extent.NARROWED if lost else Extent.SAME
