"""What the builder does in bursts, in a full account, and where workers die, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from support.builder_simulation import World, simulated

pytestmark = pytest.mark.payloads

HOUR = 3600


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that makes a world; it ends with the test."""
    open_worlds = []

    def world(**settings: Any) -> World:
        context = simulated(monkeypatch, **settings)
        open_worlds.append(context)
        return context.__enter__()

    yield world
    for context in open_worlds:
        context.__exit__(None, None, None)


def in_order(world: World, pushed: dict[tuple[str, str], list[str]]) -> bool:
    """Tell whether each branch's pushes were built, all of them and in their order."""
    return world.built() == pushed


# --- bursts ---


def burst(world: World, minutes: int, each_minute: int, repositories: int) -> list[int]:
    """Push for some minutes; return how many pushes waited or were at work after each."""
    chance, depths = random.Random(1), []  # noqa: S311 - the same each time
    for _ in range(minutes):
        for _ in range(each_minute):
            world.push(f"repository-{chance.randrange(repositories)}")
            world.clock.run(world.clock.now + 60 / each_minute)
        depths.append(len(world.pushes.messages))
    return depths


@pytest.mark.slow
def test_500_pushes_a_minute_over_1000_repositories_are_kept_up_with(make: Any) -> None:
    """By the three workers of the default, and what waits does not grow.

    It is less than a minute's pushes once they are there, and two minutes after the last push all
    are built.
    """
    world = make()
    depths = burst(world, 7, 500, 1000)
    assert max(depths[2:]) < 500, depths
    assert depths[-1] <= max(depths[2:5]) * 1.5 + 20, depths
    world.clock.run(world.clock.now + 120)
    assert len({commit for *_, commit in world.builds}) == 3500
    assert len(world.builds) == 3500
    assert not world.pushes.messages
    assert not world.given_up.messages
    assert not world.lost


@pytest.mark.slow
def test_one_push_at_a_time_would_not_keep_up(make: Any) -> None:
    """The simulation sees what several at once are good for."""

    def one(module: Any) -> None:
        module.THREADS = 1

    world = make(patch=one)
    depths = burst(world, 6, 500, 1000)
    assert depths[-1] > 1500, depths


def test_branches_of_one_repository_do_not_wait_for_each_other(make: Any) -> None:
    """Each branch keeps its order; twenty of them take no twenty times as long."""
    world = make()
    pushed: dict[tuple[str, str], list[str]] = {}
    for number in range(60):
        branch = f"branch-{number % 20}"
        pushed.setdefault(("shop", branch), []).append(world.push("shop", branch))
        world.clock.run(world.clock.now + 0.2)
    world.clock.run(world.clock.now + 90)
    assert in_order(world, pushed)


# --- a full account ---


def busy_morning(world: World) -> dict[tuple[str, str], list[str]]:
    """Push 60 times in an hour to six repositories, with the schedule at work."""
    world.schedule()
    pushed: dict[tuple[str, str], list[str]] = {}
    for number in range(60):
        name = f"repository-{number % 6}"
        pushed.setdefault((name, "main"), []).append(world.push(name))
        world.clock.run(world.clock.now + 60)
    return pushed


@pytest.mark.slow
def test_a_full_account_loses_no_push_and_gives_none_up(make: Any) -> None:
    """One build at a time, and five that wait, as in a new account: 25 hours of builds, in order.

    Workers come to their end meanwhile, and others go on.
    """
    world = make(room=lambda _: 6, minutes=150)
    pushed = busy_morning(world)
    world.clock.run(27 * HOUR)
    assert in_order(world, pushed)
    assert len(world.builds) == 60
    assert not world.given_up.messages
    assert not world.pushes.messages
    assert world.of("failed") == []
    assert len(world.launched) > 3  # some ended


@pytest.mark.slow
def test_no_room_at_all_for_hours_costs_nothing(make: Any) -> None:
    """Nothing can be started for twelve hours: each minute there is a line, and then all go on."""
    world = make(room=lambda now: 0 if now < 12 * HOUR else 100, minutes=5)
    pushed = busy_morning(world)
    world.clock.run(11 * HOUR)
    assert world.builds == []
    told = world.of("waiting")
    assert len(told) >= 9 * 60
    assert "Cannot have more than" in told[0]["reason"]
    assert max(line["seconds"] for line in told) > 5 * HOUR
    world.clock.run(13 * HOUR)
    assert in_order(world, pushed)
    assert not world.given_up.messages


@pytest.mark.slow
def test_where_a_full_account_counted_as_a_failure_pushes_would_be_given_up(make: Any) -> None:
    """The simulation sees what the difference is good for."""

    def counted(module: Any) -> None:
        module.FULL = ()

    world = make(room=lambda _: 1, minutes=25, patch=counted)
    busy_morning(world)
    assert world.given_up.messages


