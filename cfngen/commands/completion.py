"""The command that prints a completion script: completion."""

from __future__ import annotations

import click

from cfngen.console.terminal import out
from cfngen.errors import CfngenError


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, /, shell: str) -> None:
    """Print a completion script for bash, zsh or fish.

    To use it in this shell: source <(cfngen completion bash)
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise CfngenError(f"no completion for {shell}")
    # Its source() asks bash for its version first; the script itself needs no such check.
    script = kind(context.find_root().command, {}, "cfngen", "_CFNGEN_COMPLETE")
    out(script.source_template % script.source_vars() + "\n")
