"""What the image of the Fargate mirrors is made of, whichever stack builds it."""

from cfngen import Payload, Payloads

from ..mirror_program.program import carried

# The template that builds it; what other stacks look for is called after it.
STACK = "mirror-image"

payload = Payloads(__package__)


def dockerfile() -> Payload:
    """Return the Dockerfile."""
    return payload["Dockerfile"]


def files() -> dict[str, Payload]:
    """Return what it copies besides the published files of the program that mirrors, by name."""
    own = {name: payload[name] for name in payload.names() if name.endswith(".py")}
    return own | carried()
