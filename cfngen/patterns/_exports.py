"""What `cfngen.patterns` exports: the names that its modules list in `__all__`, found by walking.

A module is read for this, not imported: only those pay for a pattern who use it.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.resources import files

_LIST = re.compile(r"^__all__(?:: [^=\n]+)? = (\[[^\]]*\])", re.MULTILINE)


@cache
def homes() -> dict[str, str]:
    """Return the module of each exported name, sorted by name.

    Raises:
        ValueError: two modules export one name.
    """
    exports: dict[str, str] = {}
    for module, text in sources().items():
        match = _LIST.search(text)
        for name in ast.literal_eval(match[1]) if match else ():
            if name in exports:
                raise ValueError(f"cfngen.patterns: {exports[name]} and {module} export {name!r}")
            exports[name] = module
    return dict(sorted(exports.items()))


@cache
def sources() -> dict[str, str]:
    """Return the text of each module of patterns, sorted by the module's name."""
    modules = (file for file in files(__package__).iterdir() if file.name.endswith(".py"))
    return {
        file.name.removesuffix(".py"): file.read_text(encoding="utf-8")
        for file in sorted(modules, key=lambda file: file.name)
        if not file.name.startswith("_")
    }
