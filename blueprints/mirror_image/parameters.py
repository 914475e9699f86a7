"""What the stack of the mirrors' image asks for at deploy time."""

from cfngen.patterns import ImageStackParameters, files_parameter

from ..mirror_program.program import PARAMETER, STACK, WHAT


class Params(ImageStackParameters):
    """What CloudFormation asks for at deploy time."""

    ProgramParameter = files_parameter(PARAMETER, STACK, what=WHAT, group="Program")
