"""The deployments of a script: what each deploys, needs and comes after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cfngen.cloudformation.capabilities import Need
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.service_quotas import ServiceQuota
from cfngen.cloudformation.template import TemplateBody
from cfngen.project.manifest import TemplateConfig


@dataclass(frozen=True)
class PlannedTemplate:
    """A template of the project and its size in bytes; `file` is where a build writes it."""

    entry: TemplateConfig
    body: Any = field(repr=False)
    size: int
    file: str

    @property
    def name(self) -> str:
        """The template's name."""
        return self.entry.name

    @cached_property
    def template(self) -> TemplateBody:
        """The template's sections and resources."""
        return TemplateBody.of(self.body)


@dataclass(frozen=True)
class StackOutput:
    """An output of a stack that the same script deploys earlier; in any Region without one."""

    stack: str
    region: str = ""


@dataclass(frozen=True)
class RequiredParameter:
    """A parameter without a default, and the earlier templates that have an output of its name.

    `output` is the one that its value is fetched from: where exactly one template that the script
    deploys earlier has such an output, in a Region that there is no doubt about.
    """

    name: str
    type: str
    description: str
    templates_with_output: tuple[str, ...] = ()
    output: StackOutput | None = None


@dataclass(frozen=True)
class SsmParameter:
    """An SSM parameter that CloudFormation reads before a deployment, which else fails.

    `written_by` is the template of the project that writes it, empty if none does that is known;
    `planned` whether the script deploys that one earlier.
    """

    name: str
    written_by: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Dependency:
    """A template that is deployed before another; `planned` if the same script deploys it."""

    name: str
    reason: str
    planned: bool = True


@dataclass(frozen=True)
class Step:
    """One deployment: a template in one Region; `region` is empty where any will do."""

    template: str
    file: str
    stack: str
    size: int
    region: str = ""
    capabilities: tuple[Need, ...] = ()
    parameters: tuple[RequiredParameter, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    imports: tuple[str, ...] = ()  # exports of stacks that the script does not deploy
    exporters: Mapping[str, str] = field(default_factory=dict)  # their templates, where known
    ssm_parameters: tuple[SsmParameter, ...] = ()
    account: str = ""  # a description of an account other than the default one
    declared: tuple[str, ...] = ()  # every parameter that the template has
    tags: Mapping[str, str] = field(default_factory=dict)  # of the stack
    quotas: tuple[ServiceQuota, ...] = ()  # of the account, that builds and tasks count against

    @property
    def needs_bucket(self) -> bool:
        """Whether the template is too large to be sent without an S3 bucket."""
        return self.size > INLINE_LIMIT


def stack_name(template: str) -> str:
    """Return a template's name as the name of a stack: letters, digits and dashes.

    >>> stack_name("shop_mirror"), stack_name("2nd")
    ('shop-mirror', 'stack-2nd')
    """
    name = re.sub(r"[^A-Za-z0-9-]", "-", template)
    return name if name[:1].isalpha() else f"stack-{name}"
