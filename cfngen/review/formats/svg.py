"""What changes in one template, drawn as SVG: resources in layers, references between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import escape

from cfngen.review.formats.columns import clipped, columns, visible
from cfngen.review.formats.diagram import WORDS, Node, Picture, picture
from cfngen.review.formats.phrases import counted
from cfngen.review.model import StackReview

WIDE, HIGH = 216, 62  # of a box
ACROSS, DOWN = 62, 22  # between boxes
MARGIN = 6
ROOM = 28  # characters in a box
LOOSE = 4  # boxes in a row of those that refer to nothing here


def as_svg(stack: StackReview, name: str) -> str:
    """Return a picture of what changes in a template; nothing if no two resources are connected.

    Args:
        stack: the template.
        name: an identifier for the picture's title, the only one of its kind on the page.
    """
    found = picture([stack])
    if not found.edges:
        return ""
    return "\n".join(_Drawing(found, name).lines())


class _Drawing:
    """Places boxes, then draws them."""

    def __init__(self, found: Picture, name: str) -> None:
        self.found = found
        self.name = name
        self.places = _places(found)
        self.width = max(x for x, _ in self.places.values()) + WIDE + MARGIN
        self.height = max(y for _, y in self.places.values()) + HIGH + MARGIN

    def lines(self) -> Iterator[str]:
        width, height = self.width, self.height
        yield (
            f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
            f' aria-labelledby="{self.name} {self.name}-words">'
        )
        rest = f", and {counted(self.found.rest, 'resource')} more" if self.found.rest else ""
        yield f'<title id="{self.name}">What changes{rest}</title>'
        yield f'<desc id="{self.name}-words">{escape(self.told())}</desc>'
        yield (
            f'<defs><marker id="{self.name}-tip" viewBox="0 0 8 8" refX="7" refY="4"'
            ' markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/>'
            "</marker></defs>"
        )
        for one, other in self.found.edges:
            yield self.edge(one, other)
        for number, node in enumerate(self.found.nodes):
            yield from self.box(number, node)
        yield "</svg>"

    def told(self) -> str:
        """Return the references in words."""
        nodes = self.found.nodes
        return " ".join(
            f"{visible(nodes[one].name)} refers to {visible(nodes[other].name)}."
            for one, other in self.found.edges
        )

    def edge(self, one: int, other: int) -> str:
        (x1, y1), (x2, y2) = self.places[one], self.places[other]
        y1, y2 = y1 + HIGH // 2, y2 + HIGH // 2
        if x1 < x2:
            x1 += WIDE
            bend = (x2 - x1) // 2
            path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 2} {y2}"
        else:  # back, or within a layer: around the right side
            x1, x2 = x1 + WIDE, x2 + WIDE
            path = f"M{x1} {y1}C{x1 + ACROSS} {y1} {x2 + ACROSS} {y2} {x2 + 2} {y2}"
        return f'<path class="edge" d="{path}" marker-end="url(#{self.name}-tip)"/>'

    def box(self, number: int, node: Node) -> Iterator[str]:
        x, y = self.places[number]
        yield f'<g class="node {node.look}">'
        yield f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="7"/>'
        for line, (look, words) in enumerate(
            (("name", node.name), ("type", node.type), ("word", WORDS[node.look]))
        ):
            yield (
                f'<text class="{look}" x="{x + 12}" y="{y + 20 + 17 * line}">'
                f"{escape(_short(visible(words)))}</text>"
            )
        yield "</g>"


def _short(text: str) -> str:
    """Return a text that fits into a box."""
    room = ROOM
    while columns(clipped(text, room)) > ROOM:
        room -= 1
    return clipped(text, room)


def _places(found: Picture) -> dict[int, tuple[int, int]]:
    """Return where each box is: what refers stands left of what it refers to."""
    layers = _layers(found)
    drawn = _ordered(found, layers)
    tallest = max(map(len, drawn))
    places = {}
    for layer, numbers in enumerate(drawn):
        top = MARGIN + (tallest - len(numbers)) * (HIGH + DOWN) // 2
        for row, number in enumerate(numbers):
            places[number] = (MARGIN + layer * (WIDE + ACROSS), top + row * (HIGH + DOWN))
    bottom = MARGIN + tallest * (HIGH + DOWN)
    loose = [number for number in range(len(found.nodes)) if number not in layers]
    across = max(len(drawn), min(LOOSE, len(loose)))
    for place, number in enumerate(loose):
        row, column = divmod(place, across)
        places[number] = (MARGIN + column * (WIDE + ACROSS), bottom + row * (HIGH + DOWN))
    return places


def _layers(found: Picture) -> dict[int, int]:
    """Return the layer of each resource that is connected: one past those that refer to it."""
    referring = defaultdict(list)
    for one, other in found.edges:
        referring[other].append(one)
    layers: dict[int, int] = {}

    def layer(number: int, above: frozenset[int]) -> int:
        if number in layers:
            return layers[number]
        inner = above | {number}
        # Who comes again on the way up goes round in circles; that reference is drawn backwards.
        up = [layer(other, inner) for other in referring[number] if other not in inner]
        layers[number] = 1 + max(up, default=-1)
        return layers[number]

    for edge in found.edges:
        for number in edge:
            layer(number, frozenset())
    return layers


def _ordered(found: Picture, layers: dict[int, int]) -> list[list[int]]:
    """Return the resources by layer, each near the ones it is connected to."""
    drawn: list[list[int]] = [[] for _ in range(max(layers.values()) + 1)]
    for number in sorted(layers):
        drawn[layers[number]].append(number)
    near = defaultdict(list)
    for one, other in found.edges:
        near[one].append(other)
        near[other].append(one)
    rows = {number: float(row) for layer in drawn for row, number in enumerate(layer)}
    for _ in range(4):
        for layer in drawn:
            layer.sort(key=lambda n: (sum(rows[o] for o in near[n]) / len(near[n]), n))
            shift = (len(layer) - 1) / 2
            rows.update({number: row - shift for row, number in enumerate(layer)})
    return drawn
