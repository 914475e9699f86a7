"""Waivers of findings: what they match, when they count, and what an approval binds."""

from __future__ import annotations

from dataclasses import field, make_dataclass, replace

import pytest

from cfngen.cloudformation.source import Source
from cfngen.review import review
from cfngen.review.model import Review, Waiver, WaiverState
from cfngen.review.waivers import canonical
from cfngen.review.waivers.apply import drafts, sides, with_waivers
from cfngen.review.waivers.approval import DIGEST, approval
from cfngen.review.waivers.bodies import MAX_RELATED, Bodies
from cfngen.review.waivers.changes import Changes

DAY = "2026-12-01"
UNTIL = "2026-12-31"
QUEUE = """\
Parameters:
  Stage: {Type: String, Default: test}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: one
      Tags: [{Key: a, Value: b}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
"""
RENAMED = QUEUE.replace("QueueName: one", "QueueName: two")
POLICY = """\
  Policy:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: !Ref Role
      PolicyName: p
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::a/*"}]
"""
Sides = tuple[dict[str, str], dict[str, str]]


def shop(before: str, after: str) -> Sides:
    """Return both sides of one template."""
    return {"shop": before}, {"shop": after}


def drafted(compared: Sides) -> list[Waiver]:
    """Return filled-in waivers of everything that a comparison finds."""
    entries = drafts(review(*compared), Changes(*compared), UNTIL, ())
    return [replace(entry, reason="why", owner="alice") for entry in entries]


def applied(
    compared: Sides,
    base: list[Waiver],
    head: list[Waiver] | None = None,
    date: str = DAY,
    *,
    accept_new: bool = False,
) -> Review:
    """Return a comparison with waivers that stand in base, and in head unless others do."""
    waivers = sides(base, base if head is None else head)
    return with_waivers(review(*compared), waivers, Changes(*compared), date, accept_new=accept_new)


def states(result: Review) -> list[WaiverState]:
    """Return what the waivers turned out to be, each once."""
    return sorted({waiver.state for waiver in result.waivers})


def open_codes(result: Review) -> list[str]:
    """Return the concerns of the findings that count."""
    return [finding.code for finding in result.findings if not finding.is_waived]


def test_a_waiver_in_base_counts() -> None:
    """What base waives, a gate ignores; the finding itself stays."""
    compared = shop(QUEUE, RENAMED)
    result = applied(compared, drafted(compared))
    assert states(result) == [WaiverState.WAIVED]
    assert len(result.findings) == 2
    assert open_codes(result) == []
    assert result.findings[0].waiver is not None
    assert result.findings[0].waiver.reason == "why"


def test_a_change_does_not_waive_itself() -> None:
    """What only head waives is proposed, comes first, and counts once somebody accepts it."""
    compared = shop(QUEUE, RENAMED)
    unused = Waiver("D101", "a", "A", "why", "alice", UNTIL, "0" * 32)
    waivers = drafted(compared)
    result = applied(compared, [unused], [unused, *waivers])
    assert [waiver.state for waiver in result.waivers] == ["proposed", "proposed", "unused"]
    assert len(open_codes(result)) == 2
    accepted = applied(compared, [], waivers, accept_new=True)
    assert states(accepted) == [WaiverState.ACCEPTED]
    assert open_codes(accepted) == []


def test_taking_a_waiver_out_does_not_matter_yet() -> None:
    """A change that prunes the waiver it uses is waived: base decides."""
    compared = shop(QUEUE, RENAMED)
    assert open_codes(applied(compared, drafted(compared), [])) == []


def test_head_does_not_extend_a_waiver() -> None:
    """A date that head moves is a new entry: base's has expired, and head's is only proposed."""
    compared = shop(QUEUE, RENAMED)
    waivers = drafted(compared)
    longer = [replace(waiver, until="2030-01-01") for waiver in waivers]
    result = applied(compared, waivers, longer, "2027-01-01")
    assert len(open_codes(result)) == 2
    assert states(result) == [WaiverState.EXPIRED, WaiverState.PROPOSED]
    assert all(f.waiver and f.waiver.state == "proposed" for f in result.findings)


def test_the_last_day_counts() -> None:
    """`until` is the last day; on the next one the finding counts again, and says why."""
    compared = shop(QUEUE, RENAMED)
    waivers = drafted(compared)
    assert open_codes(applied(compared, waivers, date=UNTIL)) == []
    late = applied(compared, waivers, date="2027-01-01")
    assert len(open_codes(late)) == 2
    assert all(f.waiver and f.waiver.state == "expired" for f in late.findings)


