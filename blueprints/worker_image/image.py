"""What the image of the branch builder's workers is made of, whichever stack builds it."""

from cfngen import Payload, Payloads

# The template that builds it; what other stacks look for is called after it.
STACK = "worker-image"

payload = Payloads(__package__)


def dockerfile() -> Payload:
    """Return the Dockerfile."""
    return payload["Dockerfile"]


def files() -> dict[str, Payload]:
    """Return what it copies, by name: programs for workers of every kind."""
    names = ("build_branches", "messages", "source", "supersede")
    return {f"{name}.py": payload[f"{name}.py"] for name in names}
