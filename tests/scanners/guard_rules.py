"""Asks CloudFormation Guard about templates; run by the Python that has it.

Usage: guard_rules.py RULES TEMPLATE... It prints what it finds as JSON.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What only says whether a rule is about a resource.
ASIDE = {"Filter", "RuleCondition", "TypeCondition", "BlockCondition", "WhenCondition"}


def main() -> None:
    """Ask, and print."""
    from guardpycfn import validate_with_guard

    rules, *templates = map(Path, sys.argv[1:])
    found = []
    for template in templates:
        answer = validate_with_guard(template.read_text(), rules.read_text(), verbose=True)
        if not answer["success"]:
            sys.exit(f"{template}: {answer['error']}")
        for rule in answer["result"]["children"]:
            said = set(failures(rule))
            if rule["container"]["RuleCheck"]["status"] == "FAIL" and not said:
                said = {("", "it fails, and does not say where")}
            found += [[template.stem, rule["context"], *each] for each in sorted(said)]
    json.dump(found, sys.stdout)


def failures(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each failed clause, as the logical ID it is about and what it says."""
    container = node["container"] or {}
    if isinstance(container, dict):
        if ASIDE & container.keys() or any(passed(value) for value in container.values()):
            return
        clause = container.get("ClauseValueCheck")
        if isinstance(clause, dict):
            for check in clause.values():
                text = json.dumps({key: check.get(key) for key in ("from", "value")})
                place = re.search(r'"/Resources/(\w+)', text)
                message = check.get("custom_message") or check.get("message") or node["context"]
                yield place[1] if place else "", " ".join(message.split())
    for child in node["children"]:
        yield from failures(child)


def passed(value: Any) -> bool:
    """Whether a check passed, or was skipped."""
    return isinstance(value, dict) and value.get("status") in ("PASS", "SKIP")


if __name__ == "__main__":
    main()