@pytest.mark.parametrize(
    "after",
    [
        RENAMED.replace("two", "three"),
        RENAMED.replace("Value: b", "Value: c"),
        RENAMED.replace("QueueName: two", "QueueName: two\n      FifoQueue: true"),
        RENAMED.replace("AWS::SQS::Queue", "AWS::SQS::Queue\n    DeletionPolicy: Retain"),
        QUEUE.replace("QueueName: one", "QueueName: !Ref Stage"),
    ],
    ids=["value", "tag", "more", "attribute", "reference"],
)  # fmt: skip
def test_another_change_is_not_waived(after: str) -> None:
    """Another value, or anything more that changes in the resource, has another digest."""
    waivers = drafted(shop(QUEUE, RENAMED))
    result = applied(shop(QUEUE, after), waivers)
    assert result.findings
    assert len(open_codes(result)) == len(result.findings)
    assert states(result) == [WaiverState.UNUSED]


def test_a_change_from_elsewhere_is_not_waived() -> None:
    """Base's value is part of the change: from another one it would be another change."""
    waivers = drafted(shop(QUEUE, RENAMED))
    before = QUEUE.replace("QueueName: one", "QueueName: zero")
    assert len(open_codes(applied(shop(before, RENAMED), waivers))) == 2


def test_a_finding_that_grows_is_not_waived() -> None:
    """One action more, or a second policy beside the first, takes the waiver away."""
    granted = QUEUE + POLICY
    waivers = drafted(shop(QUEUE, granted))
    assert [waiver.code for waiver in waivers] == ["B101"]
    assert open_codes(applied(shop(QUEUE, granted), waivers)) == []
    wider = granted.replace("s3:GetObject", '[s3:GetObject, "s3:*"]')
    second = granted + POLICY.replace("Policy:", "Second:", 1).replace("Name: p", "Name: q")
    for grown in (wider, second, granted.replace("a/*", "*")):
        assert open_codes(applied(shop(QUEUE, grown), waivers)) == ["B101"]


def test_a_parameter_that_a_change_rests_on_is_part_of_it() -> None:
    """Where a resource only refers to it, another default is another change."""
    before, after = QUEUE.replace("QueueName: one", "QueueName: !Ref Stage"), RENAMED
    waivers = drafted(shop(before, after))
    assert waivers
    moved = before.replace("Default: test", "Default: live")
    assert len(open_codes(applied(shop(moved, after), waivers))) == 2


def test_what_else_changes_does_not_matter() -> None:
    """A waiver survives a change of what has nothing to do with it, and of how it is written."""
    waivers = drafted(shop(QUEUE, RENAMED))
    other = f"# Why.\n{RENAMED}  Topic: {{Type: AWS::SNS::Topic}}\n"
    assert open_codes(applied(shop(QUEUE, other.replace("\n", "\r\n")), waivers)) == []


def test_another_template_is_not_waived() -> None:
    """The same change in another template is another one, also if its name only looks the same."""
    waivers = drafted(shop(QUEUE, RENAMED))
    for name in ("other", "sh\u043ep", "Shop", "shop/a"):
        result = applied(({name: QUEUE}, {name: RENAMED}), waivers)
        assert len(open_codes(result)) == 2
    # Nor by pretending to be about it.
    forged = [replace(waiver, template="other") for waiver in waivers]
    assert len(open_codes(applied(({"other": QUEUE}, {"other": RENAMED}), forged))) == 2


def test_nothing_is_waived_in_a_template_that_was_renamed() -> None:
    """A template that takes the name of another one does not take its waivers."""
    compared = shop(QUEUE, RENAMED)
    result = with_waivers(
        review(*compared), drafted(compared), Changes(*compared), DAY, renamed=("shop",)
    )
    assert len(open_codes(result)) == 2


def test_removal_is_a_change_of_what_was_there() -> None:
    """The waiver for the removal of one resource does not waive that of another of its name."""

    def without(text: str) -> str:
        return text[: text.index("  Jobs:")] + text[text.index("  Role:") :]

    waivers = drafted(shop(QUEUE, without(QUEUE)))
    assert open_codes(applied(shop(QUEUE, without(QUEUE)), waivers)) == []
    assert open_codes(applied(shop(RENAMED, without(QUEUE)), waivers)) == ["D101"]
    spent = applied(shop(without(QUEUE), without(QUEUE)), waivers)
    assert states(spent) == [WaiverState.SPENT]
    assert states(applied(shop(QUEUE, QUEUE), waivers)) == [WaiverState.UNUSED]


