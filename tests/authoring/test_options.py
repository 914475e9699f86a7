"""Options from a file are held against the blueprint's dataclass."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from cfngen import synthesize
from cfngen.authoring.blueprint import NoOptions, blueprint
from cfngen.authoring.options import (
    chosen_options,
    option,
    option_problems,
    options_from,
    options_schema,
)
from cfngen.authoring.template import Template
from cfngen.errors import BlueprintError, CfngenError, Problems
from cfngen.project.header import header
from cfngen.testing import shapes


class Colour(enum.Enum):
    """Something a list of choices is made of."""

    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass(frozen=True)
class Zone:
    """One of several parts."""

    kind: Literal["public", "private"] = option("Who may come in", default="private")
    size: int = 24


@dataclasses.dataclass(frozen=True)
class Options:
    """Decided at build time."""

    cache: Literal["s3", "efs"] = option("Where the cache is kept", default="s3")
    count: int = 1
    ratio: float = 0.5
    label: str | int = "plain"
    main: Zone = Zone()
    zones: tuple[Zone, ...] = ()
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    names: frozenset[str] = frozenset()
    colour: Colour = Colour.RED
    maybe: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no type can say."""
        if self.count > 9:
            raise ValueError("count: at most 9")


def test_a_table_becomes_the_plain_dataclass() -> None:
    """Lists become tuples and sets, text an enum, and tables nested dataclasses."""
    table = {
        "cache": "efs",
        "zones": [{"kind": "public"}, {"size": 3}],
        "names": ["b", "a"],
        "colour": "blue",
        "maybe": 3,
        "ratio": 1,
    }
    assert options_from(Options, table) == Options(
        cache="efs",
        zones=(Zone("public"), Zone(size=3)),
        names=frozenset("ab"),
        colour=Colour.BLUE,
        maybe=3,
        ratio=1.0,
    )
    assert options_from(Options, {}) == Options()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"cahe": 1}, "cahe: unknown option; did you mean 'cache'? (available: cache, count,"),
        ({"cache": "efss"}, "cache: must be 's3' or 'efs', got \"efss\"; did you mean 'efs'?"),
        ({"cache": 3}, "cache: must be 's3' or 'efs', got 3"),
        ({"count": "3"}, 'count: must be a valid integer, got "3"'),
        ({"count": True}, "count: must be a valid integer, got true"),
        ({"count": 10}, "count: at most 9"),
        ({"label": 1.5}, "label: must be a valid string, or must be a valid integer, got 1.5"),
        ({"main": 3}, "main: must be a table"),
        (
            {"main": {"siez": 1}},
            "main.siez: unknown option; did you mean 'size'? (available: kind,",
        ),
        ({"zones": [{}, {"size": "1"}]}, 'zones[1].size: must be a valid integer, got "1"'),
        ({"zones": [{"knid": 1}]}, "zones[0].knid: unknown option; did you mean 'kind'?"),
        ({"tags": {"a": 1}}, "tags.a: must be a valid string, got 1"),
        ({"colour": "bleu"}, "colour: must be 'red' or 'blue', got \"bleu\"; did you mean 'blue'?"),
        ({"label": dt.date(2020, 1, 1)}, "label: a date or time is no option; write it as"),
        ({"zones": [{"size": dt.time(1)}]}, "zones[0].size: a date or time is no option"),
    ],
)
def test_a_mistake_is_told_with_its_key(table: dict[str, Any], problem: str) -> None:
    """Each kind of mistake names the key, what it must be and what it is."""
    (told,) = option_problems(Options, table)
    assert told.startswith(problem)


def test_all_mistakes_are_told_at_once() -> None:
    """Unknown keys, wrong types, bad values and dates come together, nested ones too."""
    table = {
        "cache": 1,
        "cuont": 1,
        "label": dt.date(2020, 1, 1),
        "main": {"size": "1", "knid": 1},
        "zones": [{"size": "1"}],
    }
    told = [problem.partition(":")[0] for problem in option_problems(Options, table)]
    assert sorted(told) == ["cache", "cuont", "label", "main.knid", "main.size", "zones[0].size"]


def test_a_blueprint_without_options_takes_none() -> None:
    """Options for a blueprint that has none are unknown."""
    assert option_problems(NoOptions, {"a": 1}) == ("a: unknown option (available: none)",)
    assert options_from(NoOptions, {}) == NoOptions()


