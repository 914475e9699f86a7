"""A source repository, repositories that behave like CodeCommit's, and runs of mirror.py."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import executed

MIRROR_PY = Path(__file__).parents[2] / "blueprints/_shared/mirror/mirror.py"
SOURCE_URL = "space@space.git.backlog.com:/PROJECT/repo.git"
REGION = "us-east-1"
# Refuses connections: an `aws` that nobody expects fails instead of leaving the machine.
NOBODY = "http://127.0.0.1:9"


def codecommit_url(name: str) -> str:
    """Return the HTTPS address of a repository in CodeCommit."""
    return f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/{name}"


@dataclass(frozen=True)
class Repository:
    """A bare repository on disk, handled with real git."""

    path: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Run git in the repository and return its output without the last newline."""
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.path.parent),
                "GIT_CONFIG_NOSYSTEM": "1",
                **{
                    f"GIT_{who}_{what}": value
                    for who in ("AUTHOR", "COMMITTER")
                    for what, value in (
                        ("NAME", "Ann"),
                        ("EMAIL", "ann@example.com"),
                        ("DATE", "1700000000 +0000"),
                    )
                },
            },
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def commit(self, branch: str = "main", text: str = "", *, anew: bool = False) -> str:
        """Put a commit on a branch (without its history if `anew`) and return its id."""
        ref = f"refs/heads/{branch}"
        parent = "" if anew else self.refs().get(ref, "")
        blob = self.git("hash-object", "-w", "--stdin", stdin=text or f"{branch} after {parent}\n")
        tree = self.git("mktree", stdin=f"100644 blob {blob}\tfile\n")
        parents = ["-p", parent] if parent else []
        made = self.git("commit-tree", tree, *parents, "-m", "a change")
        self.set(ref, made)
        return made

    def set(self, ref: str, value: str) -> None:
        """Point a ref at an object; an empty value deletes the ref."""
        self.git("update-ref", *([ref, value] if value else ["-d", ref]))

    def refs(self) -> dict[str, str]:
        """Return all refs by name."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").split("\n")
        return dict(line.split(" ") for line in lines if line)

    @property
    def head(self) -> str:
        """The default branch, as a full ref name."""
        return self.git("symbolic-ref", "HEAD")

    def set_head(self, ref: str) -> None:
        """Make a branch the default."""
        self.git("symbolic-ref", "HEAD", ref)

    def hook(self, name: str, script: str) -> None:
        """Install a shell script as a hook, in place of the one that counts pushes if need be."""
        path = self.path / "hooks" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def pushes(self) -> list[int]:
        """Return the number of refs in each push that has reached the repository."""
        counts = self.path / "pushes"
        return [int(line) for line in counts.read_text().split()] if counts.exists() else []

    def past(self, ref: str) -> list[str]:
        """Return every value a ref has had, oldest first."""
        lines = (self.path / "logs" / ref).read_text().splitlines()
        return [line.split(" ")[1] for line in lines]


# That one bad name refuses the whole push is the harder reading: AWS's pages do not say.
RULES = """\
refs=$(cat)
count=$(printf '%s\\n' "$refs" | grep -c .)
echo $((count)) >> "$GIT_DIR/pushes"
if [ "$count" -gt 4000 ]; then echo 'more than 4000 references'; exit 1; fi
if printf '%s\\n' "$refs" | grep -aE ' refs/heads/([0-9a-fA-F]{40}|.{257,})$'; then
  echo 'invalid branch name'
  exit 1
