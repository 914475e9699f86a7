"""Same input, same bytes: on every machine, at any time, under any Python from 3.11 on."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHAPES = [
    ("backlog_proxy", {}),
    ("backlog_proxy", {"cache": "efs"}),
    ("build_network", {}),
]
# Options are made without pydantic here, so that other Pythons need no compiled packages; a socket
# that is opened ends the run.
PROGRAM = f"""
import hashlib, socket, sys
def refuse(*a, **k): raise AssertionError("a socket was opened")
socket.socket.__init__ = refuse
socket.getaddrinfo = refuse
import importlib
from cfngen.project.generate import synthesize
for name, table in {SHAPES!r}:
    b = getattr(importlib.import_module(f"cfngen_blueprints.{{name}}.blueprint"), name)
    text = synthesize(b, b.options_type(**table), distribution="cfngen").text
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def digests(python: str = sys.executable, cwd: Path = ROOT, **environment: str) -> list[str]:
    """Draw the shapes in a fresh process and return the digests of their text."""
    env = {"PATH": os.environ["PATH"], **environment}
    run = subprocess.run(
        [python, "-c", PROGRAM], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.fixture(scope="module")
def expected() -> list[str]:
    """Give the digests of what this process draws."""
    from cfngen import synthesize
    from cfngen.project.registry import find

    return [
        hashlib.sha256(
            synthesize(find(name).load(), table, distribution="cfngen").text.encode()
        ).hexdigest()
        for name, table in SHAPES
    ]


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_hash_seed_changes_nothing(seed: str, expected: list[str]) -> None:
    """No set's or dict's order leaks into a template."""
    assert digests(PYTHONHASHSEED=seed) == expected


def test_clock_place_and_locale_change_nothing(tmp_path: Path, expected: list[str]) -> None:
    """Time zone, locale, directory, user and home are not part of a template."""
    assert expected == digests(
        cwd=tmp_path,
        TZ="Pacific/Kiritimati",
        LC_ALL="tr_TR.UTF-8",
        HOME=str(tmp_path),
        USER="somebody",
        AWS_REGION="eu-west-3",
        PYTHONUTF8="0",
    )


def test_without_libyaml_the_bytes_are_the_same(tmp_path: Path, expected: list[str]) -> None:
    """PyYAML's pure Python half writes and reads the same."""
    (tmp_path / "_yaml.py").write_text("raise ImportError\n")
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['yaml._yaml'] = None\n")
    assert digests(PYTHONPATH=str(tmp_path)) == expected


@pytest.mark.slow
def test_a_build_opens_no_socket(tmp_path: Path) -> None:
    """Drawing, linting and writing everything needs no network, not even a name looked up."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('a socket was opened')\n"
        "socket.socket.__init__ = refuse\n"
        "socket.getaddrinfo = socket.gethostbyname = refuse\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    probe = [sys.executable, "-c", "import socket; socket.socket()"]
    assert (
        "opened"
        in subprocess.run(probe, env=env, capture_output=True, text=True, check=False).stderr
    )
    command = [sys.executable, "-m", "cfngen", "build", "--output", str(tmp_path / "made")]
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "made").glob("*.yaml"))) == len(list(ROOT.glob("output/*.yaml")))


def other_pythons() -> list[str]:
    """Return the interpreters of other versions that this machine has, newest last."""
    found: dict[str, str] = {}
    for version in ("3.11", "3.12", "3.13", "3.14"):
        places = [shutil.which(f"python{version}") or ""]
        places += map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
        for place in places:
            if place and version not in found and _runs(place, version):
                found[version] = place
    found.pop(f"{sys.version_info.major}.{sys.version_info.minor}", None)
    return list(found.values())


def _runs(python: str, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return run.stdout.strip() == version


PYTHONS = other_pythons()


@pytest.mark.skipif(not PYTHONS, reason="no other Python on this machine; CI has three")
@pytest.mark.parametrize("python", PYTHONS, ids=lambda p: Path(p).parent.parent.name or p)
def test_another_python_writes_the_same_bytes(python: str, expected: list[str]) -> None:
    """A template does not tell which Python made it."""
    packages = sysconfig.get_path("purelib")
    roof = ROOT / "blueprints"
    # The editable install's finder belongs to one Python; the others find the folders this way.
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('cfngen_blueprints',"
        f" {str(roof / '__init__.py')!r}, submodule_search_locations=[{str(roof)!r}])\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['cfngen_blueprints'] = module\nspec.loader.exec_module(module)\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{packages}"}
    run = subprocess.run(
        [python, "-W", "ignore", "-c", code + PROGRAM],
        cwd="/", env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == expected


def test_nothing_in_a_template_tells_where_it_was_made() -> None:
    """No path, user, host or date of this machine is in the committed files."""
    import getpass
    import socket

    for path in ROOT.glob("output/*.yaml"):
        text = path.read_text()
        assert str(ROOT) not in text
        assert str(Path.home()) + "/." not in text
        host, user = socket.gethostname(), getpass.getuser()
        assert len(host) < 5 or host not in text
        assert len(user) < 5 or user not in text
