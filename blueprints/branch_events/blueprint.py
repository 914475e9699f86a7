"""Let a branch builder of another account hear of pushes here, and read what was pushed."""

from cfngen import Template, blueprint

from .events import add_events
from .monitoring import add_monitoring
from .options import Options
from .parameters import Params
from .roles import add_roles


@blueprint
def branch_events(options: Options) -> Template:
    """Let a branch builder of another account build the repositories of this one."""
    t = Template()
    p = t.declare(Params, options)
    lost = add_events(t, p, options)
    add_roles(t, options)
    add_monitoring(t, p, lost)
    return t
