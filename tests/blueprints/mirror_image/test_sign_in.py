"""sign_in.py, run by the task: real git and ssh prove themselves to hosts that let few in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.aws_on_loopback import TASK_KEY, Aws, key_of
from support.git_hosts import GitHosts
from support.git_repositories import hung
from support.mirror_tasks import (
    FAR,
    HERE,
    REGIONS,
    THERE,
    Place,
    settings,
    template,
)
from support.pythons import VERSIONS, python
from support.ssh_server import SshServer, new_key

pytestmark = pytest.mark.payloads

HOST, OTHER = "git.example.com", "other.example.com"
TOKEN = "ghp_A1b2%s\\n'\"$(id)`id`;&!{}~"
CODECOMMIT = {region: f"git-codecommit.{region}.amazonaws.com" for region in REGIONS}
ROLES = [f"arn:aws:iam::{number}:role/mirror" for number in ("222233334444", "333344445555")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A source, and a destination that lacks its newest commit."""
    place = Place(tmp_path)
    place.build({})
    source = place.new_source("shop")
    behind = place.new_destination("shop")
    behind.git("fetch", "-q", str(source.path), "refs/heads/feature:refs/heads/main")
    return place


@pytest.fixture
def hosts(place: Place) -> Iterator[GitHosts]:
    """The hosts; two have the source, and let in who has the token."""
    with GitHosts(place.root / "hosts", HOST, OTHER, *CODECOMMIT.values()) as hosts:
        for name in (HOST, OTHER):
            hosts.strict.add(name)
            hosts.folders[name] = ("/acme", place.root / "codecommit" / HERE)
            hosts.welcome[name] = lambda _, password: password == TOKEN
        yield hosts


def built(place: Place, hosts: GitHosts, options: dict[str, Any], **answers: str) -> None:
    """Build a place whose HTTPS goes to the hosts, and whose one destination is on disk."""
    place.build(options, **answers)
    place.lead(f"[http]\n\tproxy = {hosts.url}\n")
    place.environment["GIT_SSL_CAINFO"] = str(hosts.certificate)
    place.environment["GIT_TRACE"] = str(place.root / "trace")


@pytest.fixture
def private(place: Place, hosts: GitHosts) -> Place:
    """The task of a private source at a Git host."""
    at(place, hosts, f"https://{HOST}/acme/shop")
    return place


def at(place: Place, hosts: GitHosts, url: str) -> None:
    """Build the task of a private source at an address."""
    built(place, hosts, {"source": "https"}, SourceUrl=url, SourceSecret="arn:of:secret")
    place.on_disk(f"https://{CODECOMMIT[THERE]}/v1/repos/", place.root / "codecommit" / THERE)


def same(place: Place, region: str = THERE, name: str = "shop") -> bool:
    """Tell whether a destination is equal to the source."""
    return place.repository(name, region).refs() == place.repository("shop").refs()


def shown(hosts: GitHosts) -> set[tuple[str, str, str]]:
    """Return what the hosts were shown."""
    return set(hosts.seen)


def nowhere(secret: str, place: Place, said: str) -> bool:
    """Tell whether a secret is in no log, on no command line and in no file of the task."""
    needle = secret.encode()
    files = [path for path in place.root.rglob("*") if path.is_file()]
    assert place.root / "trace" in files
    return secret not in said and not [path for path in files if needle in path.read_bytes()]


# --- over HTTPS --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "known"),
    [("", "x-access-token"), ("ann@", "ann"), ("ann%40example.com@", "ann@example.com")],
)
def test_a_token(place: Place, hosts: GitHosts, user: str, known: str) -> None:
    """A token is the password of the address's user, or of one that any host takes."""
    at(place, hosts, f"https://{user}{HOST}/acme/shop")
    run = place.run(SOURCE_SECRET=TOKEN)
    assert run.status == 0, run.output
    assert same(place)
    assert shown(hosts) == {(HOST, known, TOKEN)}


