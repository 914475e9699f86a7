"""CodeCommit's git over TLS, under its real names: signatures are verified, policies are asked.

The protocol is that of `aws codecommit credential-helper` and `git-remote-codecommit`: user name
`KEY%TOKEN`, password `TIMEZSIGNATURE`, where a request called GIT is signed in version 4.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.emulator import Emulator
from support.git_hosts import GitHosts, _Host
from support.git_repositories import Repository, new_codecommit_repository

ACCOUNT = "123456789012"
SKEW = timedelta(minutes=15)


class CodeCommitGit(GitHosts):
    """The hosts of some regions.

    Attributes:
        root: folder of the repositories, as `REGION/NAME`.
        clock: what is added to the hosts' clock.
        refusals: why requests were not granted.
        on_push: what happens when somebody is about to push.
        asked_for: each action that was asked for: principal's key, action, resource, granted.
    """

    def __init__(self, emulator: Emulator, folder: Path, *regions: str, beside: str = "") -> None:
        """Listen for the hosts of the regions, and for another, which is not CodeCommit's."""
        folder.mkdir()
        self.emulator, self.root, self.clock = emulator, folder / "repositories", timedelta()
        self.refusals: list[str] = []
        self.on_push: Callable[[], object] = lambda: None
        self.asked_for: list[tuple[str, str, str, bool]] = []
        hosts = [f"git-codecommit.{region}.amazonaws.com" for region in regions]
        super().__init__(folder / "tls", *hosts, *filter(None, [beside]))
        for region, host in zip(regions, hosts, strict=True):
            (self.root / region).mkdir(parents=True)
            self.folders[host] = ("/v1/repos", self.root / region)
        self.elsewhere = folder / "elsewhere"
        self.folders[beside] = ("", self.elsewhere)
        emulator.call("git", folder=str(self.root))
        state = self

        class Ours(_CodeCommitHost):
            hosts = state

        self.server.RequestHandlerClass = Ours

    def repository(self, region: str, name: str) -> Repository:
        """Return a repository; it is made when CodeCommit has it."""
        path = self.root / region / name
        if not path.exists():
            client = self.emulator.client("codecommit", region)
            client.get_repository(repositoryName=name)
            return new_codecommit_repository(path)
        return Repository(path)

    def noted(self, *asked: str) -> str:
        """Say why a request is not granted, and keep it."""
        why = self.refused(*asked)
        self.refusals += [why] if why else []
        return why

    def refused(self, user: str, password: str, host: str, path: str, action: str) -> str:
        """Say why a request is not granted, or nothing."""
        key, _, token = user.partition("%")
        region = host.split(".")[1]
        time = password.partition("Z")[0]
        try:
            when = datetime.strptime(time, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return "no time in the password"
        if abs(datetime.now(UTC) + self.clock - when) > SKEW:
            return "the clock is wrong"
        if self.emulator.call("token", region=region, key=key) != (token or None):
            return "another session"
        secret = self.emulator.call("secret", region=region, key=key)
        url = path.partition(".git/")[0] if ".git/" in path else "/".join(path.split("/")[:4])
        if not secret or not proves(secret, password, host, url):
            return "the signature does not match"
        arn = f"arn:aws:codecommit:{region}:{ACCOUNT}:{url.rpartition('/')[2]}"
        asked = {"key": key, "action": f"codecommit:{action}", "resource": arn}
        granted = bool(self.emulator.call("may", region=region, **asked))
        self.asked_for.append((key, action, arn, granted))
        return "" if granted else f"{action} is not allowed"


def signed(secret: str, time: str, host: str, path: str) -> str:
    """Sign a request as CodeCommit's clients do."""
    region = host.split(".")[1]
    request = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    scope = f"{time[:8]}/{region}/codecommit/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def proves(secret: str, password: str, host: str, path: str) -> bool:
    """Tell whether a password is the signature of a request for a repository's path."""
    time, _, signature = password.partition("Z")
    return hmac.compare_digest(signature, signed(secret, time, host, path))


class _CodeCommitHost(_Host):
    """A host of CodeCommit's."""

    hosts: CodeCommitGit

    def located(self, path: str) -> dict[str, str]:
        """Speak git's first protocol: the second one gives any object to whoever asks for it."""
        return {**super().located(path), "GIT_PROTOCOL": ""}

    def git(self) -> None:
        """Serve who has signed, and may."""
        if not self.name.startswith("git-codecommit."):
            super().git()
            return
        path = self.path.partition("?")[0]
        push = "git-receive-pack" in self.path
        action = "GitPush" if push else "GitPull"
        region, name = self.name.split(".")[1], path.split("/")[3]
        self.hosts.welcome[self.name] = lambda user, password: (
            not self.hosts.refused(user, password, self.name, path, action)
        )
        self.hosts.repository(region, name)
        if self.path.endswith("/git-receive-pack"):
            self.hosts.on_push()
        super().git()
