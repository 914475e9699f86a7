"""Let a Fargate mirror of another account push into this one."""

from awacs import codecommit
from troposphere import GetAtt, Sub

from cfngen import Parameters, Template, allow, blueprint, parameter
from cfngen.patterns import role_for_stack


class Params(Parameters):
    """Asked at deploy time."""

    MirrorAccount = parameter(
        "Account whose mirror may push here",
        AllowedPattern="[0-9]{12}",
        ConstraintDescription="twelve digits",
        group="Mirror",
    )
    MirrorStack = parameter(
        "Name of the mirror's stack there; it may be made later",
        AllowedPattern="[A-Za-z][A-Za-z0-9-]{0,38}",
        ConstraintDescription="the name of a stack, of at most 39 characters",
    )
    Repositories = parameter(
        "Repository that it may push to, or the beginning of names followed by *, with the prefix",
        AllowedPattern=r"[A-Za-z0-9._-]{0,99}[A-Za-z0-9._*-]",
        ConstraintDescription="a name, or the beginning of names followed by *",
        group="Destination",
    )
    Region = parameter(
        "Region of the repositories, which need not be the stack's own",
        AllowedPattern="[a-z]{2,4}(-[a-z]+)+-[0-9]",
        ConstraintDescription="a region such as us-west-2",
    )


@blueprint
def mirror_destination() -> Template:
    """Let a Fargate mirror of another account push into this one."""
    t = Template()
    t.declare(Params)
    held = t.add(
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
    t.output("RoleArn", GetAtt(held, "Arn"), "Put this into the mirror's destinations, as role")
    return t