def test_a_waiver_is_spent_once_base_contains_its_change() -> None:
    """Spent is said whatever the date, in a review of which nothing changes as well."""
    waivers = drafted(shop(QUEUE, RENAMED))
    for date in (DAY, "2030-01-01"):
        assert states(applied(shop(RENAMED, RENAMED), waivers, date=date)) == [WaiverState.SPENT]
    assert states(applied(shop(RENAMED, QUEUE), waivers)) == [WaiverState.SPENT]
    # As long as base has the old value, it is not.
    assert states(applied(shop(QUEUE, QUEUE), waivers)) == [WaiverState.UNUSED]


def test_a_spent_waiver_waives_nothing_later() -> None:
    """The way back is another change than the one that was waived."""
    waivers = drafted(shop(QUEUE, RENAMED))
    assert len(open_codes(applied(shop(RENAMED, QUEUE), waivers))) == 2


def test_a_nested_template_has_waivers() -> None:
    """A template inside of another one is named as the review names it."""

    def outer(inner: str) -> str:
        body = "\n".join(f"        {line}" for line in inner.splitlines())
        return (
            "Resources:\n  Set:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n"
            "      StackSetName: s\n      PermissionModel: SELF_MANAGED\n"
            f"      TemplateBody: |\n{body}\n"
        )

    compared = shop(outer(QUEUE), outer(RENAMED))
    waivers = [waiver for waiver in drafted(compared) if waiver.resource == "Jobs"]
    assert {waiver.template for waiver in waivers} == {"shop/Set"}
    assert not [
        f for f in applied(compared, waivers).findings if f.subject == "Jobs" and not f.is_waived
    ]
    assert states(applied(shop(outer(RENAMED), outer(RENAMED)), waivers)) == [WaiverState.SPENT]


def test_the_digest_rests_on_no_sentence() -> None:
    """A message that is worded otherwise in the next release keeps the waivers that exist."""
    compared = shop(QUEUE, RENAMED)
    result = review(*compared)
    bare = replace(
        result,
        stacks=tuple(
            replace(
                stack,
                findings=tuple(replace(f, message="", reasons=(), line=0) for f in stack.findings),
            )
            for stack in result.stacks
        ),
    )
    waivers = sides(drafted(compared), [])
    again = with_waivers(bare, waivers, Changes(*compared), DAY)
    assert all(finding.is_waived for finding in again.findings)


def test_a_digest_is_the_same_everywhere() -> None:
    """No order of a set, no hash of a process and no float's precision is part of it."""
    value = {"b": [1, 1.0, True, None, "\ue000é"], "a": frozenset(("x", "y")), 1: WaiverState.SPENT}
    assert canonical.digest(value) == "bba4ffef142af975330a8649170ff38f"


def test_a_field_that_is_added_changes_no_digest() -> None:
    """A model that grows a field keeps the waivers that exist, until the field says something."""
    names = ("name", "kind"), ("kind", "name", "fate")
    before, after = (
        make_dataclass("Change", [(name, str, field(default="")) for name in some])
        for some in names
    )
    assert canonical.digest(before("a", "b")) == canonical.digest(after("b", "a"))
    assert canonical.digest(after("b", "a", "kept")) != canonical.digest(after("b", "a"))
    assert canonical.digest(before("a")) != canonical.digest(before("", "a"))


def digest(compared: Sides, base: list[Waiver] | None = None, date: str = DAY) -> str:
    """Return the digest of a review with waivers in base."""
    return approval(applied(compared, base or [], date=date), *compared).digest


def test_one_review_has_one_digest() -> None:
    """It is this one, on every machine: whoever changes it ends the approvals that wait."""
    compared = shop(QUEUE, RENAMED)
    assert DIGEST.fullmatch(digest(compared))
    assert digest(compared) == digest(shop(QUEUE, RENAMED))
    assert digest(shop(QUEUE.replace("\n", "\r\n"), RENAMED)) == digest(compared)
    named = replace(applied(compared, []), base="main", head="work")
    assert approval(named, *compared).digest == digest(compared)


def test_an_approval_binds() -> None:
    """Either side, a comment, a name, a waiver, its reason, the date: each makes another digest."""
    compared = shop(QUEUE, RENAMED)
    waivers = drafted(compared)
    others = [
        digest(compared),
        digest(compared, waivers),
        digest(compared, waivers[:1]),
        digest(compared, [replace(waiver, reason="because") for waiver in waivers]),
        digest(compared, [replace(waiver, owner="bob") for waiver in waivers]),
        digest(compared, [replace(waiver, until="2027-01-01") for waiver in waivers]),
        digest(compared, date="2026-12-02"),
        digest(shop(QUEUE, RENAMED + "# more\n")),
        digest(shop(QUEUE + "# more\n", RENAMED)),
        digest(shop(RENAMED, QUEUE)),
        digest(({"store": QUEUE}, {"store": RENAMED})),
        digest((compared[0] | {"x": QUEUE}, compared[1] | {"x": QUEUE})),
        digest((compared[0], compared[1] | {"x": QUEUE})),
        approval(applied(compared, [], waivers), *compared).digest,
    ]
    assert len(set(others)) == len(others)


