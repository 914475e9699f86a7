"""Mirror repositories into CodeCommit in other regions: event, Fargate task, push."""

from cfngen import Template, blueprint
from cfngen.patterns import log_group

from .monitoring import add_monitoring
from .options import Options
from .parameters import Params
from .rules import add_rules
from .starting import add_start
from .task import add_task


@blueprint
def fargate_mirror(options: Options) -> Template:
    """Mirror repositories into CodeCommit, on every push or on a schedule."""
    t = Template(options.description)
    p = t.declare(Params, options)
    add_rules(t, p, options)
    log = t.add(log_group("MirrorLog", days=p.LogDays))
    task = add_task(t, p, options, log)
    lost = add_start(t, p, options, task)
    add_monitoring(t, p, options, lost)
    return t
