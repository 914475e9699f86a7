"""What the image of the Fargate mirrors is made of, whichever stack builds it."""

from cfngen import Payload, Payloads

# The template that builds it; what other stacks look for is called after it.
STACK = "mirror-image"

payload = Payloads(__package__)
mirror = Payloads("cfngen_blueprints._shared", "mirror")


def dockerfile() -> Payload:
    """Return the Dockerfile."""
    return payload["Dockerfile"]


def files() -> dict[str, Payload]:
    """Return what it copies, by name: programs for mirrors of every kind."""
    return {
        "mirror.py": mirror["mirror.py"],
        "metrics.py": mirror["metrics.py"],
        "mirror_task.py": payload["mirror_task.py"],
        "sign_in.py": payload["sign_in.py"],
    }
