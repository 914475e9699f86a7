"""The details of one template as HTML: resources, entries, powers, ways in and payloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from cfngen.review.model import (
    MISSING,
    Certainty,
    Detail,
    EntryChange,
    Extent,
    Kind,
    PowerChange,
    ResourceChange,
    StackReview,
)
from cfngen.review.printed.phrases import (
    counted,
    detail_remarks,
    difference,
    entries_by_section,
    grant_words,
    happening,
    is_long,
    is_same,
    origin_place,
    own_because,
    power_words,
    sign,
    value,
    visible,
    visible_lines,
)

LOOKS = {"+": "plus", "-": "minus", "~": "tilde", "→": "follows", "-/+": "will", "-/+?": "may"}
LINES = {"+": "plus", "-": "minus", "@": "place"}


def text(found: str) -> str:
    """Return a text for between tags and for quoted attributes, on one line."""
    return escape(visible(found))


def tag(name: str, found: str, **attributes: str) -> str:
    """Return a text within a tag; `class_` stands for `class`."""
    said = "".join(f' {key.rstrip("_")}="{text(told)}"' for key, told in attributes.items())
    return f"<{name}{said}>{text(found)}</{name}>"


def details(stack: StackReview) -> Iterator[str]:
    """Yield everything that changes in a template."""
    if stack.resources:
        yield "<h3>Resources</h3>"
        yield '<ul class="changes">'
        for change in stack.resources:
            yield f"<li>{_resource(change)}</li>"
        yield "</ul>"
    for section, entries in entries_by_section(stack):
        yield tag("h3", section)
        yield '<ul class="changes">'
        for entry in entries:
            yield f"<li>{_entry(entry)}</li>"
        yield "</ul>"
    yield from _powers(stack.powers)
    if stack.exposures:
        yield "<h3>Reachable from the internet</h3>"
        yield '<ul class="exposures">'
        for exposure in stack.exposures:
            word = "opened" if exposure.opened else "closed"
            yield (
                f'<li class="{word}"><b>{word}</b> {tag("code", exposure.resource)}'
                f" {text(exposure.what)}</li>"
            )
        yield "</ul>"
    if stack.payloads:
        yield "<h3>Payloads</h3>"
    for payload in stack.payloads:
        place = f"in {tag('code', payload.resource)}: {tag('code', payload.path)}"
        yield (
            f'<details open class="payload"><summary>{tag("code", payload.name)}'
            f' <span class="about">{place}</span></summary>'
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


def _resource(change: ResourceChange) -> str:
    mark = sign(change)
    told = (*change.properties, *change.attributes)
    head = (
        f'<span class="sign {LOOKS[mark]}">{mark}</span> {tag("code", change.name, class_="name")}'
        f" {tag('span', change.type, class_='type')}"
        f" {tag('span', happening(change), class_='happens')}"
    )
    because = "".join(f'<p class="because">{why}</p>' for why in map(escape, own_because(change)))
    origin = (
        f'<p class="place">from {tag("code", origin_place(change.origin))}</p>'
        if change.origin
        else ""
    )
    if not told:
        return f'<div class="row">{head}</div>{because}'
    # What comes or goes as a whole is folded; what changes is what one came to see.
    shut = change.kind in (Kind.ADDED, Kind.REMOVED)
    many = f' <span class="about">{_properties(len(told))}</span>' if shut else ""
    opened = "" if shut else " open"
    return (
        f"<details{opened}><summary>{head}{many}</summary>{because}{origin}{_table(told)}</details>"
    )


def _properties(number: int) -> str:
    return "1 property" if number == 1 else f"{number} properties"


def _entry(entry: EntryChange) -> str:
    mark = sign(entry)
    head = (
        f'<span class="sign {LOOKS[mark]}">{mark}</span> {tag("code", entry.name, class_="name")}'
        f" {tag('span', entry.kind.value, class_='happens')}"
    )
    note = tag("p", entry.note, class_="because") if entry.note else ""
    if not entry.details:
        return f'<div class="row">{head}</div>{note}'
    opened = "" if entry.kind in (Kind.ADDED, Kind.REMOVED) else " open"
    return f"<details{opened}><summary>{head}</summary>{note}{_table(entry.details)}</details>"


def _table(told: Sequence[Detail]) -> str:
    rows = "".join(map(_row, told))
    return (
        '<div class="scroll" role="region" aria-label="Properties" tabindex="0"><table'
        ' class="properties"><thead><tr><th scope="col">property</th><th scope="col">before</th>'
        f'<th scope="col">after</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(detail: Detail) -> str:
    looks = {Certainty.WILL: "will", Certainty.MAY: "may", Certainty.NO: "about"}
    remarks = detail_remarks(detail)
    said = f'<p class="{looks[detail.replacement]}">{escape(remarks)}</p>' if remarks else ""
    head = f'<th scope="row">{tag("code", detail.path) if detail.path else ""}{said}</th>'
    if detail.payload:
        return f'<tr>{head}<td colspan="2">see payload {tag("code", detail.payload)}</td></tr>'
    if is_same(detail):
        return f'<tr>{head}<td colspan="2"><code>{escape(value(detail.after))}</code></td></tr>'
    if is_long(detail):
        return f'<tr>{head}<td colspan="2">{diff(difference(detail))}</td></tr>'
    before = _side(detail.before, "minus")
    return f"<tr>{head}{before}{_side(detail.after, 'plus')}</tr>"


def _side(found: object, look: str) -> str:
    if found is MISSING:
        return '<td class="missing">none</td>'
    return f'<td><code class="{look}">{escape(value(found))}</code></td>'


def _powers(powers: Sequence[PowerChange]) -> Iterator[str]:
    if powers:
        yield "<h3>Powers</h3>"
    looks = {Extent.BROADENED: "will", Extent.MIXED: "will", Extent.NARROWED: "narrowed"}
    for power in powers:
        words = tag("span", power_words(power), class_=looks.get(power.extent, "about"))
        yield f'<p class="holder">{tag("code", power.holder)} {words}</p>'
        lines = [
            f"{mark} {grant_words(grant)}"
            for mark, grants in (("+", power.gained), ("-", power.lost))
            for grant in grants
        ]
        if lines:
            number = counted(len(lines), "grant")
            yield f'<div class="grants" aria-label="{number}">{diff(lines)}</div>'
