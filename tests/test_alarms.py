"""An alarm is about a metric that is emitted, by the resource that its description names."""

from __future__ import annotations

import json
import re
from typing import Any

from support.metrics import EMBEDDED, OF_APIS, OF_PROGRAMS, OF_SERVICES, Metric, of_program
from support.shapes_of_ours import ROOT, Shape, all_shapes, image
from test_variables import handed, overrides

from cfngen.testing import statements

STACK = "a-stack"


def resolved(value: Any) -> str:
    """Return a text of a template whose pseudo parameters are known; other references stay."""
    text = value if isinstance(value, str) else value.get("Fn::Sub") or f"${{{value.get('Ref')}}}"
    return str(text).replace("${AWS::StackName}", STACK)


def words(text: str) -> set[str]:
    """Return the words of a description."""
    return set(re.findall(r"\w+", text))


def embedded(shape: Shape) -> dict[str, set[Metric]]:
    """Return the metrics that a template's programs write into logs, by the log's logical ID."""
    found: dict[str, set[Metric]] = {}
    for title, task in shape.of_type("ECS::TaskDefinition").items():
        (container,) = task["ContainerDefinitions"]
        given = {one["Name"]: one["Value"] for one in container["Environment"]}
        log = container["LogConfiguration"]["Options"]["awslogs-group"]["Ref"]
        for name, text in image(shape, container).items():
            if EMBEDDED in text:
                setting, since, _ = OF_PROGRAMS[name]
                known = since in handed(shape) | overrides(shape, title)
                if setting in given:
                    kept = "MIRROR_KEEP_DAYS" in given
                    metrics = of_program(
                        name, text, resolved(given[setting]), since=known, kept=kept
                    )
                    found.setdefault(log, set()).update(metrics)
    for function in shape.of_type("Lambda::Function").values():
        text = str(function["Code"].get("ZipFile", ""))
        if EMBEDDED in text:
            setting = function["Environment"]["Variables"]["METRICS"]
            log = function["LoggingConfig"]["LogGroup"]["Ref"]
            metrics = of_program("start_mirror.py", text, resolved(setting), since=False)
            found.setdefault(log, set()).update(metrics)
    return found


def emitter(shape: Shape, alarm: dict[str, Any]) -> tuple[str, str]:
    """Return type and logical ID of what emits an alarm's metric, or fail."""
    namespace, metric = alarm["Namespace"], alarm["MetricName"]
    given = {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]}
    if namespace == "AWS/ApiGateway":
        return of_api(shape, metric, given)
    if service := OF_SERVICES.get(namespace):
        assert metric in service.metrics, f"{namespace} has no metric {metric}"
        ((dimension, value),) = given.items()
        assert dimension == service.dimension, f"{metric} has no dimension {dimension}"
        name, attribute = value["Fn::GetAtt"] if "Fn::GetAtt" in value else (value["Ref"], "Ref")
        assert attribute == service.attribute, f"{attribute} of {name} is not its {dimension}"
        assert shape.resources[name]["Type"] == service.type
        return service.type, name
    wanted = (namespace, metric, frozenset((key, resolved(v)) for key, v in given.items()))
    logs = [log for log, metrics in embedded(shape).items() if wanted in metrics]
    assert logs, f"nothing emits {wanted}"
    return "AWS::Logs::LogGroup", logs[0]


def of_api(shape: Shape, metric: str, given: dict[str, Any]) -> tuple[str, str]:
    """Return the API that emits a metric: it is named by its name, and its stage beside it."""
    assert metric in OF_APIS.metrics, f"API Gateway has no metric {metric}"
    assert set(given) in ({OF_APIS.dimension}, {OF_APIS.dimension, "Stage"})
    called = resolved(given[OF_APIS.dimension])
    apis = shape.of_type("ApiGateway::RestApi").items()
    (name,) = [title for title, api in apis if resolved(api[OF_APIS.attribute]) == called]
    if "Stage" in given:
        stages = shape.of_type("ApiGateway::Stage").values()
        served = {one["StageName"] for one in stages if one["RestApiId"] == {"Ref": name}}
        assert given["Stage"] in served, f"{name} has no stage {given['Stage']}"
    return OF_APIS.type, name


def test_an_alarm_is_about_what_its_description_names() -> None:
    """Its metric is emitted, with these dimensions, by the one resource that it names.

    The description names it by its logical ID, and no other of its type: so a mistake in the
    dimensions is a contradiction, and who reads the message knows where to look.
    """
    seen = set()
    for shape in all_shapes():
        for title, alarm in shape.of_type("CloudWatch::Alarm").items():
            kind, name = emitter(shape, alarm)
            alike = {other for other, r in shape.resources.items() if r["Type"] == kind}
            named = words(alarm["AlarmDescription"]) & alike
            assert named == {name}, f"{title} of {shape}: names {named}, and watches {name}"
            seen.add(alarm["Namespace"])
    assert seen >= {*OF_SERVICES, "FargateMirror"}


def test_an_alarm_is_heard() -> None:
    """It acts on a topic of the template that lets CloudWatch publish."""
    for shape in all_shapes():
        heard = {
            topic["Ref"]
            for policy in shape.of_type("SNS::TopicPolicy").values()
            for topic in policy["Topics"]
            for _, statement in statements(policy)
            if statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        }
        for title, alarm in shape.of_type("CloudWatch::Alarm").items():
            (action,) = alarm["AlarmActions"]
            assert action["Ref"] in heard, f"{title} of {shape}"


def test_a_dashboard_shows_what_is_emitted() -> None:
    """Each chart searches for a metric that some program writes, and each table reads a log."""
    seen = 0
    for shape in all_shapes():
        for dashboard in shape.of_type("CloudWatch::Dashboard").values():
            metrics = set().union(*embedded(shape).values())
            names = {(n, m, tuple(sorted(k for k, _ in dims))) for n, m, dims in metrics}
            for widget in json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]:
                properties = widget["properties"]
                if widget["type"] == "log":
                    (log,) = re.findall(r"SOURCE '\$\{(\w+)\}'", properties["query"])
                    assert shape.resources[log]["Type"] == "AWS::Logs::LogGroup"
                    continue
                for (line,) in properties["metrics"]:
                    found = re.match(
                        r"SEARCH\('\{([\w,]+)\} MetricName=\"(\w+)\"", line["expression"]
                    )
                    assert found
                    namespace, *dimensions = found[1].split(",")
                    assert (namespace, found[2], tuple(sorted(dimensions))) in names
                    seen += 1
    assert seen


def test_every_program_that_writes_metrics_is_known() -> None:
    """One more would be looked into above only if it is in the table."""
    files = [*ROOT.glob("blueprints/*/payload/*"), *ROOT.glob("blueprints/_shared/*/*.py")]
    files += ROOT.glob("cfngen/patterns/payload/*")
    writing = {path.name for path in files if path.is_file() and EMBEDDED in path.read_text()}
    assert writing == set(OF_PROGRAMS)
