"""Blueprints in Python, linted CloudFormation YAML out.

What a blueprint's author needs is imported from here; `__init__.pyi` lists it, once, for type
checkers and for the functions below. A name is loaded when it is first used, so that
`import cfngen` itself costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` alone costs as much as starting Python; checkers know the name
if TYPE_CHECKING:
    from typing import Any


def _stub() -> tuple[dict[str, str], dict[str, str]]:
    """Return what `__init__.pyi` lists: the module of each name, and the new name of each old one.

    It holds `from module import name as name` for the names, `old = new` for the earlier ones.
    """
    if "_listed" not in globals():
        import ast

        stub = __spec__.loader.get_data(f"{__path__[0]}/__init__.pyi")
        names, renamed = {}, {}
        for node in ast.parse(stub).body:
            if isinstance(node, ast.ImportFrom):
                names |= {alias.name: node.module for alias in node.names}
            elif isinstance(node, ast.Assign):
                renamed[node.targets[0].id] = node.value.id
        globals()["_listed"] = names, renamed
    return globals()["_listed"]


def __getattr__(name: str) -> Any:
    modules, renamed = _stub()
    if name == "__all__":
        return sorted(modules)
    if name in renamed:
        from cfngen.deprecation import warn_renamed

        warn_renamed(f"cfngen.{name}", f"cfngen.{renamed[name]}", stacklevel=3)
        return __getattr__(renamed[name])
    if name not in modules:
        raise AttributeError(f"module 'cfngen' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(modules[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_stub()[0])
