"""Settings for all roles of a template: a path and a permissions boundary.

Blueprints say nothing about either. Whoever builds a template chooses them for all of its roles, as
CDK does with `PermissionsBoundary.of`, since a policy of the organization may deny `iam:CreateRole`
without them.

Source: AWS pages "Permissions boundaries for IAM entities" and "IAM identifiers".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from troposphere import Sub

# The types of resources that take each property (AWS pages of the types).
WITH_PATH = (
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
)
WITH_BOUNDARY = ("AWS::IAM::Role", "AWS::IAM::User")
PATH = r"/([!-.0-~]+/)*"
MAX_PATH = 512
POLICY_NAME = r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}"
POLICY_ARN = rf"arn:aws[a-z-]*:iam::([0-9]{{12}}|aws):policy/{POLICY_NAME}"


@dataclass(frozen=True)
class RoleSettings:
    """The path and the permissions boundary of every role of a template.

    Attributes:
        path: begins and ends with a slash, such as `/ci/`; IAM's own, `/`, if it is empty.
        permissions_boundary: the name of a managed policy of the account that a stack is made in,
            with its path if it has one, or the ARN of a policy; no boundary, if it is empty.

    Example:
        >>> list(RoleSettings(path="ci").problems())
        ["path: 'ci' must begin and end with a slash, such as /ci/"]
    """

    path: str = ""
    permissions_boundary: str = ""

    def problems(self) -> Iterator[str]:
        """Yield what IAM would refuse, a line each that begins with the setting."""
        if self.path and not re.fullmatch(PATH, self.path):
            yield f"path: {self.path!r} must begin and end with a slash, such as /ci/"
        elif len(self.path) > MAX_PATH:
            yield f"path: has {len(self.path)} characters, and IAM takes {MAX_PATH}"
        if self.permissions_boundary and not re.fullmatch(
            f"{POLICY_ARN}|{POLICY_NAME}", self.permissions_boundary, re.ASCII
        ):
            yield (
                f"permissions_boundary: {self.permissions_boundary!r} must be the name or the ARN"
                " of a managed policy, such as developer-boundary"
            )

    @property
    def boundary_arn(self) -> Any:
        """The ARN of the boundary: text, or a `Sub` where the account is the stack's."""
        if self.permissions_boundary.startswith("arn:"):
            return self.permissions_boundary
        return Sub(
            f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{self.permissions_boundary}"
        )

    def apply(self, resource: Any) -> None:
        """Give a resource of troposphere's the path and the boundary, unless it has its own."""
        kind = getattr(resource, "resource_type", "")
        if self.path and kind in WITH_PATH and "Path" not in resource.properties:
            resource.Path = self.path
        if (
            self.permissions_boundary
            and kind in WITH_BOUNDARY
            and "PermissionsBoundary" not in resource.properties
        ):
            resource.PermissionsBoundary = self.boundary_arn


_current: ContextVar[RoleSettings] = ContextVar("role_settings")
NONE = RoleSettings()


def current_role_settings() -> RoleSettings:
    """Return the settings of the template that is being made; none, outside of `synthesize`."""
    return _current.get(NONE)


@contextmanager
def role_settings(settings: RoleSettings) -> Iterator[None]:
    """Apply settings to all roles that are added to templates meanwhile, carried ones included."""
    token = _current.set(settings)
    try:
        yield
    finally:
        _current.reset(token)
