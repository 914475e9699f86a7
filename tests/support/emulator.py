"""AWS on loopback: ministack with the plug-in of `tests/emulator/plugin`, and moto behind it.

Policies are enforced and signatures are checked. What it does not do is in `docs/verification.md`.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from support import handlers
from support.moto_server import client_environment, free_port, session, stop

# Not the resolved path: the interpreter in an environment is a link out of it.
PYTHON = Path(sys.prefix, "ministack", "bin", "python")
PLUGIN = Path(__file__).parents[1] / "emulator" / "plugin"
ACCOUNT = "123456789012"
REGION = "eu-west-1"
PATIENCE_SECONDS = 30.0
# AWS's command of the first kind does not hear of AWS_ENDPOINT_URL for every service.
SHIM = """\
#!/bin/sh
exec {aws} --endpoint-url {url} "$@"
"""


@dataclass
class Emulator:
    """A running emulator.

    Attributes:
        port: where it listens, on loopback.
        folder: a folder of its own, with its log.
        templates: the template of each stack that was deployed as it ships, by region and name.
        altered: ARNs of what a test ran otherwise than it ships: that shows nothing of what ships.
    """

    port: int
    folder: Path
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    templates: dict[tuple[str, str], str] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, region: str = REGION, **keys: str) -> Any:
        """Return a client; without credentials, the account's root."""
        if not keys and (service, region) in self.clients:
            return self.clients[service, region]
        given = keys or {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
        made = session().client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
            **given,
        )
        if not keys:
            self.clients[service, region] = made
        return made

    def call(self, what: str, /, region: str = REGION, **asked: Any) -> Any:
        """Tell or ask the plug-in something (`control.py`)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = json.dumps({"region": region, **asked})
            connection.request("POST", f"/_emulator/{what}", body)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{what}: {said}")
        return said

    def reset(self) -> None:
        """Forget everything, what is deployed included."""
        self.call("forget")
        self.templates.clear()
        self.altered.clear()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/_ministack/reset", b"")
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
        finally:
            connection.close()

    def environment(self, region: str = REGION) -> dict[str, str]:
        """Return what makes the `aws` command, found first on the path, talk to it."""
        shim = self.folder / "bin"
        if not shim.exists():
            shim.mkdir()
            aws = Path(sys.prefix, "bin", "aws")
            (shim / "aws").write_text(SHIM.format(aws=aws, url=self.url))
            (shim / "aws").chmod(0o755)
        return {
            **client_environment(self.url),
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "HOME": str(self.folder),
            "PATH": f"{shim}:{os.environ['PATH']}",
        }


def start(folder: Path, moto: str) -> tuple[subprocess.Popen[bytes], Emulator]:
    """Start an emulator and return it once it answers."""
    for _ in range(3):  # another process may take the free port first
        server, emulator = launched(folder, moto)
        end = time.monotonic() + PATIENCE_SECONDS
        while server.poll() is None and time.monotonic() < end:
            try:
                emulator.call("all_tasks")
            except OSError:
                time.sleep(0.05)
                continue
            return server, emulator
        stop(server)
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")[-3000:]
    raise RuntimeError(f"the emulator did not start; it said:\n{said}")


def launched(folder: Path, moto: str) -> tuple[subprocess.Popen[bytes], Emulator]:
    """Launch an emulator on a free port."""
    emulator = Emulator(free_port(), folder)
    handlers.write(folder / "handlers.json")
    surroundings = {
        **{k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")},
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "HANDLERS": str(folder / "handlers.json"),
        "HOME": str(folder),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MOTO_URL": moto,
        "NO_PROXY": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder),
    }
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "PYTEST_CURRENT_TEST"):
        surroundings.pop(name, None)
    with (folder / "log").open("wb") as output:
        server = subprocess.Popen(
            [PYTHON, PLUGIN],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return server, emulator


@pytest.fixture(scope="session")
def emulator(moto_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Give an emulator that lives as long as the test session."""
    if not PYTHON.exists():  # in CI, a proof that is not there is no proof
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no emulator here (`make test` installs it): nothing is deployed")
    server, running = start(tmp_path_factory.mktemp("emulator"), moto_server)
    try:
        yield running
    finally:
        stop(server)
