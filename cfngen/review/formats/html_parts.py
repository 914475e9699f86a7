"""The details of one template as HTML: resources, entries, powers, ways in and payloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from cfngen.review.formats.columns import value, visible, visible_lines
from cfngen.review.formats.findings import ways_in
from cfngen.review.formats.phrases import (
    counted,
    entries_by_section,
    grant_lines,
    happening,
    origin_place,
    payload_words,
    power_words,
    sign,
)
from cfngen.review.formats.reasons import Reason, entry_note, own_reasons, remarks, told_reasons
from cfngen.review.formats.sides import NONE, difference, is_long, is_same, items
from cfngen.review.model import (
    MISSING,
    Certainty,
    Detail,
    EntryChange,
    Extent,
    Kind,
    ResourceChange,
    StackReview,
)

LOOKS = {
    "+": "plus", "-": "minus", "~": "tilde", "→": "follows", "-/+": "will", "-/+?": "may",
    "!": "will",
}  # fmt: skip
KINDS = {
    Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.CHANGED: "changed",
    Kind.AFFECTED: "follows what it refers to",
}  # fmt: skip
LINES = {"+": "plus", "-": "minus", "@": "place"}


def text(found: str) -> str:
    """Return a text for between tags and for quoted attributes, on one line."""
    return escape(visible(found))


def tag(name: str, found: str, **attributes: str) -> str:
    """Return a text within a tag; `class_` stands for `class`."""
    said = "".join(f' {key.rstrip("_")}="{text(told)}"' for key, told in attributes.items())
    return f"<{name}{said}>{text(found)}</{name}>"


def escaped(reason: Reason) -> str:
    """Return a reason with a link to its page."""
    words = escape(reason.words)
    link = f'<a rel="noreferrer" href="{reason.page}">{reason.title}</a>' if reason.page else ""
    return ": ".join(part for part in (words, link) if part)


def details(stack: StackReview) -> Iterator[str]:
    """Yield everything that changes in a template."""
    told = told_reasons(stack)
    if stack.resources:
        yield "<h3>Resources</h3>"
        yield '<ul class="changes">'
        for change in stack.resources:
            yield f"<li>{_resource(change, told)}</li>"
        yield "</ul>"
    for section, entries in entries_by_section(stack):
        yield tag("h3", section)
        yield '<ul class="changes">'
        for entry in entries:
            yield f"<li>{_entry(entry, told)}</li>"
        yield "</ul>"
    yield from _powers(stack)
    if ways := ways_in(stack):
        yield "<h3>Reachable from the internet</h3>"
        yield '<ul class="exposures">'
        for exposure in ways:
            word = "opened" if exposure.opened else "closed"
            yield (
                f'<li class="{word}"><b>{word}</b> {tag("code", exposure.resource)}'
                f" {text(exposure.what)}</li>"
            )
        yield "</ul>"
    if stack.payloads:
        yield "<h3>Payloads</h3>"
    for payload in stack.payloads:
        name = payload_words(payload.name, payload.resource, payload.path)
        yield (
            f'<details open class="payload"><summary>{tag("code", name)}</summary>'
            f"{diff(visible_lines(payload.diff))}</details>"
        )


def diff(lines: Sequence[str]) -> str:
    """Return lines of a diff, each with its colour; they need no script to be copied."""
    drawn = []
    for line in lines:
        look = "head" if line.startswith(("--- ", "+++ ")) else LINES.get(line[:1], "")
        said = escape(line)
        drawn.append(f'<span class="{look}">{said}</span>' if look else f"<span>{said}</span>")
    inner = "\n".join(drawn)
    return f'<pre class="diff" role="region" aria-label="Difference" tabindex="0">{inner}</pre>'


def _resource(change: ResourceChange, told: frozenset[str]) -> str:
    mark = sign(change)
    inner = (*change.properties, *change.attributes)
    head = (
        f'<span class="sign {LOOKS[mark]}">{mark}</span> {tag("code", change.name, class_="name")}'
        f" {tag('span', change.type, class_='type')}"
        f" {tag('span', happening(change), class_='happens')}"
    )
    because = "".join(
        f'<p class="because">{escaped(reason)}</p>' for reason in own_reasons(change, told)
    )
    origin = (
        f'<p class="place">from {tag("code", origin_place(change.origin))}</p>'
        if change.origin
        else ""
    )
    if not inner:
        return f'<div class="row">{head}</div>{because}'
    # What comes or goes as a whole is folded, as is what only follows; what changes is what one
    # came to see.
    shut = change.kind is not Kind.CHANGED
    many = f' <span class="about">{counted(len(inner), "property")}</span>' if shut else ""
    opened = "" if shut else " open"
    return (
        f"<details{opened}><summary>{head}{many}</summary>{because}{origin}"
        f"{_table(inner, told)}</details>"
    )


def _entry(entry: EntryChange, told: frozenset[str]) -> str:
    mark = sign(entry)
    head = (
        f'<span class="sign {LOOKS[mark]}">{mark}</span> {tag("code", entry.name, class_="name")}'
        f" {tag('span', KINDS[entry.kind], class_='happens')}"
    )
    said = entry_note(entry)
    note = f'<p class="because">{escape(said)}</p>' if said else ""
    if not entry.details:
        return f'<div class="row">{head}</div>{note}'
    opened = "" if entry.kind in (Kind.ADDED, Kind.REMOVED) else " open"
    table = _table(entry.details, told)
    return f"<details{opened}><summary>{head}</summary>{note}{table}</details>"


def _table(inner: Sequence[Detail], told: frozenset[str]) -> str:
    rows = "".join(_row(detail, told) for detail in inner)
    return (
        '<div class="scroll" role="region" aria-label="Properties" tabindex="0"><table'
        ' class="properties"><thead><tr><th scope="col">property</th><th scope="col">before</th>'
        f'<th scope="col">after</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(detail: Detail, told: frozenset[str]) -> str:
    looks = {Certainty.WILL: "will", Certainty.MAY: "may", Certainty.NO: "about"}
    words = "; ".join(remarks(detail, told))
    said = f'<p class="{looks[detail.replacement]}">{escape(words)}</p>' if words else ""
    head = f'<th scope="row">{tag("code", detail.path) if detail.path else ""}{said}</th>'
    if detail.payload:
        return f'<tr>{head}<td colspan="2">see payload {tag("code", detail.payload)}</td></tr>'
    if is_same(detail):
        found = f"<td><code>{escape(value(detail.after))}</code></td>"
        return f'<tr>{head}{found}<td class="missing">the same text</td></tr>'
    if found_items := items(detail):
        gone, new = (
            "".join(f'<code class="{look}">{escape(item)}</code> ' for item in listed)
            for listed, look in ((found_items.gone, "minus"), (found_items.new, "plus"))
        )
        more = f'<span class="missing">{found_items.kept} more stay</span>'
        return f"<tr>{head}<td>{gone}{more if found_items.kept else ''}</td><td>{new}</td></tr>"
    if is_long(detail):
        return f'<tr>{head}<td colspan="2">{diff(difference(detail))}</td></tr>'
    before = _side(detail.before, "minus")
    return f"<tr>{head}{before}{_side(detail.after, 'plus')}</tr>"


def _side(found: object, look: str) -> str:
    if found is MISSING:
        return f'<td class="missing">{NONE}</td>'
    return f'<td><code class="{look}">{escape(value(found))}</code></td>'


def _powers(stack: StackReview) -> Iterator[str]:
    if stack.powers:
        yield "<h3>Permissions</h3>"
    looks = {Extent.BROADENED: "broadened", Extent.MIXED: "broadened", Extent.NARROWED: "narrowed"}
    for power in stack.powers:
        look = looks.get(power.extent, "about") if stack.kind is Kind.CHANGED else "about"
        words = tag("span", power_words(power, stack.kind), class_=look)
        yield f'<p class="holder">{tag("code", power.holder)} {words}</p>'
        if lines := [f"{mark} {said}" for mark, said in grant_lines(power)]:
            number = counted(len(lines), "grant")
            yield f'<div class="grants" aria-label="{number}">{diff(lines)}</div>'
