"""A copy of a template whose resources tell a scanner, in their metadata, what it should skip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cfngen.cloudformation.document import Document, Waiver
from cfngen.cloudformation.render import render
from cfngen.errors import WaiverError
from cfngen.project.header import sealed


def annotated_copy(
    name: str,
    document: Document,
    waivers: Mapping[str, Sequence[Waiver]],
    *,
    scanner: str,
    key: str,
    entry: Callable[[Sequence[Waiver]], Any],
) -> str:
    """Return the text of a copy, sealed as all files are that cfngen writes.

    Args:
        name: the template's name.
        document: the template.
        waivers: those of the scanner by logical ID.
        scanner: the scanner's name.
        key: the scanner's key in the metadata of a resource.
        entry: returns what stands under the key for the waivers of a resource.

    Raises:
        WaiverError: a rule has a star, which no scanner takes there.
    """
    resources = dict(document.body["Resources"])
    for title, group in waivers.items():
        for waiver in group:
            if "*" in waiver.rule:
                raise WaiverError(
                    f"{waiver.origin}: {scanner} takes rules by their whole names only; name each"
                    f" that {waiver.rule} stands for"
                )
        resource = resources[title]
        metadata = {**resource.get("Metadata", {}), key: entry(group)}
        resources[title] = {**resource, "Metadata": metadata}
    copy = replace(document, body={**document.body, "Resources": resources})
    return sealed(f"{name} for {scanner} only: do not deploy it", render(copy))