fi
"""


def new_repository(path: Path) -> Repository:
    """Make an empty bare repository whose default branch is to be main."""
    command = ["git", "init", "--quiet", "--bare", "--template=", "-b", "main", str(path)]
    subprocess.run(command, check=True, env={"PATH": os.environ["PATH"], "HOME": str(path.parent)})
    return Repository(path)


def new_codecommit_repository(path: Path) -> Repository:
    """Make an empty repository with CodeCommit's rules.

    At most 4,000 refs in a push, and the default branch cannot be deleted (git's own rule for
    bare repositories). No branch is called by 40 hex digits or by more than 256 characters (user
    guide, "Quotas"). A commit can be asked for by its id if a ref leads to it, and nothing can be
    left out of what is fetched. It counts the refs of each push and remembers what its refs have
    been.
    """
    made = new_repository(path)
    made.git("config", "core.logAllRefUpdates", "always")
    made.git("config", "core.fsync", "none")  # the tests need no disk that survives a power cut
    for unwanted in ("allowAnySHA1InWant", "allowFilter"):  # the first takes back the others, too
        made.git("config", f"uploadpack.{unwanted}", "false")
    for wanted in ("allowTipSHA1InWant", "allowReachableSHA1InWant"):
        made.git("config", f"uploadpack.{wanted}", "true")
    (path / "hooks").mkdir()
    made.hook("pre-receive", RULES)
    return made


@dataclass(frozen=True)
class Ended:
    """How a run of mirror.py ended: exit status, the events it logged, all it wrote."""

    status: int
    events: list[dict[str, Any]]
    output: str

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the events of one kind."""
        return [one for one in self.events if one["event"] == event]


