"""The review of what was compared, with what a comparison knows beyond the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cfngen.project.registry import review_rules
from cfngen.project.revisions import Comparison
from cfngen.review import Review
from cfngen.review import review as reviewed
from cfngen.review.reconcile import reconciled
from cfngen.review.rule import RegisteredRule
from cfngen.review.rules import described


def review_of(
    compared: Comparison,
    rules: Mapping[str, RegisteredRule] | None = None,
    *,
    processes: int = 1,
) -> Review:
    """Return the review of what was compared, which says what was not as well.

    `rules` are all that are installed if they are not given; `processes` as for `review`.
    """
    rules = review_rules() if rules is None else rules
    result = reviewed(
        compared.base,
        compared.head,
        labels=compared.labels,
        accepted=compared.accepted,
        rules=rules,
        deployed=compared.stacks,
        comparison=compared.facts,
        processes=processes,
    )
    scope = replace(
        result.scope,
        left_out=(*compared.left_out, *result.scope.left_out),
        accepted=(*compared.allowed, *result.scope.accepted),
        notes=(*compared.notes, *result.scope.notes),
    )
    result = reconciled(
        result, compared.base, compared.head, compared.change_sets, compared.stacks, rules
    )
    return described(replace(result, scope=scope), rules)
