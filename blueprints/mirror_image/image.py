"""What the image of the Fargate mirrors is made of, whichever stack builds it."""

from cfngen import Payload, Payloads

# The template that builds it; what other stacks look for is called after it.
STACK = "mirror-image"

payload = Payloads(__package__)


def dockerfile() -> Payload:
    """Return the Dockerfile."""
    return payload["Dockerfile"]


def files() -> dict[str, Payload]:
    """Return what it copies besides the program that mirrors, by name."""
    return {name: payload[name] for name in payload.names() if name.endswith(".py")}
