"""Who hears of failures, of approvals that are waited for, and of windows that open."""

from typing import Any

from troposphere import Ref, Sub
from troposphere.events import InputTransformer, Rule, Target

from cfngen import Template
from cfngen.patterns import email_topic, without_dead_letters
from cfngen.patterns.alarms import AlarmTopic

from .gates import Step
from .options import Options
from .parameters import Params

# A rule's pattern may have 2,048 characters, of which the rest needs some 300.
MAX_STAGE_NAMES = 1600
UNKEPT = without_dead_letters("its alarm would need the same topic.")
# What the words of messages are called in events.
PATHS = {"execution": "execution-id"}


def add_topic(t: Template, p: Params) -> AlarmTopic:
    """Add the topic that notifies people."""
    return t.add(email_topic("NotifyTopic", p.NotifyEmail, rules=True))


def add_rules(t: Template, options: Options, topic: AlarmTopic) -> None:
    """Add the rules that publish to the topic."""
    pipelines: list[Any] = [Ref("AWS::StackName")]
    if options.separate:
        pipelines.append({"prefix": Sub("${AWS::StackName}-")})
    for title, (what, detail, names, text) in _messages(options).items():
        paths = {name: f"$.detail.{PATHS.get(name, name)}" for name in names.split()}
        target = Target(
            Id="Topic",
            Arn=Ref(topic.topic),
            InputTransformer=InputTransformer(InputPathsMap=paths, InputTemplate=f'"{text}"'),
        )
        pattern = {
            "source": ["aws.codepipeline"],
            "detail-type": [f"CodePipeline {what} Execution State Change"],
            "detail": {"pipeline": pipelines, **detail},
        }
        t.add(Rule(title, EventPattern=pattern, Targets=[target]), reason=UNKEPT)


def _messages(options: Options) -> dict[str, tuple[str, dict[str, Any], str, str]]:
    """Return by rule: the kind of execution, the detail of its event, its names, the message."""
    failed = {"state": ["FAILED"]}
    messages = {
        "PipelineFailed": (
            "Pipeline",
            failed,
            "pipeline execution",
            "Pipeline <pipeline> failed (execution <execution>). What came before stays deployed.",
        ),
        "ActionFailed": (
            "Action",
            failed,
            "pipeline execution stage action region",
            (
                "Pipeline <pipeline>: action <action> of stage <stage> failed in <region>"
                " (execution <execution>)."
            ),
        ),
    }
    watched = [s for s in options.steps if s.alarms("alarms") or s.alarms("entry_alarms")]
    if watched:  # where an alarm fails a stage, no action does
        messages["StageFailed"] = (
            "Stage",
            {"stage": _stages(watched), **failed},
            "pipeline execution stage",
            (
                "Pipeline <pipeline>: stage <stage> failed, by an action or an alarm"
                " (execution <execution>)."
            ),
        )
    windowed = [step for step in options.steps if step.window]
    if windowed:
        messages["WindowOpened"] = (
            "Stage",
            {"stage": _stages(windowed), "state": ["STARTED"]},
            "pipeline execution stage",
            (
                "Pipeline <pipeline>: the window of stage <stage> has opened, and execution"
                " <execution> is being deployed."
            ),
        )
    return messages


def _stages(steps: list[Step]) -> list[Any]:
    names: list[Any] = [step.stage for step in steps]
    return names if len(str(names)) <= MAX_STAGE_NAMES else [{"prefix": "Deploy-"}]
