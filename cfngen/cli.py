"""The commands and their exit codes; what they do is elsewhere.

Exit codes: 0 fine, 1 findings or stale output, 2 cannot go on. An exception that nobody expected,
in a blueprint or in cfngen itself, is a bug: it ends with its traceback and 70, so that no gate
takes it for findings. A broken pipe and Ctrl-C end as a shell has them (141, 130).

Everything slow is imported where it is used: `--help` loads neither cfn-lint nor troposphere.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import click

from cfngen.commands.build import build
from cfngen.commands.deploy_role import deploy_role
from cfngen.commands.deploy_script import deploy_script, plan
from cfngen.commands.lint import lint
from cfngen.commands.list import list_
from cfngen.commands.review import review
from cfngen.commands.schema import schema
from cfngen.commands.show import show
from cfngen.commands.timeline import timeline
from cfngen.console.exits import BUG, CANNOT, FINE, HUNG_UP, STOPPED
from cfngen.console.project import own_version
from cfngen.console.terminal import HungUpError, complain, explode, out, refuse
from cfngen.errors import CfngenError

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Group(click.Group):
    """Turns a user's mistake into a message, and leaves a blueprint's its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, HungUpError):
            raise
        except CfngenError as error:
            complain(error)
            raise click.exceptions.Exit(CANNOT) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
                complain(CfngenError(f"{error.filename}: {error.strerror}"))  # wherever it is from
                raise click.exceptions.Exit(CANNOT) from None
            # Not left to click, which takes an EOFError or a broken pipe for its own.
            explode(error)
            raise click.exceptions.Exit(BUG) from None


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        click.echo(f"cfngen {own_version()}")
        ctx.exit()


@click.group(
    cls=_Group,
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
    """Turn blueprints into linted CloudFormation templates.

    A blueprint is a Python function; a template is what it returns for some options, and is listed
    under [tool.cfngen.templates] in pyproject.toml, or in cfngen.toml.
    """


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print a completion script, to be sourced: source <(cfngen completion bash)."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise CfngenError(f"no completion for {shell}")
    # Its source() asks bash for its version first; the script itself needs no such check.
    script = kind(cli, {}, "cfngen", "_CFNGEN_COMPLETE")
    out(script.source_template % script.source_vars() + "\n")


for _command in (
    list_,
    show,
    build,
    lint,
    review,
    deploy_script,
    plan,
    deploy_role,
    schema,
    timeline,
):
    cli.add_command(_command)


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
