"""Asks parliament about policies; run by the Python that has it.

It takes a list of template, logical ID and document as JSON, and prints what it finds.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from typing import Any

# About a module by which it finds its own files.
warnings.filterwarnings("ignore", message="pkg_resources")


def main() -> None:
    """Ask, and print."""
    from parliament import analyze_policy_string, enhance_finding

    found = []
    for template, name, document in json.load(sys.stdin):
        for one in analyze_policy_string(json.dumps(document)).findings:
            said = enhance_finding(one)
            detail = "" if isinstance(said.detail, list) else f": {said.detail}"
            found += [[rule, template, name, said.title + detail] for rule in rules(said)]
    json.dump(found, sys.stdout)


def rules(finding: Any) -> list[str]:
    """Return what was found, once for each action that it is about."""
    if isinstance(finding.detail, list):
        actions = [one["action"] if isinstance(one, dict) else one for one in finding.detail]
        return [f"{finding.issue}/{action}" for action in actions]
    named = re.match(r"Unknown (?:action|condition) (\S+)", str(finding.detail))
    return [f"{finding.issue}/{named[1]}" if named else finding.issue]


if __name__ == "__main__":
    main()
