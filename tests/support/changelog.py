"""The commands that the changelog prints for stacks that are running."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Templates as they were shipped, by name.
EARLIER = ROOT / "tests/emulator/earlier"


def migration(template: str) -> list[str]:
    """Return the blocks of commands of the entry about a template, in order."""
    _, _, section = (ROOT / "CHANGELOG.md").read_text().partition("\n### Templates\n")
    section, _, _ = section.partition("\n## ")
    (entry,) = (
        entry
        for entry in re.split(r"^- (?=\*\*)", section, flags=re.M)
        if f"**{template}**" in entry.partition("\n")[0] and "```bash" in entry
    )
    found = re.findall(r"^  ```bash\n(.*?)^  ```$", entry, re.S | re.M)
    return [textwrap.dedent(block) for block in found]
