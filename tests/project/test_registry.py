"""Blueprints are found through the entry point, ours and others' alike."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.blueprint_package import BUCKET, cfngen, environment, package

from cfngen.errors import BlueprintError, Problems
from cfngen.paths import display_path
from cfngen.project import registry


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on `sys.path`; what is imported from it is forgotten afterwards."""
    before = set(sys.modules)
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {path.name for path in folder.iterdir()}:
            del sys.modules[name]


def test_a_folder_with_a_blueprint_is_a_blueprint(site: Path) -> None:
    """An entry point names a package; each folder in it with `blueprint.py` is one blueprint."""
    package(site, {"acme_one": BUCKET, "acme_two": BUCKET})
    found = registry.blueprints()
    assert [name for name in found if name.startswith("acme")] == ["acme_one", "acme_two"]
    assert found["acme_one"].distribution == "acme-blueprints"
    assert found["acme_one"].load().summary == "Keep things in a bucket"


def test_a_folder_needs_no_init(site: Path) -> None:
    """A blueprint's directory without `__init__.py` is found, and its payload too."""
    payload = (
        "from cfngen import Payloads, Template, blueprint\n"
        "payload = Payloads(__package__)\n"
        "@blueprint\n"
        "def {name}() -> Template:\n"
        '    """Embed a file."""\n'
        '    return Template(payload["run.sh"].strip())\n'
    )
    folder = package(site, {"acme_plain": payload}, files={"acme_plain/payload/run.sh": "true\n"})
    (folder / "acme_plain/__init__.py").unlink()
    assert registry.find("acme_plain").load()().description == "true"


def test_shared_material_is_no_blueprint(site: Path) -> None:
    """Folders with an underscore, hidden ones, plain modules and empty folders are passed over."""
    package(
        site,
        {"acme_one": BUCKET},
        files={
            "_shared/blueprint.py": "",
            ".hidden/blueprint.py": "",
            "module.py": "",
            "empty/readme.md": "",
        },
    )
    ours = {e.module for e in registry.blueprints().values() if e.distribution == "acme-blueprints"}
    assert ours == {"acme_blueprints.acme_one.blueprint"}


def test_finding_imports_nothing(site: Path) -> None:
    """A package that fails when it is imported is listed: it is not imported before it is used."""
    folder = package(site, {"acme_one": BUCKET})
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    entry = registry.find("acme_one")
    assert "acme_blueprints" not in sys.modules
    with pytest.raises(BlueprintError) as caught:
        entry.load()
    assert str(caught.value).endswith("acme_blueprints/__init__.py:1: RuntimeError: imported")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_the_same_name_twice_names_both(site: Path) -> None:
    """Two distributions with one blueprint name are an error that names both."""
    package(site, {"acme_one": BUCKET})
    package(site, {"acme_one": BUCKET}, distribution="beta-prints", module="beta_prints")
    with pytest.raises(Problems) as caught:
        registry.blueprints()
    assert "acme-blueprints (acme_blueprints.acme_one.blueprint)" in str(caught.value)
    assert "beta-prints (beta_prints.acme_one.blueprint)" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("acme_nowhere", "is not installed"),
        ("acme_nowhere.inner", "No module named 'acme_nowhere'"),
        ("json.decoder", "is a module, not a package"),
        ("acme_raises.inner", "RuntimeError: at import"),
        ("no package at all", "AttributeError"),
    ],
)
def test_a_dangling_entry_point_is_a_message(site: Path, names: str, why: str) -> None:
    """An entry point that leads nowhere is told with its distribution and what to do."""
    package(site, {}, entry_point=names)
    (site / "acme_raises.py").write_text("raise RuntimeError('at import')\n")
    importlib.invalidate_caches()
    with pytest.raises(Problems) as caught:
        registry.blueprints()
    (problem,) = caught.value.problems
    assert problem.startswith(
        f"acme-blueprints: its entry point cfngen.blueprints:acme names {names}"
    )
    assert why in problem
    assert problem.endswith("reinstall or uninstall acme-blueprints")


def test_all_that_is_wrong_is_told_at_once(site: Path) -> None:
    """Dangling entry points, doubles and impossible names come together."""
    package(site, {}, entry_point="acme_nowhere")
    package(site, {"beta": BUCKET, "no-name": BUCKET}, distribution="beta", module="beta_prints")
    package(site, {"beta": BUCKET}, distribution="gamma", module="gamma_prints")
    _, problems = registry.search()
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "a blueprint is a function, decorated and named after its directory"),
        ("def {name}(): ...", "the function acme_bare is not decorated with @blueprint"),
        (BUCKET.replace("{name}", "other"), "only other; a blueprint is named after its directory"),
    ],
)
def test_a_folder_without_its_function_is_a_message(site: Path, text: str, remedy: str) -> None:
    """Each way of leaving out the blueprint gets its own remedy, and the file's name."""
    folder = package(site, {"acme_bare": text})
    with pytest.raises(BlueprintError) as caught:
        registry.find("acme_bare").load()
    assert display_path(folder / "acme_bare/blueprint.py") in str(caught.value)
    assert str(caught.value).endswith(remedy)


def test_a_blueprint_that_ends_the_program_is_a_message(site: Path) -> None:
    """`sys.exit()` at import cannot make a build look fine."""
    package(site, {"acme_exit": "import sys\nsys.exit(0)\n"})
    with pytest.raises(BlueprintError, match=r"blueprint\.py:2: ends the program"):
        registry.find("acme_exit").load()


def test_an_unknown_name_gets_advice() -> None:
    """A misspelt blueprint is answered with the nearest one."""
    entry = registry.InstalledBlueprint("acme_bucket", "m", "d")
    said = registry.unknown("acme_bukcet", {"acme_bucket": entry})
    assert (
        said == "no blueprint 'acme_bukcet'; did you mean 'acme_bucket'? (available: acme_bucket)"
    )


def test_a_users_own_package_called_blueprints_is_left_alone(tmp_path: Path) -> None:
    """`blueprints/` in the working directory and on sys.path breaks nothing, nor do we break it."""
    (tmp_path / "blueprints").mkdir()
    (tmp_path / "blueprints/__init__.py").write_text("raise SystemExit('imported by cfngen')\n")
    assert cfngen("list", cwd=tmp_path, sites=(tmp_path,)).stdout == (
        cfngen("list", cwd=tmp_path / "blueprints").stdout
    )
    (tmp_path / "blueprints/__init__.py").write_text("mine = 1\n")
    mine = (
        "import cfngen.project.registry as r; r.blueprints(); "
        "import blueprints; print(blueprints.mine)"
    )
    done = subprocess.run(
        [sys.executable, "-c", mine],
        env=environment(tmp_path),
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == "1\n"
