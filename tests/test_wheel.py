"""What is installed from a wheel works like the checkout, and so does a third party's wheel."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from support.blueprint_package import BUCKET, FAULTY, SHAPES, cfngen, environment, package

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES = ("cfngen", "blueprints", "tests", "pyproject.toml", "README.md", "LICENSE")


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command without anything of this process's Python in its way."""
    env = environment()
    del env["PYTHONPATH"]
    done = subprocess.run(
        command, cwd=cwd, env=env, text=True, encoding="utf-8", capture_output=True, check=False
    )
    assert not (check and done.returncode), done.stdout + done.stderr
    return done


def wheel(source: Path, to: Path) -> Path:
    """Build a wheel without the network and return it; skip where the builder is too old."""
    have = importlib.metadata.version("setuptools")
    if int(have.partition(".")[0]) < 77:
        pytest.skip(f"wheels are built with setuptools 77 or newer; here is {have}")
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(to)]
    pip = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check"]
    # Where setuptools was found for this process, it is to be found for pip.
    subprocess.run(
        [*pip, *options, str(source)],
        cwd=to,
        env=environment(*map(Path, sys.path)),
        check=True,
        capture_output=True,
    )
    (found,) = to.glob("*.whl")
    return found


class Installed(NamedTuple):
    """A clean environment with cfngen's wheel in it."""

    wheel: Path
    python: Path

    @property
    def cfngen(self) -> Path:
        """The command."""
        return self.python.with_name("cfngen")

    def install(self, other: Path) -> None:
        """Install another wheel."""
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        where = ["--python", str(self.python), "install", "--no-index", "--no-deps"]
        run(*pip, *where, other, cwd=other.parent)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of cfngen in a fresh environment that borrows our dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    # There is something to leave out, whether or not Python has written it.
    for place in ("cfngen", "blueprints", "blueprints/build_network"):
        (source / place / "__pycache__").mkdir(exist_ok=True)
        (source / place / "__pycache__/stray.cpython-311.pyc").touch()
    (folder / "dist").mkdir()
    built = wheel(source, folder / "dist")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    venv = Installed(built, folder / "venv/bin/python")
    (own,) = (folder / "venv/lib").glob("python*/site-packages")
    # Its own packages come first; files for editable installs in ours are not read this way.
    (own / "dependencies.pth").write_text("".join(f"{p}\n" for p in site.getsitepackages()))
    venv.install(built)
    return venv


