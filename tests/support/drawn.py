"""The project's own templates and shapes, drawn once for all tests that look at them."""

from __future__ import annotations

from pathlib import Path

from support.cpu_time import shared

from cfngen import synthesize, testing
from cfngen.project.generate import SynthesizedTemplate
from cfngen.project.manifest import Manifest, load
from cfngen.project.registry import InstalledBlueprint, blueprints

ROOT = Path(__file__).parents[2]
OURS = {name: entry for name, entry in blueprints().items() if entry.distribution == "cfngen"}
PROJECT: Manifest = load(ROOT)


def drawn(name: str) -> SynthesizedTemplate:
    """Draw one of the project's templates."""
    entry = PROJECT.templates[name]
    distribution = entry.blueprint.distribution
    return synthesize(entry.blueprint.load(), entry.options, name=name, distribution=distribution)


@shared
def shapes(entry: InstalledBlueprint) -> list[SynthesizedTemplate]:
    """Draw a blueprint with its defaults, with each single option changed, and as we ship it."""
    shipped = [t.name for t in PROJECT.templates.values() if t.blueprint.name == entry.name]
    return [*testing.shapes(entry.load()), *map(drawn, shipped)]
