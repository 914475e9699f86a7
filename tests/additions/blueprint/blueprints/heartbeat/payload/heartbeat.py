"""Writes a line, whatever the event is."""

import json


def handler(event, context):
    """Log the time of an event."""
    print(json.dumps({"event": "alive", "at": event.get("time")}))
