"""The image of the branch builder's workers, as a stack of its own."""

from cfngen import Template, blueprint
from cfngen.patterns import arm_builds_rule
from cfngen.patterns.image_stacks import ImageStackParameters, image_stack

from .image import dockerfile, files
from .options import Options


@blueprint
def worker_image(options: Options) -> Template:
    """Build the image of the branch builder's workers of this account and region."""
    t = Template()
    p = t.declare(ImageStackParameters, options)
    if options.architecture == "arm64":
        t.add_rule("ArmBuilds", arm_builds_rule())
    image = t.add(
        image_stack(
            "WorkerImage", p, options, dockerfile=dockerfile(), files=files(), runs="workers"
        )
    )
    for name, value, description in image.outputs:
        t.output(name, value, description)
    return t
