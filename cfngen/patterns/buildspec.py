"""A buildspec with embedded files, rejected if it is too long for CodeBuild."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cfngen.errors import PayloadError

__all__ = ["buildspec"]

# CodeBuild refuses a buildspec of more than 25,600 characters in a project
# (not documented; https://github.com/aws/aws-cdk/issues/30326). The rest is for the next line.
MAX_CHARACTERS = 25_000

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def buildspec(text: str, carries: Mapping[str, str] = {}) -> str:
    """Return a buildspec with an `install` phase that writes the embedded files.

    The result starts with `text`, unchanged. The files, by name, follow in quoted heredocs: a
    build writes each into its working directory, byte for byte. Source: "Build specification
    reference" in the CodeBuild user guide; the order in which phases stand in the file is free.

    Raises:
        PayloadError: the buildspec already has such a phase, a file cannot be carried, or the
            result is longer than CodeBuild takes.

    """
    if not carries:
        return _fitting(text)
    before = _read(text)
    indent = _indent_of_phases(text)
    if "install" in before["phases"]:
        raise PayloadError(
            "buildspec: has an `install` phase, which is where the files it carries are written;"
            " move its commands to `pre_build`"
        )
    commands = [_write(name, content) for name, content in carries.items()]
    # A list may stand at the column of its key: a big file need not stand further in than that.
    lines = [
        f"{indent}# CodeBuild runs this phase first, wherever it stands.",
        f"{indent}install:",
        f"{indent} commands:",
    ]
    for command in commands:
        lines.append(f"{indent} - |")
        lines += [f"{indent}  {line}" if line else "" for line in command.splitlines()]
    result = text + "\n".join(lines) + "\n"
    # Whatever else YAML may make of the text, or of a strange character in a file, shows here.
    before["phases"]["install"] = {"commands": commands}
    if _read(result) != before:
        raise PayloadError(
            f"buildspec: cannot carry {', '.join(carries)} byte for byte; look for characters"
            " that YAML does not keep, and end the buildspec with its phases in block style"
        )
    return _fitting(result)


def _fitting(text: str) -> str:
    """Return a buildspec as it is, or refuse it if CodeBuild would."""
    if len(text) > MAX_CHARACTERS:
        raise PayloadError(
            f"buildspec: has {len(text):,} characters, of at most {MAX_CHARACTERS:,}; CodeBuild"
            " takes no longer one inside of a project: put what it carries into the project's"
            " source, an archive in S3, or split it"
        )
    return text


def _write(name: str, content: str) -> str:
    """Return the command that writes one file."""
    if not _SAFE_NAME.fullmatch(name):
        raise PayloadError(
            f"buildspec: {name!r} cannot be the name of a carried file;"
            " use letters, digits, '.', '_' and '-', and no folder"
        )
    delimiter = "END_OF_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    if not content.endswith("\n"):
        raise PayloadError(f"{name}: must end with a newline to be carried in a buildspec; add one")
    if delimiter in content.split("\n"):
        line = content.split("\n").index(delimiter) + 1
        raise PayloadError(
            f"{name}:{line}: the line {delimiter} would end the file early; word it otherwise"
        )
    return f"cat > {name} <<'{delimiter}'\n{content}{delimiter}\n"


def _read(text: str) -> dict[str, Any]:
    """Return what a buildspec says, or refuse it."""
    import yaml

    try:
        # libyaml's loader is ten times as fast, and takes no subclass of str.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(str(text), Loader=loader)  # noqa: S506 - both loaders are safe
    except yaml.YAMLError as error:
        raise PayloadError(f"buildspec: not YAML: {error}; correct it") from None
    if not isinstance(content, dict) or not isinstance(content.get("phases"), dict):
        raise PayloadError("buildspec: has no `phases`; add them, as the last top-level key")
    return content


def _indent_of_phases(text: str) -> str:
    """Return the spaces before the names of the phases, which must come last in the text."""
    import yaml

    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    key, phases = root.value[-1]
    if key.value != "phases" or not text.endswith("\n"):
        raise PayloadError(
            f"buildspec: ends with `{key.value}`; `phases` must be the last top-level key, and its"
            " last line must end with a newline, so that a phase can be added behind it"
        )
    return " " * int(phases.value[0][0].start_mark.column)
