"""The buildspec of the Backlog proxy, run command by command as CodeBuild would run it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support import programs
from support.aws_on_loopback import Aws
from support.containers import build_machine
from support.git_repositories import World, build_world, copy_world, gone
from support.mirror_program import carried, fetched, published
from support.payload_runs import run_buildspec
from support.ssh_server import SshServer, new_key

from cfngen.errors import PayloadError
from cfngen.patterns.buildspec import buildspec
from cfngen.testing import BuildRun

pytestmark = pytest.mark.payloads

PAYLOAD = Path(__file__).parents[3] / "blueprints/backlog_proxy/payload"
TEXT = (PAYLOAD / "buildspec.yml").read_text()
HOST_KEYS = "space.git.backlog.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n# and a comment\n"
PINNED = "stack-HostKeys"
# What runs in the place of mirror.py where the test is about the world around it.
PROBE = """\
import os, pathlib, subprocess
needle = b"OPENSSH " + b"PRIVATE"
for path in pathlib.Path(os.environ["WORLD"]).rglob("*"):
    if path.is_file() and not path.is_symlink() and needle in path.read_bytes():
        print("key on disk:", path)
for name, value in os.environ.items():
    if needle in os.fsencode(value):
        print("key in environment:", name)
print(subprocess.run(["ssh-add", "-l"], capture_output=True, text=True).stdout)
print("ssh:", os.environ["GIT_SSH_COMMAND"])
print("dir:", os.environ["MIRROR_DIR"])
print("lock:", os.environ["MIRROR_LOCK_SECONDS"])
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world to copy: made once."""
    return build_world(tmp_path_factory.mktemp("template") / "world")


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A private and a public SSH key."""
    return new_key(tmp_path_factory.mktemp("keys"), "build")


@pytest.fixture
def world(template: World, key: tuple[str, str], tmp_path: Path) -> World:
    """A mirrored world, in which the source is one commit ahead, and a project's environment."""
    world = copy_world(template, tmp_path / "world")
    world.source.commit("main")
    (world.root / "src").mkdir()
    network = (world.root / "home/.gitconfig").read_text()
    del world.environment["GIT_CONFIG_NOSYSTEM"], world.environment["LANG"]
    world.environment |= {
        **build_machine(world.root, network),
        "WORLD": str(world.root),
        "BACKLOG_KEY": key[0],
        "BACKLOG_HOST_KEYS": HOST_KEYS,
        "CODEBUILD_START_TIME": "1700000000000",  # long ago, as for a build that was queued
    }
    return world


@pytest.fixture
def aws(world: World) -> Iterator[Aws]:
    """Parameter Store, with the parameter that a stack makes; the project names it."""
    with Aws(world.root / "codecommit") as server:
        server.parameters[PINNED] = "none"
        del world.environment["BACKLOG_HOST_KEYS"]
        world.environment |= {"AWS_ENDPOINT_URL": server.url, "HOST_KEYS_PARAMETER": PINNED}
        yield server


def build(world: World, mirror: str | None = None, **env: str) -> BuildRun:
    """Run the whole build; whatever happens, no agent outlives it."""
    fetched(world.root / "src", mirror=mirror)
    carries = carried("room.py")
    if "HOST_KEYS_PARAMETER" in world.environment:
        carries["host_keys.sh"] = (PAYLOAD / "host_keys.sh").read_text()
    text = buildspec(TEXT, carries)
    run = run_buildspec(text, cwd=world.root / "src", env={**world.environment, **env})
    for pid in re.findall(r"Agent pid (\d+)", run.output):
        assert gone(int(pid)), "the agent is still there"
    return run


def mirrored(world: World) -> bool:
    """Tell whether the destination has the source's refs."""
    return world.codecommit().refs() == world.source.refs()


def fake_keyscan(world: World, prints: str) -> Path:
    """Install an ssh-keyscan; return the file in which it notes its arguments."""
    asked = world.root / "keyscan"
    script = f"#!/bin/sh\necho \"$@\" >> {asked}\ncat <<'EOF'\n{prints}EOF\n"
    programs.put(world.root / "tools/ssh-keyscan", script)
    return asked


# --- the build ---------------------------------------------------------------------------------


def test_it_mirrors(world: World) -> None:
    """A build with key and host keys makes the destination equal to the source."""
    run = build(world)
    assert (run.status, run.phase) == (0, None), run.output
    assert mirrored(world)
    assert '"event": "equal"' in run.output


