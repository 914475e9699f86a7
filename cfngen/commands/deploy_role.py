"""The command that prints the policy of a deployment role: deploy-role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cfngen.console.project import complete_templates, here, is_file, planned_templates, template
from cfngen.console.terminal import out, say

if TYPE_CHECKING:
    from cfngen.deploy.script import PlannedTemplate


@click.command()
@click.argument("name", shell_complete=complete_templates)
@click.option("--stack-name", help="Name of the stack (default: the template's name).")
@click.option("--partition", default="*", help="AWS partition, e.g. aws-cn (default: any).")
@click.option("--region", default="*", help="AWS Region, e.g. eu-west-1 (default: any).")
@click.option("--account", default="*", help="AWS account ID, e.g. 123456789012 (default: any).")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a parameter, which limits the ARNs that contain it.",
)
@click.option(
    "--inline",
    is_flag=True,
    help="Print one document for an inline policy, of at most 10,240 characters.",
)
@click.option(
    "--explain", is_flag=True, help="List the actions of resource handlers that were left out."
)
@click.option(
    "--skip-unknown",
    is_flag=True,
    help="Leave out resource types without a known schema, with a warning instead of an error.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("yaml", "json")),
    default="yaml",
    show_default=True,
    help="Output format: YAML has comments, JSON is what `aws iam` takes.",
)
def command(
    name: str,
    *,
    stack_name: str | None,
    inline: bool,
    explain: bool,
    skip_unknown: bool,
    output_format: str,
    **destination: Any,
) -> None:
    """Print the IAM policy of the role that deploys a template.

    NAME is a template of the project, or a template file. The role is the one that
    `aws cloudformation deploy --role-arn` passes to CloudFormation.
    """
    from dataclasses import replace

    from cfngen.cloudformation.regions import all_regions
    from cfngen.deploy.role import policy
    from cfngen.deploy.role.destination import parse_destination
    from cfngen.deploy.role.exports import exported_arns
    from cfngen.deploy.role.formats import as_json, as_yaml, comments
    from cfngen.deploy.script import stack_name as default_name

    prerequisites = _prerequisites(name)
    name, body = template(name)
    stack = default_name(name) if stack_name is None else stack_name
    target = parse_destination(body, stack=stack, regions=all_regions(), **destination)
    exporters = [(default_name(other.entry.name), other.body) for other in prerequisites]
    target = replace(target, exports=exported_arns(exporters, target))
    role_policy = policy(name, body, target, skip_unknown=skip_unknown)
    if output_format == "yaml":
        out(as_yaml(role_policy, inline=inline, explain=explain))
        return
    out(as_json(role_policy, inline=inline))
    for comment in comments(role_policy, inline=inline, explain=explain):
        say(comment)


def _prerequisites(name: str) -> list[PlannedTemplate]:
    """Return what a template of this project comes after, by its table; nothing for a file."""
    from cfngen.project import manifest

    if is_file(name):
        return []
    project = manifest.load(here())
    (entry,) = project.select((name,))
    return planned_templates(project, project.select(entry.after) if entry.after else [])
