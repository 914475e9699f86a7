"""Options of the branch events, set at build time."""

from collections.abc import Iterator
from dataclasses import dataclass

from cfngen import option
from cfngen.patterns.pushes import (
    policy_problems,
    repository_problems,
)

# Characters of a role's policy besides the names of repositories.
POLICY_TAKEN = 300


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    repositories: tuple[str, ...] = option(
        "Names, or prefixes followed by *; without any, the template has a parameter for them",
        default=(),
    )
    pull_requests: bool = option(
        "Let the builder comment on pull requests and approve them", default=False
    )

    def problems(self) -> Iterator[str]:
        """Yield which options cannot be combined, and which values are invalid."""
        yield from repository_problems(self.repositories)
        yield from policy_problems(self.repositories, taken=POLICY_TAKEN)
