"""Templates nobody would write, and a reader of templates that shares no code with cfngen."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import strategies as st

Path = tuple[str | int, ...]

# The short tags that AWS's reference shows and a generated template may therefore use.
SHORT_TAGS = {
    "!And", "!Base64", "!Cidr", "!Condition", "!Equals", "!FindInMap", "!GetAZs", "!GetAtt", "!If",
    "!ImportValue", "!Join", "!Not", "!Or", "!Ref", "!Select", "!Split", "!Sub",
}  # fmt: skip

# Texts that some reader of YAML, of some version, takes for something else.
DECEITFUL = [
    *("NO", "yes", "y", "Y", "n", "on", "Off", "true", "FALSE", "null", "Null", "~", "none", ""),
    *("1", "007", "017", "0o17", "0x1F", "0b10", "1_000", "12:30:45", "190:20:30.15", "1e3", "1E3"),
    *("1.5", "-.5", "+.5", ".5e3", "5.", "+1", "-1", "-0", "6.02e+23", "1e-7", "1,000"),
    *(".inf", "-.INF", "+.inf", ".nan", "123456789012", "10.0.0.0/16", "10.0.0.0"),
    *("2012-10-17", "2012-10-17T00:00:00Z", "2001-12-14 21:59:43.10 -5", "2001-1-1"),
    *("=", "==", "<<", "<", "!Ref", "!Ref X", "!!str x", "&a", "*a", "*", "%YAML 1.2", "%", "@a"),
    *("-", "- a", "-a", "--", "---", "--- a", "--flag", "...", "... a", "?", "? a", "?a"),
    *(":", ":a", "a:", "a: b", "a:b", "a::b", "AWS::Region", "#", "# a", "a #b", "a# b", "`a`"),
    *("'", "''", "'a'", "a'b", '"', '"a"', 'a"b', "\\", "a\\nb", "|", "|-", ">", ">-", "a|b"),
    *("[", "]", "[]", "[a]", "a]", "{", "{}", "a}", "a, b", ",", "${A}", "{{resolve:ssm:/a/b}}"),
    *("arn:${AWS::Partition}:s3:::x/*", "rate(5 minutes)", "cron(0 12 * * ? *)", "s3:*"),
]  # fmt: skip

# Texts whose characters or blanks are easily lost on the way.
FRAGILE = [
    *(" ", "  ", " a", "a ", " a ", "\ta", "a\t", "a\tb", "\t", "\r", "a\rb", "a\r\nb", "\r\n"),
    *("\x85", "a\x85b", "\u2028", "a\u2029b", "\x00", "a\x00b", "\ufeff", "\ufeffa", "a\ufeffb"),
    *("\x07", "\x1b[31m", "\x7f", "\x9f", "\xa0", "\xa0a", "a\xa0", "\u3000", "a\u3000", "\u200b"),
    *("\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0010fffd", "\U0010ffff"),
    *("🦉", "a 🦉", "👩\u200d👩\u200d👧", "日本語", "日本語\uff1aテスト", "ключ", "ß", "e\u0301"),
    *("x" * 10_000, "long words " * 900, '"quoted" ' * 1_200),
]  # fmt: skip

# Texts of several lines, most of them hostile to a block.
MANY_LINES = [
    *("a\nb", "a\nb\n", "a\nb\n\n", "a\nb\n\n\n", "\n", "\n\n", "\na", "\n\na\n", "a\n\nb\n"),
    *(" a\nb\n", "  a\n b\n", "\ta\nb\n", "a\n\tb\n", "a\n b\n", "a \nb\n", "a\n b \n"),
    *("a\n \nb\n", " \n", " \na\n", "#!/bin/sh\nset -eu\n", "# a\nb\n", "- a\n- b\n"),
    "a: b\nc: d\n",
    *("---\na\n", "...\na\n", "a\n---\nb\n", "a\n...\nb\n", "|\na\n", "%YAML\na\n", "'\n'"),
    *("a\r\nb\r\n", "a\nb\x85c\n", "a\u2028b\nc\n", "a\n\x00\n", "\ufeffa\nb\n"),
    *('"\n"\n', "あ\nい\n", "🦉\n🦉\n", "x" * 10_000 + "\ny\n"),
    "def handler(event, context):\n    if event:\n\n        return {'a': \"b\"}  # why\n",
]  # fmt: skip

HOSTILE = DECEITFUL + FRAGILE + MANY_LINES

NUMBERS: list[Any] = [
    *(0, 1, -1, 8, 10, 2**31, 2**63, 2**64, -(2**64), 10**40, True, False),
    *(0.0, -0.0, 1.0, -1.5, 0.1, 1e16, 1e-7, 1e300, 5e-324, 1.7976931348623157e308, 123456.75),
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from(["Role", "Function", "us-east-1", "AWS::Region", "${Role.Arn}/*"]),
    st.text("ab :#-'\"\n\\,[]{}?!&*|>%@`=~.019eE+_<\t", max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
keys = st.one_of(
    st.sampled_from(["Key", "Value", "Type", "Condition", "Principal", "Statement", "Resource"]),
    st.sampled_from([text for text in HOSTILE if len(text) <= 100]),
    st.text("ab :#-'\"\n?!&*|", max_size=8),
    st.integers(1, 1000).map(lambda length: "k" * length),
)
scalars = st.one_of(
    texts,
    st.sampled_from(NUMBERS),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
FUNCTIONS = [
    *("Ref", "Condition", "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::Equals"),
    *("Fn::FindInMap", "Fn::ForEach::Loop", "Fn::GetAZs", "Fn::GetAtt", "Fn::GetStackOutput"),
    *("Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::Select"),
    *("Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform", "Fn::Unheard", "Fn::"),
]  # fmt: skip


def _function(name: str, argument: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return argument.map(lambda value: {name: value})


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return lists, mappings, functions and statements around `inner`."""
    short = st.lists(inner, max_size=3)
    names = st.sampled_from(["Role", "Log", "A.B", "", "a b"])
    condition = st.dictionaries(st.sampled_from(["StringEquals", "Bool"]), inner, min_size=1)
    return st.one_of(
        short,
        st.dictionaries(keys, inner, max_size=4),
        # As they are meant to be ...
        _function("Ref", texts),
        _function("Fn::GetAtt", st.tuples(names, texts).map(list)),
        _function("Fn::Sub", texts),
        _function("Fn::Sub", st.tuples(texts, st.dictionaries(keys, inner, max_size=2)).map(list)),
        _function("Fn::Join", st.tuples(texts, short).map(list)),
        _function("Fn::Select", st.tuples(st.integers(0, 3), inner).map(list)),
        _function("Fn::If", st.tuples(names, inner, inner).map(list)),
        _function("Fn::Base64", _function("Fn::Sub", texts)),
        _function("Fn::GetAZs", _function("Ref", texts)),
        # ... and any function around anything.
        st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda pair: dict([pair])),
        st.fixed_dictionaries(
            {"Action": short, "Effect": texts},
            optional={"Condition": condition, "Sid": texts, "Principal": inner},
        ).map(lambda statement: {"Statement": [statement], "Version": "2012-10-17"}),
        _function("Condition", condition),
    )


