"""`cfngen schema`: the options of a blueprint."""

from __future__ import annotations

import json

from support.command_line import Cli


def test_schema_prints_json_schema(cli: Cli) -> None:
    """The options of a blueprint, for an editor."""
    schema = json.loads(cli("schema", "cli_shapes").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["cache"]["description"] == "Where the cache is kept"
    assert json.loads(cli("schema", "cli_bucket").out)["properties"] == {}
