"""From a blueprint to text and findings; the disk is not touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cfngen.authoring.blueprint import Blueprint
from cfngen.authoring.mistakes import author_mistakes, blueprint_error, directory_of, together
from cfngen.authoring.options import chosen_options, options_from
from cfngen.authoring.references import undeclared
from cfngen.authoring.role_settings import NONE, RoleSettings, role_settings
from cfngen.cloudformation.document import Document, Origin
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.render import render
from cfngen.errors import Problems
from cfngen.linting.lint import ERROR, Finding, Linter, trace
from cfngen.project import registry
from cfngen.project.header import header


@dataclass(frozen=True)
class SynthesizedTemplate:
    """A blueprint's template as text, with the lines of Python it came from; not linted yet."""

    name: str
    text: str
    document: Document = field(repr=False)

    @property
    def size(self) -> int:
        """The size in bytes, which CloudFormation counts."""
        return len(self.text.encode("utf-8"))

    @property
    def origins(self) -> dict[tuple[str, str], Origin]:
        """Which line of the blueprint added what, by section and name."""
        return self.document.origins


@dataclass(frozen=True)
class Generated:
    """A template as text, and what the linter says about it."""

    name: str
    text: str
    findings: tuple[Finding, ...]
    document: Document = field(repr=False)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that would fail a build."""
        return tuple(f for f in self.findings if f.severity == ERROR)


def synthesize(
    blueprint: Blueprint,
    options: Any = None,
    *,
    name: str = "",
    distribution: str = "",
    roles: RoleSettings = NONE,
) -> SynthesizedTemplate:
    """Return a blueprint's template as text.

    Args:
        blueprint: the blueprint.
        options: its options, or a table of them as a manifest would hold; the defaults without.
        name: the template's name; the blueprint's own, with dashes, without one.
        distribution: what brought the blueprint, for the header.
        roles: the path and the permissions boundary of all its roles.

    Raises:
        BlueprintError: the blueprint has a mistake, at a file and line.
        CfngenError: the options, a payload or the template cannot be used.
    """
    if options is None or isinstance(options, dict):
        options = options_from(blueprint.options_type, options or {})
    if problems := list(roles.problems()):
        raise Problems([f"roles.{problem}" for problem in problems])
    with author_mistakes(directory_of(blueprint.function)), role_settings(roles):
        document = blueprint(options).document()
    if mistakes := [
        blueprint_error(problem, origin.file, origin.line)
        for place, problem in undeclared(document)
        if (origin := document.origins.get(place))
    ]:
        raise together(mistakes)
    body = render(document)
    first = header(blueprint.name, distribution, chosen_options(options), body)
    name = name or blueprint.name.replace("_", "-")
    return SynthesizedTemplate(name, f"# {first}\n{body}", document)


def generate(
    blueprint: str | Blueprint,
    options: Any = None,
    *,
    regions: tuple[str, ...] = (),
    linter: Linter | None = None,
    roles: RoleSettings = NONE,
) -> Generated:
    """Return a blueprint's template and what the linter says about it.

    Args:
        blueprint: a blueprint, or the name of an installed one.
        options: its options dataclass, or a table of them; the defaults without.
        regions: the regions to lint for; those of `.cfnlintrc`, or us-east-1, without any.
        linter: one to use again, since loading its rules takes most of a second.
        roles: the path and the permissions boundary of all its roles.

    Raises:
        CfngenError: there is no such blueprint, or its options, a payload or the template
            cannot be used. What the linter finds is returned, not raised.
    """
    distribution = ""
    if isinstance(blueprint, str):
        entry = registry.find(blueprint)
        blueprint, distribution = entry.load(), entry.distribution
    template = synthesize(blueprint, options, distribution=distribution, roles=roles)
    findings = (linter or Linter()).lint(template.text, template.name, tuple(regions))
    traced = tuple(trace(findings, template.origins))
    return Generated(template.name, template.text, traced, template.document)


def size_advice(template: SynthesizedTemplate) -> str:
    """Return what to do about a template too large to be passed inline, or nothing."""
    if template.size <= INLINE_LIMIT:
        return ""
    return (
        f"{template.name}: {template.size:,} bytes, over the {INLINE_LIMIT:,} that CloudFormation"
        " takes inline: deploy it with --s3-bucket, which `cfngen deploy-script --bucket NAME`"
        " writes"
    )
