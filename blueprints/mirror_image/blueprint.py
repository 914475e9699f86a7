"""The image of the Fargate mirrors, as a stack of its own."""

from typing import Any

from cfngen import Template, blueprint
from cfngen.patterns.image_stacks import ImageOptions, image_stack, image_stack_questions

from .image import STACK, dockerfile, files


@blueprint
def mirror_image(options: ImageOptions) -> Template:
    """Build the image of the Fargate mirrors of this account and region."""
    t = Template()
    p: Any = t.declare(image_stack_questions(STACK, options.architecture))
    image = t.add(
        image_stack(
            "MirrorImage", p, options, dockerfile=dockerfile(), files=files(), runs="mirrors"
        )
    )
    for name, value, description in image.outputs:
        t.output(name, value, description)
    return t
