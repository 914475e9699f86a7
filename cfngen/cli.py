"""The command line: it finds the commands, and turns errors into messages and exit codes.

A command is a file in `cfngen/commands/`, of the command's name; see `cfngen.commands`.

Exit codes: 0 fine, 1 findings or stale output, 2 a mistake of the user or in a blueprint. An
exception that nobody expected is a bug of cfngen: it ends with its traceback and 70, so that no
gate takes it for findings. A broken pipe and Ctrl-C end as a shell has them (141, 130).

Everything slow is imported where it is used: `--help` loads neither cfn-lint nor troposphere.
"""

from __future__ import annotations

import errno
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from cfngen import commands
from cfngen.console.exits import BUG, CANNOT, FINE, HUNG_UP, STOPPED
from cfngen.console.project import own_version
from cfngen.console.terminal import (
    TRACEBACK,
    HungUpError,
    complain,
    explode,
    refuse,
    renamed_shown,
    say,
    traceback_option,
)
from cfngen.errors import CfngenError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Commands(click.Group):
    """The commands of `cfngen/commands/`, each imported when it is first asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands, which are those of the files."""
        names = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, or by the one that it had in the last release."""
        names = self.list_commands(ctx)
        if name not in names:
            name = next((new for new in names if name in _former_names(new)), "")
        return _load(name) if name else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; an unknown one is a mistake with advice."""
        name = args[0]
        command = self.get_command(ctx, name)
        if not command and not name.startswith("-"):
            names = self.list_commands(ctx)
            advice = did_you_mean(name, names) or f" (available: {', '.join(names)})"
            ctx.fail(f"No such command {name!r}{advice}")
        if command and command.name != name:
            new_name = f"`cfngen {command.name}`"
            say(f"`cfngen {name}` is now {new_name}; the next release drops the old name")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a mistake is a message and 2, a bug its traceback and 70."""
        try:
            with renamed_shown():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, HungUpError):
            raise
        except CfngenError as error:
            complain(error, traceback=ctx.meta.get(TRACEBACK, False))
            raise click.exceptions.Exit(CANNOT) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
                complain(CfngenError(f"{error.filename}: {error.strerror}"))  # wherever it is from
                raise click.exceptions.Exit(CANNOT) from None
            # Not left to click, which takes an EOFError or a broken pipe for its own.
            explode(error)
            raise click.exceptions.Exit(BUG) from None


def _module(name: str) -> Any:
    return import_module(f"{commands.__name__}.{name.replace('-', '_')}")


def _former_names(name: str) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(_module(name), "FORMER_NAMES", ())
    return names


def _load(name: str) -> click.Command:
    command: click.Command = _module(name).command
    command.name = name
    if not any(parameter.name == TRACEBACK for parameter in command.params):
        command.params.append(traceback_option())  # where people add it: behind the command
    return command


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        click.echo(f"cfngen {own_version()}")
        ctx.exit()


@click.group(
    cls=_Commands,
    params=[traceback_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Print the version.",
)
def cli() -> None:
    """Build linted CloudFormation templates from blueprints.

    A blueprint is a Python function that returns a template for some options. The
    templates to build are listed under [tool.cfngen.templates] in pyproject.toml,
    or under [templates] in cfngen.toml.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="cfngen", standalone_mode=False)
    except HungUpError:
        return HUNG_UP
    except click.ClickException as error:
        refuse(error)
        return CANNOT
    except click.Abort:  # Ctrl-C; click has ended the line
        return STOPPED
    except Exception as error:  # of what comes before a command, or after it
        explode(error)
        return BUG
    return code if isinstance(code, int) else FINE
