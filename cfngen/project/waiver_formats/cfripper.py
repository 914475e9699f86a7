"""cfripper reads filters, in Python, of all files in the directory `--rules-filters-folder`.

A filter is asked with the logical ID that a finding is about, so each template has a directory of
its own. Source: cfripper's page "Rules config & filters".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cfngen.cloudformation.document import Document, Waiver
from cfngen.project.header import sealed

SCANNER = "cfripper"
IMPORTS = """
from cfripper.config.filter import Filter
from cfripper.model.enums import RuleMode

"""


def file(name: str) -> str:
    """Return where the filters of a template go."""
    return f"{name}/filters.py"


def text(name: str, document: Document, waivers: Mapping[str, Sequence[Waiver]]) -> str:  # noqa: ARG001 - as of all formats
    """Return the filters, which allow what is waived and nothing else."""
    lines = [line for title, group in waivers.items() for w in group for line in _filter(title, w)]
    body = f"{IMPORTS}FILTERS = [\n" + "".join(f"    {line}\n" for line in lines) + "]\n"
    return sealed(f"the waivers of {name}, for cfripper", body)


def _filter(title: str, waiver: Waiver) -> Iterator[str]:
    """Yield the lines of a filter; what follows a slash in a rule's name is an action."""
    rule, _, action = waiver.rule_name.partition("/")
    test = f'{{"eq": [{{"ref": "logical_id"}}, {title!r}]}}'
    if action:
        pattern = ".*".join(map(re.escape, action.split("*"))) + r"\Z"
        named = (
            f'{{"exists": {{"ref": "action"}}}}, {{"regex": [{pattern!r}, {{"ref": "action"}}]}}'
        )
        test = f'{{"and": [{test}, {named}]}}'
    yield "Filter("
    yield f"    reason={waiver.reason!r},"
    yield f"    rules={{{rule!r}}},"
    yield "    rule_mode=RuleMode.ALLOWED,"
    yield f"    eval={test},"
    yield "),"
