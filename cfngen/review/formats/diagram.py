"""A diagram of what changes: resources and the references between them, as Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.escaping import escape_controls
from cfngen.plurals import counted
from cfngen.review.formats.columns import clipped
from cfngen.review.formats.phrases import is_kept, is_retyped
from cfngen.review.model import Certainty, Kind, ResourceChange, StackReview

MAX_NODES, MAX_EDGES = 30, 90  # a larger diagram is not readable
MAX_LABEL = 40  # characters
HARMLESS = " :/-"  # within a label, not at its start, where it would be a list

# What becomes of a resource, and the colours for it, which are read on white and on black.
CLASSES = {
    "refused": "fill:#ffd8d3,stroke:#b3261e,color:#410e0b,stroke-width:3px",
    "replaced": "fill:#ffd8d3,stroke:#b3261e,color:#410e0b,stroke-width:2px",
    "doubtful": "fill:#ffe9c7,stroke:#9a6700,color:#3d2900,stroke-width:2px,stroke-dasharray:5 3",
    "removed": "fill:#f3d6d6,stroke:#8c1d18,color:#410e0b,stroke-dasharray:3 3",
    "kept": "fill:#f3d6d6,stroke:#8c1d18,color:#410e0b,stroke-dasharray:3 3",
    "added": "fill:#d7f5dd,stroke:#1a7f37,color:#04260f",
    "changed": "fill:#fff8c5,stroke:#9a6700,color:#3d2900",
    "affected": "fill:#ddf4ff,stroke:#0969da,color:#0a3069",
}
OUTCOMES = {
    "refused": "refused",
    "replaced": "will be replaced",
    "doubtful": "may be replaced",
    "removed": "removed",
    "kept": "leaves the stack, stays",
    "added": "added",
    "changed": "changed in place",
    "affected": "affected",
}


@dataclass(frozen=True)
class Node:
    """One resource of a picture."""

    stack: str
    name: str
    type: str
    style_class: str  # one of CLASSES


@dataclass(frozen=True)
class Picture:
    """The resources worth showing, the most severe if there are too many, and their references."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]  # the first refers to the second; numbers of nodes
    rest: int  # resources that are left out


def style_class(change: ResourceChange) -> str:
    """Return which of `CLASSES` a resource is drawn as."""
    if is_retyped(change):
        return "refused"
    if is_kept(change):
        return "kept"
    replaced = {Certainty.WILL: "replaced", Certainty.MAY: "doubtful"}.get(change.replacement)
    return replaced or change.kind.value


def picture(stacks: Sequence[StackReview], max_nodes: int = MAX_NODES) -> Picture:
    """Return the diagram of what changes in running stacks, if that is more than one resource."""
    drawn = [stack for stack in stacks if stack.kind is Kind.CHANGED and len(stack.resources) > 1]
    every = [(stack, change) for stack in drawn for change in stack.resources]
    ranks = list(CLASSES)
    gravest = sorted(range(len(every)), key=lambda n: ranks.index(style_class(every[n][1])))[
        :max_nodes
    ]
    nodes = [
        Node(stack.name, change.name, change.type, style_class(change))
        for stack, change in (every[number] for number in sorted(gravest))
    ]
    numbers = {(node.stack, node.name): number for number, node in enumerate(nodes)}
    edges = {
        (numbers[stack.name, source], numbers[stack.name, target]): None
        for stack in drawn
        for source, target in stack.references
        if source != target and (stack.name, source) in numbers and (stack.name, target) in numbers
    }
    return Picture(tuple(nodes), tuple(edges)[:MAX_EDGES], len(every) - len(nodes))


def mermaid(diagram: Picture) -> str:
    """Return a diagram as the text of a Mermaid flowchart; empty if there is too little to see.

    Arrows have no labels: in folded parts of a page, GitHub fails to draw those.
    """
    if len(diagram.nodes) < 2:
        return ""
    return "".join(f"{line}\n" for line in _mermaid(diagram))


def _mermaid(diagram: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names = list(dict.fromkeys(node.stack for node in diagram.nodes))
    for place, name in enumerate(names):
        indent = "  "
        if len(names) > 1:
            yield f'  subgraph s{place}["{quoted(name)}"]'
            indent = "    "
        for number, node in enumerate(diagram.nodes):
            if node.stack == name:
                label = "<br/>".join(
                    map(quoted, (node.name, node.type, OUTCOMES[node.style_class]))
                )
                yield f'{indent}n{number}["{label}"]:::{node.style_class}'
        if len(names) > 1:
            yield "  end"
            yield f"  style s{place} fill:none,stroke:#8b949e"
    for source, target in diagram.edges:
        yield f"  n{source} --> n{target}"
    if diagram.rest:
        yield f'  rest["and {counted(diagram.rest, "more resource")}"]'
    used = {node.style_class for node in diagram.nodes}
    for name, style in CLASSES.items():
        if name in used:
            yield f"  classDef {name} {style}"


def quoted(text: str) -> str:
    """Return a text for a quoted label, with Mermaid's entity codes for special characters."""
    label = clipped(escape_controls(text).strip(), MAX_LABEL)
    return "".join(
        c if c.isalnum() or (c in HARMLESS and number) else f"#{ord(c)};"
        for number, c in enumerate(label or "?")
    )
