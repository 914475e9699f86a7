"""A container image as a separate stack, which other stacks find by an SSM parameter.

One stack per image, account and region builds it, and writes its URI to an SSM parameter. Stacks
that run the image read the parameter when they are deployed. A task definition keeps the URI, so a
new image interrupts nothing, and is used after a stack's next update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, overload

from troposphere import AWSObject, Ref, Sub
from troposphere.ssm import Parameter as StoredParameter

from cfngen.authoring.options import option
from cfngen.authoring.parameters import Parameters, parameter
from cfngen.authoring.payload import Payload
from cfngen.deprecation import warn_renamed
from cfngen.patterns._renamed import decided
from cfngen.patterns.images import BuiltImage, built_image
from cfngen.patterns.logs import RETENTION_DAYS, log_group

__all__ = [
    "ImageOptions",
    "ImageStack",
    "ImageStackParameters",
    "image_revision",
    "image_stack",
    "parameter_name",
    "published_image",
]


@dataclass(frozen=True)
class ImageOptions:
    """Build-time options of an image stack.

    Attributes:
        image_template: the name of the stack's template; a blueprint's `Options` say which.
    """

    image_template: ClassVar[str] = ""
    architecture: Literal["arm64", "x86_64"] = option(
        "Processor that the image is for, and that it is built on", default="arm64"
    )


@dataclass(frozen=True)
class ImageStack:
    """An image with all that builds it, and the SSM parameter that holds its URI."""

    image: BuiltImage
    published: StoredParameter

    @property
    def resources(self) -> list[tuple[AWSObject, str]]:
        """The resources, each with the comment above it."""
        return [
            (self.image.log, ""),
            *self.image.resources,
            (self.published, "Read by the stacks that run the image, each time they are deployed."),
        ]

    @property
    def outputs(self) -> list[tuple[str, Any, str]]:
        """The outputs of the stack: name, value, description."""
        return [
            ("ImageUri", self.image.uri, "URI of the image, with a tag that never moves."),
            (
                "ImageParameter",
                Ref(self.published),
                "Name of the SSM parameter that holds the URI of the image.",
            ),
            (
                "ImageRepository",
                Ref(self.image.repository),
                "Name of the image's repository in ECR.",
            ),
            ("ImageLog", Ref(self.image.log), "Name of the log group of the image's builds."),
        ]


def parameter_name(stack: str, architecture: str) -> str:
    """Return the name of the SSM parameter that holds an image's URI, unless another is chosen.

    Who deploys too early sees "Unable to fetch parameters [NAME]", so the name contains the
    template that has to be deployed first.

    Example:
        >>> parameter_name("tool-image", "arm64")
        '/cfngen/tool-image/arm64'
    """
    return f"/cfngen/{stack}/{architecture}"


@overload
def published_image(*, when: Callable[[Any], bool] | None = None) -> parameter: ...


@overload
def published_image(stack: str, architecture: str, /) -> type[Parameters]: ...


def published_image(
    *earlier: str, when: Callable[[Any], bool] | None = None
) -> parameter | type[Parameters]:
    """Return the parameter `ImageParameter` of a stack that runs an image of a stack of its own.

    Its value is the name of the SSM parameter; a `Ref` to it is the image's URI. Source: AWS page
    "Specify existing resources at runtime with CloudFormation-supplied parameter types".

    Args:
        *earlier: the stack's template and the architecture, as in earlier releases, which returned
            a class with the parameter.
        when: returns for the options whether the template has it; they have the attributes
            `image_template` and `architecture`.
    """
    if earlier:
        stack, architecture = earlier
        warn_renamed(
            "published_image(stack, architecture)",
            "a parameter of a class, `ImageParameter = published_image()`",
            stacklevel=3,
        )
        named = type("PublishedImage", (Parameters,), {"ImageParameter": published_image()})
        return decided(named, SimpleNamespace(image_template=stack, architecture=architecture))
    return parameter(
        lambda o: (
            "Name of the SSM parameter that holds the URI of the image. Deploy"
            f" {o.image_template}.yaml first, which writes it."
        ),
        Type="AWS::SSM::Parameter::Value<String>",
        Default=lambda o: parameter_name(o.image_template, o.architecture),
        group="Image",
        when=when,
    )


def image_revision(*, when: Callable[[Any], bool] | None = None) -> parameter:
    """Return the parameter `ImageRevision` of a stack that builds an image.

    Args:
        when: returns for the options whether the template has it; always, without.
    """
    return parameter(
        "Any text. Change it to rebuild the image on the current base image.",
        Default="1",
        AllowedPattern="[A-Za-z0-9._-]{1,40}",
        ConstraintDescription="Enter letters, digits, dots, underscores and hyphens.",
        group="Image",
        when=when,
    )


class ImageStackParameters(Parameters):
    """Parameters of an image stack; declared with `ImageOptions`."""

    ImageRevision = image_revision()
    ImageParameter = parameter(
        "Name of the SSM parameter that the URI of the image is written to. Enter another"
        " name for a second stack.",
        Default=lambda o: parameter_name(o.image_template, o.architecture),
        AllowedPattern="/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*",
        ConstraintDescription="Enter a name that begins with a slash, such as /team/image.",
    )
    LogDays = parameter(
        "Number of days to keep the log of the image's builds.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        group="Operation",
    )


def image_stack_questions(stack: str, architecture: str) -> type[Parameters]:
    """Return what `ImageStackParameters` declares, under its earlier name.

    Args:
        stack: the name of the stack's template.
        architecture: `arm64` or `x86_64`.
    """
    old = "cfngen.patterns.image_stacks.image_stack_questions()"
    warn_renamed(old, "the class ImageStackParameters", stacklevel=3)
    fixed = SimpleNamespace(image_template=stack, architecture=architecture)
    return decided(ImageStackParameters, fixed)


def image_stack(
    title: str,
    p: ImageStackParameters,
    options: ImageOptions,
    *,
    dockerfile: Payload,
    files: Mapping[str, Payload],
    runs: str,
    archives: Sequence[Any] = (),
) -> ImageStack:
    """Return an image, what builds it, and the SSM parameter with its URI.

    The repository and its images are retained when the stack is deleted, so that tasks that use
    them still start.

    Args:
        title: what all logical IDs but the log's begin with, as `built_image` takes it.
        p: the parameters.
        options: the blueprint's.
        dockerfile: the Dockerfile, whose context is `files`.
        files: what it copies, by name.
        runs: what runs the image, such as `mirrors`.
        archives: locations of archives with more files, as `built_image` takes them.
    """
    image = built_image(
        title,
        dockerfile=dockerfile,
        files=files,
        revision=p.ImageRevision,
        log=log_group("ImageLog", days=p.LogDays),
        architecture=options.architecture,
        retained=True,
        archives=archives,
        reason="Builds the image unless it is there.",
    )
    published = StoredParameter(
        f"{title}Uri",
        Type="String",
        Name=p.ImageParameter,
        Description=Sub(f"URI of the image that {runs} run, written by stack ${{AWS::StackName}}"),
        Value=image.uri,
    )
    return ImageStack(image, published)
