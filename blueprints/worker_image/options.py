"""What the image of the workers decides at build time."""

from dataclasses import dataclass
from typing import ClassVar

from cfngen.patterns.image_stacks import ImageOptions

from .image import STACK


@dataclass(frozen=True)
class Options(ImageOptions):
    """Decided at build time, because they change the template's shape."""

    image_template: ClassVar[str] = STACK
