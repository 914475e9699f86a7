"""Mirror a Backlog repository into CodeCommit: webhook, build, push."""

from cfngen import Template, blueprint
from cfngen.patterns import arm_builds_rule

from .build import add_build
from .monitoring import add_monitoring
from .options import Options
from .parameters import Params
from .webhook import add_webhook


@blueprint
def backlog_proxy(options: Options) -> Template:
    """Mirror a Backlog Git repository into CodeCommit on every push."""
    t = Template()
    p = t.declare(Params, options)
    if options.architecture == "arm64":
        t.add_rule("ArmBuilds", arm_builds_rule())
    project = add_build(t, p, options)
    hook = add_webhook(t, p, options, project)
    add_monitoring(t, p, project, hook)
    return t
