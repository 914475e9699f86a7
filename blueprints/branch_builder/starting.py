"""What starts builds: rules themselves, or a worker that takes pushes off a queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt

from cfngen import Template
from cfngen.patterns import DeadLetters, OrderedQueue, dead_letters

from .builds import Builds
from .options import Options
from .parameters import Params
from .pushes import add_direct_rules, add_rules
from .worker import add_worker


def add_lost(
    t: Template, options: Options, pushes: Sequence[str], ended: Sequence[str]
) -> DeadLetters:
    """Add the queue for events that came to nothing.

    Args:
        t: the template.
        options: the blueprint's.
        pushes: the logical IDs of the rules that match pushes.
        ended: those of the rules that match the ends of builds.
    """
    rules = [*pushes, *([] if options.direct else ["Resume", "WorkerDied"]), *ended]
    return t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in rules],
            reason="Events that started nothing or reached nobody"
            + ("." if options.direct else ", and workers that died."),
        )
    )


def add_start(
    t: Template,
    p: Params,
    options: Options,
    builds: Builds,
    pushes: Mapping[str, Any],
    lost: DeadLetters,
) -> OrderedQueue | None:
    """Add what starts builds; return the queue of pushes, if there is one."""
    if options.direct:
        add_direct_rules(t, options, builds, pushes, lost)
        return None
    queue, target = add_worker(t, p, options, builds, lost, list(pushes))
    add_rules(t, options, pushes, target)
    return queue
