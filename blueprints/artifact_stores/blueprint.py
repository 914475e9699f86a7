"""Keep what pipelines deploy, in every region they deploy to: a key and two buckets in each."""

from troposphere import Ref, Sub
from troposphere import kms as keys

from cfngen import Template, blueprint
from cfngen.patterns.stores import (
    own_namespace,
    store,
    store_key_policy,
)

from .._shared.services import add_home_rule
from .options import Options
from .other_regions import add_other_regions
from .parameters import Params


@blueprint
def artifact_stores(options: Options) -> Template:
    """Make a key and two buckets in every region that pipelines deploy to."""
    t = Template()
    p = t.declare(Params, options)
    add_home_rule(t, options.home)
    key = keys.Key(
        "ArtifactKey",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        Description=Sub("${StoresName}: what pipelines keep"),
        MultiRegion=True,
        EnableKeyRotation=True,
        KeyPolicy=store_key_policy(options.services),
    )
    made = t.add(
        store(
            key,
            options.services,
            artifact_days=p.ArtifactDays,
            package_days=options.package_days,
            namespace=own_namespace(options.home),
        )
    )
    if options.regions:
        add_other_regions(t, p, options)
    t.output(
        "KeyId",
        Ref(key),
        "Id of the key, the same in every region",
        export=Sub("${StoresName}-KeyId"),
    )
    t.output("Artifacts", Ref(made.artifacts), "Bucket of the pipelines, in this region")
    t.output("Packages", Ref(made.packages), "Bucket of what stacks refer to, in this region")
    return t
