"""Git's pre-push hook: stops a push if a ref at the destination is no more what was read.

--force-with-lease compares each lease with each ref of the destination, which takes minutes. Git
changes a ref only if it is still what the hook was told. Source: githooks(5), "pre-push".
"""

import sys
from pathlib import Path


def stale(lines, expected):
    """Return the refs whose values there are not as expected."""
    told = (line.split(b" ")[2:] for line in lines)
    return [ref for ref, there in told if expected.get(ref) != there.strip(b"0\n")]


def main(folder):
    """Compare what git tells with the file `expected`; write the file `stale`."""
    pairs = (line.split(b" ") for line in (folder / "expected").read_bytes().splitlines())
    found = stale(sys.stdin.buffer, {ref: value.strip(b"0") for ref, value in pairs})
    (folder / "stale").write_bytes(b"\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
