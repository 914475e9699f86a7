"""Blueprints in Python, linted CloudFormation YAML out.

What a blueprint's author needs is imported from here; `__init__.pyi` lists it, once, for type
checkers and for the functions below. A name is loaded when it is first used, so that
`import cfngen` itself costs next to nothing.
"""

from __future__ import annotations

from cfngen.lazy import lazy_names

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


_load, __dir__ = lazy_names(__name__, lambda: _stub()[0])


def __getattr__(name: str) -> Any:
    renamed = _stub()[1]
    if name not in renamed:
        return _load(name)
    from cfngen.deprecation import warn_renamed

    warn_renamed(f"cfngen.{name}", f"cfngen.{renamed[name]}", stacklevel=3)
    return _load(renamed[name])
