"""What commands that make or deploy templates say where none are listed."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from cfngen.errors import ManifestError
from cfngen.paths import display_path
from cfngen.project import registry
from cfngen.project.manifest import Found, listed_templates, read
from cfngen.project.manifest_file import bare

OURS = "cfngen"
FILE = f"{OURS}.toml"
SUFFIXES = ("toml", "yaml", "yml", "json")
# How much of a name has to agree: `cfgen` and `cfn-gen` do, `config` and `cfnlint` do not.
SIMILAR = 0.75


def require_templates(found: Found, *, prune: bool = False) -> None:
    """Complain of a project that does not say which templates it makes.

    An empty table of templates says it: none. Then only removing is refused, since what is there
    was made by a table that somebody has emptied.

    Args:
        found: the project.
        prune: whether files are to be removed that are not listed.

    Raises:
        ManifestError: there is no manifest, or no table of templates in it, or the manifest is
            not understood.
    """
    listed = listed_templates(found)
    if listed is None:
        error = ManifestError([_nothing_listed(found), *near_misses(found)])
        error.add_note(_example(found))
        raise error
    if prune and not listed:
        problem = (
            f"{display_path(found.tables[0][0])}: lists no template, so --prune would remove every"
            " template in the output folder; remove those that are not needed by hand"
        )
        raise ManifestError([problem])


def _nothing_listed(found: Found) -> str:
    if found.has_manifest:
        read(found)  # a misspelt key may be the reason, and is told as one
        return f"{display_path(found.tables[0][0])}: lists no templates, so there are none to make"
    return (
        f"no {FILE} in {found.root} or above it, and no [tool.cfngen] in a pyproject.toml: nothing"
        " says which templates to make"
    )


def near_misses(found: Found) -> list[str]:
    """Return a line about each file, or table, that may be meant to be the manifest.

    They are looked for beside the manifest, and also above where there is none at all.
    """
    folders = [found.root] if found.has_manifest else [found.root, *found.root.parents]
    return [
        f"there is {what}; is it meant to be {meant}?"
        for folder in folders
        for what, meant in (*_files(folder), *_tables(folder))
    ]


def _files(folder: Path) -> list[tuple[str, str]]:
    return [
        (display_path(folder / name), FILE) for name in sorted(filter(_similar, _names(folder)))
    ]


def _tables(folder: Path) -> list[tuple[str, str]]:
    """Return the misspelt tables of a pyproject.toml, which was read before without problems."""
    path = folder / "pyproject.toml"
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool")
    except (OSError, ValueError, RecursionError):
        return []
    names = [name for name in (tool if isinstance(tool, dict) else {}) if _like_ours(name)]
    return [(f"[tool.{bare(name)}] in {display_path(path)}", f"[tool.{OURS}]") for name in names]


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - the names are all that is wanted
    except OSError:
        return []


def _similar(name: str) -> bool:
    """Whether a file's name is nearly, but not quite, that of a manifest."""
    stem, _, rest = name.casefold().lstrip(".").partition(".")
    suffix = rest.partition(".")[0]
    return (
        name != FILE
        and name.isprintable()
        and (stem == OURS or _like_ours(stem))
        and any(_ratio(suffix, known) > SIMILAR for known in SUFFIXES)
    )


def _like_ours(name: str) -> bool:
    """Whether a name is nearly, but not quite, ours."""
    plain = name.casefold().replace("-", "").replace("_", "")
    return name != OURS and _ratio(plain, OURS) >= SIMILAR


def _ratio(one: str, other: str) -> float:
    from difflib import SequenceMatcher  # only mistakes pay for it

    return SequenceMatcher(None, one, other).ratio()


def _example(found: Found) -> str:
    """Return what to write, about a blueprint that is installed."""
    source = found.tables[0][0] if found.tables else found.root / FILE
    prefix = "tool.cfngen." if source.name == "pyproject.toml" else ""
    blueprint = next(iter(registry.search()[0]), "my_blueprint")
    name = blueprint.replace("_", "-")
    return (
        f"Write such a table for each template into {display_path(source)}:\n"
        "\n"
        f"# makes {name}.yaml in the output folder\n"
        f"[{prefix}templates.{name}]\n"
        f'blueprint = "{blueprint}"\n'
        "\n"
        "`cfngen list` shows the blueprints there are, `cfngen schema` the options of one."
    )
