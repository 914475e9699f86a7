"""A review as one web page that needs nothing else: it makes no request and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from cfngen.review.model import Concern, Finding, Kind, Review, StackReview
from cfngen.review.printed.drawing import as_svg
from cfngen.review.printed.html_parts import details, tag, text
from cfngen.review.printed.phrases import (
    ORDER,
    changed_signs,
    counted,
    finding_place,
    finding_subject,
    in_base,
    origin_place,
    why,
)
from cfngen.review.printed.verdict import gravity, is_grave, ordered, summary, tally, verdict

FOOT = (
    "Made by <code>cfngen review</code> from the templates alone: what is deployed was not"
    " looked at."
)
KINDS = {Kind.ADDED: "new template", Kind.REMOVED: "template is gone", Kind.CHANGED: "changes"}


def as_html(review: Review) -> str:
    """Return a review as a page of HTML, for light and dark screens and for paper."""
    style = files(__package__).joinpath("review.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing but the style below and the empty icon, which stops browsers from asking for one.
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )
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
            *_stacks(review.stacks),
            *(
                line
                for number, stack in enumerate(review.stacks)
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
    same = counted(review.unchanged, "template") if review.unchanged else ""
    told = f" · {same} unchanged" if same else ""
    yield (
        f'<p class="sides">{tag("code", review.base)} <span aria-label="to">→</span>'
        f" {tag('code', review.head)}{told}</p>"
    )
    yield tag("h1", verdict(review))
    yield '<ul class="tally">'
    for concern, words in ORDER.items():
        will, may = tally(review.stacks, concern)
        look = concern.value if will or may else "none"
        doubt = f'<span class="may">{may} more may be</span>' if may else ""
        yield f'<li class="{look}"><b>{will}</b> <span>{words}</span>{doubt}</li>'
    yield "</ul>"
    yield "</header>"


def _stacks(stacks: Sequence[StackReview]) -> Iterator[str]:
    if len(stacks) < 2:
        return
    yield '<section class="overview">'
    yield "<h2>Templates</h2>"
    yield '<div class="scroll" role="region" aria-label="Templates" tabindex="0"><table>'
    names = ("template", "resources", *ORDER.values(), "verdict")
    heads = "".join(tag("th", name, scope="col") for name in names)
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    for number, stack in enumerate(stacks):
        cells = "".join(_count(stack, concern) for concern in ORDER)
        link = f'<a href="#stack-{number}">{text(stack.name)}</a>'
        yield (
            f'<tr><th scope="row">{link}</th><td class="signs">{_signs(stack)}</td>{cells}'
            f"{tag('td', summary(stack))}</tr>"
        )
    yield "</tbody></table></div>"
    yield "</section>"


def _count(stack: StackReview, concern: Concern) -> str:
    will, may = tally([stack], concern)
    told = " + ".join([*([f"{will}"] if will else []), *([f"{may} maybe"] if may else [])])
    return f'<td class="number {concern.value if told else "none"}">{told or "0"}</td>'


def _signs(stack: StackReview) -> str:
    looks = {"+": "plus", "-": "minus", "~": "tilde", "→": "follows"}
    words = {"+": "added", "-": "removed", "~": "changed", "→": "affected"}
    return " ".join(
        f'<span class="{looks[sign[0]]}" title="{sign[1:]} {words[sign[0]]}">{sign}</span>'
        for sign in changed_signs(stack).split()
    )


def _stack(number: int, stack: StackReview, review: Review) -> Iterator[str]:
    yield f'<section class="stack" id="stack-{number}" aria-labelledby="name-{number}">'
    name = tag("span", stack.name, id=f"name-{number}")
    kind = f'<span class="kind {stack.kind.value}">{KINDS.get(stack.kind, "")}</span>'
    yield f"<h2>{name} {kind}</h2>"
    place = f"{tag('code', stack.file)} · " if stack.file else ""
    signs = f'<span class="signs">{_signs(stack)}</span>'
    yield f'<p class="about">{place}{text(summary(stack))} {signs}</p>'
    if stack.findings:
        yield '<ul class="findings">'
        for _, finding in ordered([stack]):
            yield _finding(finding, stack, review)
        yield "</ul>"
    for note in stack.notes:
        yield tag("p", note, class_="note")
    if picture := as_svg(stack, f"picture-{number}"):
        yield '<div class="scroll picture" role="region" aria-label="What changes" tabindex="0">'
        yield picture
        yield "</div>"
    yield from details(stack)
    yield "</section>"


def _finding(finding: Finding, stack: StackReview, review: Review) -> str:
    doubt = "maybe " if finding.certainty == "may" else ""
    look = "grave" if is_grave(finding) else "careful"
    words, page = why(finding.because)
    link = f' <a rel="noreferrer" href="{page}">{page.rpartition("/")[2]}</a>' if page else ""
    because = f'<p class="because">{text(words)}{link}</p>' if words else ""
    place = finding_place(finding, stack)
    side = text(in_base(finding, stack, review.base))
    where = f"<code>{text(place)}</code>{side}" if place else ""
    origin = f", from {tag('code', origin_place(finding.origin))}" if finding.origin else ""
    return (
        f'<li class="{finding.concern.value} {look}">'
        f'<span class="concern">{doubt}{ORDER[finding.concern]}</span>'
        f"<p>{tag('code', finding_subject(finding))} {text(finding.message)}</p>"
        f'{because}<p class="place">{where}{origin}</p></li>'
    )
