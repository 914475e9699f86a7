"""Parameters of which the options decide, typed and declared once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cfngen import Parameters, Template, first_of, parameter, parameter_map
from cfngen.errors import CfngenError, LogicalIdError, ParameterError

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Options:
    """What decides about parameters."""

    source: str = "https"
    stack: str = "image"
    zones: tuple[str, ...] = ()


def has_secret(options: Options) -> bool:
    """Whether there is a secret."""
    return options.source != "public"


class Source(Parameters):
    """Where it comes from."""

    SourceUrl = first_of(
        parameter("SSH URL.", group="Source", when=lambda o: o.source == "ssh", NoEcho=True),
        parameter("HTTPS URL.", group="Source", when=lambda o: o.source == "https"),
    )
    SourceSecret = parameter("Secret.", when=has_secret)


class Params(Source):
    """All that is asked for."""

    Image = parameter(
        lambda o: f"Image of {o.stack}.",
        Default=lambda o: f"/{o.stack}/uri",
        group="Image",
        when=lambda o: bool(o.stack),
    )
    Buckets = parameter_map(
        lambda o: {f"{zone.title()}Bucket": parameter(f"Bucket in {zone}.") for zone in o.zones},
        when=lambda o: bool(o.zones),
    )
    Days = parameter("Days.", Type="Number")


def declared(options: Options) -> tuple[Params, dict[str, Any]]:
    """Return the parameters and the template of some options."""
    t = Template()
    p = t.declare(Params, options)
    return p, t.document().body


def test_the_options_decide_which_parameters_there_are() -> None:
    """Those whose predicate holds, in the order of the class, each as it is declared for them."""
    p, body = declared(Options(zones=("eu", "us")))
    assert list(body["Parameters"]) == [
        "SourceUrl", "SourceSecret", "Image", "EuBucket", "UsBucket", "Days",
    ]  # fmt: skip
    assert body["Parameters"]["SourceUrl"] == {"Type": "String", "Description": "HTTPS URL."}
    assert body["Parameters"]["Image"]["Default"] == "/image/uri"
    assert body["Parameters"]["Image"]["Description"] == "Image of image."
    assert p.SourceUrl.to_dict() == {"Ref": "SourceUrl"}
    refs = {name: ref.to_dict() for name, ref in p.Buckets.items()}
    assert refs == {"EuBucket": {"Ref": "EuBucket"}, "UsBucket": {"Ref": "UsBucket"}}
    _, body = declared(Options(source="ssh"))
    assert body["Parameters"]["SourceUrl"]["NoEcho"] is True
    _, body = declared(Options(source="public", stack=""))
    assert list(body["Parameters"]) == ["Days"]


def test_a_heading_does_not_depend_on_what_stands_before() -> None:
    """A parameter without a heading has that of the one declared before it, though it is absent."""
    _, body = declared(Options(source="s3", stack=""))
    groups = body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert [(g["Label"]["default"], g["Parameters"]) for g in groups] == [
        ("Source", ["SourceSecret"]),
        ("Image", ["Days"]),
    ]


def test_reading_a_parameter_that_is_not_there_says_why() -> None:
    """The line that reads it, its name, the options, and which predicate did not hold."""
    p, _ = declared(Options(source="public", stack=""))
    with pytest.raises(ParameterError) as caught:
        _ = p.SourceSecret
    message = str(caught.value)
    here = f"{Path(__file__).resolve()}:"
    assert message.startswith(here)
    line = Path(__file__).read_text().splitlines()[int(message[len(here) :].partition(":")[0]) - 1]
    assert "_ = p.SourceSecret" in line
    assert "no parameter SourceSecret with {'source': 'public', 'stack': ''}" in message
    assert f"its `when` is false (has_secret, {here}" in message
    for name in ("SourceUrl", "Image", "Buckets"):
        with pytest.raises(ParameterError, match=f"no parameter {name} .* `when` is false"):
            getattr(p, name, None)  # a default does not hide it
    assert issubclass(ParameterError, CfngenError)


def test_a_misspelt_parameter_is_told_with_the_right_one() -> None:
    """An AttributeError, as for any attribute, with file, line and what was meant."""
    p, _ = declared(Options())
    with pytest.raises(AttributeError) as caught:
        _ = p.SourceSecrt  # type: ignore[attr-defined]
    assert str(caught.value).startswith(f"{Path(__file__).resolve()}:")
    assert str(caught.value).endswith(
        "Params has no parameter SourceSecrt; did you mean 'SourceSecret'?"
    )
    assert getattr(p, "Nothing", 1) == 1
    assert not hasattr(p, "__deepcopy__")


def test_without_options_only_what_they_do_not_decide_is_declared() -> None:
    """A class as third parties have it needs none; one with predicates says that it does."""

    class Plain(Parameters):
        Endpoint = parameter("Where.")

    t = Template()
    assert t.declare(Plain).Endpoint.to_dict() == {"Ref": "Endpoint"}
    with pytest.raises(ParameterError, match=r"SourceUrl of Params; .*t.declare\(Params, options"):
        Template().declare(Params)
    with pytest.warns(DeprecationWarning, match=r"declare\(questions=\) is now"):
        Template().declare(questions=Plain)  # type: ignore[call-arg]


def test_classes_that_are_assembled_go_on_working() -> None:
    """As third parties do it: `type` with classes that the blueprint chose itself."""

    class First(Parameters):
        One = parameter("One.", group="Numbers")

    class Second(Parameters):
        Two = parameter("Two.")

    t = Template()
    p: Any = t.declare(type("Params", (First, Second), {}))
    assert list(t.parameters) == ["One", "Two"]
    assert p.Two.to_dict() == {"Ref": "Two"}
    with pytest.raises(AttributeError, match="has no parameter Tow; did you mean 'Two'"):
        _ = p.Tow


def test_a_class_may_declare_a_parameter_anew_in_its_place() -> None:
    """Its own declaration counts, where the base has it; two bases' are two, and refused."""

    class First(Parameters):
        One = parameter("One.")
        Two = parameter("Two.")

    class Again(First):
        One = parameter("One, but a number.", Type="Number")

    class Both(Again, First):
        Three = parameter("Three.")

    t = Template()
    t.declare(Both)
    assert list(t.parameters) == ["One", "Two", "Three"]
    assert t.parameters["One"].Type == "Number"

    class Other(Parameters):
        One = parameter("Another one.")

    class Clash(First, Other):
        pass

    with pytest.raises(LogicalIdError, match="the logical ID 'One' is taken"):
        Template().declare(Clash)


