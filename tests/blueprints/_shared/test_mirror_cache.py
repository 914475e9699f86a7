"""The mirror's cache and bad luck: connections that break, killed runs, oddities of old history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.broken_lines import Line
from support.git_repositories import Repository, World, codecommit_url

pytestmark = pytest.mark.payloads


def same(world: World, name: str = "copy") -> bool:
    """Tell whether a destination has the source's refs."""
    return world.codecommit(name).refs() == world.source.refs()


# --- connections -------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_broken_line_does_not_cost_the_cache(world: World, tmp_path: Path, share: float) -> None:
    """A fetch whose connection breaks, wherever, is made again; what the cache has stays there."""
    world.source.commit("main", os.urandom(600_000).hex())
    assert world.mirror().status == 0
    world.source.commit("main", os.urandom(200_000).hex())
    line = Line(tmp_path / "line")
    run = world.mirror(**line.settings(world, {2: int(200_000 * share)}))
    assert run.status == 0, run.output
    assert same(world)
    assert not run.of("cache_dropped")
    assert not run.of("retrying")
    assert 200_000 < max(line.sizes()) < 300_000, line.sizes()  # what is new, and no more


def test_a_line_that_never_holds_costs_no_cache(world: World, tmp_path: Path) -> None:
    """However often it breaks, the cache stays, and the reason is the connection."""
    new = world.source.commit("main", os.urandom(200_000).hex())
    before = world.cache.refs()
    line = Line(tmp_path / "line")
    run = world.mirror(**line.settings(world, dict.fromkeys(range(1, 99), 100_000)))
    assert run.status == 1
    assert not run.of("cache_dropped")
    assert world.cache.refs() == before
    assert "cannot read the source" in run.of("failed")[0]["reason"]
    assert "unexpected disconnect" in run.of("failed")[0]["reason"]
    assert world.mirror().status == 0
    assert world.codecommit().refs()["refs/heads/main"] == new


def test_a_push_whose_line_breaks_raises_no_suspicion(world: World) -> None:
    """A server that hangs up says nothing of the cache: it is not searched for damage."""
    world.codecommit().hook("pre-receive", 'mkdir "$GIT_DIR/once" 2>/dev/null && kill -9 $PPID')
    world.source.commit("main")
    calls = world.root / "calls"
    tools = world.root / "noting"
    tools.mkdir()
    (tools / "git").write_text(f'#!/bin/sh\necho "$*" >> "{calls}"\nexec "{git()}" "$@"\n')
    (tools / "git").chmod(0o755)
    run = world.mirror(PATH=f"{tools}:{world.environment['PATH']}", MIRROR_ROUNDS="2")
    assert run.of("retrying"), run.output
    assert " fsck" not in calls.read_text()


def git() -> str:
    """Return where git is."""
    return subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout[:-1]


def test_a_source_that_lost_objects_is_to_blame(world: World) -> None:
    """A source that cannot send what it has is the reason; a good cache is not dropped for it."""
    world.source.commit("main")
    blob = world.source.git("rev-parse", "refs/heads/main:file")
    (world.source.path / "objects" / blob[:2] / blob[2:]).unlink()
    run = world.mirror(MIRROR_ROUNDS="2")
    assert run.status == 1
    assert "repository corruption on the remote side" in run.of("failed")[0]["reason"]
    assert not run.of("cache_dropped")


# --- old history -------------------------------------------------------------------------------


def written(repository: Repository, kind: str, content: bytes) -> str:
    """Write an object as it is, be it odd."""
    command = ["git", f"--git-dir={repository.path}", "hash-object", "-t", kind, "--literally"]
    command += ["-w", "--stdin"]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()[
        :-1
    ]


def odd_history(source: Repository) -> None:
    """Put on a branch what git let pass long ago, and what other programs have written."""
    tree = source.git("rev-parse", "refs/heads/main^{tree}")
    blob = bytes.fromhex(source.git("rev-parse", "refs/heads/main:file"))
    padded = written(source, "tree", b"0100644 file\0" + blob)
    parent = source.refs()["refs/heads/main"]
    for lines, at in (
        ("author A <a@b> 1234567890 -7\ncommitter A <a@b> 1234567890 +051800", tree),
        ("author A <a@b>1234567890 +0000\ncommitter A <a@b> 1234567890 +0000", tree),
        ("author A <a@b 1234567890 +0000\ncommitter  <> 01234567890 +0000", tree),
        ("author A <a@b> 99999999999999999999 +0000\ncommitter A <a@b> 1 +0000", padded),
    ):
        text = f"tree {at}\nparent {parent}\n{lines}\n\nold\n"
        parent = written(source, "commit", text.encode())
    source.set("refs/heads/odd", parent)
    tag = written(source, "tag", f"object {parent}\ntype commit\ntag v0\n\nold\n".encode())
    source.set("refs/tags/v0", tag)


def test_old_history_is_no_damage(world: World) -> None:
    """Bad time zones and dates, and padded modes, are mirrored, and drop no cache when in doubt."""
    odd_history(world.source)
    assert world.mirror().status == 0
    assert same(world)
    # Something is wrong with a push that is not the connection: the cache is looked at.
    once = 'mkdir "$GIT_DIR/once" 2>/dev/null && echo "fatal: unable to read tree" >&2 && exit 1'
    world.source.commit("main")
    tools = world.root / "failing"
    tools.mkdir()
    (tools / "git").write_text(
        '#!/bin/sh\ncase "$*" in *" push "*) GIT_DIR="$0.d"; mkdir -p "$GIT_DIR"\n'
        f'{once};; esac\nexec "{git()}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    run = world.mirror(PATH=f"{tools}:{world.environment['PATH']}")
    assert run.status == 0, run.output
    assert run.of("retrying")
    assert not run.of("cache_dropped"), run.output
    assert same(world)


def test_checks_of_this_machine_are_not_asked(world: World) -> None:
    """A machine whose git is told to refuse odd objects mirrors them all the same."""
    odd_history(world.source)
    with (world.root / "home/.gitconfig").open("a") as settings:
        settings.write("[transfer]\n\tfsckObjects = true\n[fetch]\n\tfsckObjects = true\n")
    world.codecommit().git("config", "receive.fsckObjects", "false")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)


def test_damage_among_oddities_is_found(world: World) -> None:
    """An object that is spoilt is not overlooked for the odd ones beside it."""
    odd_history(world.source)
    assert world.mirror().status == 0
    world.cache.git("repack", "-adq")
    for pack in world.cache.path.glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 255
        pack.write_bytes(content)
    world.new_codecommit("new")
    run = world.mirror(MIRROR_DESTINATION_URLS=codecommit_url("new"))
    assert run.status == 0, run.output
    assert len(run.of("cache_dropped")) == 1
    assert same(world, "new")


# --- what killed runs leave --------------------------------------------------------------------


LEFT = (
    "objects/pack/tmp_pack_abc123",
    "objects/pack/tmp_idx_abc123",
    "objects/pack/.tmp-77-pack-0123.pack",
    f"objects/pack/pack-{'0' * 40}.pack",
    f"objects/pack/pack-{'0' * 40}.rev",
    f"objects/pack/pack-{'0' * 40}.keep",
    "objects/17/tmp_obj_abc123",
    "objects/tmp_objdir-incoming-x/17/0123",
    "objects/info/commit-graphs/tmp_graph_x",
    "packed-refs.new",
    "packed-refs.lock",
    "gc.pid",
    "refs/heads/main.lock",
)


def test_what_killed_runs_leave_is_swept(world: World) -> None:
    """Half-written packs, objects and lists do not pile up."""
    for name in LEFT:
        path = world.cache.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    world.source.commit("main")
    run = world.mirror()
    assert run.status == 0, run.output
    assert not [name for name in LEFT if (world.cache.path / name).exists()]
    assert not run.of("cache_dropped")


def test_branches_called_like_leftovers_stay(world: World) -> None:
    """Only what is no ref is swept."""
    main = world.source.refs()["refs/heads/main"]
    for name in ("tmp_pack_abc", "a.keep", "objects/pack/a.keep", "tmp_obj_1", "gc.pid"):
        world.source.set(f"refs/heads/{name}", main)
    assert world.mirror().status == 0
    assert same(world)
    assert world.mirror(MIRROR_ROUNDS="1").status == 0
    assert {r: v for r, v in world.cache.refs().items() if "/remotes/" not in r}
    assert same(world)


def test_a_killed_fetch_pins_no_pack(world: World) -> None:
    """The pack of a fetch that was killed before its refs were set can be repacked afterwards."""
    world.source.commit("main", os.urandom(100_000).hex())
    hooks = world.cache.path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text("#!/bin/sh\nkill -9 $PPID\n")
    (hooks / "reference-transaction").chmod(0o755)
    subprocess.run(
        ["git", f"--git-dir={world.cache.path}", "-c", "fetch.unpackLimit=1", "fetch", "-q",
         str(world.source.path), "+refs/heads/*:refs/heads/*"],
        capture_output=True,
    )  # fmt: skip
    (hooks / "reference-transaction").unlink()
    assert list(world.cache.path.glob("objects/pack/*.keep"))  # that is what happens
    assert world.mirror().status == 0
    assert same(world)
    assert not list(world.cache.path.glob("objects/pack/*.keep"))