def test_types_that_cannot_be_validated_are_a_message() -> None:
    """A dataclass with a type pydantic does not know is its author's mistake, told as one."""

    @dataclasses.dataclass(frozen=True)
    class Strange:
        stream: subprocess.Popen[str] | None = None

    with pytest.raises(CfngenError, match="Strange: its types cannot be validated"):
        options_from(Strange, {"stream": 1})


def test_the_schema_says_what_the_validation_does() -> None:
    """The JSON Schema forbids unknown keys and carries descriptions, in nested tables too."""
    import jsonschema

    schema = options_schema(Options)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["cache"]["description"] == "Where the cache is kept"
    assert schema["$defs"]["Zone"]["properties"]["kind"]["description"] == "Who may come in"
    validator = jsonschema.Draft202012Validator(schema)
    for table in ({}, {"cache": "efs", "zones": [{"size": 1}], "maybe": None}):
        assert validator.is_valid(table)
        assert not option_problems(Options, table)
    for table in ({"x": 1}, {"cache": 1}, {"main": {"x": 1}}, {"zones": [{"x": 1}]}):
        assert not validator.is_valid(table)
        assert option_problems(Options, table)
    assert options_schema(NoOptions)["properties"] == {}


def test_options_are_written_into_the_header_the_same_everywhere() -> None:
    """Enums, paths, sets and control characters in options give one stable, readable line."""

    @dataclasses.dataclass(frozen=True)
    class Odd:
        colour: Colour = Colour.RED
        names: frozenset[str] = frozenset()
        where: Path = Path("a")
        text: str = ""

    odd = Odd(Colour.BLUE, frozenset("cab"), Path("b/c"), "\x7f\n\u2028é")
    line = header("b", "", chosen_options(odd), "")
    assert (
        '{"colour": "blue", "names": ["a", "b", "c"], "where": "b/c",'
        r' "text": "\u007f\n\u2028\u00e9"}'
    ) in line
    assert line.isprintable()