def test_the_wheel_holds_what_it_should_and_nothing_else(installed: Installed) -> None:
    """Every file of the blueprints is in it; caches and tests are not; no name of a user's is."""
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    top = {name.partition("/")[0] for name in names}
    version = importlib.metadata.version("cfngen")
    assert top == {"cfngen", "cfngen_blueprints", f"cfngen-{version}.dist-info"}
    for folder, package_ in (("cfngen", "cfngen"), ("blueprints", "cfngen_blueprints")):
        there = {
            f"{package_}/{path.relative_to(ROOT / folder)}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {name for name in names if name.startswith(f"{package_}/")} == there
    assert "cfngen/py.typed" in names
    assert not {name for name in names if "__pycache__" in name or "test_" in name}


def test_blueprints_are_importable_under_one_name(installed: Installed, tmp_path: Path) -> None:
    """`cfngen_blueprints` is ours; `blueprints` is left to users."""
    code = """
import cfngen, cfngen_blueprints, importlib.util, sys
print(importlib.util.find_spec("blueprints"))
print(all(m.__file__.startswith(sys.prefix) for m in (cfngen, cfngen_blueprints)))
"""
    done = run(installed.python, "-I", "-c", code, cwd=tmp_path)
    assert done.stdout.split() == ["None", "True"]


def test_a_list_of_templates_is_enough(installed: Installed, tmp_path: Path) -> None:
    """Installed, cfngen lists and builds every blueprint, with the bytes of the checkout.

    Without a list of templates it lists them too, and builds none.
    """
    (tmp_path / "wheel").mkdir()
    (tmp_path / "checkout").mkdir()
    listed = json.loads(run(installed.cfngen, "list", "--format", "json", cwd=tmp_path).stdout)
    ours = {path.parent.name for path in (ROOT / "blueprints").glob("[!_]*/blueprint.py")}
    assert {found["name"] for found in listed["blueprints"]} == ours
    assert {found["distribution"] for found in listed["blueprints"]} == {"cfngen"}
    refused = run(installed.cfngen, "build", cwd=tmp_path / "wheel", check=False)
    assert (refused.returncode, list((tmp_path / "wheel").iterdir())) == (2, [])
    tables = [f'[templates.{n.replace("_", "-")}]\nblueprint = "{n}"\n' for n in sorted(ours)]
    (tmp_path / "wheel/cfngen.toml").write_text("".join(tables))
    run(installed.cfngen, "build", cwd=tmp_path / "wheel")
    built = {path.name: path.read_bytes() for path in (tmp_path / "wheel/output").iterdir()}
    assert set(built) == {f"{name.replace('_', '-')}.yaml" for name in ours}
    for name, content in built.items():
        shown = cfngen("show", name.removesuffix(".yaml"), cwd=tmp_path / "checkout")
        assert content == shown.stdout.encode("utf-8"), shown.stderr


def test_our_own_manifest_builds_the_same_from_a_wheel(
    installed: Installed, tmp_path: Path
) -> None:
    """With options, too, the wheel makes what the checkout makes."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    run(installed.cfngen, "build", cwd=tmp_path)
    for path in (tmp_path / "output").iterdir():
        shown = cfngen("show", path.stem, cwd=ROOT)
        assert path.read_bytes() == shown.stdout.encode("utf-8"), shown.stderr


PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "cfngen-acme"
version = "1.0"

[project.entry-points."cfngen.blueprints"]
acme = "cfngen_acme"

[tool.setuptools]
packages = ["cfngen_acme"]

[tool.setuptools.package-data]
cfngen_acme = ["**/*"]
"""

WITH_PAYLOAD = '''
"""Runs a file."""

from troposphere.s3 import Bucket

from cfngen import Payloads, Template, blueprint

payload = Payloads(__package__)


@blueprint
def {name}() -> Template:
    """Say a payload."""
    template = Template(payload["say.sh"].strip())
    template.add(Bucket("Things"))
    return template
'''


REFUSED = '''
"""Asks for too much."""

from cfngen import Template, allow, blueprint

@blueprint
def {name}() -> Template:
    """Allow everything."""
    allow("s3:*", on="x")
'''


def test_a_third_partys_wheel_works_like_ours(installed: Installed, tmp_path: Path) -> None:
    """Installed beside ours: list, show, build, schema, and findings with file and line."""
    source = tmp_path / "source"
    texts = {
        "acme_bucket": BUCKET,
        "acme_shapes": SHAPES,
        "acme_faulty": FAULTY,
        "acme_says": WITH_PAYLOAD,
        "acme_refused": REFUSED,
    }
    package(source, texts, module="cfngen_acme", files={"acme_says/payload/say.sh": "echo hi\n"})
    for left in source.glob("*.dist-info"):
        shutil.rmtree(left)
    for init in source.glob("cfngen_acme/*/__init__.py"):
        init.unlink()  # a folder is enough
    (source / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "dist").mkdir()
    installed.install(wheel(source, tmp_path / "dist"))
    try:
        check_third_party(installed, tmp_path / "project")
    finally:
        pip = [sys.executable, "-m", "pip", "--python", str(installed.python)]
        run(*pip, "uninstall", "--yes", "cfngen-acme", cwd=tmp_path)


def check_third_party(installed: Installed, root: Path) -> None:
    """Use the third party's blueprints in a project."""
    root.mkdir()
    (root / "cfngen.toml").write_text(
        '[templates.says]\nblueprint = "acme_says"\n'
        '[templates.shapes]\nblueprint = "acme_shapes"\noptions.zones = [{ size = 3 }]\n'
        '[templates.ours]\nblueprint = "build_network"\n'
    )
    listed = json.loads(run(installed.cfngen, "list", "--format", "json", cwd=root).stdout)
    theirs = {b["name"] for b in listed["blueprints"] if b["distribution"] == "cfngen-acme"}
    assert theirs == {"acme_bucket", "acme_shapes", "acme_faulty", "acme_says", "acme_refused"}
    shown = run(installed.cfngen, "show", "says", cwd=root).stdout
    assert shown.startswith("# Made by cfngen from blueprint acme_says of cfngen-acme; change")
    assert "\nDescription: echo hi\n" in shown
    schema = json.loads(run(installed.cfngen, "schema", "acme_shapes", cwd=root).stdout)
    assert schema["properties"]["cache"]["enum"] == ["s3", "efs"]
    run(installed.cfngen, "build", cwd=root)
    built = sorted(path.name for path in (root / "output").iterdir())
    assert built == ["ours.yaml", "says.yaml", "shapes.yaml"]
    assert (root / "output/says.yaml").read_text() == shown
    with (root / "cfngen.toml").open("a") as stream:
        stream.write('[templates.faulty]\nblueprint = "acme_faulty"\n')
        stream.write('[templates.refused]\nblueprint = "acme_refused"\n')
    refused = run(installed.cfngen, "show", "refused", cwd=root, check=False)
    assert refused.returncode == 2
    assert "cfngen_acme/acme_refused/blueprint.py:8: allow(s3:*): name the" in refused.stderr
    done = run(installed.cfngen, "build", "faulty", "--format", "json", cwd=root, check=False)
    assert done.returncode == 1
    (finding,) = json.loads(done.stdout)
    file, _, line = finding["origin"].rpartition(":")
    assert (finding["rule"], line) == ("E3035", "12")
    assert file.endswith("site-packages/cfngen_acme/acme_faulty/blueprint.py")
    assert "template.add(Bucket(" in Path(file).read_text().splitlines()[11]
