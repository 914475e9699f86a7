"""What an organization demands of every stack: tags, and the path and boundary of roles."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from cfngen.authoring.role_settings import RoleSettings
from cfngen.project.manifest_file import Reader


def role_settings_of(
    reader: Reader, where: tuple[str, ...], table: Any, default: RoleSettings
) -> RoleSettings:
    """Return what all roles have; what the table leaves out is as it is by default."""
    names = [setting.name for setting in fields(RoleSettings)]
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        reader.problem(
            where,
            "roles: must be a table of texts, such as"
            ' { path = "/ci/", permissions_boundary = "developer-boundary" }',
        )
        return default
    reader.unknown_keys((*where, "roles"), table, tuple(names))
    own = {name: table[name] for name in names if name in table}
    for problem in RoleSettings(**own).problems():  # what it inherits was reported where it stands
        reader.problem(where, f"roles.{problem}")
    return replace(default, **own)


def tags_of(reader: Reader, where: tuple[str, ...], table: Any) -> dict[str, str]:
    """Return the tags of stacks.

    Source: AWS page "Resource tag" of CloudFormation: keys of 128 and values of 256 characters
    at most, of a set of characters that all services take, and no key that begins with `aws:`.
    """
    if not isinstance(table, dict):
        reader.problem(where, 'tags: must be a table of texts, such as { Team = "build" }')
        return {}
    for key, value in table.items():
        if not re.fullmatch(r"(?!aws:)[\w .:/=+@-]{1,128}", key, re.IGNORECASE):
            reader.problem(
                where,
                f"tags: {key!r} cannot be a key: at most 128 letters, digits, spaces and"
                " . : / = + - @ _, and aws: is reserved",
            )
        elif "=" in key:
            reader.problem(where, f"tags: {key!r} has a =, which ends a key in `--tags`")
        if not isinstance(value, str) or not re.fullmatch(r"[\w .:/=+@-]{1,256}", value):
            reader.problem(
                where,
                f"tags.{key}: must be text of 1 to 256 letters, digits, spaces and . : / = + - @ _",
            )
    return {key: value for key, value in table.items() if isinstance(value, str)}
