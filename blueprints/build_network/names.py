"""What resources are called in the console."""

from troposphere import Sub, Tags


def name(what: str) -> Tags:
    """Name a thing after the stack, for the console."""
    return Tags(Name=Sub(f"${{AWS::StackName}} {what}"))