def test_no_room_for_tasks_costs_nothing(make: Any) -> None:
    """Fargate is full for two hours: the pushes stay where nothing counts them.

    No event is lost, and the schedule starts a worker once there is room.
    """
    world = make(tasks=lambda now: 0 if now < 2 * HOUR else 1)
    pushed = busy_morning(world)
    world.clock.run(2 * HOUR)
    assert world.lost == []
    assert {message.received for message in world.pushes.messages} == {0}
    world.clock.run(2.5 * HOUR)
    assert in_order(world, pushed)


# --- deaths ---


def deaths(world: World, in_a_row: int) -> dict[tuple[str, str], list[str]]:
    """Push, and kill workers at random while they have pushes in hand; let the next ones live."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    world.schedule()
    pushed: dict[tuple[str, str], list[str]] = {}
    for number in range(12):
        name = f"repository-{number % 4}"
        pushed.setdefault((name, "main"), []).append(world.push(name))
    for _ in range(in_a_row):
        while not world.workers or not any(
            m.hidden > world.clock.now for m in world.pushes.messages
        ):
            world.clock.run(world.clock.now + 0.5)
        world.clock.run(world.clock.now + chance.random() * 2)
        for worker in list(world.workers):
            world.die(worker)
        world.clock.run(world.clock.now + 1)
    world.clock.run(world.clock.now + HOUR)
    return pushed


def test_four_deaths_in_a_row_give_nothing_up(make: Any) -> None:
    """Each time all workers are killed with pushes in their hands; later ones build them all."""
    world = make()
    pushed = deaths(world, 4)
    assert in_order(world, pushed)
    assert not world.given_up.messages
    assert not world.pushes.messages


def test_were_deaths_counted_as_failures_pushes_would_be_given_up(make: Any) -> None:
    """The simulation sees what the difference is good for: two, as the queue counted before."""
    world = make()
    world.pushes.most = 2
    deaths(world, 4)
    assert world.given_up.messages


def reached(world: World, thing: Any, call: str) -> None:
    """Let time pass until a worker makes a call, which from then on takes a second."""
    seen, theirs = [], getattr(thing, call)

    def ours(*given: Any, **asked: Any) -> Any:
        seen.append(world.clock.now)
        world.clock.sleep(1)
        return theirs(*given, **asked)

    setattr(thing, call, ours)
    while not seen:
        world.clock.run(world.clock.now + 0.1)


@pytest.mark.parametrize("call", ["upload_file", "start_build", "delete_message"])
def test_what_a_dead_worker_had_is_built_without_the_schedule(make: Any, call: str) -> None:
    """ECS's event of the death starts a worker, which waits until the push is seen again.

    That takes two minutes at most; the schedule, or another push, would have taken longer.
    """
    world = make()
    commit = world.push("shop")
    reached(world, world.sqs if call == "delete_message" else world, call)
    (worker,) = world.workers
    world.die(worker)
    died = world.clock.now
    world.clock.run(died + 240)
    assert world.built() == {("shop", "main"): [commit]}
    assert len(world.builds) == 1
    assert not world.pushes.messages
    world.clock.run(died + 600)
    assert not world.workers
    assert not world.lost


def test_of_two_that_die_one_after_the_other_nothing_waits_for_the_schedule(make: Any) -> None:
    """The second dies while the first one's push is still hidden; each event starts a worker."""
    world = make()
    world.minutes = 1
    first = world.push("shop")
    reached(world, world, "upload_file")
    world.die(world.workers[0])
    world.clock.run(world.clock.now + 30)
    second = world.push("web")
    while world.pushes.in_hand(world.clock.now) < 2:
        world.clock.run(world.clock.now + 0.1)
    for worker in list(world.workers):
        world.die(worker)
    world.clock.run(world.clock.now + 300)
    assert world.built() == {("shop", "main"): [first], ("web", "main"): [second]}


def test_nobody_waits_for_long_for_what_a_living_worker_has(make: Any) -> None:
    """A worker that was started for a death goes after two minutes, if nobody has died any more."""
    world = make()
    world.upload_file = lambda *_, **__: world.clock.sleep(HOUR)
    world.push("shop")
    world.clock.run(120)
    (busy,) = world.workers
    for _ in range(5):  # as of workers that cannot even start
        world.clock.spawn(lambda: world.call({"source": "aws.ecs"}))
        world.clock.run(world.clock.now + 20)
    assert len(world.workers) == 2
    world.clock.run(world.clock.now + 240)
    assert world.workers == [busy]


def test_without_the_event_the_push_would_wait(make: Any) -> None:
    """The simulation sees what the event is good for."""
    world = make()
    world.push("shop")
    reached(world, world, "upload_file")
    (worker,) = world.workers
    world.clock.kill(worker)
    world.workers.remove(worker)
    world.clock.run(world.clock.now + 600)
    assert world.pushes.messages
