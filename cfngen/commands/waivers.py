"""The commands about waivers of the review: waivers prune."""

from __future__ import annotations

import click

from cfngen.console.exits import FINDINGS
from cfngen.console.project import here
from cfngen.console.terminal import out, traceback_option


@click.group()
def command() -> None:
    """Keep the waivers of `cfngen review` tidy.

    `cfngen review --write-waivers` drafts them; they stand in cfngen-waivers.toml, or under
    [[review.waivers]] in cfngen.toml.
    """


@command.command(params=[traceback_option()])
@click.argument("base", default="HEAD")
@click.argument("head", required=False)
@click.option(
    "--date",
    metavar="YYYY-MM-DD",
    help="Day that waivers have to reach.  [default: today, UTC]",
)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something would be.")
def prune(base: str, head: str | None, *, date: str | None, check: bool) -> None:
    """Take out waivers that are spent or expired.

    BASE is what is deployed, by default the last commit; a waiver is spent if BASE contains its
    change. HEAD is the directory whose waivers are pruned, by default the project's output
    directory. Comments and the order of the other entries stay.
    """
    from cfngen.console.pruning import prune as pruned
    from cfngen.console.review_waivers import WaiverOptions
    from cfngen.project import revisions
    from cfngen.project.reviews import review_of

    compared = revisions.pair(base, head, here())
    result = WaiverOptions(date).apply(compared, review_of(compared)).review
    lines = list(pruned(compared, result, write=not check))
    for line in lines:
        out(f"{line}\n")
    if check and lines:
        raise click.exceptions.Exit(FINDINGS)
