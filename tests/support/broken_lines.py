"""A connection to the source that breaks, in the place of ssh."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from support.git_repositories import SOURCE_URL, World

# Gives a call's answer on, until it breaks off after so many bytes if the call's number says so.
PROGRAM = """\
#!{python}
import os, shlex, subprocess, sys
verb, path = shlex.split(sys.argv[-1])
with open({calls!r}, "a") as calls:
    calls.write("x")
number = os.path.getsize({calls!r})
left = {cut!r}.get(number, 1 << 60)
command = ["git", verb.removeprefix("git-"), {root!r} + path]
child = subprocess.Popen(command, stdout=subprocess.PIPE)
sent = 0
while left and (block := os.read(child.stdout.fileno(), min(65536, left))):
    os.write(1, block)
    sent, left = sent + len(block), left - len(block)
with open({calls!r} + ".bytes", "a") as out:
    print(sent, file=out)
child.kill()
os._exit(0 if left else 255)
"""


@dataclass(frozen=True)
class Line:
    """What stands between git and the source."""

    folder: Path

    def settings(self, world: World, cut: dict[int, int]) -> dict[str, str]:
        """Return a run's settings; a call, counted from 1, breaks off after so many bytes."""
        self.folder.mkdir()
        program = self.folder / "ssh"
        calls, root = str(self.folder / "calls"), f"{world.root}/backlog"
        program.write_text(
            PROGRAM.format(python=sys.executable, calls=calls, cut=cut, root=root), "utf-8"
        )
        program.chmod(0o755)
        # Another host's name: the world's own leads to the folder without any connection.
        url = SOURCE_URL.replace("space.git.backlog.com", "far.git.backlog.com")
        return {
            "MIRROR_SOURCE_URL": url,
            "GIT_SSH": str(program),
            "GIT_SSH_VARIANT": "simple",
        }

    def sizes(self) -> list[int]:
        """Return the bytes of each call's answer."""
        return [int(line) for line in (self.folder / "calls.bytes").read_text().split()]
