"""What the artifact stores decide at build time."""

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
    """Decided at build time, because they change the template's shape."""

    home: str = option("Region of the pipelines, and of this stack", default="eu-west-1")
    regions: tuple[str, ...] = option(
        "The other regions that pipelines deploy to", default=("us-east-1", "ap-southeast-2")
    )
    services: tuple[str, ...] = option(
        "Services whose pipelines keep things here; their roles get in, and nobody else's",
        default=("service-x",),
    )
    package_days: int = option(
        f"Days after which packages expire, {KEPT_DAYS} at least; 0 for never", default=0
    )

    def problems(self) -> Iterator[str]:
        """Yield what does not go together."""
        for key, region in (("home", self.home), *(("regions", r) for r in self.regions)):
            if problem := pipeline_problem(region):
                yield f"{key}: {problem}"
        if self.home in self.regions:
            yield f"regions: {self.home!r} is the home region, which has a store already"
        for key, values in (("regions", self.regions), ("services", self.services)):
            for value in dict.fromkeys(values):
                if values.count(value) > 1:
                    yield f"{key}: {value!r} is listed twice"
        yield from self._service_problems()
        if self.package_days and self.package_days < KEPT_DAYS:
            yield (
                f"package_days = {self.package_days}: a stack that is rolled back must find its"
                f" code; {KEPT_DAYS} at least, or 0 for never"
            )

    def _service_problems(self) -> Iterator[str]:
        """Yield names that are none, and that there are no services."""
        for name in self.services:
            if not re.fullmatch(SERVICE, name):
                yield (
                    f"services: {name!r} cannot be the name of a service: letters, digits and"
                    " dashes, 64 at most, a letter first"
                )
        if not self.services:
            yield "services: name one at least; nobody else gets in"
