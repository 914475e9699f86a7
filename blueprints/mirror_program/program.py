"""The program that mirrors: its files, and where stacks find them."""

from cfngen import Payload, Payloads

# The template that publishes it; what other stacks look for is called after it.
STACK = "mirror-program"
PARAMETER = f"/cfngen/{STACK}"
WHAT = "the program that mirrors"

mirror = Payloads("cfngen_blueprints._shared", "mirror")


def files() -> dict[str, Payload]:
    """Return the files of the program, by name: all Python files of its directory."""
    return {name: mirror[name] for name in mirror.names() if name.endswith(".py")}
