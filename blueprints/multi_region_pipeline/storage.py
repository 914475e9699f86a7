"""Where the pipeline keeps things in each region."""

from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Sub
from troposphere.codepipeline import ArtifactStoreMap

from cfngen.patterns.pipelines import artifact_store
from cfngen.patterns.stores import Kind, bucket_name

from .._shared.store_access import StoreAccess
from .options import Options
from .parameters import bucket_parameters


@dataclass(frozen=True)
class Storage:
    """The stores of all regions: those of the artifact_stores stack, or buckets of one's own."""

    options: Options

    @property
    def access(self) -> StoreAccess:
        """What roles need to get at them."""
        options = self.options
        return StoreAccess(options.service, options.stores, bucket_parameters(options))

    def stores(self, *regions: str) -> list[ArtifactStoreMap]:
        """Return where a pipeline keeps artifacts: at home, and in the regions it acts in."""
        return [
            artifact_store(region, self.bucket("artifacts", region), self.access.key(region))
            for region in dict.fromkeys((self.options.home, *regions))
        ]

    def bucket(self, kind: Kind, region: str) -> Any:
        """Return the name of a bucket; one's own is for both kinds of things."""
        if self.access.own:
            return Ref(bucket_parameters(self.options)[region])
        return Sub(bucket_name(kind, region))
