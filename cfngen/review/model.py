"""The result of a review as plain values; the JSON format has the same keys."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from cfngen.cloudformation.document import Origin
from cfngen.cloudformation.evidence import Evidence
from cfngen.review.change_set import ChangeSetDifference as ChangeSetDifference
from cfngen.review.change_set import Reconciliation as Reconciliation
from cfngen.review.concern import Concern as Concern
from cfngen.review.kinds import Effect as Effect
from cfngen.review.kinds import Fate as Fate
from cfngen.review.kinds import PolicyKind as PolicyKind
from cfngen.review.kinds import Side as Side
from cfngen.review.waiver import Waiver as Waiver
from cfngen.review.waiver import WaiverState as WaiverState


class Certainty(enum.StrEnum):
    """Whether something happens when the stack is deployed."""

    WILL = "will"
    MAY = "may"
    NO = "no"


class Kind(enum.StrEnum):
    """What became of a thing between the two sides."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    AFFECTED = "affected"  # its text is the same; something it refers to is replaced


class Extent(enum.StrEnum):
    """How permissions have changed."""

    BROADENED = "broadened"
    NARROWED = "narrowed"
    MIXED = "broadened and narrowed"
    SAME = "same"


class _Missing:
    """No value on this side."""

    def __repr__(self) -> str:
        return "(none)"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"  # there is one, also of what another process has sent


MISSING: Any = _Missing()


@dataclass(frozen=True)
class Detail:
    """One property, attribute or field that is different.

    `path` is written as `Environment.EnvironmentVariables[CACHE].Value`; `before` and `after` are
    resolved values (see `values`), `MISSING` where there is none. `reason` says what a verdict on
    replacement rests on.
    """

    path: str
    before: Any  # the resolved value; no key if base has none
    after: Any  # the resolved value; no key if head has none
    replacement: Certainty = Certainty.NO
    reason: Evidence | None = None
    note: str = ""
    payload: str = ""  # the name of the payload whose diff shows the change instead
    follows: tuple[str, ...] = ()  # the replaced resources that it refers to


@dataclass(frozen=True)
class ResourceChange:
    """One resource that is not the same on both sides, or is affected by one that is not."""

    name: str  # the logical ID
    type: str
    kind: Kind
    replacement: Certainty = Certainty.NO
    reasons: tuple[Evidence, ...] = ()
    properties: tuple[Detail, ...] = ()
    attributes: tuple[Detail, ...] = ()  # other than Type and Properties
    type_before: str = ""  # where the type itself changed
    line: int = 0  # in head's text; in base's for what was removed
    origin: Origin | None = None  # the line of the blueprint that added it, if it is known
    note: str = ""  # what is kept of a removed one, for a reader
    fate: Fate = Fate.NONE
    follows: tuple[str, ...] = ()  # the replaced resources that its properties refer to
    construct: str = ""  # the path of the CDK's construct, as `Shop/Jobs/Resource`


@dataclass(frozen=True)
class EntryChange:
    """A parameter, output, condition, mapping or rule that is not the same on both sides."""

    section: str
    name: str
    kind: Kind
    details: tuple[Detail, ...] = ()
    note: str = ""
    line: int = 0  # in head's text; in base's for what was removed
    origin: Origin | None = None  # the line of the blueprint that added it, if it is known
    follows: tuple[str, ...] = ()  # the replaced resources that an output refers to
    following: Certainty = Certainty.NO  # whether one of those is replaced


@dataclass(frozen=True, order=True)
class Grant:
    """One statement of a policy: principal, actions, resource, condition.

    `actions` are written as the policy writes them, or one by one where only some of a wildcard's
    actions are meant; `count` is the number of actions, once wildcards are expanded. `when` is the
    part of `condition` that is the template's, not the policy's.
    """

    effect: Effect
    principal: str
    actions: tuple[str, ...]
    resource: str
    condition: str = ""
    count: int = 0  # of actions, once wildcards are expanded
    when: str = ""


@dataclass(frozen=True)
class PermissionChange:
    """What a policy allows now and did not before, and the reverse.

    `attached_to` is the logical ID of a role, or of the resource that a resource policy protects.
    """

    attached_to: str
    policy: PolicyKind
    extent: Extent
    gained: tuple[Grant, ...] = ()
    lost: tuple[Grant, ...] = ()
    resources: tuple[str, ...] = ()  # the logical IDs of the policies that were compared


@dataclass(frozen=True)
class Exposure:
    """One way to reach a resource from the internet that was opened or closed."""

    resource: str
    description: str
    opened: bool
    grant: Grant | None = None  # by which a policy opens or closes it


