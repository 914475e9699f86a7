"""What a statement about CloudFormation rests on: a keyword of a schema, a page, or both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """Why something is so, as values; what is not known is empty.

    Attributes:
        type: the resource type whose schema says it.
        keyword: of that schema, such as `createOnlyProperties`.
        pointer: the property that the keyword lists, as `/properties/QueueName`.
        page: the address of a page that says it.

    """

    type: str = ""
    keyword: str = ""
    pointer: str = ""
    page: str = ""
