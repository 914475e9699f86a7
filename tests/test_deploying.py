"""What docs/deploying.md shows is what the commands print."""

from __future__ import annotations

import re
import shlex

import pytest
from support.deploy_scripts import ROOT

from cfngen.cli import main

PAGE = (ROOT / "docs" / "deploying.md").read_text()
SAMPLES = re.findall(r"^```console\n\$ cfngen ([^\n]*)\n(.*?)^```$", PAGE, re.S | re.M)


@pytest.mark.parametrize(("arguments", "shown"), SAMPLES, ids=[words for words, _ in SAMPLES])
def test_a_sample_is_what_the_command_prints(
    arguments: str,
    shown: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Byte for byte; paste the new output where a template changed."""
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(arguments)) == 0
    assert capfd.readouterr().out == shown


def test_both_commands_are_shown() -> None:
    """The test above has something to look at."""
    assert {words.split()[0] for words, _ in SAMPLES} == {"deploy-script", "deploy-role"}
