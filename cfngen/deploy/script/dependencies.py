"""Which templates are deployed before which: by the table, by exports, by SSM parameters."""

from __future__ import annotations

from typing import Any

from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.extra_actions import LOOKED_UP
from cfngen.deploy.role.names import patterns
from cfngen.deploy.script.model import Dependency, PlannedTemplate, stack_name
from cfngen.errors import CfngenError


def dependencies(
    source: PlannedTemplate,
    exporters: dict[str, str],
    writers: dict[str, str],
    deployed: set[str],
) -> tuple[Dependency, ...]:
    """Return the templates that one comes after.

    Args:
        source: the template.
        exporters: by the name of an export, the template that makes it.
        writers: by the name of an SSM parameter, the template that writes it.
        deployed: the templates that the script deploys.
    """
    before = {
        name: Dependency(name, "as the manifest says", name in deployed)
        for name in source.entry.after
    }
    for export in imports(source):
        name = exporters.get(export, source.name)
        if name != source.name:
            reason = f"which exports {export}"
            before.setdefault(name, Dependency(name, reason, name in deployed))
    for parameter in ssm_parameters_read(source):
        name = writers.get(parameter, source.name)
        if name != source.name:
            reason = f"which writes the SSM parameter {parameter}"
            before[name] = Dependency(name, reason, name in deployed)
    return tuple(before.values())


def in_order(dependencies: dict[str, tuple[Dependency, ...]]) -> list[str]:
    """Return the names of templates, each after its dependencies, and else as they are.

    >>> in_order({"app": (Dependency("net", "it makes the VPC"),), "net": (), "log": ()})
    ['net', 'app', 'log']

    Raises:
        CfngenError: some of them depend on each other.
    """
    left, ordered = list(dependencies), []
    while left:
        for name in left:
            if not any(dependency.name in left for dependency in dependencies[name]):
                break
        else:
            raise CfngenError(
                f"circular dependency: each of {', '.join(left)} comes after another of them; look"
                " at `after` in the table of templates, and at what they export and import"
            )
        left.remove(name)
        ordered.append(name)
    return ordered


def exports(source: PlannedTemplate) -> list[str]:
    """Return the names of the exports that a template makes."""
    exported = [output.get("Export") for output in source.template.outputs.values()]
    return _resolved(source, [e.get("Name") for e in exported if isinstance(e, dict)])


def imports(source: PlannedTemplate) -> list[str]:
    """Return the names of the exports that a template imports, each once.

    Names that are made of parameters are those that their defaults make.
    """
    return list(dict.fromkeys(_resolved(source, _imported(source))))


def literal_imports(source: PlannedTemplate) -> list[str]:
    """Return the names of the exports that a template imports whatever its parameters are."""
    return list(dict.fromkeys(name for name in _imported(source) if isinstance(name, str)))


def _imported(source: PlannedTemplate) -> list[Any]:
    """Return what a template imports, as it is written there."""
    names, nodes = [], [source.template.body]
    for node in nodes:  # grows while it is walked: nothing is moved, however wide it is
        if isinstance(node, dict):
            names += [node["Fn::ImportValue"]] if "Fn::ImportValue" in node else []
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return names


def ssm_parameters_read(source: PlannedTemplate) -> list[str]:
    """Return the SSM parameters that a template reads, unless others are chosen."""
    return [
        str(parameter["Default"])
        for parameter in source.template.parameters.values()
        if str(parameter.get("Type", "")).startswith(LOOKED_UP) and parameter.get("Default")
    ]


def ssm_parameters_written(source: PlannedTemplate) -> list[str]:
    """Return the SSM parameters that a template writes, unless parameters give other names."""
    resources = source.template.of_type("AWS::SSM::Parameter").values()
    names = [resource.properties.get("Name") for resource in resources]
    return _patterns(source, [name for name in names if name])


def _resolved(source: PlannedTemplate, names: list[Any]) -> list[str]:
    """Return names of exports with the defaults of parameters in them."""
    return _patterns(source, [source.template.resolver.resolve(name) for name in names])


def _patterns(source: PlannedTemplate, names: list[Any]) -> list[str]:
    destination = Destination(stack_name(source.name), parameters=source.template.defaults)
    return [text for name in names for text in patterns(name, destination)]
