"""A real sshd on loopback, for the current user, and real keys."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


def new_key(folder: Path, name: str) -> tuple[str, str]:
    """Make a key pair and return its private and public text; the files are gone."""
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(command, check=True)
    texts = path.read_text(), path.with_suffix(".pub").read_text()
    path.unlink()
    path.with_suffix(".pub").unlink()
    return texts


class SshServer:
    """Lets one key in.

    Attributes:
        port: where it listens, on 127.0.0.1.
        known_hosts: the line that a client must know it by.
    """

    def __init__(self, folder: Path, authorized: str) -> None:
        """Prepare a server, with a host key of its own."""
        found = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if not found:
            pytest.skip("no sshd on this machine: the SSH transport itself is not tested")
        self.sshd = found
        self.folder = folder
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        (folder / "authorized_keys").write_text(authorized)
        self.known_hosts = self.new_host_key()

    def new_host_key(self) -> str:
        """Replace the host key; return its line for known_hosts."""
        private, public = new_key(self.folder, "host")
        (self.folder / "host_key").unlink(missing_ok=True)
        (self.folder / "host_key").write_text(private)
        (self.folder / "host_key").chmod(0o600)
        kind, value, _ = public.split()
        return f"[127.0.0.1]:{self.port} {kind} {value}"

    def url(self, path: Path) -> str:
        """Return the address of a repository on disk."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        """Start it, or skip the test where that is impossible."""
        if os.geteuid() == 0:
            with suppress(OSError):  # sshd insists on this folder when it is root's
                Path("/run/sshd").mkdir(exist_ok=True)
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.folder / "host_key",
            "AuthorizedKeysFile": self.folder / "authorized_keys",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
        }
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        log = self.folder / "log"
        command = [self.sshd, "-D", "-e", "-f", str(config)]
        with log.open("w") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.02)
        self.process.kill()
        pytest.skip(f"sshd does not start here: {log.read_text().strip()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(timeout=10)