def test_it_mirrors_the_branches_that_are_named(world: World) -> None:
    """And leaves the others as they are."""
    before = world.codecommit().refs()
    run = build(world, MIRROR_BRANCHES="feature,release/*")
    assert run.status == 0, run.output
    assert world.codecommit().refs() == before
    world.source.commit("release/1")
    assert build(world, MIRROR_BRANCHES="feature,release/*").status == 0
    assert world.codecommit().refs().keys() - before.keys() == {"refs/heads/release/1"}
    assert world.codecommit().refs()["refs/heads/main"] == before["refs/heads/main"]


def test_a_program_that_knows_no_branches_fails_the_build_if_some_are_named(world: World) -> None:
    """It would mirror all of them."""
    before = world.codecommit().refs()
    old = published()["settings.py"].replace("MIRROR_BRANCHES", "MIRROR_NOTHING")
    fetched(world.root / "src", settings=old)
    text = buildspec(TEXT, carried("room.py"))
    run = run_buildspec(
        text, cwd=world.root / "src", env={**world.environment, "MIRROR_BRANCHES": "main"}
    )
    assert (run.status, run.phase) == (1, "pre_build"), run.output
    assert "update the stack mirror-program" in run.output
    assert world.codecommit().refs() == before
    run = run_buildspec(
        text, cwd=world.root / "src", env={**world.environment, "MIRROR_BRANCHES": ""}
    )
    assert run.status == 0, run.output


def test_carried_files_are_the_same(world: World) -> None:
    """They arrive byte for byte, and nothing else arrives beside the source."""
    carries = {**carried("room.py"), "host_keys.sh": (PAYLOAD / "host_keys.sh").read_text()}
    text = buildspec(TEXT, carries)
    fetched(world.root / "src")
    run = run_buildspec(text, cwd=world.root / "src", env=world.environment, phases=["install"])
    assert run.status == 0, run.output
    there = {path.name: path.read_text() for path in (world.root / "src").iterdir()}
    assert there == published() | carries


def test_the_key_is_held_by_the_agent_alone(world: World, key: tuple[str, str]) -> None:
    """While git runs, the private key is in no file, no variable and not in the log."""
    run = build(world, PROBE)
    assert run.status == 0, run.output
    assert " build (ED25519)" in run.output
    assert "key on disk" not in run.output
    assert "key in environment" not in run.output
    assert key[0].splitlines()[1] not in run.output
    files = [p for p in world.root.rglob("*") if p.is_file() and not p.is_symlink()]
    assert not [path for path in files if b"PRIVATE KEY---" in path.read_bytes()]


def test_a_key_with_carriage_returns(world: World, key: tuple[str, str]) -> None:
    """A key that was pasted with Windows line ends, or without the last one, is a key."""
    run = build(world, BACKLOG_KEY=key[0].strip().replace("\n", "\r\n"))
    assert run.status == 0, run.output


@pytest.mark.parametrize("wrong", ["", "no key"])
def test_bad_key(world: World, wrong: str) -> None:
    """A key that is none ends the build before git runs, in words."""
    before = world.codecommit().refs()
    run = build(world, BACKLOG_KEY=wrong)
    assert (run.status, run.phase) == (1, "pre_build")
    assert "BACKLOG_KEY is not a private SSH key" in run.output
    assert world.codecommit().refs() == before


@pytest.mark.parametrize("given", ["", " \n"])
def test_missing_host_keys(world: World, given: str) -> None:
    """Without host keys nothing is trusted: the build ends before git runs, in words."""
    before = world.codecommit().refs()
    run = build(world, BACKLOG_HOST_KEYS=given)
    assert (run.status, run.phase) == (1, "pre_build")
    assert "No SSH host keys for the source" in run.output
    assert world.codecommit().refs() == before


def test_a_failed_mirror_fails_the_build(world: World) -> None:
    """The build fails with mirror.py's status, and the agent is stopped all the same."""
    world.source.path.rename(world.root / "away")
    run = build(world, MIRROR_ROUNDS="1")
    assert (run.status, run.phase) == (1, "build")


