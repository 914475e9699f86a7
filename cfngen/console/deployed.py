"""What commands do with files that say what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfngen.project.revisions import Comparison


def with_stacks(compared: Comparison, file: str | None) -> Comparison:
    """Return a comparison with the running stacks of its templates, if there is a file of them.

    Raises:
        CfngenError: it is not what describe-stacks prints.
    """
    from dataclasses import replace
    from pathlib import Path

    from cfngen.project.deployed_stacks import matched, read_stacks

    if file is None:
        return compared
    names = list(dict.fromkeys((*compared.head, *compared.base)))
    stacks, notes = matched(read_stacks(Path(file)), names)
    return replace(compared, stacks=stacks, notes=(*compared.notes, *notes))
