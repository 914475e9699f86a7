"""Options of the deployment roles, set at build time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cfngen import option
from cfngen.cloudformation.regions import pipeline_problem

from .._shared.services import service_problems


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    service: str = option(
        "Name of the service that the pipeline deploys; its stacks are named after it",
        default="service-x",
    )
    home: str = option("Region of the pipeline and of this stack", default="eu-west-1")
    stores: Literal["stack", "parameters"] = option(
        "Where the pipeline stores artifacts: in an artifact_stores stack, or in your own buckets",
        default="stack",
    )

    @property
    def own_roles(self) -> bool:
        """Whether the deployment roles are in this stack; always true."""
        return True

    @property
    def all_regions(self) -> list[str]:
        """The regions of stores that the template names: only the pipeline's own."""
        return [self.home]

    def problems(self) -> Iterator[str]:
        """Yield what cannot be the name of a service or the region of a pipeline."""
        yield from service_problems(self.service)
        if problem := pipeline_problem(self.home):
            yield f"home: {problem}"
