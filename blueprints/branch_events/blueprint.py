"""Let a branch builder of another account hear of pushes here, and read what was pushed."""

from collections.abc import Iterator
from dataclasses import dataclass

from awacs import codecommit, events
from troposphere import Equals, GetAtt, Not, Ref, Sub
from troposphere.events import DeadLetterConfig, Rule, Target

from cfngen import Parameters, Template, allow, blueprint, option, parameter
from cfngen.patterns import alarm, alarm_topic, dead_letters, role, role_for_stack
from cfngen.patterns.pushes import (
    policy_problems,
    push_patterns,
    repositories_parameter,
    repository_problems,
)

BUS = "arn:${AWS::Partition}:events:${BuilderRegion}:${BuilderAccount}:event-bus/${BuilderStack}"
REPOSITORY = "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:%s"
# Characters of a role's policy besides the names of repositories.
POLICY_TAKEN = 300


@dataclass(frozen=True)
class Options:
    """Decided at build time, because they change the template's shape."""

    repositories: tuple[str, ...] = option(
        "Names, and beginnings of names followed by *; without any, one is asked at deploy time",
        default=(),
    )
    pull_requests: bool = option(
        "Let the builder answer pull requests, and approve them", default=False
    )

    def problems(self) -> Iterator[str]:
        """Yield what does not go together."""
        yield from repository_problems(self.repositories)
        yield from policy_problems(self.repositories, taken=POLICY_TAKEN)


class Params(Parameters):
    """What CloudFormation asks for at deploy time."""

    BuilderAccount = parameter(
        "Account that builds",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Builder",
    )
    BuilderRegion = parameter(
        "Region that it builds in",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
    )
    BuilderStack = parameter(
        "Name of the builder's stack there, which is made after this one",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="the name of a stack, of at most 39 characters",
    )
    Repositories = repositories_parameter("build", when=lambda o: not o.repositories)
    AlarmEmail = parameter(
        "Address that hears of events that did not arrive; empty for none",
        Default="",
        AllowedPattern="|[^@ ]+@[^@ ]+",
        ConstraintDescription="an e-mail address",
        group="Operation",
    )


@blueprint
def branch_events(options: Options) -> Template:
    """Let a branch builder of another account build the repositories of this one."""
    t = Template()
    p = t.declare(Params, options)
    found = push_patterns(
        repositories=options.repositories,
        parameter_value=None if options.repositories else p.Repositories,
        events=["referenceCreated", "referenceUpdated"],
        referenceType=["branch"],
    )
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in found],
            reason="Pushes that the builder's account could not be told of.",
        )
    )
    sender = t.add(
        role("SendRole", "events", allow(events.PutEvents, on=Sub(BUS))),
        reason="Assumed by rules: they may send to one bus.",
    )
    target = Target(
        Id="Builder",
        Arn=Sub(BUS),
        RoleArn=GetAtt(sender, "Arn"),
        DeadLetterConfig=DeadLetterConfig(Arn=lost.arn),
    )
    for title, pattern in found.items():
        t.add(Rule(title, EventPattern=pattern, Targets=[target]))
    names = options.repositories or ("${Repositories}",)
    repositories = [Sub(REPOSITORY % name) for name in names]
    builder = ("${BuilderAccount}", "${BuilderStack}")
    reader = t.add(
        role_for_stack(
            "ReaderRole", *builder, "WorkerRole", allow(codecommit.GitPull, on=repositories)
        ),
        reason="Assumed by the builder's workers: they may pull.",
    )
    t.output("ReaderRole", GetAtt(reader, "Arn"), "The builder's SourceRole")
    if options.pull_requests:
        answers = allow(
            codecommit.GetPullRequest,
            codecommit.ListPullRequests,
            codecommit.PostCommentForPullRequest,
            codecommit.UpdatePullRequestApprovalState,
            on=repositories,
        )
        answerer = t.add(
            role_for_stack("AnswerRole", *builder, "AnswerRole", answers),
            reason="Assumed by the builder's function that tells pull requests how builds ended.",
        )
        t.output("AnswerRole", GetAtt(answerer, "Arn"), "The builder's SourceAnswerRole")
    has_email = t.condition("HasAlarmEmail", Not(Equals(p.AlarmEmail, "")))
    alarms = t.add(alarm_topic("AlarmTopic", email=p.AlarmEmail, when=has_email))
    t.add(
        alarm(
            "EventLost",
            "The builder's account was not told of a push; queue Lost says of which, and why",
            metric="AWS/SQS ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": GetAtt(lost.queue, "QueueName")},
            statistic="Maximum",
            topic=alarms.topic,
        )
    )
    t.output("AlarmTopic", Ref(alarms.topic), "Topic that hears of alarms")
    t.output("Lost", Ref(lost.queue), "Queue of pushes that did not arrive")
    return t