def test_pydantic_is_imported_only_for_options() -> None:
    """Without options to validate, nobody pays for pydantic."""
    code = (
        "import sys; from cfngen.authoring.options import *;"
        "from cfngen.authoring.blueprint import NoOptions;"
        "options_from(NoOptions, {}); print('pydantic' in sys.modules);"
        "option_problems(NoOptions, {'a': 1}); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout == "False\nTrue\n"


def test_a_problem_is_an_error_of_ours() -> None:
    """What `options_from` raises carries each problem by itself."""
    with pytest.raises(Problems) as caught:
        options_from(Options, {"a": 1, "b": 2})
    assert len(caught.value.problems) == 2


@dataclasses.dataclass(frozen=True)
class Fussy:
    """Options that complain of several things at once."""

    one: int = 1
    other: int = 1

    def __post_init__(self) -> None:
        """Refuse both."""
        problems = [f"{name}: at most 9" for name in ("one", "other") if getattr(self, name) > 9]
        if problems:
            raise ValueError(*problems)


@dataclasses.dataclass(frozen=True)
class Nested:
    """Options that hold such options."""

    inner: tuple[Fussy, ...] = ()


def test_a_dataclass_may_complain_of_several_things_a_line_each() -> None:
    """Each is told by itself, with the place of the dataclass before it."""
    assert option_problems(Fussy, {"one": 10}) == ("one: at most 9",)
    assert option_problems(Fussy, {"one": 10, "other": 10}) == (
        "one: at most 9",
        "other: at most 9",
    )
    told = option_problems(Nested, {"inner": [{}, {"one": 10, "other": 10}]})
    assert told == ("inner[1].one: at most 9", "inner[1].other: at most 9")


@dataclasses.dataclass(frozen=True)
class Paired:
    """Options of which one is nothing without another."""

    names: tuple[str, ...] = ()
    each: Literal["no", "yes"] = option("One for each", default="no", needs={"names": ["a"]})

    def __post_init__(self) -> None:
        """Refuse the one without the other."""
        if self.each == "yes" and not self.names:
            raise ValueError("each: name them")


@dataclasses.dataclass(frozen=True)
class Unpaired(Paired):
    """The same, but for what it needs."""

    each: Literal["no", "yes"] = option("One for each", default="no")


def test_a_choice_is_tried_with_what_it_needs() -> None:
    """And a choice that is refused all the same is not passed over."""

    def paired(options: Paired) -> Template:
        """Make what the options say, and nothing else."""
        return Template(f"{options.each} {' '.join(options.names)}")

    def unpaired(options: Unpaired) -> Template:
        """Make what the options say, and nothing else."""
        return paired(options)

    drawn = shapes(blueprint(paired))
    assert [shape.document.body["Description"] for shape in drawn] == ["no ", "yes a"]
    with pytest.raises(Problems, match="each: name them"):
        shapes(blueprint(unpaired))


@dataclasses.dataclass(frozen=True)
class Port:
    """A part that says itself what it cannot be."""

    number: int = 443

    def problems(self) -> Iterator[str]:
        """Yield what is no port."""
        if not 0 < self.number < 65536:
            yield f"number = {self.number}: 1 to 65535"


@dataclasses.dataclass(frozen=True)
class Service:
    """Options that say what does not go together, and whose parts do."""

    public: bool = False
    allowed: tuple[str, ...] = ()
    main: Port = Port()
    named: dict[str, Port] = dataclasses.field(default_factory=dict)
    others: tuple[Port, ...] = ()

    def problems(self) -> Iterator[str]:
        """Yield what does not go together, some of it twice."""
        if self.public and self.allowed:
            yield "allowed: a public service admits everybody; leave it out"
        yield from ["others: two at most"] * max(len(self.others) - 2, 0)


@blueprint
def service(options: Service) -> Template:
    """Make what is never looked at."""
    return Template(str(options))


SERVICE = {
    "public": True,
    "allowed": ["192.0.2.0/24"],
    "main": {"number": 0},
    "named": {"ssh": {"number": 70000}},
    "others": [{}, {}, {"number": -1}, {}],
}
SERVICE_PROBLEMS = (
    "main.number = 0: 1 to 65535",
    "named.ssh.number = 70000: 1 to 65535",
    "others[2].number = -1: 1 to 65535",
    "allowed: a public service admits everybody; leave it out",
    "others: two at most",
)


def test_what_does_not_go_together_is_told_the_same_however_options_come() -> None:
    """As a table or as a dataclass: each problem once, those of parts with their places."""
    assert option_problems(Service, SERVICE) == SERVICE_PROBLEMS
    built = Service(
        public=True,
        allowed=("192.0.2.0/24",),
        main=Port(0),
        named={"ssh": Port(70000)},
        others=(Port(), Port(), Port(-1), Port()),
    )
    for refused in (lambda: service(built), lambda: synthesize(service, SERVICE)):
        with pytest.raises(Problems) as caught:
            refused()
        assert caught.value.problems == SERVICE_PROBLEMS
    assert option_problems(Service, {"public": True, "main": {"number": 22}}) == ()
    assert service(Service(public=True))


def test_defaults_that_are_refused_are_a_message() -> None:
    """By `__post_init__` or by `problems`: no traceback, and the same lines."""

    @dataclasses.dataclass(frozen=True)
    class Refused(Fussy):
        one: int = 10
        other: int = 10

    @dataclasses.dataclass(frozen=True)
    class Unsaid:
        main: Port = Port(0)

    for kind, lines in (
        (Refused, ("one: at most 9", "other: at most 9")),
        (Unsaid, ("main.number = 0: 1 to 65535",)),
    ):
        with pytest.raises(Problems) as caught:
            options_from(kind)
        assert caught.value.problems == lines


@dataclasses.dataclass(frozen=True)
class Asking:
    """Has a method of that name which is for something else."""

    def problems(self, severity: str) -> list[str]:
        """Return nothing."""
        return [severity]


@dataclasses.dataclass(frozen=True)
class OneText:
    """Returns one text, whose letters would be taken for problems."""

    def problems(self) -> str:
        """Return one problem, and no list of them."""
        return "all of it"


@dataclasses.dataclass(frozen=True)
class AField:
    """Has a field and no method of that name."""

    problems: tuple[str, ...] = ("none of ours",)


def test_a_method_that_cfngen_cannot_call_is_not_passed_over() -> None:
    """One with arguments, or that returns one text, is an error; a field is left alone."""
    with pytest.raises(BlueprintError, match=r"Asking.problems: .*no arguments besides self"):
        options_from(Asking)
    with pytest.raises(BlueprintError, match="must return several texts, not 'all of it'"):
        options_from(OneText)
    assert options_from(AField) == AField()


def test_an_installed_blueprint_is_tried_by_its_name() -> None:
    """`shapes("name")` is what an author types first; an unknown name is answered in a sentence."""
    from cfngen.testing import shapes

    assert [shape.name for shape in shapes("template_bucket")] == ["template-bucket"]
    with pytest.raises(CfngenError, match="did you mean 'template_bucket'"):
        shapes("template_buckt")
