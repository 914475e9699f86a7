"""The rules that pass pushes on, and the queue for what did not arrive."""

from awacs import events
from troposphere import GetAtt, Sub
from troposphere.events import DeadLetterConfig, Rule, Target

from cfngen import Template, allow
from cfngen.patterns import DeadLetters, dead_letters, role
from cfngen.patterns.pushes import (
    push_patterns,
)

from .options import Options
from .parameters import Params

BUS = "arn:${AWS::Partition}:events:${BuilderRegion}:${BuilderAccount}:event-bus/${BuilderStack}"


def add_events(t: Template, p: Params, options: Options) -> DeadLetters:
    """Add the rules that send pushes to the builder; return the queue for those that are lost."""
    rules = push_patterns(
        repositories=options.repositories,
        parameter_value=None if options.repositories else p.Repositories,
        events=["referenceCreated", "referenceUpdated"],
        referenceType=["branch"],
    )
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in rules],
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
    for title, pattern in rules.items():
        t.add(Rule(title, EventPattern=pattern, Targets=[target]))
    return lost
