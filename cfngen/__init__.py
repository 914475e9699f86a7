"""Blueprints in Python, linted CloudFormation YAML out.

What a blueprint's author needs is imported from here. Names are loaded when they are first used,
so that `import cfngen` itself costs next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` alone costs as much as starting Python; checkers know the name
if TYPE_CHECKING:
    from typing import Any

    from cfngen.blueprint import Blueprint, blueprint
    from cfngen.errors import CfngenError
    from cfngen.generate import Generated, draw, generate
    from cfngen.iam import Statement, allow, deny, policy_document, trust
    from cfngen.lint import Finding
    from cfngen.options import option
    from cfngen.parameters import Parameters, parameter
    from cfngen.payload import Payload, Payloads
    from cfngen.read import read
    from cfngen.render import render
    from cfngen.template import Template

_HOMES = {
    "Blueprint": "blueprint",
    "CfngenError": "errors",
    "Finding": "lint",
    "Generated": "generate",
    "Parameters": "parameters",
    "Payload": "payload",
    "Payloads": "payload",
    "Statement": "iam",
    "Template": "template",
    "allow": "iam",
    "blueprint": "blueprint",
    "deny": "iam",
    "draw": "generate",
    "generate": "generate",
    "option": "options",
    "parameter": "parameters",
    "policy_document": "iam",
    "read": "read",
    "render": "render",
    "trust": "iam",
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