values = st.recursive(scalars | st.just([]) | st.just({}), _nested, max_leaves=8)

_named = st.sampled_from(["Role", "Log", "Function", "MirrorLog", "No", "Fn::ForEach::Loop"])
_section = st.dictionaries(
    _named,
    st.one_of(
        values,
        st.fixed_dictionaries(
            {"Properties": values, "Type": texts},
            optional={"Condition": values, "DependsOn": values, "Description": texts},
        ),
    ),
    max_size=3,
)
bodies = st.one_of(
    st.dictionaries(keys, values, max_size=3),
    st.fixed_dictionaries(
        {"Resources": _section},
        optional={
            "AWSTemplateFormatVersion": st.just("2010-09-09"),
            "Conditions": _section,
            "Description": texts,
            "Metadata": values,
            "Outputs": _section,
            "Parameters": _section,
            "Transform": values,
        },
    ),
)


@st.composite
def commented(draw: st.DrawFn) -> tuple[dict[str, Any], dict[Path, str]]:
    """Draw a body and comments about places in it, each with a word found nowhere else."""
    body = draw(bodies)
    chosen = draw(st.lists(st.sampled_from(list(places(body))), max_size=4, unique=True))
    words = texts.filter(lambda text: "«" not in text)
    return body, {
        path: f"{draw(words)}«{number}»{draw(words)}" for number, path in enumerate(chosen)
    }


def places(value: Any, path: Path = ()) -> Any:
    """Yield the path of everything in a document, itself included."""
    yield path
    if isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, step))


def exact(value: Any) -> str:
    """Return a text that is equal for equal documents only: 1, 1.0, true and "1" all differ."""
    return json.dumps(value, sort_keys=True)


def read_as_cloudformation(text: str) -> Any:
    """Return what a template says, by PyYAML in pure Python and the tags AWS documents.

    Raises:
        ValueError: it has an alias, a repeated key, a tag AWS does not document, or a value that
            JSON does not know.
    """
    return _Stranger(text).plain()


class _Stranger(yaml.SafeLoader):
    """Walks the nodes of a template, knowing nothing of cfngen."""

    def plain(self) -> Any:
        self.met: dict[int, yaml.Node] = {}
        return self.value(self.get_single_node())

    def value(self, node: yaml.Node) -> Any:
        if id(node) in self.met:
            raise ValueError(f"an alias at {node.start_mark}")
        self.met[id(node)] = node
        if node.tag.startswith("!"):
            return self.function(node)
        if not isinstance(node, yaml.ScalarNode):
            return self.collection(node)
        value = self.construct_object(node)
        if not isinstance(value, (str, bool, int, float)):
            raise ValueError(f"no value of JSON at {node.start_mark}")
        return value

    def collection(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        pairs = [(self.value(key), self.value(value)) for key, value in node.value]
        if len(dict(pairs)) < len(pairs):
            raise ValueError(f"a repeated key at {node.start_mark}")
        return dict(pairs)

    def function(self, node: yaml.Node) -> Any:
        if node.tag not in SHORT_TAGS:
            raise ValueError(f"{node.tag} at {node.start_mark}")
        argument = node.value if isinstance(node, yaml.ScalarNode) else self.collection(node)
        if node.tag in ("!Ref", "!Condition"):
            return {node.tag[1:]: argument}
        if node.tag == "!GetAtt" and isinstance(argument, str):
            argument = list(argument.partition(".")[::2])
        return {f"Fn::{node.tag[1:]}": argument}
