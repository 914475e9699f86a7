"""The log: one JSON object a line on standard output, without credentials."""

import json
import re
import sys
import unicodedata

sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale is
# Categories of characters that are invisible, or rearrange what is seen.
UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"}


def redact(text):
    """Strip credentials from addresses; keep the end, where git gives the reason."""
    return re.sub(r"(?:(://)\S*|^[^\s/]*)@", r"\1", text).strip()[-1000:]


def escaped(found):
    """Return a character, escaped if it is one of the unseen."""
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in UNSEEN else char


def log(event, **facts):
    """Print one line of JSON; a hostile name can neither forge one nor disguise itself."""
    line = json.dumps({"event": event, **facts}, ensure_ascii=False)
    print(re.sub(r"[^ -~]", escaped, line), flush=True)
