"""Each rule of the review, alone: what it finds, and what comes near."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfngen.review.rules import rules
from cfngen.testing.rule_cases import RuleCase, missing_cases, rule_cases, unexpected

CASES = Path(__file__).with_name("rules")


@pytest.mark.parametrize(
    "case", rule_cases(CASES), ids=lambda case: f"{case.code}-{case.claim[:40]}"
)
def test_a_rule_finds_what_its_cases_say(case: RuleCase) -> None:
    """And nothing else."""
    assert unexpected(case, rules()) == []


def test_each_rule_has_a_case_that_it_finds_and_one_that_it_does_not() -> None:
    """In one file of its name, and no file is of a rule that is no more."""
    own = {code: rule for code, rule in rules().items() if (CASES / rule.concern).is_dir()}
    assert list(missing_cases(own, CASES)) == []
