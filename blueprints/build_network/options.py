"""What the network decides at build time."""

from dataclasses import dataclass
from typing import Literal

from cfngen import option

Service = Literal[
    "codebuild", "codecommit", "git-codecommit", "logs", "secretsmanager", "ssm", "sts"
]
ZONES = (1, 2)


@dataclass(frozen=True)
class Options:
    """Decided at build time, because they change the template's shape."""

    nat: Literal["one", "per_zone"] = option(
        "One NAT gateway for both zones, or one in each: twice the price, twice the addresses",
        default="one",
    )
    endpoints: tuple[Service, ...] = option(
        "AWS services reached without the NAT gateway, at a monthly price for each zone",
        default=(),
    )

    @property
    def gateway_zones(self) -> tuple[int, ...]:
        """The zones that have a NAT gateway."""
        return ZONES if self.nat == "per_zone" else ZONES[:1]
