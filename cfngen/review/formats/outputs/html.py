"""A review as a single web page that makes no request and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence

from cfngen.review.formats.document import (
    Document,
    FindingBlock,
    Tally,
    TemplateBlock,
    document,
    signs_legend,
)
from cfngen.review.formats.html_escaping import Html, joined, shipped, tag
from cfngen.review.formats.html_parts import NOTHING, SIGN_CLASSES, details, linked
from cfngen.review.formats.options import Options
from cfngen.review.formats.svg import as_svg
from cfngen.review.model import Concern, Kind, Review

START = Html("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>%s</title>
<style>%s</style>
</head>
<body>""")
END = Html("""\
</main>
<footer>Made by <code>cfngen review</code> from the templates alone: what is deployed was not\
 inspected.</footer>
</body>
</html>
""")
KINDS = {Kind.ADDED: "new template", Kind.REMOVED: "template removed", Kind.CHANGED: "changes"}


def render(review: Review, _options: Options) -> str:
    """Return a review as a page of HTML, for light and dark screens and for paper."""
    return joined(_page(document(review)), "\n")


def _page(about: Document) -> Iterator[Html]:
    style = shipped("review.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing but the style below and the empty icon, which stops browsers from asking for one.
    policy = Html(
        "default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )
    yield START % (
        policy % digest, f"Review of {about.base} → {about.head}", style,
    )  # fmt: skip
    yield from _header(about)
    yield Html("<main>")
    numbers = {template.name: number for number, template in enumerate(about.templates)}
    several = len(numbers) > 1
    first = [finding for finding in about.findings if several or not finding.templates]
    if first:
        yield Html('<section class="first">')
        yield Html("<h2>Findings</h2>")
        yield from _findings(first, numbers if several else {})
        yield Html("</section>")
    if several:
        yield from _overview(about.templates)
    for number, template in enumerate(about.templates):
        # The findings of a single template are shown with it.
        yield from _template(
            number, template, about, [] if several else [f for f in about.findings if f.templates]
        )
    yield END


def _header(about: Document) -> Iterator[Html]:
    yield Html('<header class="%s">') % about.gravity
    yield Html('<p class="sides">%s <span aria-label="to">→</span> %s</p>') % (
        tag("code", about.base), tag("code", about.head),
    )  # fmt: skip
    yield tag("h1", about.verdict)
    for phrases, css_class in ((about.scope, "scope"), (about.waivers, "scope waivers")):
        if phrases:
            yield tag("ul", joined(tag("li", phrase) for phrase in phrases), class_=css_class)
    if about.digest:
        yield tag("p", about.digest, class_="scope digest")
    yield Html('<ul class="tally">')
    for tally in about.tallies:
        css_class = tally.concern.value if tally.will or tally.may else "none"
        yield tag("li", _tile(tally, about), class_=css_class)
    yield Html("</ul>")
    yield Html("</header>")


def _tile(tally: Tally, about: Document) -> Html:
    """Return the count of a concern: of stacks for refusals, else of resources."""
    label, will, may = tally.concern.label, tally.will, tally.may
    tile = Html("<b>%s</b> <span>%s</span>")
    if tally.concern is Concern.UNKNOWN:
        return tile % (will + may, label)
    if may and not will:
        return tile % (may, f"possibly {label}")
    noun = f"{'stack' if will == 1 else 'stacks'} " if tally.concern is Concern.REFUSED else ""
    more = f"{may} more possibly" if may else ""
    opened, opened_label = about.opened
    if tally.concern is Concern.BROADEN and opened:
        more = f"{opened} {opened_label}"
    doubt = tag("span", more, class_="may") if more else NOTHING
    return tile % (will, f"{noun}{label}") + doubt


def _overview(templates: Sequence[TemplateBlock]) -> Iterator[Html]:
    yield Html('<section class="overview">')
    yield Html("<h2>Templates</h2>")
    yield Html('<div class="scroll" role="region" aria-label="Templates" tabindex="0"><table>')
    names = ("template", "resources", *(concern.label for concern in Concern), "verdict")
    heads = joined(tag("th", name, scope="col") for name in names)
    yield Html("<thead><tr>%s</tr></thead>") % heads
    yield Html("<tbody>")
    for number, template in enumerate(templates):
        yield Html('<tr><th scope="row">%s</th><td class="signs">%s</td>%s%s</tr>') % (
            _link(number, template.name),
            _signs(template),
            joined(map(_count, template.tallies)),
            tag("td", template.summary),
        )
    yield Html("</tbody></table></div>")
    yield tag("p", signs_legend(templates), class_="legend")
    yield Html("</section>")


def _link(number: int, name: str) -> Html:
    return Html('<a href="#stack-%s">%s</a>') % (number, name)


def _count(tally: Tally) -> Html:
    will, may = tally.will, tally.may
    count = " + ".join([*([f"{will}"] if will else []), *([f"{may} possibly"] if may else [])])
    return tag("td", count or "0", class_=f"number {tally.concern.value if count else 'none'}")


def _signs(template: TemplateBlock) -> Html:
    return joined(
        (
            tag(
                "span",
                str(sign),
                class_=SIGN_CLASSES[sign.mark],
                title=f"{sign.number} {sign.meaning}",
            )
            for sign in template.signs
        ),
        " ",
    )


def _template(
    number: int, template: TemplateBlock, about: Document, findings: Sequence[FindingBlock]
) -> Iterator[Html]:
    yield Html('<section class="stack" id="stack-%s" aria-labelledby="name-%s">') % (number, number)
    yield Html('<h2>%s <span class="kind %s">%s</span></h2>') % (
        tag("span", template.name, id=f"name-{number}"),
        template.kind.value,
        KINDS.get(template.kind, ""),
    )
    gone = f" in {about.base}" if template.kind is Kind.REMOVED else ""
    place = Html("%s%s · ") % (tag("code", template.file), gone) if template.file else NOTHING
    yield Html('<p class="about">%s%s <span class="signs">%s</span></p>') % (
        place, template.summary, _signs(template),
    )  # fmt: skip
    yield from _findings(findings, {})
    for note in template.notes:
        yield tag("p", note, class_="note")
    for fact in template.facts:
        yield tag("p", fact, class_="fact")
    drawn = template.picture
    if drawn and (drawing := as_svg(drawn, f"picture-{number}")):
        yield Html(
            '<div class="scroll picture" role="region" aria-label="What changes" tabindex="0">'
        )
        yield drawing
        yield Html("</div>")
    yield from details(template.details)
    yield Html("</section>")


def _findings(findings: Sequence[FindingBlock], numbers: dict[str, int]) -> Iterator[Html]:
    if findings:
        yield Html('<ul class="findings">')
        for finding in findings:
            yield _finding(finding, numbers)
        yield Html("</ul>")


def _finding(finding: FindingBlock, numbers: dict[str, int]) -> Html:
    # The code says what it means where a pointer rests on it.
    code = tag("code", finding.code, title=finding.title)
    explanations = [
        tag("p", linked(reason), class_="reason") for reason in finding.reasons if reason.text
    ]
    waiver = [tag("p", finding.waiver, class_="reason waiver")] if finding.waiver else []
    return Html('<li class="%s %s"><span class="concern">%s%s</span><p>%s %s</p>%s</li>') % (
        finding.concern.value,
        "grave" if finding.is_grave else "careful",
        finding.label,
        Html(" %s") % code if finding.code else "",
        tag("code", finding.subject),
        finding.message,
        joined([*explanations, *waiver, *_places(finding, numbers)]),
    )


def _places(finding: FindingBlock, numbers: dict[str, int]) -> Iterator[Html]:
    """Yield the places of a finding; beside the last one, the pages that it rests on."""
    pages = [linked(reason) for reason in finding.reasons if not reason.text]
    for number, place in enumerate(finding.places, 1):
        there = numbers.get(place.template)
        link = "" if there is None else _link(there, place.template)
        where = tag("code", place.line) + place.side if place.line else NOTHING
        origin = Html(", from %s") % tag("code", place.origin) if place.origin else NOTHING
        parts = [link, where + origin, place.construct]
        parts += pages if number == len(finding.places) else []
        yield tag("p", joined(filter(None, parts), " · "), class_="place")
