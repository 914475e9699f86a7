"""Who hears how builds ended, and what went wrong around them."""

from collections.abc import Mapping
from typing import Any

from awacs import codecommit, sts
from troposphere import GetAtt, Ref
from troposphere.events import DeadLetterConfig, InputTransformer, Rule, Target

from cfngen import Payloads, Template, allow
from cfngen.cloudformation.physical_names import max_generated_length
from cfngen.patterns import (
    DeadLetters,
    OrderedQueue,
    alarm,
    dead_letters_alarm,
    email_topic,
    log_group,
    python_function,
)
from cfngen.patterns.pushes import in_patterns, numbered

from ..branch_events.roles import approval_pool_member
from .builds import Builds, source_arns
from .options import Options
from .parameters import Params

payload = Payloads(__package__)

# Rules that are for pull requests only.
ANSWERED = "BuildAnswered"
PROJECT_TYPE = "AWS::CodeBuild::Project"
# Characters of a pattern beside the names of projects.
PATTERN_TAKEN = 300
FAILURES = ("FAILED", "FAULT", "TIMED_OUT")
ENDS = ("SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT")


def add_results(
    t: Template,
    p: Params,
    options: Options,
    ended: Mapping[str, Any],
    lost: DeadLetters,
) -> None:
    """Add the topic that hears how builds end and, if asked for, what tells pull requests."""
    topic = t.add(email_topic("ResultsTopic", p.ResultsEmail, rules=True, alarms=False))
    t.output(
        "ResultsTopic",
        Ref(topic.topic),
        "ARN of the topic that the results of builds are published to.",
    )
    paths = {
        "link": "$.detail.additional-information.logs.deep-link",
        "source": "$.detail.additional-information.source.location",
        "status": "$.detail.build-status",
    }
    text = "Build of <source>: <status>. Its log: <link>"
    if options.direct:
        paths["version"] = "$.detail.additional-information.source-version"
        text = "Build of <source> at <version>: <status>. Its log: <link>"
    mail = Target(
        Id="Topic",
        Arn=Ref(topic.topic),
        InputTransformer=InputTransformer(InputPathsMap=paths, InputTemplate=f'"{text}"'),
        DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
    )
    mailed = [title for title in ended if not title.startswith(ANSWERED)]
    targets = {title: [mail] for title in mailed}
    if options.answers:
        answered = [title for title in ended if title.startswith(ANSWERED)] or mailed
        answer = _add_answer(t, p, options, answered, lost)
        for title in answered:
            targets.setdefault(title, []).append(answer)
    for title, pattern in ended.items():
        t.add(Rule(title, EventPattern=pattern, Targets=targets[title]))


def ended_rules(builds: Builds, options: Options) -> dict[str, Any]:
    """Return the event patterns of the rules that match ends of builds, by their logical IDs.

    Mail of failures only has rules of its own if pull requests are told of all ends.
    """
    listed = in_patterns(list(builds.names.values()), PATTERN_TAKEN, _length)
    statuses = {"BuildEnded": FAILURES if options.results == "failures" else ENDS}
    if options.answers and options.results == "failures":
        statuses[ANSWERED] = ENDS
    rules: dict[str, Any] = {}
    for title, status in statuses.items():
        patterns = [
            {
                "source": ["aws.codebuild"],
                "detail-type": ["CodeBuild Build State Change"],
                "detail": {"build-status": status, "project-name": names},
            }
            for names in listed
        ]
        rules |= numbered(title, patterns)
    return rules


def _length(project: Any) -> int:
    """Return how many characters the name of a project has at most, with quotes."""
    if isinstance(project, str):
        return len(project) + 2
    return max_generated_length(project.data["Ref"], PROJECT_TYPE) + 2


def _add_answer(
    t: Template, p: Params, options: Options, rules: list[str], lost: DeadLetters
) -> Target:
    """Add the function that tells pull requests; return it as a rule's target."""
    approve = options.pull_requests == "approve"
    actions = [
        codecommit.GetPullRequest,
        codecommit.ListPullRequests,
        codecommit.PostCommentForPullRequest,
        *([codecommit.UpdatePullRequestApprovalState] if approve else []),
    ]
    environment: dict[str, Any] = {"APPROVE": str(approve).lower()}
    if options.other_account:
        may = allow(sts.AssumeRole, on=p.SourceAnswerRole)
        environment |= {"SOURCE_REGION": p.SourceRegion, "SOURCE_ROLE": p.SourceAnswerRole}
    else:
        may = allow(*actions, on=source_arns(p, options))
        environment |= {"SOURCE_REGION": Ref("AWS::Region")}
    function = t.add(
        python_function(
            "Answer",
            payload["answer_pull_request.py"],
            may,
            reason="Tells open pull requests how the build of their newest commit ended.",
            log=t.add(log_group("AnswerLog", days=p.LogDays)),
            dead_letter_queue=lost,
            architecture=options.architecture,
            seconds=300,
            environment=environment,
        )
    )
    for rule in rules:
        t.add(function.called_by(rule))
    t.output("AnswerRole", GetAtt(function.role, "Arn"), "ARN of the role that answers.")
    if approve and not options.other_account:
        t.output(
            "ApprovalPoolMember",
            approval_pool_member(function.role),
            "Member of an approval rule's pool for which approvals of builds count.",
        )
    return Target(Id="Answer", Arn=function.arn, DeadLetterConfig=DeadLetterConfig(Arn=lost.arn))


def add_alarms(t: Template, p: Params, lost: DeadLetters, queue: OrderedQueue | None) -> None:
    """Add the alarms, and who hears of them."""
    alarms = t.add(email_topic("AlarmTopic", p.AlarmEmail, rules=queue is not None))
    t.output(*alarms.output)
    t.output(
        "Lost",
        Ref(lost.queue),
        "URL of the dead-letter queue for events that could not be delivered.",
    )
    t.add(
        dead_letters_alarm(
            "EventLost",
            queue=lost,
            topic=alarms.topic,
            description="An event could not be delivered, or a worker stopped unexpectedly. Queue"
            " Lost holds it."
            if queue
            else "An event could not be delivered. Queue Lost holds it.",
        )
    )
    if not queue:
        return
    t.add(
        dead_letters_alarm(
            "PushGivenUp",
            queue=queue.given_up,
            topic=alarms.topic,
            description="A push in queue GivenUp could not be built in two attempts. WorkerLog has"
            " the reason.",
        )
    )
    t.add(
        dead_letters_alarm(
            "PushAbandoned",
            queue=queue.given_up,
            topic=alarms.topic,
            description="A push was moved to queue GivenUp, since too many workers stopped while"
            " they had it. WorkerLog shows the last thing that each of them did.",
            redrive=True,
        )
    )
    t.add(
        alarm(
            "PushWaits",
            "A push has waited too long in queue Pushes. Check that a worker is running and"
            " making progress.",
            metric="AWS/SQS ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": GetAtt(queue.queue, "QueueName")},
            statistic="Maximum",
            topic=alarms.topic,
            above=p.WaitSeconds,
        )
    )
    t.add(
        alarm(
            "BuilderSilent",
            "The function Starter has not been called for a day, although the schedule calls it."
            " Check that the rules Resume and Push are enabled.",
            metric="AWS/Lambda Invocations",
            dimensions={"FunctionName": Ref("Starter")},
            topic=alarms.topic,
            above=1,
            ComparisonOperator="LessThanThreshold",
            Period=3600,
            EvaluationPeriods=24,
            TreatMissingData="breaching",
        )
    )
