"""What the other half of the branch builder decides at build time."""

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
    """Decided at build time, because they change the template's shape."""

    repositories: tuple[str, ...] = option(
        "Names, and beginnings of names followed by *; without any, a parameter says which",
        default=(),
    )
    pull_requests: bool = option(
        "Let the builder answer pull requests, and approve them", default=False
    )

    def problems(self) -> Iterator[str]:
        """Yield what does not go together."""
        yield from repository_problems(self.repositories)
        yield from policy_problems(self.repositories, taken=POLICY_TAKEN)
