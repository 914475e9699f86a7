"""What holds for every file that the mirrors' image has: it runs where it is copied to."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.mirror_tasks import DOCKERFILE, PAYLOAD, PROGRAMS, image_files

ROOT = Path(__file__).parents[3]
BUILD = ROOT / "cfngen/patterns/payload/image-buildspec.yml"
SIGN_IN = PAYLOAD / "sign_in.py"
PYTHON = sorted(
    path
    for folder in (
        PAYLOAD,
        ROOT / "blueprints/fargate_mirror/payload",
        ROOT / "blueprints/_shared/mirror",
        ROOT / "cfngen/patterns/payload",
    )
    for path in folder.glob("*.py")
)
# In the image: Amazon Linux 2023, whose Python is 3.9.
IMAGE_PYTHON = (3, 9)
IMPORTED = {name: {"boto3", "botocore"} for name in ("start_mirror.py", "custom_resources.py")}
SIBLINGS = {"mirror_task.py": {"sign_in"}}
# The program that mirrors is all that its directory has: its modules import one another.
PROGRAM = sorted((ROOT / "blueprints/_shared/mirror").glob("*.py"))
SIBLINGS |= {path.name: {other.stem for other in PROGRAM} for path in PROGRAM}
# Of the library, what came after: enough to catch what these programs might use.
LATER = {
    "pairwise", "aclosing", "chdir", "file_digest", "batched", "tomllib",
    "bisect_key", "bit_count", "UTC", "StrEnum", "TaskGroup", "ExceptionGroup", "add_note",
    "orig_argv", "stdlib_module_names", "hardlink_to", "full_match",
}  # fmt: skip
LATER_KEYWORDS = {
    "strict",
    "process_group",
    "pipesize",
    "dir_fd_",
    "slots",
    "kw_only",
    "case_sensitive",
}

each_payload = pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
each_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)


def tool(name: str) -> str:
    """Return a linter's path; it is one of the development requirements."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        pytest.fail(f"{name} is not installed: pip install -e '.[dev]'")
    return found


@each_payload
def test_imports(path: Path) -> None:
    """A program needs the standard library, its siblings and, in Lambda, what Lambda has."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add((node.module or "").partition(".")[0])
    allowed = IMPORTED.get(path.name, set()) | SIBLINGS.get(path.name, set())
    assert modules - allowed <= sys.stdlib_module_names


@each_program
def test_syntax_of_the_image(path: Path) -> None:
    """What runs in the image is written in the image's Python, and asks no later library."""
    tree = ast.parse(path.read_text(), feature_version=IMAGE_PYTHON)
    for node in ast.walk(tree):
        name = getattr(node, "attr", getattr(node, "id", ""))
        assert name not in LATER, f"line {node.lineno}: {name}"
        if isinstance(node, ast.keyword):
            assert node.arg not in LATER_KEYWORDS, f"line {node.lineno}: {node.arg}="
        if isinstance(node, ast.alias):
            assert node.name not in LATER
        # As a type, X | Y needs Python 3.10; the programs have no annotations.
        assert not isinstance(node, ast.AnnAssign)
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.args, *node.args.kwonlyargs]
            assert not [one for one in given if one.annotation]
            assert node.returns is None
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            assert not isinstance(node.args[1], ast.BinOp)


# --- the image ---------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines in one."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.M).replace("\\\n", "")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines())]


def argument(word: str) -> str:
    """Return what the one instruction of a kind says."""
    (found,) = (rest for name, rest in instructions() if name == word)
    return found


def test_dockerfile() -> None:
    """Hadolint has no complaint."""
    done = subprocess.run(
        [tool("hadolint"), "--no-color", str(DOCKERFILE)], capture_output=True, text=True, cwd="/"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("blueprint", "options"),
    [
        ("mirror_image", {}),
        ("mirror_image", {"architecture": "x86_64"}),
        ("fargate_mirror", {"image": "build"}),
        ("fargate_mirror", {"image": "build", "source": "ssh"}),
    ],
)
def test_what_is_copied(blueprint: str, options: dict[str, object]) -> None:
    """The image is the same for every kind of mirror, whichever stack builds it.

    It has all programs, each of which finds the others beside it, and starts one of them.
    """
    paths = [DOCKERFILE, *PROGRAMS]
    expected = {path.name: path.read_text() for path in paths}
    assert image_files(blueprint, "MirrorImageVersion", options) == expected
    assert argument("COPY") == "*.py /opt/mirror/"
    *python, program = yaml.safe_load(argument("ENTRYPOINT"))
    assert python == ["python3", "-u"]
    assert Path(program).parent == Path("/opt/mirror")
    assert Path(program).name in expected


def test_who_runs_it_and_where() -> None:
    """A user of its own runs it in the one folder that can be written to."""
    assert argument("USER") == "1000:1000"
    assert argument("WORKDIR") == "/data"
    assert argument("VOLUME") == '["/data"]'
    assert argument("ENV") == "HOME=/data TMPDIR=/data AWS_CONFIG_FILE=/data/aws-config"
    order = [word for word, _ in instructions()]
    assert order.index("VOLUME") > max(n for n, word in enumerate(order) if word == "RUN")
    assert order.index("USER") > order.index("COPY")


def test_what_programs_call_is_installed() -> None:
    """The image has the packages of the commands that the programs run."""
    ran = " ".join(rest for word, rest in instructions() if word == "RUN")
    wanted = {"git": "git-core", "aws": "awscli-2", "ssh": "openssh-clients", "python3": "python3"}
    assert all(f" {package} " in ran for package in wanted.values())
    texts = "".join(path.read_text() for path in PROGRAMS)
    called = set(re.findall(r"""["(\[]"?(git|aws|ssh|curl|jq|tar|ps)[" ]""", texts))
    assert called == {"git", "aws", "ssh"}


# --- shell -------------------------------------------------------------------------------------


def scripts() -> dict[str, tuple[str, str]]:
    """Return every piece of shell, with the shell that runs it."""
    found = {}
    runs = [rest for word, rest in instructions() if word == "RUN"]
    for number, script in enumerate(runs):
        found[f"Dockerfile-{number}"] = ("sh", script)
        for helper in re.findall(r"credential\.helper '!(.*)'", script):
            found[f"Dockerfile-{number}-helper"] = ("sh", helper)
    build = yaml.safe_load(BUILD.read_text())
    for phase, content in build["phases"].items():
        for number, command in enumerate(content["commands"]):
            found[f"buildspec-{phase}-{number}"] = (build["env"]["shell"], command)
    (tell,) = (
        node.value.value
        for node in ast.walk(ast.parse(SIGN_IN.read_text()))
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") == "TELL"
        and isinstance(node.value, ast.Constant)
    )
    # Git appends the operation.
    found["sign_in"] = ("sh", tell.removeprefix("!") + " get\n")
    return found


@pytest.mark.parametrize("name", scripts())
def test_shell(name: str) -> None:
    """ShellCheck has no complaint."""
    shell, script = scripts()[name]
    # A helper gets words without blanks, in the form that AWS documents.
    off = ["--exclude=SC2068"] if name.endswith("-helper") else []
    done = subprocess.run(
        [tool("shellcheck"), "--norc", *off, f"--shell={shell}", "-"],
        input=script,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
