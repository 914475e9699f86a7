"""Build every branch of CodeCommit repositories on every push."""

from troposphere import GetAtt

from cfngen import Template, blueprint
from cfngen.patterns import dead_letters

from .builds import add_builds
from .options import Options
from .parameters import Params
from .pushes import add_bus, add_direct_rules, add_rules, patterns
from .results import add_alarms, add_results, ended_patterns
from .worker import add_worker


@blueprint
def branch_builder(options: Options) -> Template:
    """Build every branch of CodeCommit repositories on every push."""
    t = Template()
    p = t.declare(Params, options)
    found = patterns(p, options)
    senders = [*found, *([] if options.direct else ["Resume", "WorkerDied"])]
    builds = add_builds(t, p, options)
    ended = ended_patterns(builds)
    senders += ended
    lost = t.add(
        dead_letters(
            "Lost",
            rules=[GetAtt(rule, "Arn") for rule in senders],
            reason="Events that started nothing or reached nobody"
            + ("." if options.direct else ", and workers that died."),
        )
    )
    queue = None
    if options.direct:
        add_direct_rules(t, options, builds, found, lost)
    else:
        queue, targets = add_worker(t, p, options, builds, lost, list(found))
        add_rules(t, found, targets, add_bus(t) if options.other_account else None)
    add_results(t, p, options, ended, lost)
    add_alarms(t, p, lost, queue)
    return t