@dataclass(frozen=True)
class PayloadChange:
    """A script, handler, buildspec or the like, as a unified diff."""

    name: str  # such as `Project/buildspec.yml`
    resource: str
    path: str
    diff: str  # a unified diff


@dataclass(frozen=True)
class Finding:
    """One thing that a reviewer has to know before this is deployed."""

    concern: Concern
    certainty: Certainty
    subject: str  # a logical ID, or the name of a parameter or output
    message: str
    reasons: tuple[Evidence, ...] = ()  # what it rests on
    section: str = "Resources"  # of the template
    path: str = ""  # a property, as in `Detail.path`
    line: int = 0  # counted from 1; 0 is unknown
    side: Side = Side.HEAD  # whose line it is: base's for what was removed
    origin: Origin | None = None  # `file:line` of the blueprint that added it, if it is known
    nearest_head_line: int = (
        0  # for a line of base: the one in head that is nearest to it, if that is known
    )
    construct: str = ""  # as `ResourceChange.construct`
    code: str = ""  # of the rule that it comes from, such as D101: see `cfngen.review.rules`
    waiver: Waiver | None = None  # that is about it; whether it counts is the waiver's `state`
    exposure: Exposure | None = None  # that it is about, if it is about one
    policy: PolicyKind = PolicyKind.NONE  # that it is about, if it is about one

    @property
    def is_waived(self) -> bool:
        """Whether a gate ignores it."""
        return self.waiver is not None and self.waiver.counts


@dataclass(frozen=True)
class RuleDescription:
    """What a code of findings means; `source` is the page of AWS's that says so."""

    code: str
    name: str  # such as `resource_removed`
    concern: Concern
    title: str
    help: str
    source: str


@dataclass(frozen=True)
class LeftOut:
    """A file or directory that was not compared, and the reason."""

    path: str  # as a person would type it; a folder has a slash at the end
    side: Side
    reason: str  # such as `no template`


@dataclass(frozen=True)
class Scope:
    """What was compared in a review, and what was not.

    `opaque` are parts that cannot be inspected and are the same on both sides, as
    `template/Resource`; `accepted` are those that differ, and that the project accepts, with its
    reason. `notes` are sentences, such as that the output directory has moved.
    """

    compared: int = 0  # templates that both sides have, the nested ones among them
    left_out: tuple[LeftOut, ...] = ()
    opaque: tuple[str, ...] = ()
    accepted: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    nested: int = 0  # of those compared, the ones inside another template, as a stack set has one


@dataclass(frozen=True)
class StackReview:
    """One template: what changes in the stacks that are made of it."""

    name: str
    kind: Kind
    file: str = ""  # as a person would type it, head's, or base's for a removed template
    findings: tuple[Finding, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    entries: tuple[EntryChange, ...] = ()
    permissions: tuple[PermissionChange, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    payloads: tuple[PayloadChange, ...] = ()
    references: tuple[tuple[str, str], ...] = ()  # (from, to) among these resources
    notes: tuple[str, ...] = ()  # such as a size that now needs a bucket
    reconciliation: Reconciliation | None = None  # with a change set of CloudFormation's

    @property
    def empty(self) -> bool:
        """Whether a deployment would change nothing."""
        return self.kind is Kind.CHANGED and not (
            self.resources
            or self.entries
            or self.permissions
            or self.findings
            or self.notes
            or (self.reconciliation and self.reconciliation.differences)
        )


@dataclass(frozen=True)
class Review:
    """All templates that are different, by name."""

    base: str  # the side that is deployed
    head: str  # the side that is to be deployed
    stacks: tuple[StackReview, ...] = ()  # the templates that are different
    unchanged: int = 0  # templates that mean the same on both sides
    scope: Scope = Scope()
    unknowns: tuple[Finding, ...] = ()  # of the comparison itself, of no template
    rules: tuple[RuleDescription, ...] = ()  # of the findings' codes
    waivers: tuple[Waiver, ...] = ()  # of both sides, proposed ones first
    date: str = ""  # on which the waivers were looked at, as YYYY-MM-DD
    digest: str = ""  # of all that an approval is about

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every stack, and of the comparison itself."""
        stacks = (finding for stack in self.stacks for finding in stack.findings)
        return (*stacks, *self.unknowns)

    def concerns(self, concern: Concern) -> tuple[Finding, ...]:
        """Return the findings of one concern."""
        return tuple(finding for finding in self.findings if finding.concern is concern)
