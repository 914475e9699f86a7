"""A payload counts as tested only if a test has executed it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import executed
from support.containers import Container
from support.images import read
from support.payload_runs import load, run_buildspec

from cfngen.patterns.buildspec import buildspec

NAMES = {
    "blueprints/a/payload/function.py": "def handler(event, context):\n    return event\n",
    "blueprints/a/payload/buildspec.yml": (
        "version: 0.2\nphases:\n  build:\n    commands:\n      - sh carried.sh\n"
    ),
    "blueprints/_shared/b/carried.sh": "echo carried\n",
    "cfngen/patterns/payload/program.py": "if 1:\n    import beside\n",
    "cfngen/patterns/payload/beside.py": "WORD = 1\n",
    "cfngen/patterns/payload/not_imported.py": "WORD = 2\n",
}
DOCKERFILE = """\
FROM public.ecr.aws/amazonlinux/amazonlinux:2023
RUN dnf install -y python3 && install -d -o 1000 -g 1000 -m 700 /data
COPY *.py /opt/
USER 1000:1000
WORKDIR /data
ENTRYPOINT ["python3", "/opt/program.py"]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with payloads of which nothing has been executed."""
    for name, text in NAMES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for module in (executed, sys.modules["support.payload_runs"]):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(executed, "KEPT", tmp_path / "kept")
    numbers = {executed.digest(text.encode()): tmp_path / name for name, text in NAMES.items()}
    monkeypatch.setattr(executed, "by_digest", lambda: numbers)
    return tmp_path


def left(root: Path) -> set[str]:
    """Return what nothing has executed."""
    return {Path(name).name for name in executed.missing(root, root / "kept")}


def test_what_nothing_executes_is_named(root: Path) -> None:
    """All of them, while no test has run."""
    assert set(executed.missing(root, root / "kept")) == set(NAMES)


def test_a_function_is_executed_when_it_is_called(root: Path) -> None:
    """To load it, or to run a changed copy, is not enough."""
    function = root / "blueprints/a/payload/function.py"
    module = load(function)
    changed = root / "changed.py"
    changed.write_text(function.read_text() + "# changed\n")
    assert load(changed).handler(1, None) == 1
    assert "function.py" in left(root)
    assert module.handler(1, None) == 1
    assert left(root) == {Path(name).name for name in NAMES} - {"function.py"}


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({}, {"buildspec.yml", "carried.sh"}),
        ({"phases": ["install"]}, set()),
        ({"carried": "exit 1\n"}, set()),
        ({"carried": "exit 0\n"}, {"buildspec.yml"}),
    ],
    ids=["whole", "one phase", "failed", "another file"],
)
def test_a_buildspec_is_executed_when_all_of_it_succeeds(
    root: Path, change: dict[str, object], gone: set[str]
) -> None:
    """With the files that it carries, as they ship."""
    carried = change.pop("carried", NAMES["blueprints/_shared/b/carried.sh"])
    text = NAMES["blueprints/a/payload/buildspec.yml"]
    carrying = buildspec(text, {"carried.sh": str(carried)})
    (root / "src").mkdir()
    run_buildspec(carrying, cwd=root / "src", env={"PATH": "/usr/bin:/bin"}, **change)
    assert left(root) == {Path(name).name for name in NAMES} - gone


def test_a_program_is_executed_with_what_it_imports(root: Path, tmp_path: Path) -> None:
    """A module beside it that it does not import has not been executed."""
    container = Container(read(DOCKERFILE), tmp_path / "container")
    files = {p.name: p.read_text() for p in (root / "cfngen/patterns/payload").iterdir()}
    container.build(files)
    assert left(root) == {Path(name).name for name in NAMES}
    process = container.start(container.environment)
    assert process.communicate() == ("", None)
    executed.collect()
    assert {"program.py", "beside.py", "not_imported.py"} & left(root) == {"not_imported.py"}


def test_the_check_fails_and_says_what_is_missing(tmp_path: Path) -> None:
    """It is a program, which ends with an error where nothing was noted."""
    (tmp_path / "tests/support").mkdir(parents=True)
    program = tmp_path / "tests/support/executed.py"
    program.write_text(Path(executed.__file__).read_text())
    run = [sys.executable, program]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), "there is no payload"
    payload = tmp_path / "blueprints/a/payload/run.sh"
    payload.parent.mkdir(parents=True)
    payload.write_text("true\n")
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == ["blueprints/a/payload/run.sh"]
    kept = tmp_path / ".pytest_cache/evidence/payloads"
    kept.mkdir(parents=True)
    (kept / executed.digest(b"true\n")).touch()
    assert subprocess.run(run, check=False).returncode == 0
