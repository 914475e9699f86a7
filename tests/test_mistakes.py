"""A mistake in a blueprint is told with its file, its line, and what was probably meant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.blueprint_package import package

import cfngen
from cfngen.authoring.blueprint import Blueprint
from cfngen.errors import BlueprintError, CfngenError, LogicalIdError, PolicyError
from cfngen.paths import display_path
from cfngen.project import registry

HEAD = '''
"""Has a mistake."""

from dataclasses import dataclass

from troposphere import GetAtt, If, Ref, Sub
from troposphere.awslambda import Environment, Function
from troposphere.sns import Subscription, Topic

from cfngen import Parameters, Template, allow, blueprint, parameter
from cfngen.patterns import alarm, log_group, private_bucket, python_function


class Params(Parameters):
    """Asked at deploy time."""

    Endpoint = parameter("Where")


@dataclass(frozen=True)
class Options:
    """Decided at build time."""

    cache: str = "s3"


def helper(days):
    """Divide."""
    return 1 / days


@blueprint
def {name}(options: Options) -> Template:
    """Make a mistake."""
    t = Template()
    p = t.declare(Params)
    CODE
    return t
'''
LINE = HEAD.lstrip("\n").splitlines().index("    CODE") + 1

# The code, the line of it that has the mistake, and what is said.
MISTAKES: dict[str, tuple[str, int, str]] = {
    "property": (
        't.add(Topic("Alerts", DisplayNam="x"))',
        1,
        'Topic "Alerts" has no property DisplayNam. Did you mean DisplayName?',
    ),
    "property on a line of its own": (
        't.add(\n        Topic(\n            "Alerts",\n            DisplayNam="x",\n        ))',
        4,
        'Topic "Alerts" has no property DisplayNam. Did you mean DisplayName?',
    ),
    "property of a property": (
        't.add(Topic("Alerts", Subscription=[Subscription(Endpont="a")]))',
        1,
        "Subscription has no property Endpont. Did you mean Endpoint?",
    ),
    "property handed on by a pattern": (
        'alarm("Failed", "x", metric="A/B C", dimensions={}, topic=Topic("T"), EvaluationPeriod=3)',
        1,
        'Alarm "Failed" has no property EvaluationPeriod. Did you mean EvaluationPeriods?',
    ),
    "property that the pattern sets": (
        'private_bucket("B", OwnershipControls=None)',
        1,
        "private_bucket() sets OwnershipControls itself; leave it out",
    ),
    "type that a pattern cannot work with": (
        'python_function("F", "x", seconds="10", days=30, reason="y")',
        1,
        (
            "TypeError: '<=' not supported between instances of 'int' and 'str'"
            " (in the pattern python_function(); --traceback shows where)"
        ),
    ),
    "property that is set later": (
        'topic = Topic("Alerts")\n    topic.DisplayNam = "x"',
        2,
        'Topic "Alerts" has no property DisplayNam. Did you mean DisplayName?',
    ),
    "property that is read": (
        'topic = Topic("Alerts")\n    topic.DisplayNam',
        2,
        'Topic "Alerts" has no property DisplayNam. Did you mean DisplayName?',
    ),
    "property that is not set": (
        'Topic("Alerts").DisplayName',
        1,
        'Topic "Alerts": the property DisplayName is not set',
    ),
    "parameter": (
        't.add(Topic("Alerts", DisplayName=p.Endpont))',
        1,
        "Params has no parameter Endpont. Did you mean Endpoint?",
    ),
    "option": ("options.cach", 1, "Options has no field cach. Did you mean cache?"),
    "argument of a pattern": (
        't.add(log_group(\n        "Log",\n        dayz=3,\n    ))',
        3,
        "log_group() has no argument dayz. Did you mean days?",
    ),
    "argument of a method that takes old names": (
        't.add(Topic("Alerts"), raeson="x")',
        1,
        "t.add() has no argument raeson. Did you mean reason?",
    ),
    "missing argument": (
        't.output("Url")',
        1,
        (
            "TypeError: Template.output() missing 2 required positional arguments: 'value' and"
            " 'description'"
        ),
    ),
    "wrong type": (
        't.add(Topic("Alerts", DisplayName=5))',
        1,
        'Topic "Alerts": DisplayName must be str, got 5 (int)',
    ),
    "wrong type in a list": (
        't.add(Topic("Alerts", Subscription=[5]))',
        1,
        'Topic "Alerts": Subscription must be a list of Subscription; one of its items is 5 (int)',
    ),
    "no list": (
        't.add(Topic("Alerts", Subscription="x"))',
        1,
        "Topic \"Alerts\": Subscription must be a list of Subscription, got 'x' (str)",
    ),
    "wrong value": (
        't.add(Topic("Alerts", FifoTopic="x"))',
        1,
        "Topic \"Alerts\": FifoTopic: 'x' (str) is no boolean",
    ),
    "missing property": (
        't.add(Function("Worker"))',
        1,
        'Function "Worker" lacks the required property Code',
    ),
    "missing property of a property": (
        't.add(Topic("Alerts", Subscription=[Subscription(Endpoint="a")]))',
        1,
        'Topic "Alerts": Subscription lacks the required property Protocol',
    ),
    "logical ID": (
        't.add(Topic("my-topic"))',
        1,
        'Topic "my-topic": a logical ID has letters and digits only',
    ),
    "undefined name": ('t.add(Topc("A"))', 1, "name 'Topc' is not defined. Did you mean Topic?"),
    "class": (
        "t.add(Topic)",
        1,
        "add() takes a resource or a pattern's result, not the class Topic; call it to make one",
    ),
    "property that is added": (
        't.add(Subscription("Mail"))',
        1,
        (
            "add() takes a resource or a pattern's result, not a Subscription, which is a property"
            " of a resource"
        ),
    ),
    "reference": (
        't.add(Topic("Alerts", DisplayName=Ref("Endpont")))',
        1,
        (
            'Topic "Alerts" refers to Endpont, which is no parameter or resource of the template.'
            " Did you mean Endpoint?"
        ),
    ),
    "reference in a text": (
        't.add(Topic("Alerts", DisplayName=Sub("${!Literal} ${AWS::Region} ${Endpont}")))',
        1,
        (
            'Topic "Alerts" refers to Endpont, which is no parameter or resource of the template.'
            " Did you mean Endpoint?"
        ),
    ),
    "attribute of a resource": (
        't.output("Arn", GetAtt("Worker", "Arn"), "ARN")',
        1,
        'output "Arn" refers to Worker, which is no resource of the template',
    ),
    "condition": (
        't.add(Topic("Alerts", DisplayName=If("Never", "a", "b")))',
        1,
        'Topic "Alerts" refers to Never, which is no condition of the template',
    ),
    "dependency": (
        't.add(Topic("Alerts", DependsOn="Alert"))',
        1,
        (
            'Topic "Alerts" refers to Alert, which is no resource of the template. Did you mean'
            " Alerts?"
        ),
    ),
    "anything else": ('{}["lost"]', 1, "KeyError: 'lost'"),
    "end of the program": (
        "raise SystemExit(0)",
        1,
        "ends the program (SystemExit(0)); a blueprint only returns a template",
    ),
}
AT_IMPORT = {
    "module": ("import nowhere_at_all\n", "1: No module named 'nowhere_at_all'"),
    "name in a module": (
        "from troposphere.sns import Topc\n",
        "1: troposphere.sns has no Topc. Did you mean Topic?",
    ),
    "pattern": (
        "from cfngen.patterns import log_grup\n",
        "1: cfngen.patterns has no log_grup. Did you mean log_group?",
    ),
    "attribute of a module": (
        "from troposphere import sns\n\nsns.Topc\n",
        "3: troposphere.sns has no Topc. Did you mean Topic?",
    ),
    "syntax": ("a = 1\ndef x(:\n", "2: invalid syntax: def x(:"),
    "attribute of a parameter": (
        (
            "from cfngen import Parameters, parameter\n\nclass Params(Parameters):\n"
            '    Zone = parameter("Where.", Defalt="a")\n'
        ),
        "4: parameter() has no argument Defalt; did you mean 'Default'?",
    ),
    "argument of a parameter": (
        (
            "from cfngen import Parameters, parameter\n\nclass Params(Parameters):\n"
            '    Zone = parameter("Where.", gruop="A")\n'
        ),
        "4: parameter() has no argument gruop; did you mean 'group'?",
    ),
    "declaration in a class of parameters": (
        (
            "from cfngen import Parameters, parameter\n\nclass Params(Parameters):\n"
            '    Zone = parameter("Where.")\n\nParams.Zon\n'
        ),
        "6: Params has no attribute Zon. Did you mean Zone?",
    ),
}

Load = Callable[[str], Blueprint]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on `sys.path`; what is imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("acme_blueprints")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def load(site: Path) -> Load:
    """Return a blueprint with code in the place of its mistake."""

    def loaded(code: str) -> Blueprint:
        package(site, {"acme_faulty": HEAD.replace("CODE", code)})
        return registry.find("acme_faulty").load()

    return loaded


def file(site: Path) -> str:
    """Return the blueprint's file as it is told."""
    return display_path(site / "acme_blueprints/acme_faulty/blueprint.py")


