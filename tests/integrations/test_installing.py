"""What the integrations install: by hashes, as wheels, and nothing of the checkout under review."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.comments import Comments
from support.integrations import BUILDSPEC, INTEGRATIONS, JOB, ROOT, Action
from support.reviews import PullRequest, git, plant

from cfngen.testing import run_buildspec

REQUIREMENTS = (INTEGRATIONS / "requirements.txt").read_text()
PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n",
    re.M,
)
PINS = {found["name"]: found for found in PIN.finditer(REQUIREMENTS)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# What is built for a wheel: nothing else of the checkout is needed.
SOURCES = ("cfngen", "blueprints", "integrations", "pyproject.toml", "README.md", "LICENSE")


# --- the file ----------------------------------------------------------------------------------


def test_there_is_nothing_but_pins() -> None:
    """Each line is a comment, a version or its hash: no address, no option, no other file."""
    comments = r"^# .*\n"
    assert re.sub(comments, "", PIN.sub("", REQUIREMENTS), flags=re.M) == ""
    assert "://" not in REQUIREMENTS


def test_the_versions_are_the_constraints() -> None:
    """What users install is what the tests run with."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines]
    constraints = {canonicalize_name(name): version for name, version in pairs}
    assert PINS
    assert {name: found["version"] for name, found in PINS.items()} == {
        name: constraints.get(name) for name in PINS
    }


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_everything_that_is_needed_is_pinned(python: str, system: str) -> None:
    """Whatever a dependency depends on is there, and so is what builds cfngen; and no more is."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
    }
    build, run = PROJECT["build-system"]["requires"], PROJECT["project"]["dependencies"]
    waiting = [Requirement(text) for text in (*build, *run)]
    needed: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        assert name in PINS, f"{name} is not in requirements.txt: run integrations/requirements.sh"
        assert requirement.specifier.contains(PINS[name]["version"])
        if name in needed:
            continue
        needed.add(name)
        for text in importlib.metadata.requires(name) or ():
            inner = Requirement(text)
            if not inner.marker or any(
                inner.marker.evaluate({**environment, "extra": extra})
                for extra in ("", *requirement.extras)
            ):
                waiting.append(inner)
    assert needed <= PINS.keys()
    # An installation on this system has no use for the others.
    assert {name for name in PINS.keys() - needed if not PINS[name]["marker"]} == set()


# --- the installation --------------------------------------------------------------------------


SETUPTOOLS = f"setuptools-{importlib.metadata.version('setuptools')}-py3-none-any.whl"


def empty_wheel(folder: Path, name: str, version: str) -> None:
    """Make a wheel with nothing in it."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(f"{stem}.dist-info/METADATA", text)
        archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the setuptools that is installed here, and a newer one that builds nothing."""
    folder = tmp_path_factory.mktemp("wheels")
    with zipfile.ZipFile(folder / SETUPTOOLS, "w", zipfile.ZIP_STORED) as archive:
        for file in importlib.metadata.distribution("setuptools").files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                archive.write(str(file.locate()), str(file))
    empty_wheel(folder, "setuptools", "9999")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """A repository with cfngen, whose dependencies are the setuptools that builds it, no more."""
    folder = tmp_path_factory.mktemp("home")
    for name in SOURCES:
        ignore = shutil.ignore_patterns("__pycache__")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder)
    digest = hashlib.sha256((wheels / SETUPTOOLS).read_bytes()).hexdigest()
    (folder / "integrations/requirements.txt").write_text(
        f"setuptools=={importlib.metadata.version('setuptools')} --hash=sha256:{digest}\n"
    )
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[PullRequest]:
    """A pull request with code that must not be run; afterwards, that it was not is checked."""
    mark = tmp_path / "ran"
    pull = PullRequest(tmp_path / "shop")
    plant(pull.folder, mark)
    yield pull
    assert not mark.exists()


def offline(wheels: Path) -> dict[str, str]:
    """Return an environment in which pip has nothing but a folder of wheels."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }


def installed(venv: Path) -> set[str]:
    """Return what is installed in an environment, but for pip."""
    (packages,) = venv.glob("lib/python*/site-packages")
    return {found.name for found in importlib.metadata.distributions(path=[str(packages)])} - {
        "pip"
    }


ALL = {"cfngen", "setuptools"}


@pytest.mark.slow
@pytest.mark.payloads
def test_github_installs(home: Path, wheels: Path, hostile: PullRequest, tmp_path: Path) -> None:
    """The action installs cfngen from its own checkout, and asks no index for what builds it."""
    with Comments() as comments:
        action = Action(hostile, comments, Path(), tmp_path)
        action.env |= offline(wheels)
        ran = action(home / "integrations/github/action.yml", cfngen="", base="HEAD^1")
    assert ran.steps[:2] == ["Install cfngen", "Review"], ran.log
    assert installed(tmp_path / "1/cfngen") == ALL
    assert (tmp_path / "1/cfngen/bin/cfngen").exists()


@pytest.mark.slow
@pytest.mark.payloads
def test_gitlab_installs(home: Path, wheels: Path, hostile: PullRequest, tmp_path: Path) -> None:
    """The job clones the commit that is trusted and installs cfngen from it."""
    env = {
        "CFNGEN_REPOSITORY": home.as_uri(),
        "CFNGEN_COMMIT": git(home, "rev-parse", "HEAD"),
        "TMPDIR": str(tmp_path / "temporary"),
        **offline(wheels),
    }
    (tmp_path / "temporary").mkdir()
    command = ["sh", "-e", "-c", "\n".join(JOB["before_script"])]
    done = subprocess.run(command, cwd=hostile.folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (venv,) = (tmp_path / "temporary").glob("*/venv")
    assert installed(venv) == ALL
    done = subprocess.run(
        command,
        cwd=hostile.folder,
        env={**env, "CFNGEN_REPOSITORY": "http://127.0.0.1:1/cfngen.git"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "transport 'http' not allowed" in done.stderr


@pytest.mark.slow
@pytest.mark.payloads
def test_codebuild_installs(home: Path, wheels: Path, hostile: PullRequest, tmp_path: Path) -> None:
    """The build installs cfngen from its second source."""
    env = {
        "CODEBUILD_SRC_DIR_CFNGEN": str(home),
        "TMPDIR": str(tmp_path / "temporary"),
        **offline(wheels),
    }
    (tmp_path / "temporary").mkdir()
    done = run_buildspec(BUILDSPEC, cwd=hostile.folder, env=env, phases=["install"])
    assert done.status == 0, done.output
    (venv,) = (tmp_path / "temporary").iterdir()
    assert installed(venv) == ALL


@pytest.mark.payloads
@pytest.mark.parametrize("fault", ["another file", "a source", "nothing"])
def test_only_what_was_pinned_is_installed(tmp_path: Path, fault: str) -> None:
    """Another file of the same version, or one that would be built, is refused."""
    name, version = "annotated-types", PINS["annotated-types"]["version"]
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    if fault == "another file":
        empty_wheel(wheels, name, version)
    elif fault == "a source":
        (wheels / f"annotated_types-{version}.tar.gz").write_bytes(b"x")
    done = subprocess.run(
        ["sh", INTEGRATIONS / "install.sh", sys.executable, tmp_path / "venv"],
        env=offline(wheels),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    refusal = "DO NOT MATCH THE HASHES" if fault == "another file" else "No matching distribution"
    assert refusal in done.stderr
    assert installed(tmp_path / "venv") <= {"setuptools"}
