"""Which templates are deployed in which order, and what each deployment asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cfngen.capabilities import Need, needs
from cfngen.deploy_role.names import Place, patterns
from cfngen.errors import CfngenError
from cfngen.generate import INLINE_LIMIT
from cfngen.manifest import Entry
from cfngen.values import Resolver

REGION = "AWS::Region"


@dataclass(frozen=True)
class Source:
    """A template of the project, drawn; `file` is where a build writes it, as a person types it."""

    entry: Entry
    body: dict[str, Any] = field(repr=False)
    size: int
    file: str

    @property
    def name(self) -> str:
        """The template's name."""
        return self.entry.name


@dataclass(frozen=True)
class Open:
    """A parameter without a default, and the outputs of earlier templates of that name."""

    name: str
    type: str
    description: str
    filled_by: tuple[str, ...] = ()


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

    @property
    def needs_bucket(self) -> bool:
        """Whether the template is too large to be sent by itself."""
        return self.size > INLINE_LIMIT


def steps(chosen: list[Source], beside: list[Source] | None = None) -> list[Step]:
    """Return the deployments of the chosen templates, in order.

    A template comes after those that its manifest entry names with `after`, and after those that
    export what it imports; else in the order of the manifest. It is deployed to each of its
    `regions`, or only to those that its rules allow.

    Args:
        chosen: the templates to deploy.
        beside: others that chosen ones come after; they are not deployed.

    Raises:
        CfngenError: templates come after one another in a circle, or a parameter has a name that
            CloudFormation would refuse.
    """
    exporters = {name: s.name for s in chosen for name in _exports(s)}
    known = {source.name: source for source in (*(beside or ()), *chosen)}
    deployed = {source.name for source in chosen}
    before = {source.name: _before(source, exporters, deployed) for source in chosen}
    return [
        step
        for name in _in_order(before)
        for step in _of(known[name], before[name], known, set(exporters))
    ]


def _of(
    source: Source, before: tuple[Before, ...], known: dict[str, Source], exported: set[str]
) -> Iterator[Step]:
    """Yield the deployments of one template: one for each region."""
    earlier = [known[one.name] for one in before if one.name in known]
    for region in regions(source) or ("",):
        yield Step(
            template=source.name,
            file=source.file,
            stack=stack_name(source.name),
            size=source.size,
            region=region,
            capabilities=needs(source.body),
            parameters=tuple(_open(source, earlier)),
            after=before,
            imports=tuple(sorted(set(_imports(source)) - exported)),
        )


def stack_name(template: str) -> str:
    """Return a template's name as the name of a stack: letters, digits and dashes."""
    name = re.sub(r"[^A-Za-z0-9-]", "-", template)
    return name if name[:1].isalpha() else f"stack-{name}"


def regions(source: Source) -> tuple[str, ...]:
    """Return where a template is deployed: what its rules allow, of what its entry names."""
    allowed = _allowed(source.body)
    if allowed is None:
        return source.entry.regions
    both = tuple(region for region in source.entry.regions if region in allowed)
    return both or tuple(sorted(allowed))


def _allowed(body: dict[str, Any]) -> set[str] | None:
    """Return the regions in which no rule refuses the stack, `None` for all."""
    allowed: set[str] | None = None
    for rule in _section(body, "Rules").values():
        if not isinstance(rule, dict) or "RuleCondition" in rule:
            continue
        assertions = rule.get("Assertions")
        for assertion in assertions if isinstance(assertions, list) else ():
            found = _asserted(assertion.get("Assert") if isinstance(assertion, dict) else None)
            if found is not None:
                allowed = found if allowed is None else allowed & found
    return allowed


def _asserted(assertion: Any) -> set[str] | None:
    """Return the regions that an assertion asks for, `None` if it is about something else."""
    if not isinstance(assertion, dict) or len(assertion) != 1:
        return None
    ((function, argument),) = assertion.items()
    here = {"Ref": REGION}
    if not isinstance(argument, list) or here not in argument or len(argument) != 2:
        return None
    other = argument[1 - argument.index(here)]
    if function == "Fn::Equals" and isinstance(other, str):
        return {other}
    if function == "Fn::Contains" and isinstance(other, list):
        return {region for region in other if isinstance(region, str)}
    return None


def _before(source: Source, exporters: dict[str, str], deployed: set[str]) -> tuple[Before, ...]:
    found = {
        name: Before(name, "as the manifest says", name in deployed) for name in source.entry.after
    }
    for export in _imports(source):
        name = exporters.get(export, source.name)
        if name != source.name:
            found.setdefault(name, Before(name, f"which exports {export}"))
    return tuple(found.values())


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
                " `after` in the manifest, and at what they export and import"
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
    while todo:
        node = todo.pop(0)
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
