"""The details of one template as HTML: resources, entries, permissions, exposures, payloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfngen.plurals import counted
from cfngen.review.formats.document_details import (
    Details,
    EntryBlock,
    PermissionBlock,
    ResourceBlock,
    Row,
)
from cfngen.review.formats.html_escaping import Html, joined, line, tag
from cfngen.review.formats.reasons import Reason
from cfngen.review.formats.sides import NONE
from cfngen.review.model import Certainty, Exposure, Extent, Kind

SIGN_CLASSES = {
    "+": "plus", "-": "minus", "~": "tilde", "→": "follows", "-/+": "will", "-/+?": "may",
    "!": "will",
}  # fmt: skip
KINDS = {
    Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.CHANGED: "changed",
    Kind.AFFECTED: "affected by a replacement",
}  # fmt: skip
NOTE_CLASSES = {Certainty.WILL: "will", Certainty.MAY: "may", Certainty.NO: "about"}
EXTENT_CLASSES = {
    Extent.BROADENED: "broadened", Extent.MIXED: "broadened", Extent.NARROWED: "narrowed",
}  # fmt: skip
LINE_CLASSES = {"+": "plus", "-": "minus", "@": "place"}
NOTHING = Html("")


def linked(reason: Reason) -> Html:
    """Return a reason with a link to its page."""
    if not reason.page:
        return Html.escape(reason.text)
    link = Html('<a rel="noreferrer" href="%s">%s</a>') % (reason.page, reason.title)
    return Html("%s: %s") % (reason.text, link) if reason.text else link


def details(about: Details) -> Iterator[Html]:
    """Yield everything that changes in a template."""
    if resources := about.resources:
        yield from _changes("Resources", map(_resource, resources))
    for section, entries in about.sections:
        yield from _changes(section, map(_entry, entries))
    permissions, payloads = about.permissions, about.payloads
    if permissions:
        yield Html("<h3>Permissions</h3>")
    for permission in permissions:
        yield from _permission(permission)
    if exposures := about.exposures:
        yield Html("<h3>Reachable from the internet</h3>")
        yield Html('<ul class="exposures">')
        yield from map(_exposure, exposures)
        yield Html("</ul>")
    if payloads:
        yield Html("<h3>Payloads</h3>")
    for payload in payloads:
        yield Html('<details open class="payload"><summary>%s</summary>%s</details>') % (
            tag("code", payload.title), _diff(payload.lines),
        )  # fmt: skip


def _changes(title: str, changes: Iterable[Html]) -> Iterator[Html]:
    yield tag("h3", title)
    yield Html('<ul class="changes">')
    for change in changes:
        yield tag("li", change)
    yield Html("</ul>")


def _exposure(exposure: Exposure) -> Html:
    state = "opened" if exposure.opened else "closed"
    name = tag("code", exposure.resource)
    exposed = Html('<li class="%s"><b>%s</b> %s %s</li>')
    return exposed % (state, state, name, exposure.description)


def _diff(lines: Sequence[str]) -> Html:
    """Return lines of a diff, each with its colour."""
    drawn = joined((line(text, _line_class(text)) for text in lines), "\n")
    diff = Html('<pre class="diff" role="region" aria-label="Difference" tabindex="0">%s</pre>')
    return diff % drawn


def _line_class(text: str) -> str:
    return "head" if text.startswith(("--- ", "+++ ")) else LINE_CLASSES.get(text[:1], "")


def _head(change: ResourceBlock | EntryBlock, happens: str, *about: str) -> Html:
    types = joined(Html(" %s") % tag("span", text, class_="type") for text in about)
    return Html('<span class="sign %s">%s</span> %s%s %s') % (
        SIGN_CLASSES[change.sign],
        change.sign,
        tag("code", change.name, class_="name"),
        types,
        tag("span", happens, class_="happens"),
    )


def _resource(change: ResourceBlock) -> Html:
    head = _head(change, change.outcome, change.type, *filter(None, [change.construct]))
    explanations = joined(tag("p", linked(reason), class_="reason") for reason in change.reasons)
    if not change.rows:
        return Html('<div class="row">%s</div>%s') % (head, explanations)
    origin = (
        Html('<p class="place">from %s</p>') % tag("code", change.origin)
        if change.origin
        else NOTHING
    )
    # What comes or goes as a whole is folded, as is what only follows; what changes is what one
    # came to see.
    is_folded = change.kind is not Kind.CHANGED
    many = tag("span", counted(len(change.rows), "property"), class_="about")
    return Html("<details%s><summary>%s%s</summary>%s%s%s</details>") % (
        "" if is_folded else " open",
        head,
        Html(" %s") % many if is_folded else "",
        explanations,
        origin,
        _table(change.rows),
    )


def _entry(entry: EntryBlock) -> Html:
    head = _head(entry, KINDS[entry.kind])
    note = tag("p", entry.note, class_="reason") if entry.note else NOTHING
    if not entry.rows:
        return Html('<div class="row">%s</div>%s') % (head, note)
    opened = "" if entry.kind in (Kind.ADDED, Kind.REMOVED) else " open"
    return Html("<details%s><summary>%s</summary>%s%s</details>") % (
        opened, head, note, _table(entry.rows),
    )  # fmt: skip


def _table(rows: Sequence[Row]) -> Html:
    return Html(
        '<div class="scroll" role="region" aria-label="Properties" tabindex="0"><table'
        ' class="properties"><thead><tr><th scope="col">property</th><th scope="col">before</th>'
        '<th scope="col">after</th></tr></thead><tbody>%s</tbody></table></div>'
    ) % joined(map(_row, rows))


def _row(row: Row) -> Html:
    note = tag("p", row.notes, class_=NOTE_CLASSES[row.replacement]) if row.notes else NOTHING
    path = tag("code", row.path) if row.path else NOTHING
    return Html('<tr><th scope="row">%s%s</th>%s</tr>') % (path, note, _values(row))


def _values(row: Row) -> Html:
    if row.payload:
        return Html('<td colspan="2">see payload %s</td>') % tag("code", row.payload)
    if row.is_same:
        cell = tag("td", tag("code", row.after or ""))
        return Html('%s<td class="missing">the same text</td>') % cell
    if row.items:
        gone, new = (
            joined(Html("%s ") % tag("code", item, class_=css_class) for item in listed)
            for listed, css_class in ((row.items.gone, "minus"), (row.items.new, "plus"))
        )
        more = tag("span", f"{row.items.kept} unchanged", class_="missing")
        return Html("<td>%s%s</td><td>%s</td>") % (gone, more if row.items.kept else "", new)
    if row.is_long:
        return Html('<td colspan="2">%s</td>') % _diff(row.lines)
    return _side(row.before, "minus") + _side(row.after, "plus")


def _side(value: str | None, css_class: str) -> Html:
    if value is None:
        return tag("td", NONE, class_="missing")
    return tag("td", tag("code", value, class_=css_class))


def _permission(change: PermissionBlock) -> Iterator[Html]:
    css_class = EXTENT_CLASSES.get(change.extent, "about") if change.extent else "about"
    phrase = tag("span", change.phrase, class_=css_class)
    yield Html('<p class="permission">%s %s</p>') % (tag("code", change.attached_to), phrase)
    if lines := [f"{mark} {grant}" for mark, grant in change.grants()]:
        yield Html('<div class="grants" aria-label="%s">%s</div>') % (
            counted(len(lines), "grant"), _diff(lines),
        )  # fmt: skip
