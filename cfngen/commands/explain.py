"""The command that explains the codes of the review's findings: explain."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import click

from cfngen.console.gate import gate_names
from cfngen.console.terminal import out, style, terminal_width
from cfngen.errors import CfngenError, did_you_mean

if TYPE_CHECKING:
    from cfngen.review.rule import RegisteredRule


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODES]", shell_complete=gate_names)
def command(codes: tuple[str, ...]) -> None:
    """Say what codes of findings mean and what to do.

    Without a code, list all of them by concern. A concern stands for all of its codes.
    """
    from cfngen.project.registry import review_rules

    registered = review_rules()
    if not codes:
        out(_listed(registered))
        return
    names = {*registered, *(rule.concern.value for rule in registered.values())}
    if unregistered := [code for code in codes if code not in names and code.upper() not in names]:
        raise CfngenError(
            "\n".join(
                f"no code {code!r}{did_you_mean(code.upper(), list(registered))}; `cfngen explain`"
                " lists all codes"
                for code in unregistered
            )
        )
    wanted = [
        rule
        for code in codes
        for rule in registered.values()
        if code == rule.concern or code.upper() == rule.code
    ]
    out("\n".join(map(_explained, wanted)))


def _listed(registered: dict[str, RegisteredRule]) -> str:
    lines: list[str] = []
    for concern in dict.fromkeys(rule.concern for rule in registered.values()):
        lines += ["", style(f"{concern.value}: {concern.sentence}", sys.stdout, bold=True)]
        rules = [rule for rule in registered.values() if rule.concern is concern]
        lines += [f"  {rule.code}  {rule.rule.title}" for rule in rules]
    return "".join(f"{line}\n" for line in lines[1:])


def _explained(rule: RegisteredRule) -> str:
    width = min(terminal_width(), 100)
    head = f"{rule.code} {rule.name} ({rule.concern.value})"
    parts = [
        style(head, sys.stdout, bold=True),
        *textwrap.wrap(f"{rule.rule.title}.", width),
        "",
        *textwrap.wrap(rule.rule.help, width),
        "",
        rule.rule.source,
    ]
    return "".join(f"{line}\n" for line in parts)
