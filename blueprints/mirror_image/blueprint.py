"""The image of the Fargate mirrors, as a stack of its own."""

from cfngen import Template, blueprint
from cfngen.patterns import arm_builds_rule, image_stack

from .image import dockerfile, files
from .options import Options
from .parameters import Params


@blueprint
def mirror_image(options: Options) -> Template:
    """Build the image of the Fargate mirrors of this account and region."""
    t = Template()
    p = t.declare(Params, options)
    if options.architecture == "arm64":
        t.add_rule("ArmBuilds", arm_builds_rule())
    image = t.add(
        image_stack(
            "MirrorImage",
            p,
            options,
            dockerfile=dockerfile(),
            files=files(),
            archives=[p.ProgramParameter],
            runs="mirrors",
        )
    )
    for name, value, description in image.outputs:
        t.output(name, value, description)
    return t
