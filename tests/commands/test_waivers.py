"""`cfngen waivers prune`: what is spent or expired goes, everything else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reviews import FIRST, SECOND, git

from cfngen.cli import main

FILE = "cfngen-waivers.toml"
HEAD = "# Ours.\n\n"
OTHER = """\
# The next one.
[[waivers]]
code = "P101" # not yet
template = "shop"
resource = "Topic"
reason = "later"
owner = "bob"
until = 2099-12-31
change = "0123456789abcdef0123456789abcdef"
"""
EXPIRED = OTHER.replace("2099", "2020").replace("0123456789", "9876543210")


@pytest.fixture
def spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository whose last commit has the change that two waivers are about."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "output").mkdir()
    template = tmp_path / "output" / "shop.yaml"
    template.write_text(FIRST)
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    template.write_text(SECOND)
    assert main(["review", "main", "--write-waivers"]) == 0
    path = tmp_path / FILE
    text = (
        path.read_text().replace('reason = ""', 'reason = "a"').replace('owner = ""', 'owner = "b"')
    )
    entries = text[text.index("[[waivers]]") :]
    path.write_text(HEAD + EXPIRED + "\n" + entries + "\n" + OTHER)
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    return path


def test_pruning(spent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spent and expired entries go, each with a line; comments and the others stay."""
    capsys.readouterr()
    before = spent.read_text()
    assert main(["waivers", "prune", "--check"]) == 1
    assert spent.read_text() == before
    capsys.readouterr()
    assert main(["waivers", "prune"]) == 0
    assert spent.read_text() == HEAD + OTHER
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1] for line in lines) == ["expired", "spent", "spent"]
    assert main(["waivers", "prune", "--check"]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_not_deployed_yet_stays(spent: Path) -> None:
    """Held to a base without the change, its waivers are needed still."""
    assert main(["waivers", "prune", "HEAD~1", "--date", "2019-12-31"]) == 0
    assert spent.read_text().count("[[waivers]]") == 4


def test_a_revision_is_not_pruned(spent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A commit cannot be edited, so that is a mistake."""
    before = spent.read_text()
    assert main(["waivers", "prune", "HEAD~1", "HEAD"]) == 2
    assert "waivers are pruned on disk" in capsys.readouterr().err
    assert spent.read_text() == before
