"""Who hears of failures, of approvals that are waited for, and of windows that open."""

from typing import Any

from troposphere import Equals, GetAtt, Not, Ref, Sub
from troposphere.events import InputTransformer, Rule, Target

from cfngen import Template
from cfngen.patterns import DeadLetters, alarm, alarm_topic
from cfngen.patterns.alarms import AlarmTopic

from .options import Options

# A rule's pattern may have 2,048 characters, of which the rest needs some 300.
PATTERN_ROOM = 1600


def add_topic(t: Template, p: Any, options: Options) -> AlarmTopic:
    """Add the topic that is told."""
    rules = ["PipelineFailed", "ActionFailed", *(["WindowOpened"] if options.windowed else [])]
    email = t.condition("HasNotifyEmail", Not(Equals(p.NotifyEmail, "")))
    return t.add(
        alarm_topic(
            "NotifyTopic",
            email=p.NotifyEmail,
            when=email,
            rules=[GetAtt(name, "Arn") for name in rules],
        )
    )


def add_rules(t: Template, options: Options, topic: AlarmTopic) -> None:
    """Add what tells the topic."""
    pipelines: list[Any] = [Ref("AWS::StackName")]
    if options.separate:
        pipelines.append({"prefix": Sub("${AWS::StackName}-")})
    found = {"pipeline": pipelines}
    who = {"pipeline": "$.detail.pipeline", "execution": "$.detail.execution-id"}
    stage = who | {"stage": "$.detail.stage"}
    _tell(
        t,
        "PipelineFailed",
        "Pipeline",
        found | {"state": ["FAILED"]},
        topic,
        who,
        "Pipeline <pipeline> failed (execution <execution>). What came before stays deployed.",
    )
    _tell(
        t,
        "ActionFailed",
        "Action",
        found | {"state": ["FAILED"]},
        topic,
        stage | {"action": "$.detail.action", "region": "$.detail.region"},
        "Pipeline <pipeline>: action <action> of stage <stage> failed in <region>"
        " (execution <execution>).",
    )
    if not options.windowed:
        return
    stages: list[Any] = [step.stage for step in options.steps if step.window]
    if len(str(stages)) > PATTERN_ROOM:
        stages = [{"prefix": "Deploy-"}]
    _tell(
        t,
        "WindowOpened",
        "Stage",
        found | {"stage": stages, "state": ["STARTED"]},
        topic,
        stage,
        "Pipeline <pipeline>: the window of stage <stage> has opened, and execution <execution>"
        " is being deployed.",
    )


def add_alarm(t: Template, lost: DeadLetters, topic: AlarmTopic) -> None:
    """Add the alarm for windows that could not be opened or, worse, closed."""
    t.add(
        alarm(
            "WindowStuck",
            "A window could not be opened or closed; the queue says which",
            metric="AWS/SQS ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": GetAtt(lost.queue, "QueueName")},
            statistic="Maximum",
            topic=topic.topic,
        )
    )


def _tell(
    t: Template,
    title: str,
    what: str,
    detail: dict[str, Any],
    topic: AlarmTopic,
    paths: dict[str, str],
    text: str,
) -> None:
    t.add(
        Rule(
            title,
            EventPattern={
                "source": ["aws.codepipeline"],
                "detail-type": [f"CodePipeline {what} Execution State Change"],
                "detail": detail,
            },
            Targets=[
                Target(
                    Id="Topic",
                    Arn=Ref(topic.topic),
                    InputTransformer=InputTransformer(
                        InputPathsMap=paths, InputTemplate=f'"{text}"'
                    ),
                )
            ],
        )
    )