def test_where_the_repository_is_kept(world: World) -> None:
    """It is where the project says, as on EFS, or else in what CodeBuild caches.

    That lies below the source's directory: CodeBuild may skip what is cached elsewhere.
    """
    assert "dir: /mnt/a/b.git\n" in build(world, PROBE, MIRROR_DIR="/mnt/a/b.git").output
    del world.environment["MIRROR_DIR"]
    run = build(world, PROBE)
    (cached,) = yaml.safe_load(TEXT)["cache"]["paths"]
    assert not cached.startswith("/")
    assert (
        f"dir: {world.root / 'src' / cached.removesuffix('/**/*')}/repository.git\n" in run.output
    )


def test_what_s3_gives_back_is_a_cache(world: World) -> None:
    """The log says whether one was there; files alone, without empty directories, are enough."""
    del world.environment["MIRROR_DIR"]
    first = build(world)
    assert '{"event": "cache", "found": false}' in first.output
    kept = world.root / "src/mirror-cache/repository.git"
    git = ["git", "-C", str(kept)]
    subprocess.run([*git, "pack-refs", "--all"], check=True, env=world.environment)
    for folder in sorted(kept.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    assert not (kept / "refs").exists()
    world.source.commit("main")
    second = build(world)
    assert second.status == 0, second.output
    assert '{"event": "cache", "found": true}' in second.output
    assert "cache_dropped" not in second.output
    assert mirrored(world)


@pytest.mark.parametrize(
    ("env", "seconds"),
    [({}, 3000), ({"BUILD_MINUTES": "5"}, 250), ({"BUILD_MINUTES": "480"}, 24000)],
)
def test_waiting_for_the_lock_ends_before_the_build_does(
    world: World, env: dict[str, str], seconds: int
) -> None:
    """A build that waits for another one says so, and is not just cut off by its timeout."""
    assert f"lock: {seconds}\n" in build(world, PROBE, **env).output
    assert seconds < 60 * int(env.get("BUILD_MINUTES", 60))


@pytest.mark.parametrize(
    ("ago", "waits"),
    [(0, {14, 15}), (10, {4, 5}), (14, {0, 1}), (16, {0}), (-3600, {15}), (None, {15})],
)
def test_nothing_is_fetched_while_webhooks_may_still_join_the_build(
    world: World, ago: int | None, waits: set[int]
) -> None:
    """Webhooks of ten seconds share a build; it fetches when they are over, and not later.

    A clock that is wrong, or a time that is missing, makes it wait once, and not for ever.
    """
    noted = world.root / "slept"
    programs.put(world.root / "tools/sleep", f"#!/bin/sh\necho $1 >> {noted}\n")
    del world.environment["CODEBUILD_START_TIME"]
    env = {} if ago is None else {"CODEBUILD_START_TIME": f"{int(time.time()) - ago}000"}
    assert build(world, PROBE, **env).status == 0
    slept = int(noted.read_text()) if noted.exists() else 0
    assert slept in waits


def test_ssh_asks_nobody(world: World) -> None:
    """Host keys are enforced, from the given file alone, and no question is ever asked."""
    said = build(world, PROBE).output
    for option in (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        f"UserKnownHostsFile={world.environment['TMPDIR']}/",
    ):
        assert option in said


# --- trust on first use ------------------------------------------------------------------------


def test_the_first_build_notes_the_host_keys(world: World, aws: Aws) -> None:
    """The host is asked for its keys once; from then on the parameter says what they are."""
    keys = HOST_KEYS.split("\n")[0]
    asked = fake_keyscan(world, f"# space.git.backlog.com:22 SSH-2.0\n{keys}\n")
    first = build(world)
    assert first.status == 0, first.output
    assert mirrored(world)
    assert aws.parameters == {PINNED: keys}
    fake_keyscan(world, "space.git.backlog.com ssh-ed25519 EVIL\n")
    second = build(world)
    assert second.status == 0, second.output
    assert asked.read_text() == "-T 20 -p 22 -- space.git.backlog.com\n"
    assert [call for call, _ in aws.calls] == [
        "AmazonSSM.GetParameter",
        "AmazonSSM.PutParameter",
        "AmazonSSM.GetParameter",
    ]


def test_a_host_that_is_silent_is_not_trusted(world: World, aws: Aws) -> None:
    """If the host gives no keys, none are stored and the build fails."""
    fake_keyscan(world, "# nothing\n")
    run = build(world)
    assert (run.status, run.phase) == (1, "pre_build")
    assert "No SSH host keys for the source" in run.output
    assert aws.parameters == {PINNED: "none"}


def test_host_keys_that_cannot_be_stored(world: World, aws: Aws) -> None:
    """Keys that cannot be noted down are not used either."""
    fake_keyscan(world, HOST_KEYS)
    aws.denied.add("AmazonSSM.PutParameter")
    run = build(world)
    assert (run.status, run.phase) == (1, "pre_build")
    assert "AccessDenied" in run.output
    assert not mirrored(world)


def test_host_keys_that_are_too_long_for_a_parameter(world: World, aws: Aws) -> None:
    """The log says how long they are and what to do, and none of them is used or kept."""
    line = f"space.git.backlog.com ssh-rsa {'A' * 2700}\n"
    fake_keyscan(world, line * 2)
    run = build(world)
    assert (run.status, run.phase) == (1, "pre_build")
    assert f"have {2 * len(line) - 1} characters" in run.output
    assert 'host_keys = "parameter"' in run.output
    assert "AmazonSSM.PutParameter" not in [call for call, _ in aws.calls]
    assert aws.parameters == {PINNED: "none"}
    assert not mirrored(world)


def test_host_keys_that_just_fit(world: World, aws: Aws) -> None:
    """A parameter keeps 4,096 characters."""
    start = "space.git.backlog.com ssh-rsa "
    fake_keyscan(world, start + "A" * (4096 - len(start)) + "\n")
    run = build(world)
    assert run.status == 0, run.output
    assert len(aws.parameters[PINNED]) == 4096


def test_a_parameter_that_cannot_be_read(world: World, aws: Aws) -> None:
    """If the noted keys cannot be read, the host is not asked for new ones."""
    asked = fake_keyscan(world, HOST_KEYS)
    aws.denied.add("AmazonSSM.GetParameter")
    run = build(world)
    assert (run.status, run.phase) == (1, "pre_build")
    assert not asked.exists()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("space@space.git.backlog.jp:/PROJECT/repo.git", "-p 22 -- space.git.backlog.jp"),
        ("space.git.backlog.jp:/PROJECT/repo.git", "-p 22 -- space.git.backlog.jp"),
        ("ssh://space@space.git.backlog.jp/PROJECT/a:b@c.git", "-p 22 -- space.git.backlog.jp"),
        ("ssh://space@space.git.backlog.jp:2222/PROJECT/a.git", "-p 2222 -- space.git.backlog.jp"),
        ("x@$(touch pwned):/PROJECT/a.git", "-p 22 -- $(touch pwned)"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_the_host_asked_is_the_sources(world: World, url: str, host: str) -> None:
    """The host is taken from the source's address, whatever its form, and never evaluated."""
    asked = fake_keyscan(world, HOST_KEYS)
    build(world, PROBE, MIRROR_SOURCE_URL=url)
    assert asked.read_text() == f"-T 20 {host}\n"
    assert not (world.root / "src/pwned").exists()


# --- a real server -----------------------------------------------------------------------------


@pytest.fixture
def server(world: World, key: tuple[str, str]) -> Iterator[SshServer]:
    """An sshd that serves the source to the project's key."""
    with SshServer(world.root / "sshd", key[1]) as server:
        world.environment["MIRROR_SOURCE_URL"] = server.url(world.source.path)
        yield server


@pytest.mark.needs_sshd
def test_the_right_server(world: World, server: SshServer) -> None:
    """A server that answers to the given host key is mirrored."""
    run = build(world, BACKLOG_HOST_KEYS=server.known_hosts)
    assert run.status == 0, run.output
    assert mirrored(world)


@pytest.mark.needs_sshd
def test_the_wrong_server(world: World, server: SshServer, key: tuple[str, str]) -> None:
    """A server with another host key is not spoken to, and the destination stays as it is."""
    kind, value, _ = key[1].split()
    before = world.codecommit().refs()
    wrong = f"[127.0.0.1]:{server.port} {kind} {value}"
    run = build(world, BACKLOG_HOST_KEYS=wrong, MIRROR_ROUNDS="1")
    assert (run.status, run.phase) == (1, "build")
    assert "Host key verification failed" in run.output
    assert world.codecommit().refs() == before


@pytest.mark.needs_sshd
def test_a_key_the_server_does_not_know(world: World, server: SshServer) -> None:
    """A key that the server refuses ends the build without a question."""
    other, _ = new_key(world.root, "other")
    run = build(world, BACKLOG_HOST_KEYS=server.known_hosts, BACKLOG_KEY=other, MIRROR_ROUNDS="1")
    assert (run.status, run.phase) == (1, "build")
    assert "Permission denied" in run.output


@pytest.mark.needs_sshd
def test_a_server_that_changes_after_its_first_use(
    world: World, server: SshServer, aws: Aws
) -> None:
    """Once its keys were noted down, a server with other keys is refused."""
    first = build(world)
    assert first.status == 0, first.output
    assert mirrored(world)
    assert server.known_hosts in aws.parameters[PINNED]
    server.__exit__(None, None, None)
    server.new_host_key()
    server.__enter__()
    second = build(world, MIRROR_ROUNDS="1")
    assert (second.status, second.phase) == (1, "build")
    assert "Host key verification failed" in second.output


# --- buildspecs that carry files ---------------------------------------------------------------


SMALL = "version: 0.2\nphases:\n  build:\n    commands:\n      - cat *.txt\n"


def test_the_buildspec_comes_first() -> None:
    """The text is kept as it stands, and a buildspec that carries nothing is that text."""
    assert buildspec(SMALL) == SMALL
    assert buildspec(SMALL, {"a.txt": "a\n"}).startswith(SMALL)
    assert buildspec(TEXT, {"host_keys.sh": (PAYLOAD / "host_keys.sh").read_text()}).startswith(
        TEXT
    )


@pytest.mark.parametrize(
    "content",
    [
        "plain\n",
        "\n\n",
        "  indented\nnot\n\n",
        "$HOME `id` \\ ' \"\n",
        "END_OF\n- |\n# x\n",
        "ü☃\n",
    ],
)
def test_files_of_all_kinds_arrive(tmp_path: Path, content: str) -> None:
    """Whatever is in a file that can be carried arrives as it was."""
    text = buildspec(SMALL, {"a.txt": content, "b-2.txt": "second\n"})
    run = run_buildspec(text, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert (run.status, run.output) == (0, content + "second\n")


@pytest.mark.parametrize(
    ("text", "files", "complaint"),
    [
        (SMALL + "cache:\n  paths: [a]\n", {"a": "a\n"}, "ends with `cache`"),
        (SMALL.replace("build:", "install:"), {"a": "a\n"}, "has an `install` phase"),
        (SMALL, {"../a": "a\n"}, "'../a' cannot be the name"),
        (SMALL, {"a b": "a\n"}, "'a b' cannot be the name"),
        (SMALL, {"-a": "a\n"}, "'-a' cannot be the name"),
        (SMALL, {"a.py": "1\nEND_OF_A_PY\n"}, "a.py:2: the line END_OF_A_PY"),
        (SMALL, {"a": "a"}, "must end with a newline"),
        (SMALL, {"a": "a\x85b\n"}, "byte for byte"),
        (SMALL, {"a": "a\r\n"}, "byte for byte"),
        (SMALL, {"a": "a\0\n"}, "not YAML"),
        (SMALL + "# the end\n...\n", {"a": "a\n"}, "not YAML"),
        (SMALL.rstrip("\n"), {"a": "a\n"}, "must end with a newline"),
        ("version: 0.2\nphases: {build: {commands: [ls]}}\n", {"a": "a\n"}, "not YAML"),
        ("version: 0.2\n", {"a": "a\n"}, "has no `phases`"),
        ("a: [\n", {"a": "a\n"}, "not YAML"),
    ],
)
def test_what_cannot_be_carried(text: str, files: dict[str, str], complaint: str) -> None:
    """A file or buildspec that would not come out right is refused, with place and remedy."""
    with pytest.raises(PayloadError, match=re.escape(complaint)):
        buildspec(text, files)


# --- run_buildspec itself ----------------------------------------------------------------------


SAY = "echo $CODEBUILD_BUILD_SUCCEEDING"


def run(tmp_path: Path, phases: str, **env: str) -> BuildRun:
    """Run phases written in flow style."""
    text = f"version: 0.2\nenv: {{shell: bash, variables: {{A: buildspec}}}}\nphases: {phases}\n"
    return run_buildspec(text, cwd=tmp_path, env={"PATH": os.environ["PATH"], **env})


@pytest.mark.parametrize(
    ("phases", "status", "phase", "output"),
    [
        ("{build: {commands: [echo b]}, install: {commands: [echo i]}}", 0, None, "i b"),
        ("{build: {commands: [echo b, 'exit 3', echo no]}}", 3, "build", "b"),
        ("{pre_build: {commands: ['false']}, build: {commands: [echo b]}}", 1, "pre_build", ""),
        ("{install: {commands: ['false']}, post_build: {commands: [echo p]}}", 1, "install", ""),
        ("{build: {commands: ['false'], finally: [echo f]}}", 1, "build", "f"),
        ("{build: {commands: ['exit 2']}, post_build: {commands: ['exit 3']}}", 2, "build", ""),
        (f"{{build: {{commands: [{SAY}, 'exit 2']}}, post_build: {{commands: [{SAY}]}}}}",
         2, "build", "1 0"),
        ("{build: {commands: [cd /, 'export B=1', C=2, 'echo $PWD $B $C']}}", 0, None, "/ 1"),
        ("{build: {commands: [echo $A $HOME]}}", 0, None, "buildspec"),
    ],
)  # fmt: skip
def test_builds_run_as_in_codebuild(
    tmp_path: Path, phases: str, status: int, phase: str | None, output: str
) -> None:
    """Order, stops, `finally` and what lasts from one command to the next are CodeBuild's."""
    ended = run(tmp_path, phases)
    assert (ended.status, ended.phase) == (status, phase)
    assert ended.output.split() == output.split()


def test_the_project_wins(tmp_path: Path) -> None:
    """A variable of the project wins over the buildspec's."""
    assert run(tmp_path, "{build: {commands: [echo $A]}}", A="project").output == "project\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("0.2", "0.1"),
        lambda text: text.replace("bash", "powershell.exe"),
        lambda text: text.replace("variables", "parameter-store"),
        lambda text: text.replace("commands", "on-failure: CONTINUE, commands"),
        lambda text: text.replace("commands", "runtime-versions: {python: 3.13}, commands"),
        lambda text: text.replace("shell", "git-credential-helper: yes, shell"),
        lambda text: text.replace("shell", "exported-variables: [A], shell"),
        lambda text: text.replace("phases: {", "phases: {test: {commands: []}, "),
        lambda text: text + "run-as: nobody\n",
        lambda text: text + "reports: {}\n",
        lambda text: text + "proxy: {logs: yes}\n",
        lambda text: text + "cache: {key: a, paths: [b]}\n",
        lambda text: text + "artifacts: {files: [a], discard-paths: yes}\n",
        lambda text: text + "artifacts: {files: [a], secondary-artifacts: {}}\n",
    ],
)
def test_what_is_not_imitated_is_refused(tmp_path: Path, change: Callable[[str], str]) -> None:
    """Nothing a buildspec asks for is silently left out."""
    text = "version: 0.2\nenv: {shell: bash, variables: {A: b}}\nphases: {build: {commands: []}}\n"
    with pytest.raises(ValueError, match="run_buildspec"):
        run_buildspec(change(text), cwd=tmp_path, env={"PATH": os.environ["PATH"]})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("files: ['*.txt']", ("a.txt",)),
        ("files: ['**/*']", ("a.txt", "out/b.txt", "out/deep/c.md")),
        ("files: ['**/*'], base-directory: out", ("b.txt", "deep/c.md")),
        ("files: ['out/*', a.txt]", ("a.txt", "out/b.txt")),
    ],
)
def test_artifacts_are_what_the_patterns_match(
    tmp_path: Path, asked: str, expected: tuple[str, ...]
) -> None:
    """They are named below the base directory."""
    made = "mkdir -p out/deep; touch a.txt out/b.txt out/deep/c.md"
    text = f"version: 0.2\nartifacts: {{{asked}}}\nphases: {{build: {{commands: ['{made}']}}}}\n"
    ran = run_buildspec(text, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert (ran.status, ran.artifacts) == (0, expected)


def test_a_build_without_its_artifacts_has_failed(tmp_path: Path) -> None:
    """As CodeBuild has it: no file matches."""
    text = "version: 0.2\nartifacts: {files: [a]}\nphases: {build: {commands: ['true']}}\n"
    ran = run_buildspec(text, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    assert (ran.status, ran.phase, ran.artifacts) == (1, "upload_artifacts", ())
