"""Git hosts that demand a user name and a password, over HTTPS and under their real names.

They are reached through a proxy on loopback, which is all of them itself: no name is looked up.
"""

from __future__ import annotations

import base64
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.aws_on_loopback import Handler
from support.loopback import Loopback


class GitHosts(Loopback):
    """The hosts.

    Attributes:
        folders: for each host, the beginning of its addresses and the folder it stands for.
        welcome: for each host, who is let in, with which password.
        strict: the hosts that answer 403, not 401, to whom they do not let in.
        moved: for each host, the address that it sends everybody to.
        seen: host, user and password of each request that had any.
        asked: the hosts that were asked for anything.
        certificate: what to trust.
    """

    def __init__(self, folder: Path, *names: str) -> None:
        """Make a certificate for the hosts."""
        self.folders: dict[str, tuple[str, Path]] = {}
        self.welcome: dict[str, Callable[[str, str], bool]] = {}
        self.strict: set[str] = set()
        self.moved: dict[str, str] = {}
        self.seen: list[tuple[str, str, str]] = []
        self.asked: set[str] = set()
        folder.mkdir()
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        command = [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=loopback", "-keyout", str(key)),
            *("-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)),
            *("-out", str(self.certificate)),
        ]
        subprocess.run(command, check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        state = self

        class Ours(_Host):
            hosts = state

        self.listen(Ours, _Server)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that hang up."""


class _Host(Handler, BaseHTTPRequestHandler):
    """Becomes the host that a client wants to be connected with."""

    hosts: GitHosts
    name = ""

    def do_CONNECT(self) -> None:
        """Go on as the host."""
        self.name = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = self.hosts.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")

    def finish(self) -> None:
        """Close what has been wrapped, which the server does not know."""
        with suppress(OSError):
            super().finish()
        self.connection.close()

    def do_POST(self) -> None:
        """Serve git."""
        self.git()

    def do_GET(self) -> None:
        """Serve git."""
        self.git()

    def located(self, path: str) -> dict[str, str]:
        """Tell git's CGI program where on disk an address is."""
        prefix, folder = self.hosts.folders[self.name]
        return {"GIT_PROJECT_ROOT": str(folder), "PATH_INFO": path.removeprefix(prefix)}

    def git(self) -> None:
        """Serve who proves himself."""
        self.hosts.asked.add(self.name)
        kind, _, proof = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(proof).decode().partition(":")
        if kind:
            self.hosts.seen.append((self.name, user, password))
        if self.name in self.hosts.moved:
            self.body()
            self.send_response(302)
            self.send_header("Location", self.hosts.moved[self.name] + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif kind == "Basic" and self.hosts.welcome[self.name](user, password):
            super().git()
        else:
            self.body()
            self.send_response(403 if kind and self.name in self.hosts.strict else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
