"""What the branch builder refuses at build time, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from support.branches import BLUEPRINT

from cfngen import synthesize
from cfngen.authoring.options import options_from
from cfngen.errors import Problems


def refused(**options: Any) -> list[str]:
    """Return the complaints."""
    with pytest.raises(Problems) as caught:
        options_from(BLUEPRINT.options_type, options)
    return list(caught.value.problems)


@pytest.mark.parametrize("repositories", [[], ["*"], ["shop", "team-*"]])
@pytest.mark.parametrize("mode", ["fargate", "direct"])
def test_a_project_for_each_of_all_cannot_be(repositories: list[str], mode: str) -> None:
    """No rule could tell them apart."""
    (problem,) = refused(mode=mode, projects="repository", repositories=repositories)
    assert problem.startswith('projects = "repository": ')
    assert "list them" in problem


@pytest.mark.parametrize(
    "glob", ["", "a**b", "refs/heads/main", "a b", 'a"b', "a\\b", "a?", "[ab]", "a\n", "x" * 257]
)
@pytest.mark.parametrize("field", ["branches", "exclude"])
def test_what_no_branch_can_be_called_is_refused(field: str, glob: str) -> None:
    """Or EventBridge would refuse the rule, or nothing would ever match."""
    assert any(repr(glob) in problem for problem in refused(**{field: [glob]}))


@pytest.mark.parametrize("glob", ["main", "feature/*", "*/fix", "a*b*c", "ünï", "-x", "$(id)"])
def test_what_a_branch_can_be_called_is_taken(glob: str) -> None:
    """Stars where one likes, and whatever git takes."""
    synthesize(BLUEPRINT, {"branches": [glob], "exclude": [glob]})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"branches": []}, "branches: without any"),
        ({"branches": [f"feature-{n}-{'x' * 40}/*" for n in range(20)]}, "too many"),
        ({"workers": 0}, "workers = 0"),
        ({"workers": 21}, "workers = 21"),
        ({"cpu": 7}, "cpu = 7"),
        ({"repositories": ["a b"]}, "repositories: 'a b'"),
        ({"repositories": [f"{n:03}{'x' * 90}" for n in range(60)]}, "IAM takes 10,240"),
        ({"existing_projects": True, "privileged": True}, "privileged"),
        (
            {"existing_projects": True, "projects": "repository", "repositories": ["a.b"]},
            "'a.b' cannot be the name of a build project",
        ),
        ({"mode": "direct", "newest_only": True}, "newest_only"),
        ({"mode": "direct", "other_account": True}, "other_account"),
        ({"mode": "direct", "spot": True}, "spot: there is no task"),
        ({"mode": "direct", "network": "own"}, "network: there is no task"),
        ({"mode": "direct", "workers": 2}, "workers: there is no task"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], words: str) -> None:
    """Each with what would be right."""
    assert any(words in problem for problem in refused(**options))


def test_all_of_it_is_told_at_once() -> None:
    """Nobody mends one mistake after the other."""
    found = refused(mode="direct", newest_only=True, spot=True, workers=30, branches=["a b"])
    assert len(found) >= 5
