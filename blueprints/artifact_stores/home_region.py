"""The stores of the home region."""

from troposphere import Sub
from troposphere import kms as keys

from cfngen import Template
from cfngen.patterns.stores import (
    Store,
    own_namespace,
    store,
    store_key_policy,
)

from .options import Options
from .parameters import Params


def add_stores(t: Template, p: Params, options: Options) -> Store:
    """Add the key and the two buckets of this region."""
    key = keys.Key(
        "ArtifactKey",
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        Description=Sub("${StoresName}: what pipelines keep"),
        MultiRegion=True,
        EnableKeyRotation=True,
        KeyPolicy=store_key_policy(options.services),
    )
    return t.add(
        store(
            key,
            options.services,
            artifact_days=p.ArtifactDays,
            package_days=options.package_days,
            namespace=own_namespace(options.home),
        )
    )
