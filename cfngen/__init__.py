"""Blueprints in Python, linted CloudFormation YAML out.

What a blueprint's author needs is imported from here. Names are loaded when they are first used,
so that `import cfngen` itself costs next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` alone costs as much as starting Python; checkers know the name
if TYPE_CHECKING:
    from typing import Any

    from cfngen.authoring.blueprint import Blueprint, blueprint
    from cfngen.authoring.iam import Statement, allow, deny, policy_document, trust
    from cfngen.authoring.options import option
    from cfngen.authoring.parameters import Parameters, parameter
    from cfngen.authoring.payload import Payload, Payloads
    from cfngen.authoring.template import Template
    from cfngen.cloudformation.read import read
    from cfngen.cloudformation.render import render
    from cfngen.errors import CfngenError
    from cfngen.linting.lint import Finding
    from cfngen.project.generate import Generated, draw, generate

_HOMES = {
    "Blueprint": "authoring.blueprint",
    "CfngenError": "errors",
    "Finding": "linting.lint",
    "Generated": "project.generate",
    "Parameters": "authoring.parameters",
    "Payload": "authoring.payload",
    "Payloads": "authoring.payload",
    "Statement": "authoring.iam",
    "Template": "authoring.template",
    "allow": "authoring.iam",
    "blueprint": "authoring.blueprint",
    "deny": "authoring.iam",
    "draw": "project.generate",
    "generate": "project.generate",
    "option": "authoring.options",
    "parameter": "authoring.parameters",
    "policy_document": "authoring.iam",
    "read": "cloudformation.read",
    "render": "cloudformation.render",
    "trust": "authoring.iam",
}

__all__ = [
    "Blueprint",
    "CfngenError",
    "Finding",
    "Generated",
    "Parameters",
    "Payload",
    "Payloads",
    "Statement",
    "Template",
    "allow",
    "blueprint",
    "deny",
    "draw",
    "generate",
    "option",
    "parameter",
    "policy_document",
    "read",
    "render",
    "trust",
]


class _Package(type(sys)):  # type: ignore[misc]
    """Keeps `cfngen.render` the function, though a module of that name is imported, too."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, type(sys))):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cfngen' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"cfngen.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
