"""Names in the code are words of the field, and none that mean everything and nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Words that say nothing about what a name stands for.
VAGUE = frozenset((
    "told", "said", "asked", "news", "found", "made", "held", "its", "one", "mine", "how", "form",
    "known", "words", "wide", "near",
))  # fmt: skip
# What keeps to it. A payload runs in AWS, where its bytes are what a reviewer has seen.
ROOMS = ("cfngen", "blueprints")
PAYLOADS = ("payload", "mirror")
# Limits are called MAX_ and MIN_.
SUPERLATIVE = re.compile(r"_?(?:MOST|LEAST|LONGEST|SHORTEST|DEEPEST)(?:_[A-Z_]+)?")
# Names that are right all the same, as `PATH NAME`: earlier names, which warn.
ALLOWED = frozenset({"cfngen/patterns/tasks.py made"})


def bound(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every name that a module binds: functions, classes, parameters, attributes, variables.

    With each comes its line.
    """
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno


def vague(tree: ast.AST) -> list[tuple[str, int]]:
    """Return the vague names that a module binds, with their lines."""
    return [
        (name, line)
        for name, line in bound(tree)
        if name.strip("_").lower() in VAGUE or SUPERLATIVE.fullmatch(name)
    ]


def modules(room: str) -> list[Path]:
    """Return the modules of a room."""
    path = ROOT / room
    return sorted(p for p in path.rglob("*.py") if not {*p.parts}.intersection(PAYLOADS))


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_is_vague(room: str) -> None:
    """Functions, classes, parameters, attributes and variables are not called `found` or `told`."""
    assert modules(room)
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules(room)
        for name, line in vague(ast.parse(path.read_text(encoding="utf-8")))
        if f"{path.relative_to(ROOT).as_posix()} {name}" not in ALLOWED
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "code",
    [
        "def told(): pass",
        "class Held: pass",
        "def f(_how): pass",
        "lambda one: 0",
        "self.found = 1",
        "found: int = 1",
        "[x for mine in y]",
        "if (its := 1): pass",
        "from a import b as known",
        "try: pass\nexcept E as said: pass",
        "match x:\n    case {'a': near}: pass",
        "WORDS = 1",
        "MOST_PAIRS = 1",
        "LEAST = 1",
    ],
)
def test_every_way_to_bind_a_vague_name_is_seen(code: str) -> None:
    """A vague name is seen wherever it is bound, also in capitals and behind an underscore."""
    assert len(vague(ast.parse(code))) == 1


def test_a_vague_name_of_somebody_else_may_be_used() -> None:
    """What is only read, imported or passed may have any name."""
    assert not vague(ast.parse("from a import near\nprint(near(x.found, form=1))"))


def test_every_exception_is_needed() -> None:
    """A name that a module binds no longer is allowed no longer."""
    for path, name in map(str.split, ALLOWED):
        assert name in dict(vague(ast.parse((ROOT / path).read_text(encoding="utf-8"))))
