"""Parameters of the image's template."""

from cfngen.patterns import ImageStackParameters, files_parameter

from ..mirror_program.program import PARAMETER, STACK, WHAT


class Params(ImageStackParameters):
    """Parameters of the template."""

    ProgramParameter = files_parameter(PARAMETER, STACK, what=WHAT, group="Program")
