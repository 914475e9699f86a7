"""What of a change cannot be known from the templates alone, said where it matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfngen.capabilities import macros
from cfngen.review.model import ResourceChange
from cfngen.review.stack import Stack

# Transforms of AWS's own that change nothing which stands there already.
HARMLESS = frozenset(("AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23"))


def unknowns(after: Stack, changes: Mapping[str, ResourceChange]) -> Iterator[str]:
    """Yield notes on what the changed resources of a template depend on and nobody sees here."""
    for name, change in changes.items():
        if change.type == "Fn::ForEach":
            yield f"{name}: the resources that this loop makes are not looked into"
        elif change.type == "AWS::CloudFormation::Stack" and _moved(change):
            yield f"{name}: what changes in the nested template is not looked into"
        elif change.type == "AWS::CloudFormation::Macro":
            yield f"{name}: what this macro makes of templates is not looked into"
        elif change.type.endswith("::MODULE"):
            yield f"{name}: the resources of the module are not looked into"
    if changes and after.sections:
        for macro in macros(after.sections.body):
            if macro not in HARMLESS:
                yield f"the transform {macro}: what it makes of the template is not looked into"


def _moved(change: ResourceChange) -> bool:
    return any(
        detail.path.startswith(("TemplateURL", "Parameters")) for detail in change.properties
    )
