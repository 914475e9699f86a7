"""Which of the Fargate mirror's options go together, and what is said about those that do not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfngen_blueprints.fargate_mirror.options import Destination

from cfngen import synthesize
from cfngen.authoring.options import option_problems
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.project.registry import find

BLUEPRINT = find("fargate_mirror").load()
ROLE = "arn:aws:iam::222233334444:role/there-DestinationRole-A"


def said(**options: Any) -> str:
    """Return what is wrong with the options, or nothing."""
    return "\n".join(option_problems(BLUEPRINT.options_type, options))


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (
            {"cpu": 1000},
            ["cpu = 1000: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384"],
        ),
        (
            {"cpu": 256, "memory": 4096},
            ["memory = 4096: with cpu = 256, Fargate has 512, 1024, 2048"],
        ),
        ({"memory": 1024}, ["memory = 1024: with cpu = 1024, Fargate has 2048, 3072, 4096,"]),
        ({"cpu": 8192, "memory": 17408}, ["with cpu = 8192, Fargate has 16384, 20480"]),
        ({"ephemeral_storage": 19}, ["ephemeral_storage = 19: Fargate has 20 to 200 GiB"]),
        ({"ephemeral_storage": 201}, ["ephemeral_storage = 201: Fargate has 20 to 200 GiB"]),
        ({"repositories": ["a b"]}, ["repositories: 'a b' is not the name of a repository"]),
        (
            {"repositories": ["a.git"]},
            ["'a.git' is not the name", "beginning of names followed by *"],
        ),
        ({"repositories": ["a*b"]}, ["'a*b'"]),
        ({"repositories": ["**"]}, ["'**'"]),
        ({"repositories": [""]}, ["''"]),
        ({"repositories": ["x" * 101]}, ["x" * 101]),
        ({"repositories": ["${AWS::Region}"]}, ["'${AWS::Region}' is not the name"]),
        ({"source": "https", "repositories": ["team-*"]}, ["'team-*' is not the name of"]),
        ({"source": "https", "trigger": "direct"}, ['trigger = "direct"', 'or set "schedule"']),
        ({"source": "ssh", "trigger": "codecommit"}, ['trigger = "codecommit"', "sends no events"]),
        (
            {"trigger": "codecommit", "repositories": ["app"]},
            ['with trigger = "codecommit" the stack creates the repository', "remove them"],
        ),
        ({"destinations": [{"region": "us-west"}]}, ["CodeCommit is not available in 'us-west'"]),
        (
            {"destinations": [{"region": "us-west-2a"}]},
            ["CodeCommit is not available in 'us-west-2a'", "did you mean 'us-west-2'?"],
        ),
        ({"destinations": [{"region": "${R}"}]}, ["CodeCommit is not available in '${R}'"]),
        (
            {"destinations": [{"region": "us-west-2", "prefix": "a/"}]},
            ["'a/' cannot be a prefix"],
        ),
        (
            {"destinations": [{"region": "us-west-2", "prefix": "p" * 81}]},
            ["cannot be a prefix"],
        ),
        (
            {"destinations": [{"region": "us-west-2", "role": "Mirror"}]},
            ["'Mirror' cannot be a role"],
        ),
        (
            {"destinations": [{"region": "us-west-2", "role": f"{ROLE}\nrole_arn = x"}]},
            ["cannot be a role"],
        ),
        ({"destinations": [{"region": "us-west-2", "role": f"{ROLE}*"}]}, ["cannot be a role"]),
        ({"destinations": [{"prefix": "x"}]}, ["region"]),
        (
            {"repositories": [f"name-{n}" for n in range(100)]},
            ["100 names at 1 destination(s) do not fit", "use name prefixes"],
        ),
        ({"source": "svn"}, ["source", "codecommit"]),
        ({"spot": "yes"}, ["spot"]),
    ],
)
def test_what_cannot_be_is_refused_in_words(options: dict[str, Any], parts: list[str]) -> None:
    """Each message names the option, repeats the value, and says what would do."""
    for part in parts:
        assert part in said(**options)
    assert not re.search(r"[\[\]{}]\?|Traceback|object at", said(**options)), "for people"


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody has to build six times to learn of six mistakes."""
    told = said(
        cpu=3,
        ephemeral_storage=1000,
        repositories=["a/b", "c d"],
        source="https",
        trigger="codecommit",
        destinations=[{"region": "mars", "prefix": "/", "role": "me"}],
    )
    for part in (
        "cpu = 3",
        "ephemeral_storage = 1000",
        "'a/b'",
        "'c d'",
        'trigger = "codecommit": a source outside',
        "CodeCommit is not available in 'mars'",
        "'/' cannot be a prefix",
        "'me' cannot be a role",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    ("prefix", "repositories", "round_and_round"),
    [
        ("", ["app"], True),
        ("", ["*"], True),
        ("x-", ["*"], True),
        ("x-", ["app"], False),
        ("x-", ["app", "x-app"], True),
        ("x-", ["app", "x-*"], True),
        ("x-", ["app", "x-a*"], True),
        ("x-", ["app", "x-b*"], False),
        ("x-", ["a*", "x-app"], True),
        ("x-", ["a*", "x-b"], False),
        ("team-", ["team-*"], True),
        ("eu-", ["team-*"], False),
        ("te", ["am*", "team"], True),
    ],
)
def test_a_mirror_that_would_be_mirrored_is_noticed(
    prefix: str,
    repositories: list[str],
    round_and_round: bool,  # noqa: FBT001
) -> None:
    """It comes round if some name with the prefix before it is a source as well."""
    there = Destination("us-west-2", prefix)
    assert there.may_come_round(tuple(repositories)) is round_and_round


