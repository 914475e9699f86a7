"""Pairs the templates of both sides: by path, by stem, by origin, or by content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cfngen.errors import Problems
from cfngen.project.header import origin

MIN_ALIKE = 0.5  # of the lines, as for git's renames
MAX_COMPARED = 40_000  # pairs of texts: with more of them, they are new and gone


@dataclass
class Pairs:
    """Paths of base and head that belong together, and those that may."""

    pairs: dict[str, str] = field(default_factory=dict)  # base's path by head's
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)  # head's paths by base's


def paired(base: Mapping[str, str], head: Mapping[str, str], labels: tuple[str, str]) -> Pairs:
    """Return which templates are compared with which; those in no pair are gone, or new.

    Args:
        base: texts by their paths below the directory that is compared.
        head: likewise.
        labels: what the two sides are called.

    Raises:
        Problems: a template has two candidates of its own name, so that nobody can say which.
    """
    result = Pairs({path: path for path in head if path in base})
    _refuse_two(base, head, result, labels)
    _unique(base, head, result, lambda path, _: stem(path))
    _unique(base, head, result, lambda path, _: stem(path).rpartition("/")[2])
    _unique(base, head, result, lambda _, text: origin(text))
    _alike(base, head, result)
    return result


def stem(path: str) -> str:
    """Return a path without its last suffix."""
    directory, slash, name = path.rpartition("/")
    return directory + slash + (name.rpartition(".")[0] or name)


def names(paths: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return a name for each pair of paths, the shortest that is unambiguous.

    >>> [*names([("", "cdk.out/Shop.template.json"), ("", "a.yaml"), ("", "a.json")]).values()]
    ['cdk.out/Shop', 'a.yaml', 'a.json']
    """
    paths = list(paths)
    candidates = {both: _candidates(_path(both)) for both in paths}
    count = Counter(name for options in candidates.values() for name in options)
    return {
        both: next((name for name in options if count[name] == 1), _path(both))
        for both, options in candidates.items()
    }


def _candidates(path: str) -> tuple[str, ...]:
    """Return what a template may be called, the shortest first: the CDK has a suffix of its own."""
    return tuple(dict.fromkeys((stem(path).removesuffix(".template"), stem(path), path)))


def _path(both: tuple[str, str]) -> str:
    """Return head's path; base's for a removed template."""
    return both[1] or both[0]


def _rest(side: Mapping[str, str], used: Iterable[str]) -> list[str]:
    used = set(used)
    return [path for path in side if path not in used]


def _refuse_two(
    base: Mapping[str, str], head: Mapping[str, str], result: Pairs, labels: tuple[str, str]
) -> None:
    """Refuse a template that could be any of several on the other side."""
    sides = (
        _rest(base, result.pairs.values()),
        _rest(head, result.pairs),
    )
    problems = []
    for number, (side, other) in enumerate((sides, sides[::-1])):
        for path in side:
            candidates = [like for like in other if stem(like) == stem(path)]
            if len(candidates) > 1:
                problems.append(
                    f"{path} in {labels[number]} could be any of {', '.join(candidates)} in"
                    f" {labels[1 - number]}: keep one of them, or compare the files one by one"
                )
    if problems:
        raise Problems(problems)


def _unique(
    base: Mapping[str, str],
    head: Mapping[str, str],
    result: Pairs,
    key: Callable[[str, str], str],
) -> None:
    """Pair templates that have the same key, if it is unique on each side."""
    keyed = []
    for side, used in ((base, set(result.pairs.values())), (head, set(result.pairs))):
        by_key: dict[str, list[str]] = {}
        for path in _rest(side, used):
            by_key.setdefault(key(path, side[path]), []).append(path)
        keyed.append({k: paths[0] for k, paths in by_key.items() if k and len(paths) == 1})
    for value, path in keyed[1].items():
        if value in keyed[0]:
            result.pairs[path] = keyed[0][value]


def _alike(base: Mapping[str, str], head: Mapping[str, str], result: Pairs) -> None:
    """Pair texts that share at least half of their lines, the most similar first."""
    gone, new = _rest(base, result.pairs.values()), _rest(head, result.pairs)
    if len(gone) * len(new) > MAX_COMPARED:
        return
    old_lines = {path: Counter(base[path].splitlines()) for path in gone}
    new_lines = {path: Counter(head[path].splitlines()) for path in new}
    scores = {
        (before, after): score
        for before in gone
        for after in new
        if (score := _score(old_lines[before], new_lines[after])) >= MIN_ALIKE
    }
    while scores:
        (before, after), best = max(scores.items(), key=lambda item: (item[1], item[0]))
        rivals = [pair for pair, score in scores.items() if score == best and before in pair]
        rivals += [pair for pair, score in scores.items() if score == best and after in pair]
        if len(set(rivals)) > 1:
            for old in sorted({old for old, _ in rivals}):
                result.ambiguous[old] = tuple(sorted({now for past, now in rivals if past == old}))
        else:
            result.pairs[after] = before
        involved = {path for pair in rivals for path in pair}
        scores = {pair: score for pair, score in scores.items() if not involved & {*pair}}


def _score(before: Counter[str], after: Counter[str]) -> float:
    """Return the similarity of two texts: the share of lines that both have."""
    total = before.total() + after.total()
    return 2 * (before & after).total() / total if total else 0.0