def test_where_a_secret_is(private: Place) -> None:
    """The secret is neither in the log, nor in a file, nor on a command line."""
    run = private.run(SOURCE_SECRET=TOKEN, CACHE_DIR=str(private.home))
    assert run.status == 0, run.output
    assert nowhere(TOKEN, private, run.output)
    trace = (private.root / "trace").read_text()
    assert "$SOURCE_PASSWORD" in trace  # commands are traced
    assert "credential-helper" not in trace  # AWS's is not asked about a host that is not AWS's


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python(private: Place, hosts: GitHosts, version: str) -> None:
    """All programs run in the Python that Amazon Linux has, an older one, and in newer ones."""
    private.python = python(version)
    private.container.install()
    since = {"MIRROR_SINCE": "2026-01-01T00:00:00Z"}
    assert private.run(SOURCE_SECRET="").status == 2
    run = private.run(SOURCE_SECRET=TOKEN, **since)
    assert run.status == 0, run.output
    assert same(private)
    assert len(run.of("measured")) == 1
    assert private.run(SOURCE_SECRET=TOKEN, **since).status == 0


@pytest.mark.parametrize("mangle", ["{}\n", "{}\r\n", "\n  {}  \n"])
def test_blanks_around_a_token(private: Place, mangle: str) -> None:
    """A token that was stored with blanks around it is good."""
    assert private.run(SOURCE_SECRET=mangle.format(TOKEN)).status == 0


@pytest.mark.parametrize("more", [{}, {"engine": "git", "port": 1}])
def test_a_pair(place: Place, hosts: GitHosts, more: dict[str, Any]) -> None:
    """A secret in JSON has the user name as well, which the address does not overrule."""
    at(place, hosts, f"https://somebody@{HOST}/acme/shop")
    secret = json.dumps({"username": "ann", "password": TOKEN, **more}, indent=2)
    run = place.run(SOURCE_SECRET=secret)
    assert run.status == 0, run.output
    assert shown(hosts) == {(HOST, "ann", TOKEN)}
    assert nowhere(TOKEN, place, run.output)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        " \n",
        "hunter2\nhunter3",
        "hunter2 hunter3",
        "hunter2\x00"[:-1] + "\x07",
        "h\u00fcnter2",
        '{"username": "ann"}',
        '{"username": "ann", "password": null, "hint": "hunter2"}',
        '{"username": "ann", "password": "hunter2\\nhost=evil.example.com"}',
        '{"username": "ann\\nhost=evil.example.com", "password": "hunter2"}',
        '{"password": "hunter2"}',
        '{"username": "", "password": "hunter2"}',
        '{"username": "ann", "password": "hunter2"',
    ],
)
def test_a_bad_secret(private: Place, hosts: GitHosts, secret: str) -> None:
    """It ends the task with 2, before anything is asked for, in words that do not tell it."""
    run = private.run(SOURCE_SECRET=secret)
    assert run.status == 2, run.output
    assert len(run.events) == len(run.output.splitlines()) == 1
    assert run.events[0]["reason"]
    assert "unter" not in run.output
    assert hosts.asked == set()


