"""What changes, as a picture: resources and the references between them, and it in Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cfngen.review.formats.columns import clipped, visible
from cfngen.review.formats.phrases import counted, is_kept, is_retyped
from cfngen.review.model import Certainty, Kind, ResourceChange, StackReview

MOST_NODES, MOST_EDGES = 30, 90  # a picture of more than that tells nothing
LABEL = 40  # characters
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
WORDS = {
    "refused": "refused",
    "replaced": "will be replaced",
    "doubtful": "may be replaced",
    "removed": "removed",
    "kept": "leaves the stack, stays",
    "added": "added",
    "changed": "changed in place",
    "affected": "follows",
}


@dataclass(frozen=True)
class Node:
    """One resource of a picture."""

    stack: str
    name: str
    type: str
    look: str  # one of CLASSES


@dataclass(frozen=True)
class Picture:
    """The resources worth a look, gravest first where there are too many, and their references."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]  # the first refers to the second; numbers of nodes
    rest: int  # resources that are left out


def look(change: ResourceChange) -> str:
    """Return which of `CLASSES` a resource is drawn as."""
    if is_retyped(change):
        return "refused"
    if is_kept(change):
        return "kept"
    replaced = {Certainty.WILL: "replaced", Certainty.MAY: "doubtful"}.get(change.replacement)
    return replaced or change.kind.value


def picture(stacks: Sequence[StackReview], most: int = MOST_NODES) -> Picture:
    """Return a picture of what changes in templates that run, where it is more than one thing."""
    drawn = [stack for stack in stacks if stack.kind is Kind.CHANGED and len(stack.resources) > 1]
    every = [(stack, change) for stack in drawn for change in stack.resources]
    ranks = list(CLASSES)
    gravest = sorted(range(len(every)), key=lambda n: ranks.index(look(every[n][1])))[:most]
    nodes = [
        Node(stack.name, change.name, change.type, look(change))
        for stack, change in (every[number] for number in sorted(gravest))
    ]
    known = {(node.stack, node.name): number for number, node in enumerate(nodes)}
    edges = {
        (known[stack.name, one], known[stack.name, other]): None
        for stack in drawn
        for one, other in stack.references
        if one != other and (stack.name, one) in known and (stack.name, other) in known
    }
    return Picture(tuple(nodes), tuple(edges)[:MOST_EDGES], len(every) - len(nodes))


def mermaid(found: Picture) -> str:
    """Return a picture as the text of a Mermaid flowchart; nothing if there is too little to see.

    Arrows have no labels: in folded parts of a page, GitHub fails to draw those.
    """
    if len(found.nodes) < 2:
        return ""
    return "".join(f"{line}\n" for line in _mermaid(found))


def _mermaid(found: Picture) -> Iterator[str]:
    yield "flowchart LR"
    names = list(dict.fromkeys(node.stack for node in found.nodes))
    for place, name in enumerate(names):
        indent = "  "
        if len(names) > 1:
            yield f'  subgraph s{place}["{quoted(name)}"]'
            indent = "    "
        for number, node in enumerate(found.nodes):
            if node.stack == name:
                label = "<br/>".join(map(quoted, (node.name, node.type, WORDS[node.look])))
                yield f'{indent}n{number}["{label}"]:::{node.look}'
        if len(names) > 1:
            yield "  end"
            yield f"  style s{place} fill:none,stroke:#8b949e"
    for one, other in found.edges:
        yield f"  n{one} --> n{other}"
    if found.rest:
        yield f'  rest["and {counted(found.rest, "resource")} more"]'
    used = {node.look for node in found.nodes}
    for name, style in CLASSES.items():
        if name in used:
            yield f"  classDef {name} {style}"


def quoted(text: str) -> str:
    """Return a text for between quotes, with Mermaid's entity codes for what could mean more."""
    told = clipped(visible(text).strip(), LABEL)
    return "".join(
        c if c.isalnum() or (c in HARMLESS and number) else f"#{ord(c)};"
        for number, c in enumerate(told or "?")
    )
