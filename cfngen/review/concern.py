"""What a reviewer has to think about, with the words and colours that all formats have for it."""

from __future__ import annotations

import enum
from typing import Self


class Concern(enum.StrEnum):
    """What a reviewer has to think about, the most severe first; `--fail-on` takes these names.

    To add one, add a member here and a directory of its name with rules in it.

    Attributes:
        letter: what the codes of its rules begin with.
        label: what stands above findings that are certain.
        possible_label: what stands above those that depend on what is deployed.
        colour: of terminals, and of pages.
        grave: whether a certain finding means that a deployment fails, or that data is lost.
        sentence: what is the case where it has findings.
        help: what they mean and what to do, for formats that describe concerns.

    """

    letter: str
    label: str
    possible_label: str
    colour: str
    grave: bool
    sentence: str
    help: str

    def __new__(
        cls,
        value: str,
        letter: str,
        label: str,
        possible_label: str,
        colour: str,
        grave: bool,  # noqa: FBT001 - members are written as tuples
        sentence: str,
        help: str,  # noqa: A002 - as the attribute is called
    ) -> Self:
        """Make a member."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.letter, member.label, member.possible_label = letter, label, possible_label
        member.colour, member.grave, member.sentence, member.help = colour, grave, sentence, help
        return member

    REFUSED = (
        "refused", "R", "refused", "possibly refused", "red", True,
        "CloudFormation will refuse the deployment",
        (
            "The running stack cannot be updated to this template as it stands. Some changes are"
            " refused before the update starts: a parameter without a value, a capability that is"
            " not acknowledged, a logical ID that changes its type. Others fail during the update,"
            " which is then rolled back: a resource that must be replaced but keeps its custom"
            " name, an export that another stack imports and that is removed or changed. The"
            " message says which case it is. Pass what is missing to the deploy command, choose"
            " another name or logical ID, or split the change into two deployments."
        ),
    )  # fmt: skip
    DATA = (
        "data", "D", "data at risk", "data possibly at risk", "red", True,
        "Data is at risk",
        (
            "A resource that holds data is removed or replaced, and the old one is not retained."
            " Set DeletionPolicy and UpdateReplacePolicy to Retain or Snapshot in a deployment"
            " before this one, or move the data first."
        ),
    )  # fmt: skip
    REPLACE = (
        "replace", "P", "replaced", "possibly replaced", "yellow", False,
        "A resource is replaced",
        (
            "CloudFormation creates a new resource and deletes the old one. Whatever refers to it"
            " changes as well; its physical ID and all that is not in the template are lost. The"
            " reason names the property in the schema of the resource type."
        ),
    )  # fmt: skip
    BROADEN = (
        "broaden", "B", "broadened", "possibly broadened", "magenta", False,
        "Somebody may do more than before",
        (
            "A policy or a role's trust policy allows what it did not allow before, or something"
            " has become reachable from the internet. Check that this is the purpose of the change."
        ),
    )  # fmt: skip
    UNKNOWN = (
        "unknown", "U", "unknown", "unknown", "yellow", False,
        "A change could hide in what was not compared",
        (
            "A template, or a part of one, could not be compared: it is a symlink or a special"
            " file, is fetched from elsewhere, or is the output of a macro, and it differs between"
            " the two sides. Put it where the review can read it, review it yourself, or accept"
            " the part by its name under [review] in the manifest, with a reason."
        ),
    )  # fmt: skip
