"""What commands do with files that say what is deployed, and what would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfngen.project.revisions import Comparison


def with_deployed(
    compared: Comparison, parameters: str | None, change_sets: tuple[str, ...]
) -> Comparison:
    """Return a comparison with the running stacks of its templates, and their change sets.

    Args:
        compared: the templates of both sides.
        parameters: a file of stacks, if there is one.
        change_sets: files with a change set each.

    Raises:
        CfngenError: a file is not what the AWS CLI prints, or of other stacks.
    """
    from dataclasses import replace
    from pathlib import Path

    from cfngen.project.change_sets import by_template, read_change_set
    from cfngen.project.deployed_stacks import matched, read_stacks

    if parameters is not None:
        names = list(dict.fromkeys((*compared.head, *compared.base)))
        stacks, notes = matched(read_stacks(Path(parameters)), names)
        compared = replace(compared, stacks=stacks, notes=(*compared.notes, *notes))
    listed = [read_change_set(Path(file)) for file in change_sets]
    return replace(
        compared,
        change_sets=by_template(listed, compared.base, compared.head, compared.stacks),
    )
