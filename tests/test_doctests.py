"""The examples in docstrings are what the functions do."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import cfngen.authoring
import cfngen.cloudformation
import cfngen.patterns
import cfngen.review

# The packages whose docstrings have examples; each module of them is run.
PACKAGES = (cfngen.authoring, cfngen.cloudformation, cfngen.patterns, cfngen.review)
# Functions of policies, conditions and values that nobody understands without an example.
NEED_EXAMPLES = (
    "cfngen.authoring.substitution.sub",
    "cfngen.patterns.alarms.email_topic",
    "cfngen.patterns.logs.log_group",
    "cfngen.patterns.standalone_builds.standalone_build",
    "cfngen.patterns.starts.start_on_schedule",
    "cfngen.cloudformation.values.canonical",
    "cfngen.cloudformation.values.is_known",
    "cfngen.cloudformation.values.references",
    "cfngen.cloudformation.resolve.Resolver.resolve",
    "cfngen.cloudformation.loops.unrolled",
    "cfngen.review.alternatives.if_alternatives",
    "cfngen.review.alternatives.is_satisfiable",
    "cfngen.review.compare.differences.differences",
    "cfngen.review.compare.conditions.changed_conditions",
    "cfngen.review.compare.replacement.certainly_different",
    "cfngen.review.compare.retention.weakest_policy",
    "cfngen.review.permissions.actions.format_actions",
    "cfngen.review.permissions.actions.uncovered_actions",
    "cfngen.review.permissions.comparison.new_statements",
    "cfngen.review.permissions.conditions.is_no_stricter",
    "cfngen.review.permissions.conditions.split",
    "cfngen.review.permissions.conditions.within",
    "cfngen.review.permissions.permission_changes",
    "cfngen.review.permissions.principals.PrincipalSet.includes",
    "cfngen.review.permissions.statements.ResourceSet.includes",
    "cfngen.review.permissions.statements.statements",
    "cfngen.review.public_access.rule_matching.Match.covers",
)


def modules() -> Iterator[str]:
    """Yield the names of all modules of the packages."""
    for package in PACKAGES:
        yield package.__name__
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


EXAMPLES = {
    test.name: test
    for name in modules()
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    if test.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_happens(name: str) -> None:
    """What a docstring shows is what the function returns."""
    output: list[str] = []
    # A long line may go on in the next one.
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(EXAMPLES[name], out=output.append, clear_globs=False)
    assert not runner.failures, "".join(output)


@pytest.mark.parametrize("name", NEED_EXAMPLES)
def test_what_is_hard_to_imagine_has_an_example(name: str) -> None:
    """Whoever reads a function of the algebra of policies and values sees what it does."""
    assert name in EXAMPLES
