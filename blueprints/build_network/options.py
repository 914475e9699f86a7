"""Options of the build network, set at build time."""

from dataclasses import dataclass
from typing import Literal

from cfngen import option

Service = Literal[
    "codebuild", "codecommit", "git-codecommit", "logs", "secretsmanager", "ssm", "sts"
]
ZONES = (1, 2)


@dataclass(frozen=True)
class Options:
    """Options that decide which resources the template has."""

    nat: Literal["one", "per_zone"] = option(
        "One NAT gateway for both zones, or one in each, with two public IP addresses",
        default="one",
    )
    endpoints: tuple[Service, ...] = option(
        "AWS services with an interface endpoint, which has a monthly price in each zone",
        default=(),
    )

    @property
    def gateway_zones(self) -> tuple[int, ...]:
        """The zones that have a NAT gateway."""
        return ZONES if self.nat == "per_zone" else ZONES[:1]
