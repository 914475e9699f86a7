"""What changes in one template, drawn as SVG: resources in layers, references between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cfngen.escaping import escape_controls
from cfngen.plurals import counted
from cfngen.review.formats.columns import clipped, columns
from cfngen.review.formats.diagram import OUTCOMES, Node, Picture
from cfngen.review.formats.html_escaping import Html, joined

BOX_WIDTH, BOX_HEIGHT = 216, 62  # of a box
COLUMN_GAP, ROW_GAP = 62, 22  # between boxes
MARGIN = 6
MAX_LABEL = 28  # characters in a box
MAX_UNCONNECTED = 4  # boxes in a row of those that refer to nothing here


def as_svg(drawn: Picture, name: str) -> Html:
    """Return a picture of what changes in a template; nothing if no two resources are connected.

    Args:
        drawn: what is to be seen.
        name: an identifier for the picture's title, the only one of its kind on the page.
    """
    return joined(_Drawing(drawn, name).lines() if drawn.edges else (), "\n")


class _Drawing:
    """Places boxes, then draws them."""

    def __init__(self, drawn: Picture, name: str) -> None:
        self.picture = drawn
        self.name = name
        self.places = _places(drawn)
        self.width = max(x for x, _ in self.places.values()) + BOX_WIDTH + MARGIN
        self.height = max(y for _, y in self.places.values()) + BOX_HEIGHT + MARGIN

    def lines(self) -> Iterator[Html]:
        width, height, name = self.width, self.height, self.name
        yield Html(
            '<svg viewBox="0 0 %s %s" width="%s" height="%s" role="img"'
            ' aria-labelledby="%s %s-words">'
        ) % (width, height, width, height, name, name)
        rest = f", and {counted(self.picture.rest, 'more resource')}" if self.picture.rest else ""
        yield Html('<title id="%s">What changes%s</title>') % (name, rest)
        yield Html('<desc id="%s-words">%s</desc>') % (name, self.caption())
        yield (
            Html(
                '<defs><marker id="%s-tip" viewBox="0 0 8 8" refX="7" refY="4"'
                ' markerWidth="7" markerHeight="7" orient="auto">'
                '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
            )
            % name
        )
        for source, target in self.picture.edges:
            yield self.edge(source, target)
        for number, node in enumerate(self.picture.nodes):
            yield self.box(number, node)
        yield Html("</svg>")

    def caption(self) -> str:
        """Return the references in words."""
        nodes = self.picture.nodes
        return " ".join(
            f"{nodes[source].name} refers to {nodes[target].name}."
            for source, target in self.picture.edges
        )

    def edge(self, source: int, target: int) -> Html:
        (x1, y1), (x2, y2) = self.places[source], self.places[target]
        y1, y2 = y1 + BOX_HEIGHT // 2, y2 + BOX_HEIGHT // 2
        if x1 < x2:
            x1 += BOX_WIDTH
            bend = (x2 - x1) // 2
            path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 2} {y2}"
        else:  # back, or within a layer: around the right side
            x1, x2 = x1 + BOX_WIDTH, x2 + BOX_WIDTH
            path = f"M{x1} {y1}C{x1 + COLUMN_GAP} {y1} {x2 + COLUMN_GAP} {y2} {x2 + 2} {y2}"
        edge = Html('<path class="edge" d="%s" marker-end="url(#%s-tip)"/>')
        return edge % (path, self.name)

    def box(self, number: int, node: Node) -> Html:
        x, y = self.places[number]
        labels = (("name", node.name), ("type", node.type), ("word", OUTCOMES[node.style_class]))
        lines = [
            Html('<text class="%s" x="%s" y="%s">%s</text>')
            % (css_class, x + 12, y + 20 + 17 * line, _short(escape_controls(label)))
            for line, (css_class, label) in enumerate(labels)
        ]
        box = Html(
            '<g class="node %s">\n<rect x="%s" y="%s" width="%s" height="%s" rx="7"/>\n%s\n</g>'
        )
        return box % (node.style_class, x, y, BOX_WIDTH, BOX_HEIGHT, joined(lines, "\n"))


def _short(text: str) -> str:
    """Return a text that fits into a box."""
    max_length = MAX_LABEL
    while columns(clipped(text, max_length)) > MAX_LABEL:
        max_length -= 1
    return clipped(text, max_length)


def _places(drawn_picture: Picture) -> dict[int, tuple[int, int]]:
    """Return the position of each box: a resource stands left of what it refers to."""
    layers = _layers(drawn_picture)
    drawn = _ordered(drawn_picture, layers)
    tallest = max(map(len, drawn))
    places = {}
    for layer, numbers in enumerate(drawn):
        top = MARGIN + (tallest - len(numbers)) * (BOX_HEIGHT + ROW_GAP) // 2
        for row, number in enumerate(numbers):
            places[number] = (
                MARGIN + layer * (BOX_WIDTH + COLUMN_GAP),
                top + row * (BOX_HEIGHT + ROW_GAP),
            )
    bottom = MARGIN + tallest * (BOX_HEIGHT + ROW_GAP)
    unconnected = [number for number in range(len(drawn_picture.nodes)) if number not in layers]
    across = max(len(drawn), min(MAX_UNCONNECTED, len(unconnected)))
    for place, number in enumerate(unconnected):
        row, column = divmod(place, across)
        places[number] = (
            MARGIN + column * (BOX_WIDTH + COLUMN_GAP),
            bottom + row * (BOX_HEIGHT + ROW_GAP),
        )
    return places


def _layers(drawn_picture: Picture) -> dict[int, int]:
    """Return the layer of each connected resource: one past those that refer to it."""
    referring = defaultdict(list)
    for source, target in drawn_picture.edges:
        referring[target].append(source)
    layers: dict[int, int] = {}

    def layer(number: int, above: frozenset[int]) -> int:
        if number in layers:
            return layers[number]
        inner = above | {number}
        # Who comes again on the way up goes round in circles; that reference is drawn backwards.
        up = [layer(other, inner) for other in referring[number] if other not in inner]
        layers[number] = 1 + max(up, default=-1)
        return layers[number]

    for edge in drawn_picture.edges:
        for number in edge:
            layer(number, frozenset())
    return layers


def _ordered(drawn_picture: Picture, layers: dict[int, int]) -> list[list[int]]:
    """Return the resources by layer, each near the ones that it is connected to."""
    drawn: list[list[int]] = [[] for _ in range(max(layers.values()) + 1)]
    for number in sorted(layers):
        drawn[layers[number]].append(number)
    neighbours = defaultdict(list)
    for source, target in drawn_picture.edges:
        neighbours[source].append(target)
        neighbours[target].append(source)
    rows = {number: float(row) for layer in drawn for row, number in enumerate(layer)}
    for _ in range(4):
        for layer in drawn:
            layer.sort(key=lambda n: (sum(rows[o] for o in neighbours[n]) / len(neighbours[n]), n))
            shift = (len(layer) - 1) / 2
            rows.update({number: row - shift for row, number in enumerate(layer)})
    return drawn
