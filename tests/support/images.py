"""Images as their Dockerfiles describe them, read without Docker.

Only what our Dockerfiles use is imitated. Any other instruction or command is refused, so that
nothing an image is given is left out of the tests without a word.
Source: Docker's "Dockerfile reference".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

# The programs of packages of Amazon Linux 2023, as far as anything here runs them.
PACKAGES = {
    "awscli-2": ("aws",),
    "git-core": ("git",),
    "openssh-clients": ("ssh", "ssh-add", "ssh-agent", "ssh-keygen", "ssh-keyscan"),
    "python3": ("python3",),
    "python3.13": ("python3.13",),
    "python3.13-pip": ("pip3.13",),
}
BASES = ("public.ecr.aws/amazonlinux/amazonlinux:2023",)


@dataclass
class Image:
    """What an image has and how it is run.

    Attributes:
        environment: variables by name.
        user: who runs it, as `UID:GID`.
        workdir: where it starts.
        entrypoint: the command it runs.
        volumes: folders that are volumes.
        copies: pattern and folder of each COPY.
        packages: what dnf has installed.
        modules: Python modules that pip has installed.
        git_config: name and value of each setting of git's system configuration.
        homes: home folder of each user who was added, by UID.
        folders: owner of each folder that was made, by path, as a UID.
        text: the Dockerfile.
    """

    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    git_config: list[tuple[str, str]] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def programs(self) -> list[str]:
        """The programs of the installed packages."""
        return [program for package in self.packages for program in PACKAGES[package]]

    @property
    def home(self) -> str:
        """HOME: what ENV says, or else the home of the user in /etc/passwd, as Docker does."""
        return self.environment.get("HOME") or self.homes.get(self.user.partition(":")[0], "/")

    @property
    def writable(self) -> list[str]:
        """The folders that the image's own user may write to."""
        uid = self.user.partition(":")[0]
        return [path for path, owner in self.folders.items() if owner == uid]

    def execute(self, words: list[str]) -> None:
        """Note what a command of RUN does."""
        match words:
            case ["dnf", "install", *rest]:
                self.packages += [word for word in rest if not word.startswith("-")]
                if unknown := sorted(set(self.packages) - PACKAGES.keys()):
                    raise ValueError(f"no programs are known of the packages {unknown}")
            case ["dnf", "clean", "all"]:
                pass
            case ["pip3.13", "install", *rest] if "python3.13-pip" in self.packages:
                self.modules += [r.partition("==")[0] for r in rest if not r.startswith("-")]
            case ["echo", line, ">>", "/etc/passwd"]:
                _, _, uid, _, _, home, _ = line.split(":")
                self.homes[uid] = home
            case ["install", "-d", "-o", owner, "-g", _, "-m", _, folder]:
                self.folders[folder] = owner
            case ["git", "config", "--system", name, value] if "git-core" in self.packages:
                self.git_config.append((name, value))
            case _:
                raise ValueError(f"RUN does not imitate {shlex.join(words)}")

    def follow(self, word: str, rest: str) -> None:
        """Note what an instruction does."""
        if word in ("RUN", "COPY") and self.user:
            raise ValueError(f"{word} after USER is not imitated: it would not be root's")
        match word:
            case "FROM" if rest in BASES:
                pass
            case "RUN":
                for command in _commands(rest):
                    self.execute(command)
            case "COPY":
                pattern, folder = shlex.split(rest)
                self.copies.append((pattern, folder))
            case "ENV":
                self.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "VOLUME":
                self.volumes += json.loads(rest)
            case "USER" | "WORKDIR":
                setattr(self, word.lower(), rest)
            case "ENTRYPOINT":
                self.entrypoint = json.loads(rest)
            case _:
                raise ValueError(f"{word} {rest} is not imitated")


def read(dockerfile: str) -> Image:
    """Return the image that a Dockerfile describes.

    Raises:
        ValueError: it has something that is not imitated here, or that Docker would not build.

    """
    image = Image(text=dockerfile)
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.M).replace("\\\n", "")
    for number, line in enumerate(filter(None, text.splitlines())):
        word, _, rest = line.partition(" ")
        if (word == "FROM") != (number == 0):
            raise ValueError("only images of one stage are imitated")
        image.follow(word, rest.strip())
    if not image.entrypoint:
        raise ValueError("an image without ENTRYPOINT runs nothing of ours")
    return image


def _commands(script: str) -> Iterator[list[str]]:
    """Yield the words of each command of a script whose commands are joined by &&."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars="&>;|()<")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in lexer:
        if word == "&&":
            yield command
            command = []
        else:
            command.append(word)
    yield command
