"""A review as a single web page that makes no request and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from cfngen.review.formats.condensed import condensed, facts
from cfngen.review.formats.findings import OPENED, GroupedFinding, by_gravity, grouped_findings
from cfngen.review.formats.html_parts import SIGN_CLASSES, details, escaped, tag, text
from cfngen.review.formats.options import Options
from cfngen.review.formats.phrases import (
    LEGEND,
    construct_of,
    finding_place,
    in_base,
    legend,
    origin_place,
    signs,
)
from cfngen.review.formats.reasons import reasons
from cfngen.review.formats.scope import scope
from cfngen.review.formats.svg import as_svg
from cfngen.review.formats.verdict import comparison, gravity, summary, tally, verdict
from cfngen.review.formats.waivers import digest_phrase, waiver_phrases
from cfngen.review.model import Concern, Kind, Review, StackReview

FOOT = (
    "Made by <code>cfngen review</code> from the templates alone: what is deployed was not"
    " inspected."
)
KINDS = {Kind.ADDED: "new template", Kind.REMOVED: "template removed", Kind.CHANGED: "changes"}


def render(review: Review, _options: Options) -> str:
    """Return a review as a page of HTML, for light and dark screens and for paper."""
    style = files("cfngen.review.formats").joinpath("review.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing but the style below and the empty icon, which stops browsers from asking for one.
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )
    stacks = by_gravity(review.stacks)
    title = text(f"Review of {review.base} → {review.head}")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{title}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            *_header(review),
            "<main>",
            *_findings(review, stacks),
            *_stacks(stacks),
            *(
                line
                for number, stack in enumerate(stacks)
                for line in _stack(number, stack, review)
            ),
            "</main>",
            f"<footer>{FOOT}</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _header(review: Review) -> Iterator[str]:
    grave = gravity(review.findings)
    yield f'<header class="{grave}">'
    yield (
        f'<p class="sides">{tag("code", review.base)} <span aria-label="to">→</span>'
        f" {tag('code', review.head)}</p>"
    )
    yield tag("h1", verdict(review))
    if phrases := scope(review):
        yield f'<ul class="scope">{"".join(tag("li", phrase) for phrase in phrases)}</ul>'
    if phrases := waiver_phrases(review):
        yield f'<ul class="scope waivers">{"".join(tag("li", phrase) for phrase in phrases)}</ul>'
    if phrase := digest_phrase(review):
        yield tag("p", phrase, class_="scope digest")
    yield '<ul class="tally">'
    for concern in Concern:
        css_class = concern.value if any(tally(_all(review), concern)) else "none"
        yield f'<li class="{css_class}">{_tile(review, concern)}</li>'
    yield "</ul>"
    yield "</header>"


def _all(review: Review) -> list[StackReview]:
    return [*review.stacks, comparison(review.unknowns)]


def _tile(review: Review, concern: Concern) -> str:
    """Return the count of a concern: of stacks for refusals, else of resources."""
    label = concern.label
    will, may = tally(_all(review), concern)
    if concern is Concern.UNKNOWN:
        return f"<b>{will + may}</b> <span>{label}</span>"
    if may and not will:
        return f"<b>{may}</b> <span>possibly {label}</span>"
    noun = f"{'stack' if will == 1 else 'stacks'} " if concern is Concern.REFUSED else ""
    more = f"{may} more possibly" if may else ""
    if concern is Concern.BROADEN and (
        opened := sum(f.label == OPENED for f in grouped_findings(review.stacks))
    ):
        more = f"{opened} {OPENED}"
    doubt = f'<span class="may">{more}</span>' if more else ""
    return f"<b>{will}</b> <span>{noun}{label}</span>{doubt}"


def _stacks(stacks: Sequence[StackReview]) -> Iterator[str]:
    if len(stacks) < 2:
        return
    yield '<section class="overview">'
    yield "<h2>Templates</h2>"
    yield '<div class="scroll" role="region" aria-label="Templates" tabindex="0"><table>'
    names = ("template", "resources", *(concern.label for concern in Concern), "verdict")
    heads = "".join(tag("th", name, scope="col") for name in names)
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    for number, stack in enumerate(stacks):
        cells = "".join(_count(stack, concern) for concern in Concern)
        link = f'<a href="#stack-{number}">{text(stack.name)}</a>'
        yield (
            f'<tr><th scope="row">{link}</th><td class="signs">{_signs(stack)}</td>{cells}'
            f"{tag('td', summary(stack))}</tr>"
        )
    yield "</tbody></table></div>"
    yield f'<p class="legend">{escape(legend(stacks))}</p>'
    yield "</section>"


def _count(stack: StackReview, concern: Concern) -> str:
    will, may = tally([stack], concern)
    count = " + ".join([*([f"{will}"] if will else []), *([f"{may} possibly"] if may else [])])
    return f'<td class="number {concern.value if count else "none"}">{count or "0"}</td>'


def _signs(stack: StackReview) -> str:
    return " ".join(
        f'<span class="{SIGN_CLASSES[mark]}" title="{number} {LEGEND[mark]}">{mark}{number}</span>'
        for mark, number in signs(stack)
    )


def _stack(number: int, stack: StackReview, review: Review) -> Iterator[str]:
    yield f'<section class="stack" id="stack-{number}" aria-labelledby="name-{number}">'
    name = tag("span", stack.name, id=f"name-{number}")
    kind = f'<span class="kind {stack.kind.value}">{KINDS.get(stack.kind, "")}</span>'
    yield f"<h2>{name} {kind}</h2>"
    gone = f" in {text(review.base)}" if stack.kind is Kind.REMOVED else ""
    place = f"{tag('code', stack.file)}{gone} · " if stack.file else ""
    signs = f'<span class="signs">{_signs(stack)}</span>'
    yield f'<p class="about">{place}{text(summary(stack))} {signs}</p>'
    if len(review.stacks) == 1:
        yield from _list(grouped_findings([stack]), review, {})
    for note in stack.notes:
        yield tag("p", note, class_="note")
    for fact in facts(stack):
        yield f'<p class="fact">{escape(fact)}</p>'
    if picture := as_svg(stack, f"picture-{number}") if stack.kind is Kind.CHANGED else "":
        yield '<div class="scroll picture" role="region" aria-label="What changes" tabindex="0">'
        yield picture
        yield "</div>"
    yield from details(condensed(stack))
    yield "</section>"


def _findings(review: Review, stacks: Sequence[StackReview]) -> Iterator[str]:
    """Yield the findings of all templates; those of a single template are shown with it."""
    several = len(review.stacks) > 1
    findings = grouped_findings(review.stacks if several else (), review.unknowns)
    if findings:
        numbers = {stack.name: number for number, stack in enumerate(stacks)}
        yield '<section class="first">'
        yield "<h2>Findings</h2>"
        yield from _list(findings, review, numbers)
        yield "</section>"


def _list(
    findings: Sequence[GroupedFinding], review: Review, numbers: dict[str, int]
) -> Iterator[str]:
    if findings:
        yield '<ul class="findings">'
        for finding in findings:
            yield _finding(finding, review, numbers)
        yield "</ul>"


def _finding(group: GroupedFinding, review: Review, numbers: dict[str, int]) -> str:
    css_class = "grave" if group.is_grave else "careful"
    all_reasons = reasons(group.finding.reason)
    explanations = "".join(
        f'<p class="reason">{escaped(reason)}</p>' for reason in all_reasons if reason.text
    )
    pages = [escaped(reason) for reason in all_reasons if not reason.text]
    waiver = tag("p", group.waiver, class_="reason waiver") if group.waiver else ""
    return (
        f'<li class="{group.finding.concern.value} {css_class}">'
        f'<span class="concern">{escape(group.label)}{_code(group, review)}</span>'
        f"<p>{tag('code', group.subject)} {text(group.message)}</p>"
        f"{explanations}{waiver}{''.join(_places(group, review, numbers, pages))}</li>"
    )


def _code(group: GroupedFinding, review: Review) -> str:
    """Return the code of a finding, with what it means where a pointer rests on it."""
    name = group.finding.code
    title = next((rule.title for rule in review.rules if rule.code == name), "")
    return f" {tag('code', name, title=title)}" if name else ""


def _places(
    group: GroupedFinding, review: Review, numbers: dict[str, int], pages: list[str]
) -> Iterator[str]:
    """Yield the places of a finding; beside the last one, the pages that it rests on."""
    for number, (stack, finding) in enumerate(group.places, 1):
        place = finding_place(finding, stack)
        where = f"<code>{escape(place)}</code>{escape(in_base(finding, review.base))}"
        number_ = numbers.get(stack.name)
        link = "" if number_ is None else f'<a href="#stack-{number_}">{text(stack.name)}</a>'
        origin = f", from {tag('code', origin_place(finding.origin))}" if finding.origin else ""
        parts = [link, f"{where if place else ''}{origin}", text(construct_of(finding))]
        parts += pages if number == len(group.places) else []
        yield f'<p class="place">{" · ".join(part for part in parts if part)}</p>'
