"""The program that mirrors, as a stack of its own."""

from troposphere import Ref, Sub

from cfngen import Template, blueprint
from cfngen.patterns import published_files

from .parameters import Params
from .program import files


@blueprint
def mirror_program() -> Template:
    """Publish the program that mirrors, for all mirrors of this account and region."""
    t = Template()
    p = t.declare(Params)
    program = t.add(
        published_files(
            "MirrorProgram",
            files(),
            parameter=p.ProgramParameter,
            description=Sub(
                "Location of the program that mirrors, written by stack ${AWS::StackName}"
            ),
            reason="Puts the program into the bucket, under a name made of its content.",
        )
    )
    t.output(
        "ProgramLocation", program.location, "Bucket and key of the program, separated by a slash."
    )
    t.output(
        "ProgramParameter",
        Ref(program.stored),
        "Name of the SSM parameter that holds the location of the program.",
    )
    t.output(
        "ProgramBucket",
        Ref(program.bucket),
        "Name of the bucket that holds this program and those before it.",
    )
    return t
