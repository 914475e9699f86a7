"""Reads what git and servers say on standard error."""

import re

from log import redact

# What git says if a connection breaks: no sign of damage.
BROKEN_LINE = re.compile(
    r"early EOF|unexpected disconnect|RPC failed|hung up|bad pack header|unpack-objects failed"
    r"|index-pack (failed|output)|expected flush|bytes of body|upload-pack|[Cc]onnection|curl \d"
    r"|[Cc]ould not (resolve|read from remote)|unable to (access|look up|connect)|[Tt]imed? ?out"
    r"|[Bb]roken pipe|SSL|TLS|kex_exchange|Network is unreachable|failed to push some refs"
)
FORMAT = re.compile(r"\x1b\[[\d;]*[A-Za-z]|[\x00-\x1f\x7f]")  # colours and the like
PROGRESS = re.compile(r"^remote: (\S+ )+objects: |: +\d+% \(|^remote: Total \d|^remote: *$")


def lines(err):
    """Return lines; progress ends in carriage returns."""
    return [line.rstrip() for line in re.split(r"[\r\n]+", err) if line.strip()]


def only_the_line(err):
    """Tell whether git complains of nothing but the connection."""
    complaints = [line for line in lines(err) if re.match(r"(fatal|error|fetch-pack): ", line)]
    return bool(complaints) and all(BROKEN_LINE.search(line) for line in complaints)


def damage(err):
    """Tell whether git gave up for what may be damage here."""
    fatal = [line for line in lines(err) if line.startswith("fatal: ")]
    return not all(BROKEN_LINE.search(line) for line in fatal)


def said(err):
    """Return what a server said, and git of it, in one line without progress."""
    told = [line for line in lines(err) if re.match(r"(remote|error|fatal): ?", line)]
    told = [FORMAT.sub("", line).rstrip() for line in told if not PROGRESS.search(line)]
    told = [redact(line) for line in told if "failed to push some refs" not in line]
    return "; ".join(dict.fromkeys(told))[:1000]
