"""Templates as they are in a git revision, in a folder, or in a file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cfngen.errors import CfngenError, Problems
from cfngen.paths import near

SUFFIXES = (".yaml", ".yml", ".json", ".template")
# A clone without all blobs would fetch them; and no question is asked.
QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True)
class Templates:
    """Texts by name, and where each is; `label` is what a reviewer knows this side by."""

    label: str
    texts: dict[str, str] = field(repr=False)
    files: dict[str, str] = field(repr=False)


def pair(base: str, head: str | None, output: Path) -> tuple[Templates, Templates]:
    """Return the templates of both sides of a review.

    Args:
        base: a file, a folder, or a git revision; `A...B` is what B has changed since it left A,
            and then says what head is (the working tree, with nothing for B).
        head: likewise; the working tree without one.
        output: the project's folder of templates, which revisions are asked for.

    Raises:
        CfngenError: one of them cannot be found, or both cannot be compared.
    """
    if not base.strip() or (head is not None and not head.strip()):
        raise CfngenError("'' is no file, no folder and no git revision; is a variable not set?")
    if head is None and "..." in base and not Path(base).exists():
        left, _, right = base.partition("...")
        repository = _Repository(output)
        since = repository.merge_base(left or "HEAD", right or "HEAD")
        return repository.templates(since, f"{left}...{right}"), (
            repository.templates(right) if right else folder(output)
        )
    first, second = Path(base), Path(head) if head is not None else None
    if first.is_file() and second is not None and second.is_file():
        name = second.stem  # compared with each other, whatever they are called
        return (
            Templates(base, {name: _text(first)}, {name: near(first)}),
            Templates(str(head), {name: _text(second)}, {name: near(second)}),
        )
    if first.is_file() or (second is not None and second.is_file()):
        raise CfngenError(
            f"{base} and {head or near(output)}: a file is compared with a file, a folder or"
            " revision with a folder or revision"
        )
    return _side(base, output), folder(output) if head is None else _side(head, output)


def folder(path: Path) -> Templates:
    """Return the templates in a folder: what is in its YAML and JSON files that have resources."""
    if not path.is_dir():
        raise CfngenError(f"{near(path)}/: no such folder; run `cfngen build` first")
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    texts, places, problems = {}, {}, []
    for file in files:
        try:
            text = _text(file)
        except CfngenError as error:
            problems.append(str(error))
            continue
        if "Resources" in text:
            texts[file.stem], places[file.stem] = text, near(file)
    if problems:
        raise Problems(problems)
    return Templates(f"{near(path)}/", texts, places)


def _side(spec: str, output: Path) -> Templates:
    return folder(Path(spec)) if Path(spec).is_dir() else _Repository(output).templates(spec)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CfngenError(f"{near(path)}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CfngenError(f"{near(path)}: not UTF-8, so no template") from None


class _Repository:
    """The git repository around a folder; nothing in it is changed, no hook is run."""

    def __init__(self, output: Path) -> None:
        self.output = output
        # The folder itself may not be there, in this revision or at all.
        self.start = next(path for path in (output, *output.parents) if path.is_dir())

    def templates(self, revision: str, label: str = "") -> Templates:
        commit = self._commit(revision)
        where = os.path.relpath(self.output, self.start)
        prefix = self._git("rev-parse", "--show-prefix").decode().rstrip("\n")
        inside = os.path.normpath(os.path.join(prefix, where))  # noqa: PTH118 - git's own paths
        listed = self._git("ls-tree", "-z", "--full-tree", commit, f"{inside}/").decode()
        names = {
            Path(path).stem: (about.split()[2], path)
            for about, _, path in (line.partition("\t") for line in listed.split("\0") if line)
            if about.split()[1] == "blob" and Path(path).suffix in SUFFIXES
        }
        found, problems = {}, []
        for (name, (_, path)), blob in zip(names.items(), self._blobs(names), strict=True):
            try:
                found[name] = blob.decode("utf-8")
            except UnicodeDecodeError:
                problems.append(f"{path} in {revision}: not UTF-8, so no template")
        if problems:
            raise Problems(problems)
        texts = {name: text for name, text in found.items() if "Resources" in text}
        files = {name: near(self.output / Path(names[name][1]).name) for name in texts}
        return Templates(label or revision, texts, files)

    def merge_base(self, one: str, other: str) -> str:
        try:
            found = self._git("merge-base", self._commit(one), self._commit(other))
        except CfngenError as error:
            raise CfngenError(
                f"{one}...{other}: no commit that both come from; in a shallow clone, fetch more"
                f" ({error})"
            ) from None
        return found.decode().strip()

    def _commit(self, revision: str) -> str:
        try:
            found = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except CfngenError as error:
            said = str(error)
            if said.endswith(": ") or not said:
                said = "no file, no folder and no git revision of that name"
            raise CfngenError(
                f"{revision}: {said}; in a clone that is not complete, fetch it first"
            ) from None
        return found.decode().strip()

    def _blobs(self, names: dict[str, tuple[str, str]]) -> list[bytes]:
        """Return the contents of many files, from one process."""
        wanted = "".join(f"{digest}\n" for digest, _ in names.values()).encode()
        answer = self._git("cat-file", "--batch", feed=wanted)
        blobs = []
        for _ in names:
            header, _, answer = answer.partition(b"\n")
            if header.endswith(b" missing"):
                raise CfngenError(f"{header.decode()}: not in this clone; fetch it first")
            size = int(header.split()[2])
            blobs.append(answer[:size])
            answer = answer[size + 1 :]
        return blobs

    def _git(self, *arguments: str, feed: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and no argument is taken for an option
                ["git", "-C", str(self.start), *arguments],  # noqa: S607 - the user's own git
                input=feed,
                capture_output=True,
                env=os.environ | QUIET,
                check=False,
            )
        except FileNotFoundError:
            raise CfngenError("git is not installed; compare two folders instead") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise CfngenError(said)
        return done.stdout
