"""Files that run in AWS, embedded byte for byte when the template is built."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

from cfngen.errors import PayloadError, did_you_mean, several


class Payload(str):
    """The text of a payload file; `name` is the file it came from."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, text: str, name: str) -> Self:
        """Remember where the text came from."""
        self = super().__new__(cls, text)
        self.name = name
        return self


class Payloads:
    """The `payload/` folder of a blueprint's package.

    Args:
        package: the blueprint's `__package__`.
        folder: the folder below it, for payloads that two blueprints share.
    """

    def __init__(self, package: str | None, folder: str = "payload") -> None:
        """Remember the folder; nothing is read before it is asked for."""
        if not package:
            raise PayloadError("Payloads(__package__): a blueprint must be part of a package")
        self.package = package
        self.folder = folder

    def _root(self) -> Traversable:
        return files(self.package).joinpath(self.folder)

    def __getitem__(self, name: str) -> Payload:
        """Return the text of one file, refused if a reviewer could not read it in the template.

        Raises:
            PayloadError: the file is missing, not UTF-8, or would not come out as a `|` block.
        """
        source = self._root().joinpath(name)
        where = f"{self.package}/{self.folder}/{name}"
        try:
            raw = source.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            names = self.names()
            raise PayloadError(
                f"{where}: no such payload{did_you_mean(name, names)}"
                f" (available: {', '.join(names) or 'none'})"
            ) from None
        return Payload(checked(raw, str(source)), name)

    def names(self) -> list[str]:
        """Return the names of all files in the folder, sorted."""
        root = self._root()
        if not root.is_dir():
            return []
        return sorted(
            item.name
            for item in root.iterdir()
            if item.is_file() and not item.name.startswith(".") and item.name != "__init__.py"
        )


def checked(raw: bytes, where: str) -> str:
    r"""Return the text of a payload that YAML can show as a `|` block.

    A trailing space, a tab or a carriage return makes every YAML writer fall back to one quoted
    line full of `\n`, which nobody can review.

    Raises:
        PayloadError: naming the file and line of each offence.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw[: error.start].count(b"\n") + 1
        raise PayloadError(f"{where}:{number}: not UTF-8; save the file as UTF-8") from None
    offences = []
    if text.startswith("\ufeff"):
        offences.append(f"{where}:1: starts with a byte order mark; save it without one")
    for number, line in enumerate(text.split("\n"), start=1):
        if "\r" in line:
            offences.append(f"{where}:{number}: carriage return; use LF line ends")
        if "\t" in line:
            offences.append(f"{where}:{number}: tab; it would be unreadable in the template")
        if line.rstrip("\r").endswith(" "):
            offences.append(
                f"{where}:{number}: trailing space; it would be unreadable in the template"
            )
    if not text.strip():
        offences.append(f"{where}: empty; a payload has something to run")
    elif not text.endswith("\n") or text.endswith("\n\n"):
        offences.append(f"{where}: must end with exactly one newline")
    if offences:
        raise several(PayloadError, offences)
    return text
