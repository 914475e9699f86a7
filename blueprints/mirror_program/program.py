"""The program that mirrors: its files, and where stacks find them."""

from cfngen import Payload, Payloads

# The template that publishes it; what other stacks look for is called after it.
STACK = "mirror-program"
PARAMETER = f"/cfngen/{STACK}"
WHAT = "the program that mirrors"
# Modules that are not published: the templates whose runs need them carry them, and all templates
# stay small. `carried` in settings.py imports them.
CARRIED = frozenset({"backups.py", "history.py", "metrics.py", "room.py"})

mirror = Payloads("cfngen_blueprints._shared", "mirror")


def files() -> dict[str, Payload]:
    """Return the files that are published, by name: all Python files of the directory but some."""
    names = [name for name in mirror.names() if name.endswith(".py")]
    return {name: mirror[name] for name in names if name not in CARRIED}


def carried(*names: str) -> dict[str, Payload]:
    """Return modules that are not published, by name, for a template that carries them.

    Args:
        names: of files, such as `room.py`; all of them if none is given.

    Raises:
        KeyError: a file is published, or is not there.

    """
    if unknown := {*names} - CARRIED:
        raise KeyError(*unknown)
    return {name: mirror[name] for name in sorted(names or CARRIED)}
