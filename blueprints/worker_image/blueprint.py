"""The image of the branch builder's workers, as a stack of its own."""

from dataclasses import dataclass
from typing import ClassVar

from cfngen import Template, blueprint
from cfngen.patterns.image_stacks import ImageOptions, ImageStackParameters, image_stack

from .image import STACK, dockerfile, files


@dataclass(frozen=True)
class Options(ImageOptions):
    """Decided at build time, because they change the template's shape."""

    image_template: ClassVar[str] = STACK


@blueprint
def worker_image(options: Options) -> Template:
    """Build the image of the branch builder's workers of this account and region."""
    t = Template()
    p = t.declare(ImageStackParameters, options)
    image = t.add(
        image_stack(
            "WorkerImage", p, options, dockerfile=dockerfile(), files=files(), runs="workers"
        )
    )
    for name, value, description in image.outputs:
        t.output(name, value, description)
    return t
