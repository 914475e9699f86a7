"""Our rules as cfn-lint's own, so that it numbers, configures, ignores and waives them.

`cfngen lint` and `cfngen build` always load these; cfn-lint itself does with
`--append-rules cfngen.linting.rules.cfn_lint`, which looks for classes in this module.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from cfngen.linting import rules as package
from cfngen.linting.rule import Rule


def our_rules() -> list[Rule]:
    """Return the rules of the modules beside this one, in the order of the modules' names.

    Raises:
        ValueError: two of them have the same ID.
    """
    rules: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if module.name != __name__:
            for rule in import_module(module.name).RULES:
                if rules.setdefault(rule.id, rule) is not rule:
                    raise ValueError(f"{module.name}: another rule is called {rule.id}, too")
    return list(rules.values())


def rules() -> list[CloudFormationLintRule]:
    """Return all of ours, as cfn-lint takes them."""
    return [class_() for class_ in _CLASSES]


def _as_class(rule: Rule) -> type[CloudFormationLintRule]:
    """Return the class that cfn-lint makes a rule of."""

    def match(_: CloudFormationLintRule, cfn: Template) -> list[RuleMatch]:
        problems = rule.problems(cfn.template)
        return [RuleMatch(list(problem.path), problem.message) for problem in problems]

    members = {
        "__doc__": rule.description,
        "__module__": __name__,
        "id": rule.id,
        "shortdesc": rule.title,
        "description": rule.description,
        "source_url": rule.source,
        "tags": ["cfngen"],
        "match": match,
    }
    return type(rule.id, (CloudFormationLintRule,), members)


_CLASSES = [_as_class(rule) for rule in our_rules()]
globals().update({class_.__name__: class_ for class_ in _CLASSES})
