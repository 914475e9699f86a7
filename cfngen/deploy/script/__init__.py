"""Which templates are deployed in which order, and what each deployment asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cfngen.cloudformation.capabilities import Need, needs
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.cloudformation.resolve import Resolver
from cfngen.deploy.role.extra_actions import LOOKED_UP
from cfngen.deploy.role.names import Place, patterns
from cfngen.deploy.script.targets import refuse_several, regions
from cfngen.errors import CfngenError
from cfngen.project.manifest import TemplateConfig


@dataclass(frozen=True)
class Source:
    """A template of the project, drawn; `file` is where a build writes it, as a person types it."""

    entry: TemplateConfig
    body: dict[str, Any] = field(repr=False)
    size: int
    file: str

    @property
    def name(self) -> str:
        """The template's name."""
        return self.entry.name


@dataclass(frozen=True)
class Output:
    """Where a value will be: an output of a stack that this plan deploys earlier."""

    stack: str
    region: str = ""


@dataclass(frozen=True)
class Open:
    """A parameter without a default, and the outputs of earlier templates of that name.

    `output` is the one that it is taken from: where exactly one earlier template of this plan has
    such an output, in a region that there is no doubt about.
    """

    name: str
    type: str
    description: str
    filled_by: tuple[str, ...] = ()
    output: Output | None = None


@dataclass(frozen=True)
class LookedUp:
    """An SSM parameter that CloudFormation reads before a deployment, or refuses it.

    `written_by` is the template of the project that writes it, empty if none does that is known;
    `planned` whether this plan deploys that one earlier.
    """

    name: str
    written_by: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Before:
    """A template that is deployed before another, and why."""

    name: str
    because: str
    planned: bool = True


@dataclass(frozen=True)
class Step:
    """One deployment: a template in one region; `region` is empty where any will do."""

    template: str
    file: str
    stack: str
    size: int
    region: str = ""
    capabilities: tuple[Need, ...] = ()
    parameters: tuple[Open, ...] = ()
    after: tuple[Before, ...] = ()
    imports: tuple[str, ...] = ()  # exports that no template of this plan makes
    looked_up: tuple[LookedUp, ...] = ()
    account: str = ""  # words for an account other than the usual one
    declared: tuple[str, ...] = ()  # every parameter that the template has

    @property
    def needs_bucket(self) -> bool:
        """Whether the template is too large to be sent by itself."""
        return self.size > INLINE_LIMIT


def steps(chosen: list[Source], beside: list[Source] | None = None) -> list[Step]:
    """Return the deployments of the chosen templates, in order.

    A template comes after those that its entry names with `after`, and after those that export
    what it imports, or write the SSM parameters that it reads; else in the order of the table. It
    is deployed to each of its `regions`, or only to those that its rules allow.

    Args:
        chosen: the templates to deploy.
        beside: others that chosen ones come after; they are not deployed.

    Raises:
        CfngenError: templates belong into several accounts, or come after one another in a circle,
            or a parameter has a name that CloudFormation would refuse.
    """
    refuse_several([source.entry for source in chosen])
    exporters = {name: s.name for s in chosen for name in _exports(s)}
    known = {source.name: source for source in (*(beside or ()), *chosen)}
    writers = {name: s.name for s in known.values() for name in _written(s)}
    deployed = {source.name for source in chosen}
    before = {source.name: _before(source, exporters, writers, deployed) for source in chosen}
    return [
        replace(step, looked_up=_looked_up(known[name], writers, deployed))
        for name in _in_order(before)
        for step in _of(known[name], before[name], known, set(exporters))
    ]


def _of(
    source: Source, before: tuple[Before, ...], known: dict[str, Source], exported: set[str]
) -> Iterator[Step]:
    """Yield the deployments of one template: one for each region."""
    earlier = [known[one.name] for one in before if one.name in known]
    planned = [known[one.name] for one in before if one.planned]
    for region in regions(source.entry, source.body) or ("",):
        yield Step(
            template=source.name,
            file=source.file,
            stack=stack_name(source.name),
            size=source.size,
            region=region,
            capabilities=needs(source.body),
            parameters=tuple(
                replace(one, output=_output(one.name, region, planned))
                for one in _open(source, earlier)
            ),
            after=before,
            imports=tuple(sorted(set(_imports(source)) - exported)),
            account=source.entry.account,
            declared=tuple(map(str, _section(source.body, "Parameters"))),
        )


