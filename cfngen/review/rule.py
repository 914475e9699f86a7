"""What a rule of the review is: a code, what it means, and a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cfngen.cloudformation.evidence import Evidence
from cfngen.review.model import (
    Certainty,
    Concern,
    Exposure,
    Finding,
    PolicyKind,
    RuleDescription,
    Side,
)

if TYPE_CHECKING:
    from cfngen.review.change_set_facts import ChangeSetFacts
    from cfngen.review.comparison import ComparisonFacts
    from cfngen.review.facts import Facts


@dataclass(frozen=True)
class Hit:
    """One thing that a check has found; the rule says what it is called.

    `subject` is a logical ID, or the name of a parameter or output; `path` a property of it.
    `page` says so, if it is another one than the rule's, and nothing does if it is empty; `reasons`
    take its place. A line of 0 is looked up.
    """

    subject: str
    message: str
    certainty: Certainty = Certainty.MAY
    path: str = ""
    section: str = "Resources"
    page: str | None = None
    reasons: tuple[Evidence, ...] = ()
    side: Side = Side.HEAD
    line: int = 0
    policy: PolicyKind = PolicyKind.NONE
    exposure: Exposure | None = None


@dataclass(frozen=True)
class Rule:
    """One rule of the review. Its file is called `CODE_name.py`, in a directory of its concern.

    Args:
        title: what is the case where it finds something, as a sentence without a full stop.
        help: what that means, what AWS does, and what to do; plain sentences.
        source: the page of AWS that says so.
        check: yields what is the case in one template.
        check_comparison: likewise, in the comparison of all templates.
        check_change_set: likewise, between a change set of CloudFormation's and the review.

    A rule has one check; a third party may add one that looks at several kinds of facts.
    """

    title: str
    help: str
    source: str
    check: Callable[[Facts], Iterable[Hit]] | None = None
    check_comparison: Callable[[ComparisonFacts], Iterable[Hit]] | None = None
    check_change_set: Callable[[ChangeSetFacts], Iterable[Hit]] | None = None

    @property
    def has_check(self) -> bool:
        """Whether it can find anything."""
        return bool(self.check or self.check_comparison or self.check_change_set)


@dataclass(frozen=True)
class RegisteredRule:
    """A rule with what its file's place says: the code, the name and the concern."""

    code: str
    name: str
    concern: Concern
    rule: Rule

    @property
    def description(self) -> RuleDescription:
        """What the code means, as plain values."""
        rule = self.rule
        return RuleDescription(
            self.code, self.name, self.concern, rule.title, rule.help, rule.source
        )

    def findings(self, facts: Facts) -> Iterator[Finding]:
        """Return what it finds in one template."""
        return map(self._finding, self.rule.check(facts) if self.rule.check else ())

    def comparison_findings(self, facts: ComparisonFacts) -> Iterator[Finding]:
        """Return what it finds in the comparison of all templates."""
        check = self.rule.check_comparison
        return map(self._finding, check(facts) if check else ())

    def change_set_findings(self, facts: ChangeSetFacts) -> Iterator[Finding]:
        """Return what it finds between a change set and the review."""
        check = self.rule.check_change_set
        return map(self._finding, check(facts) if check else ())

    def _finding(self, hit: Hit) -> Finding:
        page = self.rule.source if hit.page is None else hit.page
        return Finding(
            self.concern,
            hit.certainty,
            hit.subject,
            hit.message,
            hit.reasons or ((Evidence(page=page),) if page else ()),
            section=hit.section,
            path=hit.path,
            line=hit.line,
            side=hit.side,
            code=self.code,
            exposure=hit.exposure,
            policy=hit.policy,
        )