@pytest.mark.parametrize(("code", "number", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line(
    site: Path, load: Load, code: str, number: int, message: str
) -> None:
    """`file:line: what is wrong`, as data too; what Python raised is the cause."""
    blueprint = load(code)
    with pytest.raises(BlueprintError) as caught:
        cfngen.synthesize(blueprint)
    error = caught.value
    assert str(error) == f"{file(site)}:{LINE + number - 1}: {message}"
    assert Path(error.file) == site / "acme_blueprints/acme_faulty/blueprint.py"
    assert error.line == LINE + number - 1
    assert "refers to" in message or error.__cause__ is not None


@pytest.mark.parametrize(("text", "message"), AT_IMPORT.values(), ids=AT_IMPORT)
def test_a_mistake_at_import_is_told_with_its_line(site: Path, text: str, message: str) -> None:
    """What the module of a blueprint gets wrong is told in the same way."""
    package(site, {"acme_faulty": text})
    with pytest.raises(BlueprintError) as caught:
        registry.find("acme_faulty").load()
    assert str(caught.value) == f"{file(site)}:{message}"


def test_all_that_a_template_lacks_is_told_at_once(site: Path, load: Load) -> None:
    """A line each, for missing properties and for references."""
    missing = load('t.add(Function("One"))\n    t.add(Function("Two"))')
    with pytest.raises(BlueprintError) as caught:
        cfngen.synthesize(missing)
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == [
        f'Function "{name}" lacks the required property Code' for name in ("One", "Two")
    ]


def test_several_references_are_told_at_once(site: Path, load: Load) -> None:
    """Each with the line that added what refers to it."""
    blueprint = load('t.output("A", Ref("X"), "a")\n    t.output("B", Ref("Y"), "b")')
    with pytest.raises(BlueprintError) as caught:
        cfngen.synthesize(blueprint)
    first, second = caught.value.problems
    assert first.startswith(f'{file(site)}:{LINE}: output "A" refers to X')
    assert second.startswith(f'{file(site)}:{LINE + 1}: output "B" refers to Y')


def test_what_cfngen_refuses_keeps_its_class_and_gets_the_line(site: Path, load: Load) -> None:
    """A policy that says too much, a logical ID that is taken: the place stands in the text."""
    with pytest.raises(PolicyError) as caught:
        cfngen.synthesize(load('allow("s3:*", on="x")'))
    assert str(caught.value).startswith(f"{file(site)}:{LINE}: allow(s3:*): ")
    assert (caught.value.line, Path(caught.value.file).name) == (LINE, "blueprint.py")


def test_a_logical_id_that_is_taken_names_both_lines(site: Path, load: Load) -> None:
    """The second is where the mistake is, the first is named in the message."""
    with pytest.raises(LogicalIdError) as caught:
        cfngen.synthesize(load('t.add(Topic("A"))\n    t.add(Topic("A"))'))
    assert str(caught.value) == (
        f"{file(site)}:{LINE + 1}: the logical ID 'A' is taken: {file(site)}:{LINE} gave it to a"
        " resource; rename one of the two"
    )


def test_the_line_is_that_of_the_innermost_function_of_the_author(site: Path, load: Load) -> None:
    """Not the blueprint's own line, if a helper beside it has failed."""
    with pytest.raises(BlueprintError) as caught:
        cfngen.synthesize(load("helper(0)"))
    line = HEAD.lstrip("\n").splitlines().index("    return 1 / days") + 1
    assert str(caught.value) == f"{file(site)}:{line}: ZeroDivisionError: division by zero"


def test_a_bug_of_cfngen_is_no_mistake_of_the_author(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody raised on purpose inside cfngen passes as it is."""
    blueprint = load('t.add(Topic("Alerts"))')
    monkeypatch.setattr("cfngen.authoring.template.SHARED", None)
    with pytest.raises(TypeError) as caught:
        cfngen.synthesize(blueprint)
    assert not isinstance(caught.value, CfngenError)


def test_the_other_references_of_a_template_are_not_touched(load: Load) -> None:
    """What is declared, pseudo parameters, and what a macro may add pass."""
    code = """t.condition("Big", {"Fn::Equals": [p.Endpoint, Ref("AWS::Region")]})
    t.add(Topic("Alerts", Condition="Big", DisplayName=Sub("${A}${Endpoint}", A="b")))
    t.output("Arn", GetAtt("Alerts", "TopicArn"), "ARN", when="Big")"""
    assert "Alerts" in cfngen.synthesize(load(code)).text


def test_a_template_with_a_transform_may_refer_to_what_a_macro_adds(load: Load) -> None:
    """Only the deployment knows what is there then."""
    code = 't.set_transform("Mine")\n    t.add(Topic("Alerts", DisplayName=Ref("Macro")))'
    assert "Macro" in cfngen.synthesize(load(code)).text
