"""A real moto server on loopback, for the tests whose code calls AWS through boto3."""

import functools
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

PATIENCE_SECONDS = 30.0


def free_port() -> int:
    """Return a loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Tell whether a moto server answers at the address, whatever proxy the shell has set."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/moto-api/data.json", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def start(log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server and return it with its address once it answers."""
    for _ in range(3):  # another process may take the free port first
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while server.poll() is None and time.monotonic() < deadline:
                # Alive and answering: it is ours that listens, for ours would have died otherwise.
                if answers(url) and server.poll() is None:
                    return server, url
                time.sleep(0.02)
        except BaseException:
            stop(server)
            raise
        stop(server)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"moto_server did not start; it said:\n{said}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End this one server, by force if it does not go."""
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a moto server that lives as long as the test session."""
    server, url = start(tmp_path_factory.mktemp("moto") / "server.log")
    try:
        yield url
    finally:
        stop(server)


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point every AWS client of this process and its children at the server; return its address.

    Nothing of the developer's own AWS configuration, credentials or proxies is left in reach.
    """
    for name in list(os.environ):
        if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name, value in client_environment(moto_server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session())
    return moto_server


@functools.cache
def session() -> boto3.session.Session:
    """Return the one session of these tests: it holds no credentials but theirs.

    boto3's own would keep those it found first. A new one for each test costs 50 ms.
    """
    return boto3.session.Session()


def client_environment(url: str) -> dict[str, str]:
    """Return the variables that make an AWS client talk to the server, and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }
