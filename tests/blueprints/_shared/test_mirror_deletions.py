"""What a mirror deletes, and how it makes room: namespaces that turn into branches, and back."""

from __future__ import annotations

import pytest
from support.aws_on_loopback import Aws
from support.git_repositories import World

pytestmark = pytest.mark.payloads


def same(world: World) -> bool:
    """Tell whether the destination has the source's refs."""
    return world.codecommit().refs() == world.source.refs()


# --- how many deletions ------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "status"), [("1", 1), ("2", 0), ("", 0)])
def test_deletions_are_limited(world: World, limit: str, status: int) -> None:
    """A run deletes up to as many refs as allowed, or else none, and still pushes the rest."""
    world.source.set("refs/heads/feature", "")
    world.source.set("refs/tags/light", "")
    new = world.source.commit("main")
    run = world.mirror(MIRROR_MAX_DELETIONS=limit, MIRROR_ROUNDS="2")
    assert run.status == status, run.output
    refs = world.codecommit().refs()
    assert refs["refs/heads/main"] == new
    assert ("refs/heads/feature" in refs) == ("refs/tags/light" in refs) == bool(status)
    if status:
        reason = run.of("failed")[0]["reason"]
        assert "2 deletions exceed MIRROR_MAX_DELETIONS: refs/heads/feature, refs/tag" in reason
        assert not run.of("retrying")  # no other round would mend it


def test_what_is_held_back_is_named_and_stops_nothing(world: World) -> None:
    """All names are in the log, in lines of a hundred; what is new, moved or a tag goes through."""
    main = world.source.refs()["refs/heads/main"]
    for n in range(150):
        world.source.set(f"refs/heads/old{n:03}", main)
    assert world.mirror().status == 0
    for n in range(150):
        world.source.set(f"refs/heads/old{n:03}", "")
    world.source.commit("main", "another history", anew=True)
    world.source.commit("new/branch")
    world.source.set("refs/tags/light", world.source.refs()["refs/heads/feature"])
    run = world.mirror(MIRROR_MAX_DELETIONS="100")
    assert run.status == 1
    held = [event["refs"] for event in run.of("held_back")]
    assert [len(names) for names in held] == [100, 50]
    assert [*held[0], *held[1]] == [f"refs/heads/old{n:03}" for n in range(150)]
    refs = world.codecommit().refs()
    assert {r: v for r, v in refs.items() if "/old" not in r} == world.source.refs()
    assert len(refs) == len(world.source.refs()) + 150
    # Whoever means it says so, and whoever does not brings them back.
    assert world.mirror(MIRROR_MAX_DELETIONS="150").status == 0
    assert same(world)


def test_room_is_made_though_other_deletions_are_held_back(world: World) -> None:
    """A branch that stands where new ones are to be goes, if these alone are few enough."""
    world.source.commit("deep")
    assert world.mirror().status == 0
    for ref in ("refs/heads/deep", "refs/heads/feature", "refs/tags/light"):
        world.source.set(ref, "")
    world.source.commit("deep/er")
    run = world.mirror(MIRROR_MAX_DELETIONS="2")
    assert run.status == 1
    refs = world.codecommit().refs()
    assert refs.keys() - world.source.refs().keys() == {"refs/heads/feature", "refs/tags/light"}
    assert refs["refs/heads/deep/er"] == world.source.refs()["refs/heads/deep/er"]


def test_no_room_is_made_beyond_the_limit(world: World) -> None:
    """What cannot be made then is named; the rest goes through."""
    world.source.commit("deep")
    assert world.mirror().status == 0
    world.source.set("refs/heads/deep", "")
    world.source.commit("deep/er")
    new = world.source.commit("main")
    run = world.mirror(MIRROR_MAX_DELETIONS="0")
    assert run.status == 1
    differs = run.of("differs")[-1]["refs"]
    assert differs["refs/heads/deep/er"][2] == "another ref is in the way"
    assert world.codecommit().refs()["refs/heads/main"] == new
    assert "refs/heads/deep" in world.codecommit().refs()
    assert world.mirror(MIRROR_MAX_DELETIONS="1").status == 0
    assert same(world)


# --- namespaces and branches -------------------------------------------------------------------


MOVES = [
    ("dev/a", "dev"),
    ("dev", "dev/a"),
    ("dev/a/b/c", "dev"),
    ("dev", "dev/a/b/c"),
    ("dev/a", "dev/a/b"),
    ("dev/a/b", "dev/a"),
]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("before", "after"), MOVES)
@pytest.mark.parametrize("beside", ["alone", "tag", "branch"])
def test_the_default_branch_moves(world: World, before: str, after: str, beside: str) -> None:
    """A default branch that becomes a namespace, or comes out of one, is followed in one round."""
    world.source.commit(before)
    world.source.set_head(f"refs/heads/{before}")
    for ref in world.source.refs():
        if ref != f"refs/heads/{before}" and not (
            ref.startswith("refs/tags/v") if beside == "tag"
            else beside == "branch" and ref == "refs/heads/feature"
        ):  # fmt: skip
            world.source.set(ref, "")
    run = world.mirror()
    assert run.status == 0, run.output
    assert world.codecommit().head == f"refs/heads/{before}"
    value = world.source.refs()[f"refs/heads/{before}"]
    world.source.set_head("refs/heads/none")
    world.source.set(f"refs/heads/{before}", "")
    world.source.set(f"refs/heads/{after}", value)
    world.source.set_head(f"refs/heads/{after}")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert world.codecommit().head == f"refs/heads/{after}"
    assert not run.of("retrying")
    stood_in = [event["branch"] for event in run.of("default_branch")][:-1]
    assert stood_in == (["feature"] if beside == "branch" else ["mirror-stand-in"])


@pytest.mark.usefixtures("aws")
def test_a_stand_in_has_a_name_of_its_own(world: World) -> None:
    """Branches of the source that are called like a stand-in are mirrored beside it."""
    for ref in world.source.refs():
        world.source.set(ref, "")
    world.source.commit("dev")
    world.source.set_head("refs/heads/dev")
    assert world.mirror().status == 0
    world.source.set("refs/heads/dev", "")
    for name in ("dev/a", "mirror-stand-in/1", "mirror-stand-in2"):
        world.source.commit(name)
    world.source.set_head("refs/heads/dev/a")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert run.of("default_branch")[0]["branch"] == "mirror-stand-in3"


@pytest.mark.usefixtures("aws")
def test_a_stand_in_that_was_left_goes(world: World) -> None:
    """A run that was killed leaves a stand-in as the default branch; the next one ends it."""
    world.codecommit().set("refs/heads/mirror-stand-in", world.source.refs()["refs/heads/main"])
    world.codecommit().set_head("refs/heads/mirror-stand-in")
    run = world.mirror()
    assert run.status == 0, run.output
    assert same(world)
    assert world.codecommit().head == "refs/heads/main"


def test_a_default_branch_that_cannot_be_changed(world: World, aws: Aws) -> None:
    """If CodeCommit refuses the stand-in, nothing else waits for it, and no stand-in stays."""
    aws.denied.add("CodeCommit_20150413.UpdateDefaultBranch")
    for ref in world.source.refs():
        if ref != "refs/heads/main":
            world.source.set(ref, "")
    main = world.source.refs()["refs/heads/main"]
    world.source.set_head("refs/heads/none")
    world.source.set("refs/heads/main", "")
    world.source.set("refs/heads/main/line", main)
    world.source.set("refs/tags/new", main)
    world.source.set_head("refs/heads/main/line")
    run = world.mirror(MIRROR_ROUNDS="2")
    assert run.status == 1
    refs = world.codecommit().refs()
    assert "refs/heads/main" in refs
    assert "refs/tags/new" in refs
    assert not [r for r in refs if "stand-in" in r]
    assert "AccessDenied" in run.of("failed")[0]["reason"]


def test_tags_move_likewise(world: World) -> None:
    """A tag that becomes a namespace of tags, and back."""
    main = world.source.refs()["refs/heads/main"]
    for before, after in (("light", "light/1"), ("light/1", "light")):
        world.source.set(f"refs/tags/{before}", "")
        world.source.set(f"refs/tags/{after}", main)
        run = world.mirror()
        assert run.status == 0, run.output
        assert not run.of("retrying")
        assert same(world)


def test_a_namespace_of_hundreds_becomes_a_branch(world: World) -> None:
    """All that is in the way goes first."""
    main = world.source.refs()["refs/heads/main"]
    for n in range(150):
        world.source.set(f"refs/heads/dev/{n}", main)
    assert world.mirror().status == 0
    for n in range(150):
        world.source.set(f"refs/heads/dev/{n}", "")
    world.source.set("refs/heads/dev", main)
    assert world.mirror().status == 0
    assert same(world)