@dataclass
class World:
    """A folder with a source, destinations, a home and a cache, and nothing of this machine."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> Repository:
        """What is mirrored; reached through its Backlog address."""
        return Repository(self.root / "backlog/PROJECT/repo.git")

    @property
    def cache(self) -> Repository:
        """The repository that mirror.py keeps between runs."""
        return Repository(self.root / "cache/repository.git")

    def codecommit(self, name: str = "copy") -> Repository:
        """Return a destination; reached through its CodeCommit address."""
        return Repository(self.root / "codecommit" / REGION / name)

    def new_codecommit(self, name: str) -> Repository:
        """Make another, empty destination."""
        return new_codecommit_repository(self.root / "codecommit" / REGION / name)

    def settle(self) -> None:
        """Point the home's git configuration at this folder: no address leaves the machine."""
        addresses = {
            f"{self.root}/backlog/": "space@space.git.backlog.com:/",
            f"{self.root}/codecommit/{REGION}/": codecommit_url(""),
            f"{self.root}/codecommit/{REGION}": f"codecommit::{REGION}:/",
        }
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        (home / ".gitconfig").write_text(
            "".join(f'[url "{to}"]\n\tinsteadOf = "{url}"\n' for to, url in addresses.items())
        )
        tools = self.root / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "aws").unlink(missing_ok=True)
        (tools / "aws").symlink_to(Path(sys.executable).parent / "aws")
        self.environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "AWS_ENDPOINT_URL": NOBODY,
            "MIRROR_SOURCE_URL": SOURCE_URL,
            "MIRROR_DESTINATION_URLS": codecommit_url("copy"),
            "MIRROR_DIR": str(self.cache.path),
            "MIRROR_PAUSE": "0.01",
        }

    def start(self, **settings: str) -> subprocess.Popen[str]:
        """Start mirror.py with settings on top of the world's environment."""
        executed.note(MIRROR_PY.read_bytes())
        executed.watch(MIRROR_PY.parent)
        return subprocess.Popen(
            [sys.executable, str(MIRROR_PY)],
            env={**self.environment, **settings},
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def mirror(self, **settings: str) -> Ended:
        """Run mirror.py to its end."""
        return ended(self.start(**settings))


def ended(process: subprocess.Popen[str], timeout: float = 180) -> Ended:
    """Wait for a run to end; every line it wrote must be one JSON object."""
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    events = [json.loads(line) for line in output.split("\n") if line]
    return Ended(process.returncode, events, output)


def build_world(root: Path) -> World:
    """Make a world in which everything has been mirrored once."""
    world = World(root)
    for folder in ("backlog/PROJECT", f"codecommit/{REGION}", "cache"):
        (root / folder).mkdir(parents=True)
    source = new_repository(world.source.path)
    source.set("refs/heads/feature", source.commit("main", "first"))
    source.commit("main", "second")
    source.set("refs/tags/light", source.refs()["refs/heads/main"])
    source.git("tag", "-a", "-m", "a release", "v1", "refs/heads/main")
    world.codecommit().path.parent.mkdir(exist_ok=True)
    copy = world.new_codecommit("copy")
    world.settle()
    for repository in (copy, new_repository(world.cache.path)):
        repository.git("fetch", "-q", str(source.path), "+refs/*:refs/*")
    return world


def copy_world(template: World, root: Path) -> World:
    """Copy a world into another folder."""
    shutil.copytree(template.root, root, symlinks=True, dirs_exist_ok=True)
    world = World(root)
    world.settle()
    return world


@dataclass
class Barrier:
    """A `git` that stops one run before a command of its choice until it is released."""

    folder: Path
    command: str

    def __post_init__(self) -> None:
        """Put the wrapper and its FIFOs in place."""
        self.folder.mkdir()
        for name in ("reached", "released"):
            os.mkfifo(self.folder / name)
        wrapper = self.folder / "git"
        wrapper.write_text(
            "#!/bin/sh\n"
            f'if [ ! -e "{self.folder}/passed" ]; then\n'
            '  for word in "$@"; do\n'
            f'    if [ "$word" = {self.command} ]; then\n'
            # In a process of its own: git has helpers that must be stopped as well.
            f'      sh -c \'echo $$ > "{self.folder}/reached";'
            f' read go < "{self.folder}/released"\'\n'
            f'      : > "{self.folder}/passed"\n'
            "    fi\n"
            "  done\n"
            "fi\n"
            f'exec "{shutil.which("git")}" "$@"\n'
        )
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)

    def path(self, world: World) -> str:
        """Return the PATH of the run that is to be stopped."""
        return f"{self.folder}:{world.environment['PATH']}"

    def wait(self, timeout: float = 30) -> int:
        """Wait until the run has come to the barrier; return the id of a process below its git."""
        reached = os.open(self.folder / "reached", os.O_RDONLY | os.O_NONBLOCK)
        try:
            end = time.monotonic() + timeout
            while not (said := _read(reached)):
                assert time.monotonic() < end, f"no run came to its git {self.command}"
                time.sleep(0.01)
            return int(said)
        finally:
            os.close(reached)

    def release(self) -> None:
        """Let the run go on."""
        # Open for reading as well, so that it cannot block if the run has gone.
        released = os.open(self.folder / "released", os.O_RDWR)
        os.write(released, b"go\n")
        end = time.monotonic() + 30
        while not (self.folder / "passed").exists():
            assert time.monotonic() < end, "the run is not at its barrier"
            time.sleep(0.01)
        os.close(released)


def _read(fifo: int) -> bytes:
    """Read what is there, if anything is."""
    try:
        return os.read(fifo, 100)
    except BlockingIOError:
        return b""


def hung(folder: Path, program: str, arguments: str, path: str) -> str:
    """Return a PATH on which a program never ends if its arguments are so, a pattern of `case`."""
    real = shutil.which(program, path=path)
    folder.mkdir()
    (folder / program).write_text(
        f'#!/bin/sh\ncase "$*" in {arguments}) exec sleep 600;; esac\nexec "{real}" "$@"\n'
    )
    (folder / program).chmod(0o755)
    return f"{folder}:{path}"


def gone(pid: int, timeout: float = 5) -> bool:
    """Wait until a process has ended, be it that nobody has asked for its exit status yet."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        command = ["ps", "-o", "stat=", "-p", str(pid)]
        state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        if not state.strip() or state.startswith("Z"):
            return True
        time.sleep(0.02)
    return False


def terminate(process: subprocess.Popen[str]) -> None:
    """Ask a process to stop, as ECS and CodeBuild do."""
    process.send_signal(signal.SIGTERM)
