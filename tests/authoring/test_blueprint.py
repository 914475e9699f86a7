"""A blueprint is a function from options to a template."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from troposphere.sns import Topic

from cfngen import Template, blueprint, option, synthesize
from cfngen.authoring.options import chosen_options
from cfngen.errors import BlueprintError, Problems


@dataclass(frozen=True)
class Options:
    """How many."""

    count: int = option("How many topics", default=1)
    names: tuple[str, ...] = ()


@blueprint
def topics(options: Options) -> Template:
    """Make some topics.

    More about it.
    """
    t = Template()
    for number in range(options.count):
        t.add(Topic(f"Topic{number}"))
    return t


def test_a_blueprint_has_the_functions_name_and_first_line() -> None:
    """Name, summary and options class come from the function itself."""
    assert (topics.name, topics.summary) == ("topics", "Make some topics")
    assert topics.options_type is Options


def test_the_defaults_always_build() -> None:
    """Without options, the defaults are taken, and the first line is the description."""
    template = topics()
    assert list(template.resources) == ["Topic0"]
    assert template.description == "Make some topics"


def test_options_come_as_the_dataclass_or_as_a_table() -> None:
    """synthesize() takes what a library user has and what a file holds."""
    assert synthesize(topics, Options(count=2)).text == synthesize(topics, {"count": 2}).text
    with pytest.raises(Problems, match="cuont: unknown option; did you mean 'count'"):
        synthesize(topics, {"cuont": 2})


def test_the_header_names_blueprint_distribution_and_chosen_options() -> None:
    """Provenance is on the first line; defaults are not repeated."""
    first = synthesize(topics, {"count": 2}, distribution="acme").text.partition("\n")[0]
    assert 'blueprint topics of acme with {"count": 2};' in first
    assert "with" not in synthesize(topics).text.partition("\n")[0]


def test_the_header_names_many_options_without_their_values() -> None:
    """The first line stays one that can be read; the manifest has the rest."""
    name = "x" * 120
    first = synthesize(topics, {"names": [name], "count": 2}).text.partition("\n")[0]
    assert "blueprint topics with options count, names;" in first
    assert name not in first


def test_chosen_options_are_plain_data() -> None:
    """Tuples and nested dataclasses are told as lists and tables."""

    @dataclass(frozen=True)
    class Outer:
        inner: Options = field(default_factory=Options)
        names: tuple[str, ...] = ()

    assert chosen_options(Outer()) == {}
    assert chosen_options(Outer(Options(count=3), ("a",))) == {
        "inner": {"count": 3},
        "names": ["a"],
    }


def test_a_blueprint_without_options_takes_none() -> None:
    """A function without parameters is a blueprint, too."""

    @blueprint
    def plain() -> Template:
        """Do nothing."""
        return Template()

    assert plain().description == "Do nothing"
    with pytest.raises(BlueprintError, match="options must be NoOptions"):
        plain(Options())


def test_options_of_another_class_are_refused() -> None:
    """The message says which class was wanted."""
    with pytest.raises(BlueprintError, match="options must be Options, got 3"):
        topics(3)


def test_what_is_no_template_is_refused() -> None:
    """A forgotten return is told as such."""

    @blueprint
    def forgetful() -> Template:
        """Forget."""
        return None  # type: ignore[return-value]

    with pytest.raises(BlueprintError, match="returns a Template"):
        forgetful()


def test_an_exception_inside_keeps_its_traceback_and_says_what_was_drawn() -> None:
    """The author sees his own line, and which options led there."""

    @blueprint
    def broken(options: Options) -> Template:
        """Break."""
        raise ZeroDivisionError(options.count)

    with pytest.raises(ZeroDivisionError) as caught:
        broken(Options(count=7))
    assert "in the blueprint broken with Options(count=7" in caught.value.__notes__[0]


class Mutable:
    """Not a dataclass."""


@dataclass
class Thawed:
    """Not frozen."""


@dataclass(frozen=True)
class Demanding:
    """A field without a default."""

    count: int


def takes_mutable(options: Mutable) -> Template:
    """Take what is no dataclass."""
    raise AssertionError("never drawn")


def takes_thawed(options: Thawed) -> Template:
    """Take a dataclass that can change."""
    raise AssertionError("never drawn")


def takes_demanding(options: Demanding) -> Template:
    """Take options that do not build by default."""
    raise AssertionError("never drawn")


def takes_two(options: Options, more: Options) -> Template:
    """Take two."""
    raise AssertionError("never drawn")


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (takes_mutable, "one dataclass of options"),
        (takes_thawed, "frozen=True"),
        (takes_demanding, "count needs a default"),
        (takes_two, "one dataclass of options"),
    ],
)
def test_a_function_that_is_no_blueprint_is_refused(function: object, complaint: str) -> None:
    """The decorator says what a blueprint takes."""
    with pytest.raises(BlueprintError, match=complaint):
        blueprint(function)  # type: ignore[arg-type]
