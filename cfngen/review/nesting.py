"""Where a nested template stands: other things hold of it than of one that is deployed itself."""

from __future__ import annotations

from dataclasses import dataclass

from cfngen.review.nested_parameters import STACK_SET, PassedParameters
from cfngen.review.pairs import Pair
from cfngen.review.stack import Resource, Stack


@dataclass(frozen=True)
class Nesting:
    """The resource that a template is nested in, and what is around that.

    The outer template passes parameters, not the command. Whoever deploys a nested stack
    acknowledges its capabilities as well, while a stack set has a list of its own.
    """

    template: str  # the name of the outer template
    resource: str  # its logical ID there
    around: Resource | None  # that resource, if head has it
    outermost: tuple[Stack, Stack] | None  # what is deployed, or a stack set has, if not this
    stack_set: Resource | None  # that has the outermost one, or this

    def passes(self, parameter: str) -> bool:
        """Whether the outer template passes a parameter, as far as is known."""
        given = PassedParameters(self.around) if self.around else None
        return given is not None and (bool(given.unknown) or parameter in (given.values or {}))


def nesting(pair: Pair) -> Nesting | None:
    """Return where a template stands; `None` if it is deployed by itself."""
    if pair.outer is None:
        return None
    outermost = pair
    around = _around(outermost)
    while around and outermost.outer and around.type != STACK_SET:
        outermost = outermost.outer
        around = _around(outermost)
    return Nesting(
        pair.outer.name,
        pair.resource,
        _around(pair),
        None if outermost is pair else outermost.stacks,
        around,
    )


def _around(pair: Pair) -> Resource | None:
    return pair.outer.stacks[1].resource(pair.resource) if pair.outer else None
