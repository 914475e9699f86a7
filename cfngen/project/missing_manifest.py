"""What commands that make or deploy templates say of a project that lists none."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from cfngen.errors import ManifestError
from cfngen.paths import display_path
from cfngen.project import registry
from cfngen.project.manifest import ManifestSource, listed_templates, read
from cfngen.project.manifest_file import bare

NAME = "cfngen"
FILE = f"{NAME}.toml"
SUFFIXES = ("toml", "yaml", "yml", "json")
# How much of a name has to agree: `cfgen` and `cfn-gen` do, `config` and `cfnlint` do not.
SIMILAR = 0.75


def require_templates(source: ManifestSource, *, prune: bool = False) -> None:
    """Complain of a project that does not say which templates it makes.

    An empty table of templates says it: none. Then only removing is refused, since what is there
    was made by a table that somebody has emptied.

    Args:
        source: the project.
        prune: whether files are to be removed that are not listed.

    Raises:
        ManifestError: there is no manifest, or no table of templates in it, or the manifest is
            not understood.
    """
    listed = listed_templates(source)
    if listed is None:
        error = ManifestError([_nothing_listed(source), *near_misses(source)])
        error.add_note(_example(source))
        raise error
    if prune and not listed:
        problem = (
            f"{display_path(source.tables[0][0])}: lists no template, so --prune would remove every"
            " template in the output directory; remove those that are not needed by hand"
        )
        raise ManifestError([problem])


def _nothing_listed(source: ManifestSource) -> str:
    if source.has_manifest:
        read(source)  # a misspelt key may be the reason, and is reported as one
        return f"{display_path(source.tables[0][0])}: lists no templates, so there are none to make"
    return (
        f"no {FILE} in {source.root} or above it, and no [tool.cfngen] in a pyproject.toml: nothing"
        " says which templates to make"
    )


def near_misses(source: ManifestSource) -> list[str]:
    """Return a line about each file, or table, that may be meant to be the manifest.

    They are looked for beside the manifest, and also above where there is none at all.
    """
    directories = [source.root] if source.has_manifest else [source.root, *source.root.parents]
    return [
        f"there is {what}; is it meant to be {meant}?"
        for directory in directories
        for what, meant in (*_files(directory), *_tables(directory))
    ]


def _files(directory: Path) -> list[tuple[str, str]]:
    return [
        (display_path(directory / name), FILE)
        for name in sorted(filter(_similar, _names(directory)))
    ]


def _tables(directory: Path) -> list[tuple[str, str]]:
    """Return the misspelt tables of a pyproject.toml, which was read before without problems."""
    path = directory / "pyproject.toml"
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool")
    except (OSError, ValueError, RecursionError):
        return []
    names = [name for name in (tool if isinstance(tool, dict) else {}) if _like_ours(name)]
    return [(f"[tool.{bare(name)}] in {display_path(path)}", f"[tool.{NAME}]") for name in names]


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - the names are all that is wanted
    except OSError:
        return []


def _similar(name: str) -> bool:
    """Whether a file's name is nearly, but not quite, that of a manifest."""
    stem, _, rest = name.casefold().lstrip(".").partition(".")
    suffix = rest.partition(".")[0]
    return (
        name != FILE
        and name.isprintable()
        and (stem == NAME or _like_ours(stem))
        and any(_ratio(suffix, known_suffix) > SIMILAR for known_suffix in SUFFIXES)
    )


def _like_ours(name: str) -> bool:
    """Whether a name is nearly, but not quite, ours."""
    plain = name.casefold().replace("-", "").replace("_", "")
    return name != NAME and _ratio(plain, NAME) >= SIMILAR


def _ratio(first: str, other: str) -> float:
    from difflib import SequenceMatcher  # only mistakes pay for it

    return SequenceMatcher(None, first, other).ratio()


def _example(source: ManifestSource) -> str:
    """Return what to write, about a blueprint that is installed."""
    path = source.tables[0][0] if source.tables else source.root / FILE
    prefix = "tool.cfngen." if path.name == "pyproject.toml" else ""
    blueprint = next(iter(registry.search()[0]), "my_blueprint")
    name = blueprint.replace("_", "-")
    return (
        f"Write such a table for each template into {display_path(path)}:\n"
        "\n"
        f"# makes {name}.yaml in the output directory\n"
        f"[{prefix}templates.{name}]\n"
        f'blueprint = "{blueprint}"\n'
        "\n"
        "`cfngen list` shows the blueprints there are, `cfngen schema` the options of one."
    )
