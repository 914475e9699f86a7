"""Options of the artifact stores, set at build time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cfngen import option
from cfngen.cloudformation.regions import pipeline_problem
from cfngen.patterns.stores import SERVICE

# What a stack that was rolled back may have to find again.
KEPT_DAYS = 400


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    home: str = option("Region of the pipelines and of this stack", default="eu-west-1")
    regions: tuple[str, ...] = option(
        "Other regions that pipelines deploy to", default=("us-east-1", "ap-southeast-2")
    )
    services: tuple[str, ...] = option(
        "Services whose pipelines use the stores; only their roles have access",
        default=("service-x",),
    )
    package_days: int = option(
        f"Days after which packages expire, at least {KEPT_DAYS}; 0 for never", default=0
    )

    def problems(self) -> Iterator[str]:
        """Yield which options cannot be combined, and which values are invalid."""
        for key, region in (("home", self.home), *(("regions", r) for r in self.regions)):
            if problem := pipeline_problem(region):
                yield f"{key}: {problem}"
        if self.home in self.regions:
            yield f"regions: {self.home!r} is the home region, which already has a store"
        for key, values in (("regions", self.regions), ("services", self.services)):
            for value in dict.fromkeys(values):
                if values.count(value) > 1:
                    yield f"{key}: {value!r} is listed twice"
        yield from self._service_problems()
        if self.package_days and self.package_days < KEPT_DAYS:
            yield (
                f"package_days = {self.package_days}: a rollback needs the old code; use at least"
                f" {KEPT_DAYS}, or 0 for never"
            )

    def _service_problems(self) -> Iterator[str]:
        """Yield invalid names of services, and an empty list."""
        for name in self.services:
            if not re.fullmatch(SERVICE, name):
                yield (
                    f"services: {name!r} cannot be the name of a service: use at most 64"
                    " letters, digits and hyphens, beginning with a letter"
                )
        if not self.services:
            yield "services: list at least one; only their roles have access"
