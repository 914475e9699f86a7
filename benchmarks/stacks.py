"""Projects of many stacks, before and after a change of each; the same on every machine.

Each template is one of this repository's, in another shape: it has queues of its own, and unless
copies are wanted, every logical ID in it is its own, so that no two templates share a resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

HOW_MANY = 100
CHANGES_EACH = 3
QUEUE = """
  # {reason}
  {name}:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      QueueName: !Sub ${{AWS::StackName}}-{name}
      VisibilityTimeout: {seconds}
"""


def project(
    templates: Sequence[Path],
    base: Path,
    head: Path,
    *,
    copies: bool = False,
    count: int = HOW_MANY,
    changes: int | None = None,
) -> None:
    """Write the templates before the change into `base`, after it into `head`.

    Args:
        templates: what they are made of, in turns.
        base: a folder, made here.
        head: another.
        copies: whether they are copies under other names, all of whose resources are shared.
        count: how many templates to write.
        changes: how many of them change, the first; all if not given.

    Raises:
        ValueError: some template cannot be changed: the templates have another look now.
    """
    base.mkdir(), head.mkdir()
    for number in range(count):
        file = templates[number % len(templates)]
        text = file.read_text("utf-8")
        if not copies:
            text = own(text, number)
        is_changed = changes is None or number < changes
        after = changed(text, number) if is_changed else text
        if is_changed and after == text:
            raise ValueError(f"{file.name}: none of the changes can be made in it")
        (base / f"{file.stem}-{number:03}.yaml").write_text(text, "utf-8")
        (head / f"{file.stem}-{number:03}.yaml").write_text(after, "utf-8")


def own(text: str, number: int) -> str:
    """Return a template in a shape of its own: with one to five queues, and names nobody shares."""
    before, resources, after = parts(text)
    for each in range(1 + number % 5):
        resources = with_queue(resources, f"Queue{each}", 30 + number)
    names = set(re.findall(r"(?m)^  (\w+):$", resources))
    whole = before + resources + after
    return re.sub(r"\b\w+\b", lambda m: f"{m[0]}{number:03}" if m[0] in names else m[0], whole)


def changed(text: str, number: int) -> str:
    """Return a template after some changes, of kinds that take turns, of those it can have."""
    start, made = number + number // len(CHANGES), 0
    for change in (CHANGES[(start + each) % len(CHANGES)] for each in range(len(CHANGES))):
        before, resources, after = parts(text)
        if (other := change(resources)) != resources and made < CHANGES_EACH:
            text, made = before + other + after, made + 1
    return text


def parts(text: str) -> tuple[str, str, str]:
    """Return what stands before the resources, the resources, and what stands behind them."""
    start = text.index("\nResources:\n") + len("\nResources:")
    end = re.compile(r"\n\w|\Z").search(text, start)
    stop = end.start() if end else len(text)
    return text[:start], text[start:stop].rstrip("\n") + "\n", text[stop:]


def with_queue(resources: str, name: str, seconds: int = 60) -> str:
    """Return resources with one more, the last."""
    queue = QUEUE.format(name=name, seconds=seconds, reason="Kept for what could not be mirrored.")
    return f"{resources}{queue}"


def property_changed(text: str) -> str:
    """Return a template in which a number is another."""
    return re.sub(r"(?m)^(    +[A-Z]\w+: [1-9]\d*)$", r"\g<1>0", text, count=1)


def action_added(text: str) -> str:
    """Return a template in which a statement allows one more action."""
    return re.sub(
        r"(?m)^( +)Action: (?!sts:)([a-z0-9]+:\w+)$",
        r"\1Action:\n\1  - \2\n\1  - s3:GetObject",
        text,
        count=1,
    )


def resource_widened(text: str) -> str:
    """Return a template in which a statement is about any object of its kind."""
    return re.sub(r"(?m)^( +)Resource: .*\w.*(?<!: !Sub)$", r"\1Resource: '*'", text, count=1)


def renamed(text: str) -> str:
    """Return a template in which something that has a name in AWS has another."""
    return re.sub(r"(?m)^(      [A-Z]\w*Name: !Sub .*\w)$", r"\1-second", text, count=1)


def payload_changed(text: str) -> str:
    """Return a template in which a program has one line more, the last."""
    return re.sub(
        r"(?m)^( +)((?:ZipFile|BuildSpec): \|-?)\n( +)(.*)$",
        r"\1\2\n\3# The second edition.\n\3\4",
        text,
        count=1,
    )


def resource_added(text: str) -> str:
    """Return a template with one resource more."""
    return with_queue(text, "AddedQueue")


def resource_removed(text: str) -> str:
    """Return a template without the last resource that has a comment, where nothing names it."""
    found = list(re.finditer(r"(?m)^  # .*\n  (\w+):\n(?:    .*\n|\n(?=    ))+", text))
    for match in reversed(found):
        if len(re.findall(rf"\b{match[1]}\b", text)) == len(
            re.findall(rf"\b{match[1]}\b", match[0])
        ):
            return text[: match.start()] + text[match.end() :]
    return text


CHANGES: tuple[Callable[[str], str], ...] = (
    property_changed,
    action_added,
    renamed,
    payload_changed,
    resource_added,
    resource_removed,
    resource_widened,
)
