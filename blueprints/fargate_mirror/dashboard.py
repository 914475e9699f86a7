"""What the Fargate mirror's dashboard shows."""

import json
from typing import Any

LAG = ("Seconds from push to mirrored", "LagSeconds", "Maximum")
REWRITES = ("Branches and tags rewritten", "RefsRewritten", "Sum")
CHARTS = (
    ("Failures", "Failures", "Sum"),
    ("Branches and tags changed", "RefsChanged", "Sum"),
    ("Bytes pushed", "Bytes", "Sum"),
)


def dashboard_body(namespace: str, *, lag: bool, rewrites: bool) -> str:
    """Return a dashboard as text for a Sub: a chart for each metric, a line for each destination.

    Args:
        namespace: the metrics' namespace.
        lag: whether events say when a push was, or else there is nothing to chart of it.
        rewrites: whether what the source rewrites is counted.

    Source: AWS page "Dashboard body structure and syntax".
    """
    widgets: list[Any] = []
    charts = (*[LAG] * lag, *CHARTS, *[REWRITES] * rewrites)
    for number, (title, metric, statistic) in enumerate(charts):
        search = (
            f'SEARCH(\'{{{namespace},DestinationRegion,Stack}} MetricName="{metric}"'
            f" Stack=\"${{AWS::StackName}}\"', '{statistic}')"
        )
        properties = {
            "title": title,
            "region": "${AWS::Region}",
            "period": 3600,
            "metrics": [[{"expression": search, "label": "${!PROP('Dim.DestinationRegion')}"}]],
        }
        place = {"x": 12 * (number % 2), "y": 6 * (number // 2), "width": 12, "height": 6}
        widgets.append({"type": "metric", **place, "properties": properties})
    query = "fields @timestamp, repository, url, reason | filter event = 'failed'"
    table = {
        "title": "What failed",
        "region": "${AWS::Region}",
        "query": f"SOURCE '${{MirrorLog}}' | {query} | sort @timestamp desc | limit 20",
        "view": "table",
    }
    place = {"x": 0, "y": 12, "width": 24, "height": 6}
    widgets.append({"type": "log", **place, "properties": table})
    return json.dumps({"widgets": widgets}, indent=1) + "\n"