def test_what_was_accepted_by_hand_has_the_digest_that_was_shown() -> None:
    """A reviewer approves the digest of a review in which the new waivers do not count yet."""
    compared = shop(QUEUE, RENAMED)
    shown = applied(compared, [], drafted(compared))
    accepted = applied(compared, [], drafted(compared), accept_new=True)
    assert approval(shown, *compared).digest == approval(accepted, *compared).digest


def test_a_difference_from_the_approval_is_said_if_it_can_be_known() -> None:
    """Another day, waivers that were added, swapped sides; of anything else, nothing is said."""
    compared = shop(QUEUE, RENAMED)
    waivers = drafted(compared)
    earlier = digest(compared, date="2026-11-28")
    now = approval(applied(compared, []), *compared)
    assert now.differences(earlier) == ("it was approved as of 2026-11-28: pass --date 2026-11-28")
    added = approval(applied(compared, [], waivers), *compared)
    assert added.differences(now.digest) == "waivers were added since"
    assert now.differences("0" * 32) == ""
    back = shop(RENAMED, QUEUE)
    assert approval(applied(back, []), *back).differences("0" * 32) == ""


def test_what_hangs_together_is_bounded() -> None:
    """In a template in which everything rests on everything, any other change ends a waiver."""

    def circle(first: str, last: str) -> str:
        names = [first, *(f"n{number}" for number in range(MAX_RELATED)), last]
        return "Resources:\n" + "".join(
            f"  Q{n}:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: {name}\n"
            f"      Tags: [{{Key: a, Value: !GetAtt Q{(n + 1) % len(names)}.Arn}}]\n"
            for n, name in enumerate(names)
        )

    before, after = circle("a", "z"), circle("b", "z")
    waivers = [waiver for waiver in drafted(shop(before, after)) if waiver.resource == "Q0"]
    body = Bodies({"shop": before}).of("shop")
    assert body is not None
    assert body.related(("Resources", "Q0")) is None
    assert len(waivers) == 2
    for head, number in ((after, 0), (circle("b", "y"), 2)):
        result = applied(shop(before, head), waivers)
        assert sum(f.subject == "Q0" and not f.is_waived for f in result.findings) == number


def test_what_nobody_sees_is_not_waived() -> None:
    """A template whose text is not at hand has no values that a digest could be of."""
    compared = shop(QUEUE, RENAMED)
    changes = Changes({}, {})
    result = review(*compared)
    assert drafts(result, changes, UNTIL, ()) == []
    stack = result.stacks[0]
    forged = Waiver(
        "P101", "shop", "Jobs", "why", "a", UNTIL, changes.digest(stack, stack.findings[-1])
    )
    assert open_codes(with_waivers(result, sides([forged], []), changes, DAY)) == [
        "D102",
        "P101",
    ]


def test_a_parameter_from_an_outer_template_is_part_of_a_change() -> None:
    """A nested template that stays as it is changes by what is passed to it, each value apart."""
    inner = Source(QUEUE.replace("Stage:", "Name:").replace("one", "!Ref Name"))

    def outer(name: str) -> Source:
        text = (
            "Resources:\n  In:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
            f"      TemplateURL: in.yaml\n      Parameters: {{Name: {name}}}\n"
        )
        return Source(text, "shop.yaml", {"in.yaml": inner}.get)

    def states_of(name: str, waivers: list[Waiver]) -> list[bool]:
        sources = {"shop": outer("one")}, {"shop": outer(name)}
        result = with_waivers(review(*sources), sides(waivers, []), Changes(*sources), DAY)
        return [f.is_waived for f in result.findings if f.subject == "Jobs"]

    sources = {"shop": outer("one")}, {"shop": outer("two")}
    entries = drafts(review(*sources), Changes(*sources), UNTIL, ())
    waivers = [waiver for waiver in entries if waiver.resource == "Jobs"]
    assert {waiver.template for waiver in waivers} == {"shop/In"}
    assert states_of("two", waivers) == [True, True]
    assert states_of("three", waivers) == [False, False]
