"""Options of the mirrors' image, set at build time."""

from dataclasses import dataclass
from typing import ClassVar

from cfngen.patterns.image_stacks import ImageOptions

from .image import STACK


@dataclass(frozen=True)
class Options(ImageOptions):
    """Options that decide which resources the template has."""

    image_template: ClassVar[str] = STACK
