"""Hold the roles with which a pipeline deploys a service."""

from cfngen import Template, blueprint

from .._shared.deployers import export_name
from .._shared.services import add_home_rule
from .options import Options
from .parameters import Params
from .roles import add_roles


@blueprint
def deployment_roles(options: Options) -> Template:
    """Hold the roles with which a pipeline deploys a service."""
    t = Template()
    t.declare(Params, options)
    add_home_rule(t, options.home)
    exports = add_roles(t, options)
    for name, (value, description) in exports.items():
        t.output(name, value, description, export=export_name("AWS::StackName", name))
    return t
