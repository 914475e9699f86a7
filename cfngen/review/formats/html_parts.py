"""The details of one template as HTML: resources, entries, permissions, exposures, payloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from cfngen.escaping import escape_controls, escape_lines
from cfngen.plurals import counted
from cfngen.review.formats.columns import one_line_value
from cfngen.review.formats.findings import unreported_exposures
from cfngen.review.formats.phrases import (
    construct_of,
    entries_by_section,
    grant_lines,
    origin_place,
    outcome,
    payload_title,
    permission_phrase,
    sign,
)
from cfngen.review.formats.reasons import (
    Reason,
    detail_notes,
    entry_note,
    reported_reasons,
    unreported_reasons,
)
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

SIGN_CLASSES = {
    "+": "plus", "-": "minus", "~": "tilde", "→": "follows", "-/+": "will", "-/+?": "may",
    "!": "will",
}  # fmt: skip
KINDS = {
    Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.CHANGED: "changed",
    Kind.AFFECTED: "affected by a replacement",
}  # fmt: skip
LINE_CLASSES = {"+": "plus", "-": "minus", "@": "place"}


def text(raw: str) -> str:
    """Return a text escaped for HTML and quoted attributes, on one line."""
    return escape(escape_controls(raw))


def tag(name: str, raw: str, **attributes: str) -> str:
    """Return a text within a tag; `class_` stands for `class`."""
    written = "".join(
        f' {key.rstrip("_")}="{text(reported)}"' for key, reported in attributes.items()
    )
    return f"<{name}{written}>{text(raw)}</{name}>"


def escaped(reason: Reason) -> str:
    """Return a reason with a link to its page."""
    sentence = escape(reason.text)
    link = f'<a rel="noreferrer" href="{reason.page}">{reason.title}</a>' if reason.page else ""
    return ": ".join(part for part in (sentence, link) if part)


def details(stack: StackReview) -> Iterator[str]:
    """Yield everything that changes in a template."""
    reported = reported_reasons(stack)
    if stack.resources:
        yield "<h3>Resources</h3>"
        yield '<ul class="changes">'
        for change in stack.resources:
            yield f"<li>{_resource(change, reported)}</li>"
        yield "</ul>"
    for section, entries in entries_by_section(stack):
        yield tag("h3", section)
        yield '<ul class="changes">'
        for entry in entries:
            yield f"<li>{_entry(entry, reported)}</li>"
        yield "</ul>"
    yield from _permissions(stack)
    if exposures := unreported_exposures(stack):
        yield "<h3>Reachable from the internet</h3>"
        yield '<ul class="exposures">'
        for exposure in exposures:
            state = "opened" if exposure.opened else "closed"
            yield (
                f'<li class="{state}"><b>{state}</b> {tag("code", exposure.resource)}'
                f" {text(exposure.description)}</li>"
            )
        yield "</ul>"
    if stack.payloads:
        yield "<h3>Payloads</h3>"
    for payload in stack.payloads:
        name = payload_title(payload.name, payload.resource, payload.path)
        yield (
            f'<details open class="payload"><summary>{tag("code", name)}</summary>'
            f"{diff(escape_lines(payload.diff))}</details>"
        )


def diff(lines: Sequence[str]) -> str:
    """Return lines of a diff, each with its colour."""
    drawn = []
    for line in lines:
        css_class = "head" if line.startswith(("--- ", "+++ ")) else LINE_CLASSES.get(line[:1], "")
        content = escape(line)
        drawn.append(
            f'<span class="{css_class}">{content}</span>'
            if css_class
            else f"<span>{content}</span>"
        )
    inner = "\n".join(drawn)
    return f'<pre class="diff" role="region" aria-label="Difference" tabindex="0">{inner}</pre>'


def _construct(change: ResourceChange) -> str:
    construct = construct_of(change)
    return f" {tag('span', construct, class_='type')}" if construct else ""


def _resource(change: ResourceChange, reported: frozenset[str]) -> str:
    mark = sign(change)
    inner = (*change.properties, *change.attributes)
    head = (
        f'<span class="sign {SIGN_CLASSES[mark]}">{mark}</span>'
        f" {tag('code', change.name, class_='name')}"
        f" {tag('span', change.type, class_='type')}"
        f"{_construct(change)}"
        f" {tag('span', outcome(change), class_='happens')}"
    )
    explanations = "".join(
        f'<p class="reason">{escaped(reason)}</p>'
        for reason in unreported_reasons(change, reported)
    )
    origin = (
        f'<p class="place">from {tag("code", origin_place(change.origin))}</p>'
        if change.origin
        else ""
    )
    if not inner:
        return f'<div class="row">{head}</div>{explanations}'
    # What comes or goes as a whole is folded, as is what only follows; what changes is what one
    # came to see.
    is_folded = change.kind is not Kind.CHANGED
    many = f' <span class="about">{counted(len(inner), "property")}</span>' if is_folded else ""
    opened = "" if is_folded else " open"
    return (
        f"<details{opened}><summary>{head}{many}</summary>{explanations}{origin}"
        f"{_table(inner, reported)}</details>"
    )


def _entry(entry: EntryChange, reported: frozenset[str]) -> str:
    mark = sign(entry)
    head = (
        f'<span class="sign {SIGN_CLASSES[mark]}">{mark}</span>'
        f" {tag('code', entry.name, class_='name')}"
        f" {tag('span', KINDS[entry.kind], class_='happens')}"
    )
    entry_text = entry_note(entry)
    note = f'<p class="reason">{escape(entry_text)}</p>' if entry_text else ""
    if not entry.details:
        return f'<div class="row">{head}</div>{note}'
    opened = "" if entry.kind in (Kind.ADDED, Kind.REMOVED) else " open"
    table = _table(entry.details, reported)
    return f"<details{opened}><summary>{head}</summary>{note}{table}</details>"


def _table(inner: Sequence[Detail], reported: frozenset[str]) -> str:
    rows = "".join(_row(detail, reported) for detail in inner)
    return (
        '<div class="scroll" role="region" aria-label="Properties" tabindex="0"><table'
        ' class="properties"><thead><tr><th scope="col">property</th><th scope="col">before</th>'
        f'<th scope="col">after</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(detail: Detail, reported: frozenset[str]) -> str:
    css_classes = {Certainty.WILL: "will", Certainty.MAY: "may", Certainty.NO: "about"}
    notes = "; ".join(detail_notes(detail, reported))
    note = f'<p class="{css_classes[detail.replacement]}">{escape(notes)}</p>' if notes else ""
    head = f'<th scope="row">{tag("code", detail.path) if detail.path else ""}{note}</th>'
    if detail.payload:
        return f'<tr>{head}<td colspan="2">see payload {tag("code", detail.payload)}</td></tr>'
    if is_same(detail):
        cell = f"<td><code>{escape(one_line_value(detail.after))}</code></td>"
        return f'<tr>{head}{cell}<td class="missing">the same text</td></tr>'
    if changed_items := items(detail):
        gone, new = (
            "".join(f'<code class="{css_class}">{escape(item)}</code> ' for item in listed)
            for listed, css_class in ((changed_items.gone, "minus"), (changed_items.new, "plus"))
        )
        more = f'<span class="missing">{changed_items.kept} unchanged</span>'
        return f"<tr>{head}<td>{gone}{more if changed_items.kept else ''}</td><td>{new}</td></tr>"
    if is_long(detail):
        return f'<tr>{head}<td colspan="2">{diff(difference(detail))}</td></tr>'
    before = _side(detail.before, "minus")
    return f"<tr>{head}{before}{_side(detail.after, 'plus')}</tr>"


def _side(value: object, css_class: str) -> str:
    if value is MISSING:
        return f'<td class="missing">{NONE}</td>'
    return f'<td><code class="{css_class}">{escape(one_line_value(value))}</code></td>'


def _permissions(stack: StackReview) -> Iterator[str]:
    if stack.permissions:
        yield "<h3>Permissions</h3>"
    css_classes = {
        Extent.BROADENED: "broadened",
        Extent.MIXED: "broadened",
        Extent.NARROWED: "narrowed",
    }
    for change in stack.permissions:
        css_class = (
            css_classes.get(change.extent, "about") if stack.kind is Kind.CHANGED else "about"
        )
        phrase = tag("span", permission_phrase(change, stack.kind), class_=css_class)
        yield f'<p class="permission">{tag("code", change.attached_to)} {phrase}</p>'
        if lines := [f"{mark} {grant}" for mark, grant in grant_lines(change)]:
            number = counted(len(lines), "grant")
            yield f'<div class="grants" aria-label="{number}">{diff(lines)}</div>'
