"""Templates as they are in a git revision, in a folder, or in a file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cfngen.errors import CfngenError, Problems, did_you_mean
from cfngen.paths import near

SUFFIXES = (".yaml", ".yml", ".json", ".template")
# A clone without all blobs would fetch them; and no question is asked.
QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
UNKNOWN = "no file, no folder and no git revision of that name"


@dataclass(frozen=True)
class Templates:
    """Texts by name, and where each is; `label` is what a reviewer knows this side by.

    `others` are files of the folder that have no resources, and so are no templates.
    """

    label: str
    texts: dict[str, str] = field(repr=False)
    files: dict[str, str] = field(repr=False)
    others: dict[str, str] = field(default_factory=dict, repr=False)


def pair(base: str, head: str | None, output: Path) -> tuple[Templates, Templates]:
    """Return the templates of both sides of a review.

    Args:
        base: a file, a folder, a git revision, or a file in one as `REVISION:PATH`; `A...B` is
            what B has changed since it left A, and then says what head is (the working tree, with
            nothing for B).
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
        then = repository.templates(since, f"{left}...{right}")
        return _matched(then, repository.templates(right) if right else folder(output))
    if _file(base) or (head is not None and _file(head)):
        return _files(base, head, output)
    return _matched(_side(base, output), folder(output) if head is None else _side(head, output))


def folder(path: Path) -> Templates:
    """Return the templates in a folder: what is in its YAML and JSON files that have resources."""
    if not path.is_dir():
        raise CfngenError(f"{near(path)}/: no such folder; run `cfngen build` first")
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    texts, problems = {}, []
    for file in files:
        try:
            texts[file] = _text(file)
        except CfngenError as error:
            problems.append(str(error))
    if problems:
        raise Problems(problems)
    return _sorted(f"{near(path)}/", {near(file): text for file, text in texts.items()})


def _sorted(label: str, texts: dict[str, str]) -> Templates:
    """Return files, by where they are, as templates and others."""
    named = {Path(file).stem: (file, text) for file, text in texts.items()}
    templates = {name: text for name, (_, text) in named.items() if "Resources" in text}
    others = {name: text for name, (_, text) in named.items() if name not in templates}
    return Templates(label, templates, {name: file for name, (file, _) in named.items()}, others)


def _matched(base: Templates, head: Templates) -> tuple[Templates, Templates]:
    """Return both sides; what is a template on one of them is taken for one on the other.

    A template that somebody has broken is thereby refused, and not told of as gone.
    """
    for one, other in ((base, head), (head, base)):
        for name in one.texts:
            if name in other.others:
                other.texts[name] = other.others.pop(name)
    return base, head


def _files(base: str, head: str | None, output: Path) -> tuple[Templates, Templates]:
    """Return two files, compared with each other whatever they are called.

    A revision beside a file stands for that file in it.
    """
    if head is None or Path(base).is_dir() or Path(head).is_dir():
        raise CfngenError(
            f"{base} and {head or near(output)}: a file is compared with a file or a revision, a"
            " folder with a folder or a revision"
        )
    sides = []
    for spec, other in ((base, head), (head, base)):
        revision, colon, inside = spec.partition(":")
        if Path(spec).is_file():
            sides.append((spec, _text(Path(spec)), near(spec)))
            continue
        path = Path(inside) if colon else Path(other)
        repository = _Repository(path.absolute().parent)
        sides.append((spec, repository.file(revision if colon else spec, path), near(path)))
    name = Path(sides[1][2]).stem
    first, second = (Templates(label, {name: text}, {name: file}) for label, text, file in sides)
    return first, second


def _file(spec: str) -> bool:
    """Whether a side is one file, on disk or in a revision."""
    return Path(spec).is_file() or (":" in spec and not Path(spec).exists())


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
        inside = self._inside(self.output)
        listed = self._git("ls-tree", "-z", "--full-tree", commit, f"{inside}/").decode()
        names = {
            path: about.split()[2]
            for about, _, path in (line.partition("\t") for line in listed.split("\0") if line)
            if about.split()[1] == "blob" and Path(path).suffix in SUFFIXES
        }
        texts, problems = {}, []
        for path, blob in zip(names, self._blobs(list(names.values())), strict=True):
            try:
                texts[near(self.output / Path(path).name)] = blob.decode("utf-8")
            except UnicodeDecodeError:
                problems.append(f"{path} in {revision}: not UTF-8, so no template")
        if problems:
            raise Problems(problems)
        return _sorted(label or revision, texts)

    def file(self, revision: str, path: Path) -> str:
        commit = self._commit(revision)
        inside = self._inside(path.absolute())
        listed = self._git("ls-tree", "-z", "--full-tree", commit, inside).decode()
        about = listed.partition("\t")[0].split()
        if about[1:2] != ["blob"]:
            raise CfngenError(f"{near(path)}: not in {revision}")
        try:
            return self._blobs([about[2]])[0].decode("utf-8")
        except UnicodeDecodeError:
            raise CfngenError(f"{near(path)} in {revision}: not UTF-8, so no template") from None

    def merge_base(self, one: str, other: str) -> str:
        commits = self._commit(one), self._commit(other)
        try:
            return self._git("merge-base", *commits).decode().strip()
        except CfngenError:
            raise CfngenError(
                f"{one}...{other}: no commit that both come from; in a shallow clone, fetch more"
            ) from None

    def _inside(self, path: Path) -> str:
        """Return a path as git has it, from the root of the repository."""
        prefix = self._git("rev-parse", "--show-prefix").decode().rstrip("\n")
        return os.path.normpath(os.path.join(prefix, os.path.relpath(path, self.start)))  # noqa: PTH118 - git's own paths

    def _commit(self, revision: str) -> str:
        self._git("rev-parse", "--git-dir")  # or it says why there is none
        try:
            found = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except CfngenError:
            raise CfngenError(f"{revision}: {UNKNOWN}{self._hint(revision)}") from None
        return found.decode().strip()

    def _hint(self, revision: str) -> str:
        if ".." in revision:
            one, other = (part or "HEAD" for part in revision.split("..", 1))
            return f"; write `{one} {other.lstrip('.')}`, or `{one}...{other.lstrip('.')}`"
        known = self._git("for-each-ref", "--format=%(refname:short)").decode().split()
        shallow = self._git("rev-parse", "--is-shallow-repository").strip() == b"true"
        fetch = "; the clone is shallow, fetch it first" if shallow else ""
        return did_you_mean(revision, known) or fetch

    def _blobs(self, digests: list[str]) -> list[bytes]:
        """Return the contents of many files, from one process."""
        wanted = "".join(f"{digest}\n" for digest in digests).encode()
        answer = self._git("cat-file", "--batch", feed=wanted)
        blobs = []
        for _ in digests:
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
            raise CfngenError(said.removeprefix("fatal: "))
        return done.stdout
