"""Keep what pipelines deploy, in every region they deploy to: a key and two buckets in each."""

from troposphere import Ref, Sub

from cfngen import Template, blueprint

from .._shared.services import add_home_rule
from .home_region import add_stores
from .options import Options
from .other_regions import add_other_regions
from .parameters import Params


@blueprint
def artifact_stores(options: Options) -> Template:
    """Make a key and two buckets in every region that pipelines deploy to."""
    t = Template()
    p = t.declare(Params, options)
    add_home_rule(t, options.home)
    store = add_stores(t, p, options)
    if options.regions:
        add_other_regions(t, p, options)
    t.output(
        "KeyId",
        Ref(store.key),
        "ID of the encryption key, which is the same in every region.",
        export=Sub("${StoresName}-KeyId"),
    )
    t.output(
        "Artifacts",
        Ref(store.artifacts),
        "Name of the bucket for pipeline artifacts in this region.",
    )
    t.output(
        "Packages",
        Ref(store.packages),
        "Name of the bucket for packages that stacks refer to in this region.",
    )
    return t
