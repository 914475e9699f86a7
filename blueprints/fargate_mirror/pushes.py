"""Which events of CodeCommit start a run."""

from typing import Any

from cfngen.patterns.pushes import push_patterns

from .options import Options
from .parameters import Params


def mirrored_pushes(p: Params, options: Options) -> dict[str, Any]:
    """Return the patterns of the events that start a run, by the name of their rule."""
    if options.scheduled or options.trigger == "codecommit":
        return {}
    return push_patterns(
        repositories=options.repositories,
        parameter_value=None if options.repositories else p.Repositories,
        events=["referenceCreated", "referenceUpdated", "referenceDeleted"],
        referenceType=["branch", "tag"],
    )