def test_a_predicate_that_fails_says_of_which_parameter_it_is() -> None:
    """The bug keeps its traceback, with a note."""

    class Broken(Parameters):
        Thing = parameter("Thing.", when=lambda o: o.sorce == "public")

    with pytest.raises(AttributeError) as caught:
        Template().declare(Broken, Options())
    assert caught.value.__notes__ == ["while the options decide about the parameter Thing"]


@pytest.mark.slow
def test_a_type_checker_knows_which_parameters_there_are(tmp_path: Path) -> None:
    """`p.Endpont` is an error of mypy's, and nothing else in the file is."""
    (tmp_path / "endpoints.py").write_text(
        textwrap.dedent(
            """\
            from collections.abc import Mapping
            from dataclasses import dataclass
            from typing import Any

            from cfngen import Parameters, Template, first_of, parameter, parameter_map


            @dataclass(frozen=True)
            class Options:
                public: bool = False


            class Params(Parameters):
                Endpoint = first_of(
                    parameter("Where.", when=lambda o: o.public), parameter("Where inside.")
                )
                Zones = parameter_map(lambda o: {"ZoneA": parameter("A zone.")})


            def template(options: Options) -> Template:
                t = Template()
                p = t.declare(Params, options)
                endpoint: Any = p.Endpoint
                zones: Mapping[str, Any] = p.Zones
                t.output("Endpoint", [endpoint, zones], "Where.")
                t.output("Endpont", p.Endpont, "Where.")
                return t
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
         "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "endpoints.py")],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, done.stdout + done.stderr
    assert 'endpoints.py:26: error: "Params" has no attribute "Endpont"' in errors[0]


@pytest.mark.parametrize("values", [("a", "b"), range(2), ["a"], {"a": 1}.keys()])
def test_allowed_values_are_any_sequence(values: Any) -> None:
    """A list is all that troposphere takes; a tuple is what constants are written as."""
    params = type("Params", (Parameters,), {"Zone": parameter("A zone.", AllowedValues=values)})
    t = Template()
    t.declare(params)
    assert t.document().body["Parameters"]["Zone"]["AllowedValues"] == list(values)


def test_a_parameter_is_from_the_line_that_declares_it() -> None:
    """What is wrong with a parameter is to be mended in its class, not at `declare`."""
    from cfngen.patterns import TaskParameters, email_parameter
    from cfngen.patterns.tasks import TaskOptions

    class Params(TaskParameters):
        Email = email_parameter()
        Zones = parameter_map(lambda _: {"ZoneA": parameter("A zone.")})

    t = Template()
    t.declare(Params, TaskOptions(network="own"))
    lines = Path(__file__).read_text().splitlines()

    def line(name: str) -> str:
        return lines[t.origins["Parameters", name].line - 1].strip()

    assert line("Email") == "Email = email_parameter()"
    assert line("ZoneA").startswith("Zones = parameter_map(")
    # A pattern's own parameters are from the line that declares them all.
    assert line("VpcCidr") == 't.declare(Params, TaskOptions(network="own"))'