def _output(name: str, region: str, planned: list[Source]) -> Output | None:
    """Return the output that a parameter is taken from, if there is no doubt which that is."""
    having = [source for source in planned if name in _section(source.body, "Outputs")]
    if len(having) != 1:
        return None
    places = regions(having[0].entry, having[0].body) or ("",)
    if region not in places and len(places) > 1:
        return None
    return Output(stack_name(having[0].name), region if region in places else places[0])


def stack_name(template: str) -> str:
    """Return a template's name as the name of a stack: letters, digits and dashes."""
    name = re.sub(r"[^A-Za-z0-9-]", "-", template)
    return name if name[:1].isalpha() else f"stack-{name}"


def _before(
    source: Source, exporters: dict[str, str], writers: dict[str, str], deployed: set[str]
) -> tuple[Before, ...]:
    found = {
        name: Before(name, "as the table of templates says", name in deployed)
        for name in source.entry.after
    }
    for export in _imports(source):
        name = exporters.get(export, source.name)
        if name != source.name:
            found.setdefault(name, Before(name, f"which exports {export}"))
    for parameter in _read(source):
        name = writers.get(parameter, source.name)
        if name != source.name:
            why = f"which writes the SSM parameter {parameter}"
            found[name] = Before(name, why, name in deployed)
    return tuple(found.values())


def _looked_up(source: Source, writers: dict[str, str], deployed: set[str]) -> tuple[LookedUp, ...]:
    return tuple(
        LookedUp(name, writer := writers.get(name, ""), writer in deployed)
        for name in _read(source)
    )


def _read(source: Source) -> list[str]:
    """Return the SSM parameters that a template reads, unless others are chosen."""
    return [
        str(about["Default"])
        for about in _section(source.body, "Parameters").values()
        if isinstance(about, dict)
        and str(about.get("Type", "")).startswith(LOOKED_UP)
        and about.get("Default")
    ]


def _written(source: Source) -> list[str]:
    """Return the SSM parameters that a template writes, unless it is told other names."""
    names = [
        resource["Properties"].get("Name")
        for resource in _section(source.body, "Resources").values()
        if isinstance(resource, dict)
        and resource.get("Type") == "AWS::SSM::Parameter"
        and isinstance(resource.get("Properties"), dict)
    ]
    return _worked_out(source, [name for name in names if name])


def _in_order(before: dict[str, tuple[Before, ...]]) -> list[str]:
    """Return names, each after those before it, and else as they are."""
    left, done = list(before), []
    while left:
        for name in left:
            if not any(one.name in left for one in before[name]):
                break
        else:
            raise CfngenError(
                f"{', '.join(left)}: no order, since each comes after another of them; look at"
                " `after` in the table of templates, and at what they export and import"
            )
        left.remove(name)
        done.append(name)
    return done


def _open(source: Source, earlier: list[Source]) -> Iterator[Open]:
    for name, about in _section(source.body, "Parameters").items():
        about = about if isinstance(about, dict) else {}
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise CfngenError(
                f"{source.name}: {str(name)!r} is no name of a parameter: letters and digits only"
            )
        if "Default" not in about:
            filled = tuple(one.name for one in earlier if name in _section(one.body, "Outputs"))
            description = " ".join(str(about.get("Description", "")).split())
            yield Open(str(name), str(about.get("Type", "")), description, filled)


def _exports(source: Source) -> list[str]:
    outputs = _section(source.body, "Outputs").values()
    exports = [o.get("Export") for o in outputs if isinstance(o, dict)]
    return _worked_out(source, [e.get("Name") for e in exports if isinstance(e, dict)])


def _imports(source: Source) -> list[str]:
    found, todo = [], [source.body]
    for node in todo:  # grows while it is walked: nothing is moved, however wide it is
        if isinstance(node, dict):
            found += [node["Fn::ImportValue"]] if "Fn::ImportValue" in node else []
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return list(dict.fromkeys(_worked_out(source, found)))


def _worked_out(source: Source, names: list[Any]) -> list[str]:
    """Return names of exports with the defaults of parameters in them."""
    body = source.body
    defaults = {
        str(name): str(about["Default"])
        for name, about in _section(body, "Parameters").items()
        if isinstance(about, dict) and "Default" in about
    }
    place = Place(stack_name(source.name), parameters=defaults)
    resolver = Resolver(_section(body, "Mappings"), _section(body, "Conditions"))
    return [text for name in names for text in patterns(resolver.resolve(name), place)]


def _section(body: Any, name: str) -> dict[str, Any]:
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}
