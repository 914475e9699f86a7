"""Let a Fargate mirror of another account push into this one."""

from awacs import codecommit
from troposphere import GetAtt, Sub

from cfngen import Template, allow, blueprint
from cfngen.patterns import role_for_stack

from .parameters import Params


@blueprint
def mirror_destination() -> Template:
    """Let a Fargate mirror of another account push into this one."""
    t = Template()
    t.declare(Params)
    destination_role = t.add(
        role_for_stack(
            "DestinationRole",
            "${MirrorAccount}",
            "${MirrorStack}",
            "MirrorRole",
            allow(
                codecommit.GitPull,
                codecommit.GitPush,
                codecommit.CreateRepository,
                codecommit.UpdateDefaultBranch,
                on=Sub(
                    "arn:${AWS::Partition}:codecommit:${Region}:${AWS::AccountId}:${Repositories}"
                ),
            ),
        ),
        reason=(
            "Assumed by the mirror's tasks in the other account: it may push to these repositories."
        ),
    )
    t.output(
        "RoleArn",
        GetAtt(destination_role, "Arn"),
        "ARN of the role that the mirror assumes. Enter it as role in the mirror's option"
        " destinations.",
    )
    return t
