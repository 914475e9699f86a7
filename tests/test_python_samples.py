"""The Python in README and the docs: each block runs as it is printed, imports included.

A block that cannot run has a comment above it, `<!-- not run: the reason -->`. A line such as
`payload/handler.py`: above a block says which file it is; it is there when the next blocks run.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from support.blueprint_package import package, project

from cfngen import Blueprint, Template, render
from cfngen.cli import main

ROOT = Path(__file__).parents[1]
GUIDE = "docs/writing-a-blueprint.md"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/*/*.md", "blueprints/*/*.md")
    for path in ROOT.glob(pattern)
)
BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./-]+)`:\n\n)?(?:^<!-- not run: (?P<reason>.+) -->\n\n?)?"
    r"^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Sample:
    """A block of Python.

    Attributes:
        name: the page and the number of the line.
        text: the block.
        files: the files that the page shows above it, by their path beside the block.
    """

    name: str
    text: str
    files: dict[str, str]


def samples(page: str, text: str) -> list[Sample]:
    """Return the blocks of Python that a page has, but those that cannot run, with a reason."""
    files: dict[str, str] = {}
    found: list[Sample] = []
    for match in BLOCK.finditer(text):
        if match["file"] and match["file"].startswith("payload/"):
            files = files | {match["file"]: match["text"]}
        elif match["language"] == "python" and not match["reason"]:
            line = text.count("\n", 0, match.start("text"))
            found.append(Sample(f"{page}:{line}", match["text"], files))
    return found


SAMPLES = [sample for page in PAGES for sample in samples(page, (ROOT / page).read_text())]


def sample(page: str, piece: str) -> Sample:
    """Return the sample of a page that has a piece of text."""
    (found,) = (s for s in SAMPLES if s.name.startswith(page) and piece in s.text)
    return found


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Forget the modules that a test imported, so that the next one reads its own files."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("acme_blueprints", "sample_")):
            del sys.modules[name]
    importlib.invalidate_caches()


def run(shown: Sample, folder: Path, name: str) -> ModuleType:
    """Run a sample as the module `blueprint` of a package with the files that belong to it."""
    for path, text in {"__init__.py": "", **shown.files, "blueprint.py": shown.text}.items():
        (folder / f"sample_{name}" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"sample_{name}" / path).write_text(text)
    return importlib.import_module(f"sample_{name}.blueprint")


def test_the_pages_have_samples() -> None:
    """Those of README and the guide are among them; a file of a payload is not run by itself."""
    pages = [s.name.partition(":")[0] for s in SAMPLES]
    assert pages.count("README.md") == 2
    assert pages.count(GUIDE) >= 9
    assert not [s for s in SAMPLES if "def handler" in s.text]


def test_a_block_is_left_out_with_a_reason_only() -> None:
    """A comment without a reason does not keep a block from being run."""
    block = "```python\nraise SystemExit\n```\n"
    assert len(samples("page.md", f"<!-- not run: -->\n{block}")) == 1
    assert samples("page.md", f"<!-- not run: it ends Python -->\n{block}") == []


@pytest.mark.parametrize(
    "shown",
    # What calls generate() is linted, which takes its time.
    [
        pytest.param(s, id=s.name, marks=[pytest.mark.slow] * ("generate(" in s.text))
        for s in SAMPLES
    ],
)
def test_a_sample_runs_as_it_is_printed(
    shown: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed into a file, it is imported without an error, and whatever blueprint it has builds."""
    name = re.sub(r"\W", "_", shown.name).lower()
    monkeypatch.syspath_prepend(tmp_path)
    if "generate" in shown.text and "alert_topic" in shown.text:
        package(tmp_path, {"alert_topic": sample(GUIDE, "def alert_topic").text})
    module = run(shown, tmp_path, name)
    for value in list(vars(module).values()):
        if isinstance(value, Blueprint):
            assert isinstance(value(), Template)
        elif callable(value) and getattr(value, "__name__", "").startswith("test_"):
            value()


def test_readme_shows_the_yaml_of_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece between two ellipses is in the template that the blueprint above it makes."""
    text = (ROOT / "README.md").read_text()
    shown = sample("README.md", "def mirror")
    yaml = re.search(r"^```yaml\n…\n(.*?)^…\n```$", text[text.index(shown.text) :], re.S | re.M)
    assert yaml
    monkeypatch.syspath_prepend(tmp_path)
    made = render(run(shown, tmp_path, "readme_mirror").mirror().document())
    pieces = yaml[1].split("…\n")
    assert len(pieces) == 2
    places = [made.index(piece) for piece in pieces]
    assert places == sorted(places)


def test_samples_do_what_the_guide_says_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options report what excludes each other, predicates decide, and payloads are embedded."""
    monkeypatch.syspath_prepend(tmp_path)
    options = run(sample(GUIDE, "def problems"), tmp_path, "guide_options").Options
    assert [p[:7] for p in options("email-json", plain=True).problems()] == ["plain: "]
    assert list(options().problems()) == []
    params = run(sample(GUIDE, "first_of("), tmp_path, "guide_params").Params
    for protocol, description in (("https", "HTTPS URL"), ("email", "E-mail address")):
        t = Template()
        t.declare(params, SimpleNamespace(topic="new", protocol=protocol))
        assert list(t.document().body["Parameters"]) == ["Endpoint"]
        assert description in t.document().body["Parameters"]["Endpoint"]["Description"]
    handler = sample(GUIDE, "Code(ZipFile=")
    code = run(handler, tmp_path, "guide_payload").code
    assert code.ZipFile == handler.files["payload/handler.py"]
    carried = sample(GUIDE, "import buildspec")
    assert 'print("tests passed")' in run(carried, tmp_path, "guide_buildspec").text


@pytest.mark.slow
def test_the_guide_leads_to_a_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its blueprint, its table and its test, in the files that it names, build and pass."""
    page = (ROOT / GUIDE).read_text()
    table = re.search(r"^```toml\n(\[templates\.alerts\].*?)^```$", page, re.S | re.M)
    assert table
    shown = project(tmp_path / "acme", table[1])
    package(tmp_path / "site", {"alert_topic": sample(GUIDE, "def alert_topic").text})
    test = sample(GUIDE, 'generate("alert_topic")').text
    (shown / "test_alert_topic.py").write_text(test)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(shown)
    assert main(["build"]) == 0, capfd.readouterr().err
    assert "Protocol: email-json\n" in (shown / "output/alerts.yaml").read_text()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_alert_topic.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
