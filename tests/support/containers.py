"""Containers without Docker: surroundings that come from an image, and none from this machine.

A folder stands for the root of the file system. `git` takes the folder's `etc/gitconfig` for the
system's configuration, and PATH is a folder with the image's programs.
"""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import executed, programs
from support.images import Image


@dataclass
class Container:
    """An image that is about to run.

    Attributes:
        image: what its Dockerfile says.
        root: the folder that stands for `/`.
        own: scripts that stand for programs of the image, by name.
        python: the interpreter that stands for the image's.
    """

    image: Image
    root: Path
    own: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def network(self) -> Path:
        """A file of git's configuration that leads addresses elsewhere, as the test wants it.

        Nothing else may be in it: it stands for DNS and routes, not for the image.
        """
        return self.root / "network"

    def located(self, path: str) -> Path:
        """Return where on this machine a path of the container is."""
        return self.root / path.lstrip("/")

    def build(self, files: Mapping[str, str]) -> None:
        """Put everything into place, of files beside the Dockerfile, as `docker build` does.

        Raises:
            ValueError: the image's user could not write to the folder that it starts in.

        """
        image = self.image
        if image.workdir not in image.writable:
            raise ValueError(f"{image.user} may not write to {image.workdir}")
        for folder in image.writable:
            self.located(folder).mkdir(parents=True, exist_ok=True)
        for pattern, folder in image.copies:
            executed.collect(self.located(folder))
            executed.watch(self.located(folder))
            shutil.rmtree(self.located(folder), ignore_errors=True)
            self.located(folder).mkdir(parents=True)
            for name in fnmatch.filter(files, pattern):
                (self.located(folder) / name).write_text(files[name])
        write_git_config(self.root, self.network, image.git_config)
        self.install()

    def install(self) -> None:
        """Install the image's programs; again, if another Python is to stand for the image's."""
        image = self.image
        interpreters = {
            name: programs.python(image.modules if name == "python3.13" else (), self.python)
            for name in image.programs
            if name.startswith("python3")
        }
        names = (*programs.BASE, *image.programs)
        programs.fill(self.root / "tools", names, interpreters | dict(self.own))

    @property
    def environment(self) -> dict[str, str]:
        """All variables that the image's program finds, before ECS adds any."""
        ours = {
            name: str(self.located(value)) if value.startswith("/") else value
            for name, value in self.image.environment.items()
        }
        return {
            "PATH": str(self.root / "tools"),
            "GIT_CONFIG_SYSTEM": str(self.root / "etc/gitconfig"),
            "HOME": str(self.located(self.image.home)),
            **ours,
        }

    @property
    def command(self) -> list[str]:
        """The command that the image runs."""
        first, *rest = self.image.entrypoint
        found = str(self.root / "tools" / first)
        return [found, *(str(self.located(r)) if r.startswith("/") else r for r in rest)]

    def start(self, environment: Mapping[str, str], *before: str) -> subprocess.Popen[str]:
        """Run the image's command, after the beginning of another one if wanted.

        Like a container it has no terminal, and leads a session.
        """
        executed.note(self.image.text)
        for word in self.command:
            if Path(word).suffix == ".py":
                executed.note(Path(word).read_bytes())
        return subprocess.Popen(
            [*before, *self.command],
            env=dict(environment),
            cwd=self.located(self.image.workdir),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )


def build_machine(
    root: Path, network: str = "", own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Make a machine of CodeBuild's below a folder; return the variables of its image.

    git has no configuration there: what a build needs, its buildspec sets. `network` are lines
    that lead git's addresses elsewhere.
    """
    for folder in ("root", "tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "network").write_text(network)
    write_git_config(root, root / "network", [])
    scripts = {"python3": programs.python(())} | dict(own or {})
    return {
        "PATH": str(programs.fill(root / "tools", programs.CODEBUILD, scripts)),
        "GIT_CONFIG_SYSTEM": str(root / "etc/gitconfig"),
        "HOME": str(root / "root"),
        "TMPDIR": str(root / "tmp"),  # for the machine's own /tmp
    }


def write_git_config(root: Path, network: Path, settings: list[tuple[str, str]]) -> None:
    """Write git's system configuration: the settings of an image, in order, and the network."""
    path = root / "etc/gitconfig"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    for name, value in [*settings, ("include.path", str(network))]:
        subprocess.run(["git", "config", "--file", str(path), name, value], check=True)


def confined(*writable: Path) -> list[str]:
    """Return a command's beginning that makes all but some folders read-only, for user 1000.

    Without the program that does it, the test is skipped.
    """
    program = shutil.which("bwrap")
    if not program:
        pytest.skip("no bwrap here (Debian's bubblewrap): the task is not confined")
    command = [program, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in writable:
        command += ["--bind", str(folder), str(folder)]
    command += ["--unshare-user", "--unshare-pid", "--uid", "1000", "--gid", "1000"]
    command += ["--cap-drop", "ALL"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"bwrap may not confine anything here: {tried.stderr.strip()}")
    return command