def test_a_wrong_token(private: Place) -> None:
    """It fails the run, which asks nobody for another."""
    run = private.run(SOURCE_SECRET="hunter2", MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "cannot read the source" in run.output
    assert "hunter2" not in run.output


@pytest.mark.parametrize("how", ["instead", "redirect"])
def test_another_host(private: Place, hosts: GitHosts, how: str) -> None:
    """No other host is given the secret, even if the source sends git there."""
    if how == "redirect":
        hosts.moved[HOST] = f"https://{OTHER}"
        hosts.welcome[OTHER] = lambda *_: True
        run = private.run(SOURCE_SECRET=TOKEN, MIRROR_ROUNDS="1")
    else:
        # sign_in reads SOURCE_URL; git goes elsewhere.
        private.lead(f'[url "https://{OTHER}/acme/"]\n\tinsteadOf = "https://{HOST}/acme/"\n')
        run = private.run(SOURCE_SECRET=TOKEN, MIRROR_ROUNDS="1")
    assert run.status == 1
    assert OTHER in hosts.asked
    assert not [one for one in hosts.seen if one[0] == OTHER and TOKEN in one]


@pytest.mark.slow
def test_a_destination_is_not_given_it(place: Place, hosts: GitHosts) -> None:
    """CodeCommit is shown the task's own role, and the source is not."""
    with Aws(place.root / "codecommit") as aws:
        built(place, hosts, {"source": "https"}, SourceUrl=f"https://{HOST}/acme/shop")
        as_in_fargate(place, hosts, aws)
        run = place.run(SOURCE_SECRET=TOKEN)
    assert run.status == 0, run.output
    assert same(place)
    assert {(host, user.partition("%")[0]) for host, user, _ in shown(hosts)} == {
        (HOST, "x-access-token"), (CODECOMMIT[THERE], TASK_KEY),
    }  # fmt: skip


# --- over SSH ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A private and a public SSH key."""
    return new_key(tmp_path_factory.mktemp("keys"), "mirror")


def over_ssh(place: Place, server: SshServer, host_keys: str) -> None:
    """Build the task of a source behind an SSH server."""
    url = server.url(place.repository("shop").path)
    place.build({"source": "ssh"}, SourceUrl=url, SourceHostKeys=host_keys)
    place.on_disk(f"https://{CODECOMMIT[THERE]}/v1/repos/", place.root / "codecommit" / THERE)


@pytest.mark.needs_sshd
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_ssh_key(place: Place, key: tuple[str, str], ends: str) -> None:
    """A private key opens a host whose key is pinned.

    It is in a file that nobody else can read, and in no program's environment.
    """
    place.repository("shop", THERE).hook("pre-receive", f'env > "{place.root}/environment"')
    with SshServer(place.root / "sshd", key[1]) as server:
        over_ssh(place, server, "# checked\n" + server.known_hosts)
        run = place.run(SOURCE_SECRET=key[0].strip().replace("\n", ends))
    assert run.status == 0, run.output
    assert same(place)
    assert (place.home / "key").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in run.output
    assert "HOME=" in (said := (place.root / "environment").read_text())
    assert "PRIVATE" not in said


@pytest.mark.needs_sshd
def test_another_host_key(place: Place, key: tuple[str, str]) -> None:
    """A host with another key than the pinned one is not told anything."""
    with SshServer(place.root / "sshd", key[1]) as server:
        pinned = server.known_hosts
        server.new_host_key()
        over_ssh(place, server, pinned)
        run = place.run(SOURCE_SECRET=key[0], MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "Host key verification failed" in run.output
    assert not same(place)


@pytest.mark.needs_sshd
def test_another_ssh_key(place: Place, key: tuple[str, str]) -> None:
    """A key that the host does not know fails the run, which asks nobody for a password."""
    with SshServer(place.root / "sshd", new_key(place.root, "another")[1]) as server:
        over_ssh(place, server, server.known_hosts)
        run = place.run(SOURCE_SECRET=key[0], MIRROR_ROUNDS="1")
    assert run.status == 1
    assert "Permission denied" in run.output


# --- to other accounts -------------------------------------------------------------------------


def as_in_fargate(place: Place, hosts: GitHosts, aws: Aws) -> None:
    """Give a task a role, and let it and those it assumes into CodeCommit."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del place.environment[name]
    place.environment["AWS_ENDPOINT_URL"] = aws.url
    place.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{aws.url}/credentials"
    for region, host in CODECOMMIT.items():
        hosts.folders[host] = ("/v1/repos", place.root / "codecommit" / region)
        hosts.welcome[host] = lambda user, _: user.startswith("ASIA")


def admitted(hosts: GitHosts) -> dict[str, set[str]]:
    """Return the access keys that each region's CodeCommit has seen."""
    found: dict[str, set[str]] = {}
    for host, user, password in shown(hosts):
        assert password, f"{user} was tried without a password"
        found.setdefault(host.split(".")[1], set()).add(user.partition("%")[0])
    return found


@pytest.mark.slow
def test_a_role_in_another_account(place: Place, hosts: GitHosts) -> None:
    """The destination is pushed to with its own role, and the source is read with the task's.

    Nobody is shown anything else first, as CodeCommit ends what begins with a wrong password.
    """
    hosts.strict |= set(CODECOMMIT.values())
    behind = place.new_destination("shop", FAR)
    behind.git(
        "fetch", "-q", str(place.repository("shop").path), "refs/heads/feature:refs/heads/main"
    )
    with Aws(place.root / "codecommit") as aws:
        destinations = [{"region": FAR, "role": ROLES[0]}]
        built(place, hosts, {"destinations": destinations, "repositories": ["shop"]})
        as_in_fargate(place, hosts, aws)
        run = place.run()
    assert run.status == 0, run.output
    assert same(place, FAR)
    assert admitted(hosts) == {HERE: {TASK_KEY}, FAR: {key_of(ROLES[0])}}
    assumed = [asked for action, asked in aws.calls if action == "AssumeRole"]
    assert {(one["RoleArn"], one["signer"], one["RoleSessionName"]) for one in assumed} == {
        (ROLES[0], TASK_KEY, "mirror")
    }
    assert "--profile destination1" in (place.root / "trace").read_text()


@pytest.mark.slow
def test_roles_in_several_accounts(place: Place, hosts: GitHosts) -> None:
    """Each destination is reached, made and changed with its own role.

    That two of them are in one region, or that one has no role, leads to no mix-up.
    """
    destinations = [
        {"region": THERE, "prefix": "plain-"},
        {"region": THERE, "prefix": "first-", "role": ROLES[0]},
        {"region": THERE, "prefix": "second-", "role": ROLES[1]},
        {"region": FAR, "role": ROLES[1]},
    ]
    with Aws(place.root / "codecommit") as aws:
        built(place, hosts, {"destinations": destinations})
        as_in_fargate(place, hosts, aws)
        run = place.run(REPOSITORY="shop")
    assert run.status == 0, run.output
    for prefix in ("plain-", "first-", "second-"):
        assert same(place, THERE, f"{prefix}shop")
    assert same(place, FAR)
    first, second = map(key_of, ROLES)
    assert admitted(hosts) == {HERE: {TASK_KEY}, THERE: {TASK_KEY, first, second}, FAR: {second}}
    assert aws.signers >= {(TASK_KEY, THERE), (first, THERE), (second, THERE), (second, FAR)}
    assert not {(first, FAR), (TASK_KEY, FAR)} & aws.signers


def test_profiles_are_written_where_aws_reads_them(place: Place) -> None:
    """The template's profiles are the whole configuration of `aws`."""
    options = {"destinations": [{"region": FAR, "role": ROLES[0]}]}
    asked = settings(template(options), {})
    place.build(options)
    place.run(REPOSITORY="no name")
    assert (place.home / "aws-config").read_text() == asked["AWS_PROFILES"]
    assert asked["AWS_PROFILES"].startswith("[profile destination1]\nrole_arn = arn:aws:iam::2222")


def test_who_needs_no_sign_in(place: Place) -> None:
    """A task without secret and roles does not import the program."""
    (place.root / "opt/mirror/sign_in.py").unlink()
    place.on_disk(f"https://{CODECOMMIT[HERE]}/v1/repos/", place.root / "codecommit" / HERE)
    place.on_disk(f"https://{CODECOMMIT[THERE]}/v1/repos/", place.root / "codecommit" / THERE)
    assert place.run(REPOSITORY="shop").status == 0


def test_a_git_that_hangs_at_its_settings_is_given_up(
    private: Place, hosts: GitHosts, tmp_path: Path
) -> None:
    """The run fails before anything is fetched, and says so without the secret."""
    path = hung(tmp_path / "hung", "git", "config*", private.environment["PATH"])
    run = private.run(PATH=path, SOURCE_SECRET=TOKEN, CONFIG_SECONDS="1")
    assert run.status == 2, run.output
    assert "TimeoutExpired" in run.of("failed")[0]["reason"]
    assert TOKEN not in run.output
    assert private.processes() == []
