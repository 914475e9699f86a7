"""Which parts the manifest of base accepts without inspection, and which only that of head."""

from __future__ import annotations

from pathlib import PurePosixPath

from cfngen.project import manifest
from cfngen.project.manifest import ManifestSource
from cfngen.project.revisions import arguments
from cfngen.project.revisions.side import Location


def accepted(base: Location, head: Location) -> dict[str, str]:
    """Return the parts that base's manifest accepts: no change accepts itself.

    It is found as waivers are: from the templates upwards, to the top of their repository. One
    file for both sides counts for neither, since nobody knows what it was for base.
    """
    source = _manifest(base)
    if not base.in_revision and not head.in_revision and source.root == _manifest(head).root:
        return {}
    with arguments.of_revision(base.label if base.in_revision else ""):
        return manifest.accepted_parts(source)


def newly_accepted(head: Location, before: dict[str, str]) -> list[str]:
    """Return a note on each part that head's manifest accepts and base's does not."""
    source = _manifest(head)
    with arguments.of_revision(head.label if head.in_revision else ""):
        later = manifest.accepted_parts(source if source.has_manifest else head.project)
    return [
        f"{name} is accepted without inspection from this change on: {reason}"
        for name, reason in later.items()
        if name not in before
    ]


def _manifest(location: Location) -> ManifestSource:
    """Return the manifest that stands beside the templates of a location, or above them."""
    if location.in_revision:
        return location.project
    top = location.tree.top
    parts = PurePosixPath(location.directory).parts
    directories = [top.joinpath(*parts[:number]) for number in range(len(parts), -1, -1)]
    return manifest.find_in(directories, manifest.read_on_disk)
