"""Files that are a template of the review, and nested in another one as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from cfngen.cloudformation.source import Source
from cfngen.review.pairs import Pair

NESTED_FILE = ".nested.template.json"  # what the CDK calls the template of a nested stack


def only_inside(
    pairs: list[Pair], sources: tuple[Mapping[str, Source], Mapping[str, Source]]
) -> Iterator[str]:
    """Yield the templates that the CDK has written for nested stacks: none is deployed by itself.

    One that no template of its side has inside of it is compared as any other; two that have each
    other are nobody's.
    """
    inner = [pair for pair in pairs if pair.outer and not pair.root.file.endswith(NESTED_FILE)]
    nested = (
        {pair.old.source.file for pair in inner if pair.old},
        {pair.new.source.file for pair in inner if pair.new},
    )
    for name in {*sources[0], *sources[1]}:
        sides = [
            (side[name].file, files)
            for side, files in zip(sources, nested, strict=True)
            if name in side
        ]
        if all(file.endswith(NESTED_FILE) and file in files for file, files in sides):
            yield name


def by_themselves(
    pairs: list[Pair], sources: tuple[Mapping[str, Source], Mapping[str, Source]]
) -> dict[str, str]:
    """Return by nested template the one of the review that is the same file.

    No two stacks are made of it, as far as one can see, so that it is in no conflict with itself.
    Where two templates have one file inside of them, two stacks are.
    """
    names = [{source.file: name for name, source in side.items()} for side in sources]
    files: dict[str, str] = {}
    for pair in pairs:
        tops = {
            of.get(side.source.file)
            for side, of in zip((pair.old, pair.new), names, strict=True)
            if side
        }
        top = tops.pop() if pair.outer and len(tops) == 1 else None
        # A template that is a text in another file is not that file.
        if top and all(
            side is None or top not in of or of[top].text == side.source.text
            for side, of in zip((pair.old, pair.new), sources, strict=True)
        ):
            files[pair.name] = top
    count = Counter(files.values())
    return {name: top for name, top in files.items() if count[top] == 1}