def names() -> Iterator[str]:
    """Yield every short name of two letters."""
    for size in range(1, 7):
        yield from map("".join, itertools.product("ab", repeat=size))


def test_nothing_comes_round_that_was_not_noticed_and_the_other_way_round() -> None:
    """For every pair of short patterns and every short prefix, tried with every short name."""
    stems = ["", "a", "b", "ab", "ba", "aab"]
    patterns = [*(s for s in stems if s), *(f"{s}*" for s in stems)]
    every = list(names())
    for one, other in itertools.combinations_with_replacement(patterns, 2):
        asked = re.compile("|".join(re.escape(p).replace(r"\*", ".*") for p in (one, other)))
        sources = {name for name in every if asked.fullmatch(name)}
        for prefix in ("", "a", "b", "ab", "bb"):
            really = any(prefix + name in sources for name in sources)
            noticed = Destination("us-west-2", prefix).may_come_round((one, other))
            assert noticed == really, (prefix, one, other)


TOGETHER = [
    {"spot": True, "cache": "efs", "network": "own"},
    {"source": "ssh", "cache": "efs", "architecture": "x86_64", "network": "private"},
    {
        "repositories": ["app", "team-*"],
        "destinations": [
            {"region": "us-west-2", "prefix": "eu-"},
            {"region": "eu-central-1", "role": ROLE},
        ],
    },
    {"image": "existing", "dashboard": True, "trigger": "direct", "spot": True},
    {"trigger": "schedule", "cpu": 256, "memory": 512, "ephemeral_storage": 20},
    {"trigger": "codecommit", "destinations": [{"region": "us-west-2"}], "network": "own"},
    {"source": "https", "repositories": ["app", "shop"], "trigger": "schedule"},
    {"source": "public", "cpu": 16384, "memory": 122880, "ephemeral_storage": 200},
    {
        "repositories": [f"{number:02}-{'x' * 60}" for number in range(25)],
        "destinations": [{"region": "us-west-2"}],
        "trigger": "direct",
    },
]


@pytest.mark.parametrize("options", TOGETHER, ids="-".join)
def test_what_goes_together_draws(options: dict[str, Any]) -> None:
    """Combinations that people deploy are no contradictions."""
    synthesize(BLUEPRINT, options)


@pytest.mark.slow
@pytest.mark.parametrize("options", TOGETHER, ids="-".join)
def test_what_goes_together_draws_and_lints_clean(options: dict[str, Any], linter: Linter) -> None:
    """Combinations that people deploy have no error and no warning."""
    template = synthesize(BLUEPRINT, options)
    findings = linter.lint(template.text, template.name, ("us-east-1",))
    assert [f for f in findings if f.severity != INFORMATIONAL] == []
