"""Quotas of an account that decide whether a stack's builds and tasks can run, as of a day."""

from __future__ import annotations

import pkgutil
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

FILE = "data/service_quotas.toml"
ENVIRONMENTS = {"ARM_CONTAINER": "ARM", "LINUX_CONTAINER": "Linux"}
SIZES = {"SMALL": "Small", "MEDIUM": "Medium", "LARGE": "Large", "XLARGE": "XLarge"}
FARGATE_NAMES = {"FARGATE": "On-Demand", "FARGATE_SPOT": "Spot"}


@dataclass(frozen=True)
class ServiceQuota:
    """A quota as Service Quotas has it.

    Attributes:
        service: the service code, such as `codebuild`.
        code: the quota code, such as `L-5ED1D25B`.
        name: what the console shows.
    """

    service: str
    code: str
    name: str

    def __str__(self) -> str:
        """Return the name with its code."""
        return f"{self.name} ({self.code})"


def concurrent_builds(environment: str, compute: str) -> ServiceQuota | None:
    """Return the quota of builds that run at once in an environment, if it is known.

    Args:
        environment: CodeBuild's environment type, such as `ARM_CONTAINER`.
        compute: CodeBuild's compute type, such as `BUILD_GENERAL1_SMALL`.

    Example:
        >>> str(concurrent_builds("ARM_CONTAINER", "BUILD_GENERAL1_SMALL"))
        'Concurrently running builds for ARM/Small environment (L-5ED1D25B)'
    """
    code = _data()["codebuild"].get(environment, {}).get(compute)
    if not code:
        return None
    size = compute.removeprefix("BUILD_GENERAL1_")
    where = f"{ENVIRONMENTS[environment]}/{SIZES.get(size, '2XLarge')}"
    return ServiceQuota("codebuild", code, f"Concurrently running builds for {where} environment")


def fargate_vcpus(provider: str = "FARGATE") -> ServiceQuota | None:
    """Return the quota of vCPUs of all Fargate tasks that run at once, if it is known.

    Args:
        provider: the capacity provider, `FARGATE` or `FARGATE_SPOT`.

    Example:
        >>> fargate_vcpus().code
        'L-3032A538'
    """
    code = _data()["fargate"].get(provider)
    name = f"Fargate {FARGATE_NAMES.get(provider)} vCPU resource count"
    return ServiceQuota("fargate", code, name) if code else None


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((pkgutil.get_data(__package__, FILE) or b"").decode("utf-8"))
