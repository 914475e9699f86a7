"""The pipelines of a template, as far as it matters when they do what."""

from __future__ import annotations

from dataclasses import dataclass

from cfngen.timeline.hours import Gate


@dataclass(frozen=True)
class Durations:
    """How long things take, in minutes, since a template does not say."""

    build: int = 10
    deploy: int = 5
    approval: int = 0


@dataclass(frozen=True)
class Stage:
    """One stage: how long it takes, what it waits for, what it deploys to or starts."""

    name: str
    minutes: int
    gate: Gate
    deploys: bool
    regions: tuple[str, ...]
    starts: tuple[str, ...]


@dataclass(frozen=True)
class Pipeline:
    """One pipeline: its logical ID, its name, its execution mode and its stages."""

    id: str
    name: str
    mode: str
    stages: tuple[Stage, ...]


NOTHING_DEPLOYS = "no stage deploys: none has an action of the category Deploy other than to S3"


@dataclass(frozen=True)
class Model:
    """All pipelines of a template; `roots` are those that no other one starts."""

    pipelines: dict[str, Pipeline]
    notes: tuple[str, ...] = ()

    @property
    def deploys(self) -> bool:
        """Whether there is a stage that deploys; without one there is nothing to draw."""
        return any(stage.deploys for p in self.pipelines.values() for stage in p.stages)

    @property
    def roots(self) -> list[Pipeline]:
        """The pipelines that a push starts."""
        started = {name for p in self.pipelines.values() for s in p.stages for name in s.starts}
        return [p for p in self.pipelines.values() if p.id not in started]

    def paths(self) -> list[list[tuple[Pipeline, Stage]]]:
        """The stages that a push goes through, from a root to the end of each pipeline."""
        paths: list[list[tuple[Pipeline, Stage]]] = []

        def follow(pipeline: Pipeline, before: list[tuple[Pipeline, Stage]]) -> None:
            path = list(before)
            for stage in pipeline.stages:
                path.append((pipeline, stage))
                for child in stage.starts:
                    follow(self.pipelines[child], path)
            if any(stage.deploys for stage in pipeline.stages):
                paths.append(path)

        for root in self.roots:
            follow(root, [])
        return paths


def circular_starts(starts: dict[str, set[str]], maximum: int = 50) -> list[str]:
    """Return the pipelines that start themselves, directly or by way of others.

    Args:
        starts: by the logical ID of each pipeline, those that it starts.
        maximum: how many of them to look at.

    >>> circular_starts({"A": {"B"}, "B": {"A"}, "C": {"A"}, "D": set()})
    ['A', 'B']
    """
    waiting = dict.fromkeys(starts, 0)
    for started in starts.values():
        for name in started:
            waiting[name] += 1
    free = [name for name, count in waiting.items() if not count]
    while free:  # take away what nobody starts, time and again: what is left is in a circle
        for name in starts[free.pop()]:
            waiting[name] -= 1
            if not waiting[name]:
                free.append(name)
    left = [name for name, count in waiting.items() if count]
    return [name for name in left[:maximum] if name in _started_by(name, starts)]


def _started_by(pipeline: str, starts: dict[str, set[str]]) -> set[str]:
    """Return all pipelines that one starts, directly or by way of others."""
    started: set[str] = set()
    todo = [pipeline]
    while todo:
        names = starts[todo.pop()]
        todo += names - started
        started |= names
    return started
