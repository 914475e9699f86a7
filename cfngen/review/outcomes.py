"""What a review of each template comes to, however many processes share the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cfngen.review import nested_templates, opaque
from cfngen.review.comparison import UnreadableText
from cfngen.review.deployed import DeployedStack, with_values
from cfngen.review.exports import SideTemplates
from cfngen.review.model import StackReview
from cfngen.review.pairs import Pair
from cfngen.review.readable import Sources, readable
from cfngen.review.rule import RegisteredRule
from cfngen.review.stack_review import stack_review


@dataclass(frozen=True)
class Outcome:
    """The review of one template, and what its review says of the comparison."""

    root: str  # the template that is deployed by itself: this one, or the one around it
    stack: StackReview | None = None  # `None` if nothing changes
    same: tuple[str, ...] = ()  # opaque parts
    accepted: tuple[tuple[str, str], ...] = ()
    unreadable: UnreadableText | None = None  # of a side that cannot be read
    is_compared: bool = True  # whether there is anything of it that could be read
    is_nested: bool = False
    has_both: bool = True  # whether it is on both sides


@dataclass(frozen=True)
class Reviewer:
    """Reviews the templates of both sides, of which it knows them all.

    `sources` and `sides` are all templates, `alone` are the nested ones that are a file of the
    review.
    """

    sources: tuple[Sources, Sources]
    labels: tuple[str, str]
    sides: tuple[SideTemplates, SideTemplates]
    accepted: Mapping[str, str]
    rules: tuple[RegisteredRule, ...]
    running: Mapping[str, DeployedStack]
    alone: Mapping[str, str]

    def read_and_reviewed(self, name: str) -> Outcome:
        """Return the outcome of a template that has no others inside of it.

        What was parsed for it is forgotten when this returns.
        """
        read = readable([name], *self.sources, self.labels)
        running = {n: stack for n, stack in self.running.items() if n == name}
        pairs = nested_templates.template_pairs(*with_values((read.base, read.head), running))
        unreadable = read.unreadable.get(name)
        if not pairs:
            return Outcome(name, unreadable=unreadable, is_compared=False)
        return self.reviewed(pairs[0], unreadable)

    def reviewed(self, pair: Pair, unreadable: UnreadableText | None = None) -> Outcome:
        """Return the outcome of a template, which may be nested."""
        unknown = opaque.compare_opaque(pair, self.accepted)
        file = self.alone.get(pair.name, pair.name)
        stack = stack_review(
            pair, file, self.sides, unknown, self.rules, self.running.get(pair.name)
        )
        return Outcome(
            pair.root.name,
            None if stack.empty else stack,
            unknown.same,
            unknown.accepted,
            unreadable,
            is_nested=pair.outer is not None,
            has_both=pair.old is not None and pair.new is not None,
        )
