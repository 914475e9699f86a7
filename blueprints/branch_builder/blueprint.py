"""Build every branch of CodeCommit repositories on every push."""

from cfngen import Template, blueprint

from .builds import add_builds
from .options import Options
from .parameters import Params
from .pushes import push_rules
from .results import add_alarms, add_results, ended_rules
from .starting import add_lost, add_start


@blueprint
def branch_builder(options: Options) -> Template:
    """Build every branch of CodeCommit repositories on every push."""
    t = Template()
    p = t.declare(Params, options)
    pushes = push_rules(p, options)
    builds = add_builds(t, p, options)
    ended = ended_rules(builds, options)
    lost = add_lost(t, options, list(pushes), list(ended))
    queue = add_start(t, p, options, builds, pushes, lost)
    add_results(t, p, options, ended, lost)
    add_alarms(t, p, lost, queue)
    return t
