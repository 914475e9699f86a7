"""The log: one JSON object a line on standard output, without credentials."""

import json
import re
import sys
import unicodedata

sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale is
# Of the characters that are not ASCII, those that a reader does not see or that rearrange what he
# sees: controls and directions (Cc, Cf), halves of pairs and bytes that are no text (Cs), what has
# no meaning yet or a private one (Cn, Co), ends of lines (Zl, Zp) and blanks that look like none.
UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"}


def redact(text):
    """Strip credentials from URLs or an scp-like address; keep the end, where git says why."""
    return re.sub(r"(?:(://)\S*|^[^\s/]*)@", r"\1", text).strip()[-1000:]


def escaped(found):
    """Return a character as it is, or as JSON escapes it if it is one of the unseen."""
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in UNSEEN else char


def log(event, **facts):
    """Print one line of JSON: a hostile ref name cannot forge another, nor disguise itself."""
    line = json.dumps({"event": event, **facts}, ensure_ascii=False)
    print(re.sub(r"[^ -~]", escaped, line), flush=True)
