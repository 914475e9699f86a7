"""Regions, waves of regions, and what stands between one and the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cfngen import option
from cfngen.patterns.windows import Window

OnFailure = Literal["stop", "rollback", "retry"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a deployment has to get through, and what becomes of it if it does not."""

    window: Window | None = option("When a deployment can begin", default=None)
    approval: bool = option("Whether it needs a manual approval", default=False)
    entry_alarms: tuple[str, ...] = option(
        "Alarms that must not be in ALARM state when it begins", default=()
    )
    alarms: tuple[str, ...] = option("Alarms that are watched after the deployment", default=())
    bake_minutes: int = option("Minutes for which those alarms are watched", default=0)
    on_failure: OnFailure | None = option("Overrides the pipeline's on_failure", default=None)


@dataclass(frozen=True, kw_only=True)
class Region(Gate):
    """A region to deploy to; alarms are those of this region."""

    label: str = option("Short name, such as eu, in the names of stages, actions and templates")
    region: str = option("Region code, such as eu-west-1")
    wave: str = option("Name of its wave; regions of one wave are deployed in parallel", default="")


@dataclass(frozen=True, kw_only=True)
class Wave(Gate):
    """What several regions get through together; alarms are looked for in each of them."""

    name: str = option("Name of the wave, as in `wave` of its regions")


@dataclass(frozen=True)
class Step:
    """One stage of deployments: one region, or those of a wave."""

    name: str
    regions: tuple[Region, ...]
    shared: Gate = Gate()

    @property
    def title(self) -> str:
        """What logical IDs end in."""
        return title(self.name)

    @property
    def stage(self) -> str:
        """The stage's name."""
        return f"Deploy-{self.name}" if self.name else "Deploy"

    @property
    def approval_stage(self) -> str:
        """The name of the stage before it, in which somebody has to say yes."""
        return f"Approve-{self.name}" if self.name else "Approve"

    @property
    def windows(self) -> list[Window]:
        """The different windows of it."""
        return self._all("window")

    @property
    def window(self) -> Window | None:
        """When it may begin."""
        return self.windows[0] if self.windows else None

    @property
    def approval(self) -> bool:
        """Whether somebody has to say yes before."""
        return any(self._all("approval"))

    @property
    def bake_minutes(self) -> int:
        """How long alarms have to stay quiet afterwards."""
        return max(gate.bake_minutes for gate in self._gates)

    @property
    def failures(self) -> list[OnFailure]:
        """What its parts say is done if it fails."""
        return self._all("on_failure")

    def failure(self, default: OnFailure) -> OnFailure:
        """Return what is done if it fails; the pipeline's `default`, unless it says otherwise."""
        return self.failures[0] if self.failures else default

    def alarms(self, which: Literal["alarms", "entry_alarms"]) -> list[tuple[Region, str]]:
        """Return alarms, each with the region it is in."""
        return [
            (region, name)
            for region in self.regions
            for name in dict.fromkeys((*getattr(self.shared, which), *getattr(region, which)))
        ]

    @property
    def _gates(self) -> tuple[Gate, ...]:
        return (self.shared, *self.regions)

    def _all(self, what: str) -> list[Any]:
        return list(dict.fromkeys(value for g in self._gates if (value := getattr(g, what))))


def title(name: str) -> str:
    """Return a label as part of a logical ID: `us-east` is `UsEast`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def steps(layout: str, regions: Sequence[Region], waves: Iterable[Wave]) -> list[Step]:
    """Return the stages of deployments, in the order of the regions that begin them."""
    if layout == "single_stage":
        return [Step("", tuple(regions))]
    shared = {wave.name: wave for wave in waves}
    members: dict[str, list[Region]] = {}
    for region in regions:
        members.setdefault(region.wave or region.label, []).append(region)
    return [Step(name, tuple(each), shared.get(name, Gate())) for name, each in members.items()]
