"""The function that other stacks have files published and images built by."""

from cfngen import Template, blueprint
from cfngen.patterns import custom_resource_function

from .parameters import Params


@blueprint
def custom_resources() -> Template:
    """Publish files and have images built, for the other stacks of this account and region."""
    t = Template()
    p = t.declare(Params)
    function = t.add(custom_resource_function("CustomResources", days=p.LogDays))
    for name, value, description, export in function.outputs:
        t.output(name, value, description, export=export)
    return t
