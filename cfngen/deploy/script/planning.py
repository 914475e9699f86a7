"""In which order templates are deployed, and what each deployment needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cfngen.cloudformation.capabilities import needs
from cfngen.deploy.script.dependencies import (
    dependencies,
    exports,
    imports,
    in_order,
    literal_imports,
    ssm_parameters_read,
    ssm_parameters_written,
)
from cfngen.deploy.script.model import (
    Dependency,
    PlannedTemplate,
    RequiredParameter,
    SsmParameter,
    StackOutput,
    Step,
    stack_name,
)
from cfngen.deploy.script.quotas import quotas
from cfngen.deploy.script.targets import refuse_several, regions
from cfngen.errors import CfngenError


def steps(chosen: list[PlannedTemplate], beside: list[PlannedTemplate] | None = None) -> list[Step]:
    """Return the deployments of the chosen templates, in order.

    A template comes after those that its entry names with `after`, and after those that export
    what it imports, or write the SSM parameters that it reads; else in the order of the table. It
    is deployed to each of its `regions`, or only to those that its rules allow.

    Args:
        chosen: the templates to deploy.
        beside: others that chosen ones come after; they are not deployed.

    Raises:
        CfngenError: templates belong into several accounts, or have a circular dependency, or a
            parameter has a name that CloudFormation would refuse.
    """
    refuse_several([source.entry for source in chosen])
    sources = {source.name: source for source in (*(beside or ()), *chosen)}
    exporters = {name: s.name for s in sources.values() for name in exports(s)}
    writers = {name: s.name for s in sources.values() for name in ssm_parameters_written(s)}
    deployed = {source.name for source in chosen}
    before = {source.name: dependencies(source, exporters, writers, deployed) for source in chosen}
    return [
        replace(step, ssm_parameters=_ssm_parameters(sources[name], writers, deployed))
        for name in in_order(before)
        for step in _steps_of(sources[name], before[name], sources, exporters, deployed)
    ]


def _steps_of(
    source: PlannedTemplate,
    before: tuple[Dependency, ...],
    sources: dict[str, PlannedTemplate],
    exporters: dict[str, str],
    deployed: set[str],
) -> Iterator[Step]:
    """Yield the deployments of one template: one for each Region."""
    external = {name for name in imports(source) if exporters.get(name) not in deployed}
    earlier = [sources[dependency.name] for dependency in before if dependency.name in sources]
    planned = [sources[dependency.name] for dependency in before if dependency.planned]
    for region in regions(source.entry, source.template) or ("",):
        yield Step(
            template=source.name,
            file=source.file,
            stack=stack_name(source.name),
            size=source.size,
            region=region,
            capabilities=needs(source.template.body),
            parameters=tuple(
                replace(parameter, output=_output(parameter.name, region, planned))
                for parameter in _required_parameters(source, earlier)
            ),
            dependencies=before,
            imports=tuple(sorted(external)),
            exporters={
                name: exporters[name]
                for name in literal_imports(source)
                if name in external and name in exporters
            },
            account=source.entry.account,
            declared=tuple(source.template.parameters),
            tags=source.entry.tags,
            quotas=quotas(source.template),
        )


def _output(name: str, region: str, planned: list[PlannedTemplate]) -> StackOutput | None:
    """Return the output that a parameter is taken from, if there is no doubt which that is."""
    sources = [source for source in planned if name in source.template.section("Outputs")]
    if len(sources) != 1:
        return None
    (source,) = sources
    targets = regions(source.entry, source.template) or ("",)
    if region not in targets and len(targets) > 1:
        return None
    return StackOutput(stack_name(source.name), region if region in targets else targets[0])


def _ssm_parameters(
    source: PlannedTemplate, writers: dict[str, str], deployed: set[str]
) -> tuple[SsmParameter, ...]:
    return tuple(
        SsmParameter(name, writer := writers.get(name, ""), writer in deployed)
        for name in ssm_parameters_read(source)
    )


def _required_parameters(
    source: PlannedTemplate, earlier: list[PlannedTemplate]
) -> Iterator[RequiredParameter]:
    for name, parameter in source.template.parameters.items():
        if not re.fullmatch(r"[A-Za-z0-9]+", name):
            raise CfngenError(
                f"{source.name}: {name!r} is not the name of a parameter: letters and digits only"
            )
        if "Default" not in parameter:
            having = (other.name for other in earlier if name in other.template.section("Outputs"))
            description = " ".join(str(parameter.get("Description", "")).split())
            yield RequiredParameter(
                name, str(parameter.get("Type", "")), description, tuple(having)
            )
