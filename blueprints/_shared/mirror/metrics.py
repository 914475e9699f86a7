"""Figures of a mirroring for CloudWatch, which reads them out of lines of the log.

Source: AWS page "Specification: Embedded metric format".
"""

import calendar
import re
import time

VERSION = 1  # as in settings.py


def count(figures, refs, progress):
    """Add a push to the figures of its destination: refs, and the bytes that git speaks of."""
    figures["RefsChanged"] = figures.get("RefsChanged", 0) + refs
    figures.setdefault("Bytes", 0)
    for size, unit in re.findall(r"g objects: 100%.*?, ([\d.]+) ([bKMG])", progress)[-1:]:
        figures["Bytes"] += round(float(size) * 1024 ** "bKMG".index(unit))


def lag_seconds(since):
    """Return the seconds since a moment such as 2026-12-31T23:59:59Z, none if it is to come."""
    then = calendar.timegm(time.strptime(since[:19], "%Y-%m-%dT%H:%M:%S"))
    return max(0, round(time.time() - then))


def line(namespace_and_stack, since, region, repository, figures, failures):
    """Return what a line of the log has to hold to become metrics.

    The repository is a field and no dimension: a metric for each would be paid for each.
    """
    namespace, stack = namespace_and_stack.split()
    figures = {"Failures": failures, "RefsChanged": 0, "Bytes": 0, **figures}
    if since and not failures:
        figures["LagSeconds"] = lag_seconds(since)
    dimensions = {"Stack": stack, "DestinationRegion": region}
    directive = {
        "Namespace": namespace,
        "Dimensions": [[*dimensions], ["Stack"]],
        "Metrics": [{"Name": name} for name in figures],
    }
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": stamp, "repository": repository, **dimensions, **figures}
