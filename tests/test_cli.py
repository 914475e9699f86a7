"""The command does what its help says, and ends with the code that scripts rely on."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from support.blueprint_package import (
    BUCKET,
    FAULTY,
    SHAPES,
    UNUSED,
    cfngen,
    environment,
    package,
    project,
    snapshot,
)
from test_report import check_sarif

from cfngen.cli import main
from cfngen.linting import processes
from cfngen.linting.lint import Linter
from cfngen.project import manifest, revisions

RUN = [sys.executable, "-m", "cfngen"]

FAILING = '''
"""Fails in one way or another."""

import sys
from cfngen import Template, allow, blueprint

@blueprint
def {name}() -> Template:
    """Fail."""
    ACTION
'''

TALKING = '''
"""Says more than it should."""

from troposphere.s3 import Bucket
from cfngen import Template, blueprint

print("imported")

@blueprint
def {name}() -> Template:
    """Keep naïve things, 日本."""
    print("drawn")
    template = Template()
    template.add(Bucket("Things"))
    return template
'''

SLOW = '''
"""Takes its time."""

import pathlib, time
from cfngen import Template, blueprint

@blueprint
def {name}() -> Template:
    """Wait."""
    pathlib.Path("ready").touch()
    time.sleep(60)
'''

BLUEPRINTS = {
    "cli_long": BUCKET.replace("Where things are kept.", "long " * 50_000),
    "cli_bucket": BUCKET,
    "cli_shapes": SHAPES,
    "cli_faulty": FAULTY,
    "cli_unused": UNUSED,
    "cli_talking": TALKING,
    "cli_slow": SLOW,
    "cli_raises": FAILING.replace("ACTION", "raise KeyError('lost')"),
    "cli_policy": FAILING.replace("ACTION", "allow('s3:*', on='x')"),
    "cli_eof": FAILING.replace("ACTION", "raise EOFError"),
    "cli_pipe": FAILING.replace("ACTION", "raise BrokenPipeError(32, 'Broken pipe')"),
    "cli_exit": FAILING.replace("ACTION", "sys.exit(0)"),
}

MANIFEST = """
[templates.one]
blueprint = "cli_bucket"
[templates.two]
blueprint = "cli_shapes"
options.cache = "efs"
"""


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints of a third party."""
    folder = tmp_path_factory.mktemp("cli-site")
    package(folder, BLUEPRINTS, distribution="cli-prints", module="cli_prints")
    return folder


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints that cannot be imported, or are none."""
    folder = tmp_path_factory.mktemp("broken-site")
    texts = {"cli_broken": "import nowhere_to_be_found\n", "cli_bare": "def {name}(): ...\n"}
    package(folder, texts, distribution="broken-prints", module="broken_prints")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of two templates."""
    return project(tmp_path / "project", MANIFEST)


@pytest.fixture
def cli(
    site: Path,
    root: Path,
    linter: Linter,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """The command in this process, with rules of the linter that are loaded once."""

    class Shared(contextlib.AbstractContextManager["Shared"]):
        def __init__(self, root: Path, *, append_rules: bool = True) -> None:
            self.root, self.append_rules = root, append_rules

        def __exit__(self, *exception: object) -> None:
            """Keep the rules."""

        def lint(self, jobs: list[processes.Job]) -> list[object]:
            return [linter.lint(*job) for job in jobs]

    monkeypatch.setattr(processes, "Linters", Shared)
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(root)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)

    def run(*arguments: str) -> Said:
        code = main(arguments)
        return Said(code, *capsys.readouterr())

    return run


def add(root: Path, **templates: str) -> None:
    """Add templates to a manifest."""
    with (root / "cfngen.toml").open("a") as stream:
        for name, blueprint in templates.items():
            stream.write(f'[templates.{name}]\nblueprint = "{blueprint}"\n')


# --- what it costs to ask -----------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["build", "-h"], ["import"]])
def test_asking_for_help_imports_nothing_slow(arguments: list[str], tmp_path: Path) -> None:
    """Help, version and `import cfngen` load no linter, no troposphere, no YAML, no pydantic."""
    code = """
        import sys
        if sys.argv[1:] == ["import"]:
            import cfngen
        else:
            from cfngen.cli import main
            assert main() == 0
        slow = {"cfnlint", "troposphere", "awacs", "yaml", "pydantic"}
        print(slow & set(sys.modules), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=tmp_path,
        env=environment(),
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stderr == "set()\n"


def test_help_and_version(cli: Cli) -> None:
    """`-h` is `--help`, for the commands too; `--version` says which; help goes to stdout."""
    from importlib.metadata import version

    assert cli("--version") == (0, f"cfngen {version('cfngen')}\n", "")
    assert cli("-h") == cli("--help")
    commands = ("list", "show", "build", "lint", "schema", "completion")
    for command in commands:
        assert f"\n  {command} " in cli("-h").out
        assert cli(command, "-h").code == 0
        assert cli(command, "-h").out.startswith("Usage: cfngen ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld"], "No such command 'biuld'"),
        (["build", "--format", "xml"], "'xml' is not one of 'text', 'github', 'json', 'junit'"),
        (["show"], "Missing argument 'NAME'"),
        (["build", "--nope"], "No such option"),
        (["show", "tow"], "no template 'tow' in cfngen.toml; did you mean 'two'? (there are: one"),
        (["build", "one", "x", "y"], "error: no template 'y' in cfngen.toml"),
        (["build", "cli_bucket"], "'cli_bucket' is a blueprint; the templates made of it: one"),
        (["build", "--prune", "one"], "--prune is for the whole project"),
        (["schema", "cli_bukcet"], "no blueprint 'cli_bukcet'; did you mean 'cli_bucket'?"),
        (["lint", "gone.yaml", "."], "error: .: cannot be read: Is a directory"),
        (["lint"], "output/: no templates; run `cfngen build` first"),
    ],
)
def test_a_wrong_command_ends_with_2(cli: Cli, arguments: list[str], said: str) -> None:
    """A user's mistake is a message on stderr and exit code 2."""
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


# --- list, show, schema -------------------------------------------------------------------------


def test_list_for_people(cli: Cli) -> None:
    """Templates with their options, and blueprints with their first line and who brought them."""
    code, out, err = cli("list")
    assert (code, err.replace("imported\n", "")) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "templates (cfngen.toml)"
    assert [line.split() for line in lines[1:3]] == [
        ["one", "cli_bucket"],
        ["two", "cli_shapes", "with", "cache='efs'"],
    ]
    assert lines[3] == "blueprints"
    assert any(
        line.split(maxsplit=1) == ["cli_bucket", "Keep things in a bucket (cli-prints)"]
        for line in lines
    )


def test_list_for_programs(cli: Cli) -> None:
    """The same as JSON."""
    data = json.loads(cli("list", "--format", "json").out)
    assert data["templates"] == [
        {"name": "one", "blueprint": "cli_bucket", "options": {}},
        {"name": "two", "blueprint": "cli_shapes", "options": {"cache": "efs"}},
    ]
    assert {
        "name": "cli_bucket",
        "distribution": "cli-prints",
        "summary": "Keep things in a bucket",
    } in data["blueprints"]


def test_a_blueprint_that_cannot_be_imported_does_not_hide_the_others(
    root: Path, site: Path, broken: Path
) -> None:
    """`list` shows all that is there, says what is wrong with the rest, and ends with 1."""
    add(root, bad="cli_broken")
    done = cfngen("list", cwd=root, sites=(site, broken))
    assert done.returncode == 1
    assert "Keep things in a bucket" in done.stdout
    assert "cannot be imported (broken-prints)" in done.stdout
    assert "cli_broken/blueprint.py:1: No module named 'nowhere_to_be_found'" in done.stderr
    assert "cli_bare is not decorated with @blueprint" in done.stderr
    assert "Traceback" not in done.stderr
    done = cfngen("list", "--format", "json", cwd=root, sites=(site, broken))
    problems = {b["name"] for b in json.loads(done.stdout)["blueprints"] if "problem" in b}
    assert problems == {"cli_bare", "cli_broken"}


def test_show_prints_the_template_and_nothing_else(cli: Cli, root: Path) -> None:
    """YAML on stdout, byte for byte what a build writes; what a blueprint prints goes to stderr."""
    add(root, talking="cli_talking")
    code, out, err = cli("show", "talking")
    assert code == 0
    assert out.startswith("# Made by cfngen from blueprint cli_talking of cli-prints; change")
    assert "\nDescription: Keep naïve things, 日本\n" in out
    assert err in ("imported\ndrawn\n", "drawn\n")  # imported by an earlier test
    cli("build", "talking")
    assert (root / "output/talking.yaml").read_bytes() == out.encode("utf-8")


def test_show_is_utf_8_whatever_the_locale(root: Path, site: Path) -> None:
    """A terminal of another encoding does not change the bytes, nor break a list."""
    add(root, talking="cli_talking")
    for encoding in ("latin-1", "ascii"):
        for arguments in (["show", "talking"], ["list"]):
            done = subprocess.run(
                [*RUN, *arguments],
                cwd=root,
                env=environment(site, PYTHONIOENCODING=encoding),
                capture_output=True,
                check=True,
            )
            assert "Keep naïve things, 日本".encode() in done.stdout


def test_schema_prints_json_schema(cli: Cli) -> None:
    """The options of a blueprint, for an editor."""
    schema = json.loads(cli("schema", "cli_shapes").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["cache"]["description"] == "Where the cache is kept"
    assert json.loads(cli("schema", "cli_bucket").out)["properties"] == {}


# --- build --------------------------------------------------------------------------------------


def test_build_writes_and_says_so_on_stderr(cli: Cli, root: Path) -> None:
    """A build writes every template; the next one touches nothing; stdout is for findings."""
    code, out, err = cli("build")
    assert (code, out) == (0, "")
    assert [line.split()[:2] for line in err.splitlines()] == [
        ["new", "output/one.yaml"],
        ["new", "output/two.yaml"],
        ["2", "templates"],
    ]
    assert err.endswith("2 templates in output/, no findings\n")
    before = snapshot(root)
    code, out, err = cli("build", "two")
    assert (code, out) == (0, "")
    assert err.startswith("same     output/two.yaml ")
    assert cli("build").code == 0
    assert snapshot(root) == before


def test_check_shows_what_is_out_of_date_and_writes_nothing(cli: Cli, root: Path) -> None:
    """Exit 1 and a unified diff on stdout if output/ is not what the blueprints say."""
    code, out, err = cli("build", "--check")
    assert code == 1
    assert out.startswith("--- /dev/null\n+++ output/one.yaml\tfrom the blueprint\n@@ -0,0 +1,")
    assert err == "out of date: one.yaml, two.yaml; run `cfngen build`\n"
    assert not (root / "output").exists()
    cli("build")
    assert cli("build", "--check") == (0, "", "2 templates up to date\n")
    path = root / "output/one.yaml"
    path.write_text(path.read_text().replace("Things", "Stuff"))
    before = snapshot(root)
    code, out, err = cli("build", "--check")
    assert code == 1
    assert "\n-  Stuff:\n+  Things:\n" in out
    stale, edited, _ = err.split("\n")
    assert stale == "out of date: one.yaml; run `cfngen build`"
    assert edited.startswith("output/one.yaml: edited by hand since cfngen made it; move the edit")
    code, out, err = cli("build", "--check", "--format", "json")
    assert (code, json.loads(out)) == (1, [])
    assert "\n-  Stuff:\n" in err
    assert cli("build", "two", "--check").code == 0
    assert snapshot(root) == before


def test_what_is_left_over_is_told_checked_and_pruned(cli: Cli, root: Path) -> None:
    """A template that nobody lists any more is stale: a build tells, --prune removes it."""
    cli("build")
    (root / "output/mine.yaml").write_text("Resources: {}\n")
    project(root, MANIFEST.partition("[templates.two]")[0])
    code, out, err = cli("build", "--check")
    assert code == 1
    assert "--- output/two.yaml\ton disk\n+++ /dev/null\n" in out
    assert err == "out of date: two.yaml; run `cfngen build --prune`\n"
    assert cli("build", "one").err.count("two.yaml") == 0
    assert "output/two.yaml: no longer listed; --prune" in cli("build").err
    assert (root / "output/two.yaml").exists()
    assert "removed  output/two.yaml" in cli("build", "--prune").err
    assert sorted(path.name for path in (root / "output").iterdir()) == ["mine.yaml", "one.yaml"]


def test_a_double_of_a_template_fails_the_check(cli: Cli, root: Path) -> None:
    """A file of another suffix beside a template, and a link: a build warns, --check ends with 1.

    Neither is written to or removed.
    """
    cli("build")
    (root / "output/one.yml").write_text("Resources: {}\n")
    (root / "output/sub").mkdir()
    (root / "output/sub/left.json").symlink_to("nowhere")
    before = snapshot(root)
    code, out, err = cli("build", "--check")
    assert (code, out) == (1, "")
    double, link = err.splitlines()
    assert double.startswith("output/one.yml: beside output/one.yaml, which this project makes: ")
    assert (
        link == "output/sub/left.json: is a symlink to nowhere, so it is not a template; remove it"
    )
    code, out, err = cli("build")
    assert (code, out) == (0, "")
    assert err.splitlines()[:2] == [double, link]
    assert snapshot(root) == before
    code, out, err = cli("build", "--check", "--format", "json")
    assert (code, json.loads(out), err.splitlines()) == (1, [], [double, link])
    (root / "output/one.yaml").unlink()
    assert "out of date: one.yaml; run `cfngen build`\n" + double in cli("build", "--check").err


@pytest.mark.parametrize("put", [lambda p: p.symlink_to("two.yaml"), os.mkfifo])
def test_a_check_does_not_follow_what_is_in_the_place_of_a_template(
    cli: Cli, root: Path, put: Callable[[Path], object]
) -> None:
    """A link or a FIFO there is named, with exit code 2, and neither read nor replaced."""
    cli("build")
    (root / "output/one.yaml").unlink()
    put(root / "output/one.yaml")
    before = snapshot(root)
    for arguments in (["build", "--check"], ["build"], ["build", "--force"]):
        code, out, err = cli(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: output/one.yaml is ")
    assert snapshot(root) == before


def test_an_edit_by_hand_is_not_lost(cli: Cli, root: Path) -> None:
    """An edited file ends the build with 2 and nothing written; --force overwrites it."""
    cli("build")
    (root / "output/one.yaml").write_text((root / "output/one.yaml").read_text() + "# mine\n")
    (root / "output/two.yaml").unlink()
    before = snapshot(root)
    code, out, err = cli("build")
    assert (code, out) == (2, "")
    assert err.startswith("error: output/one.yaml: edited by hand since cfngen made it; ")
    assert snapshot(root) == before
    assert cli("build", "--force").code == 0
    assert cli("build", "--check").code == 0


def test_what_is_in_the_way_ends_with_2(cli: Cli, root: Path) -> None:
    """A link out of the project, or a file in the place of output/, is told; nothing is written."""
    outside = root.parent / "outside"
    outside.mkdir()
    (root / "output").symlink_to(outside)
    code, _, err = cli("build")
    assert code == 2
    assert err.startswith("error: output is a symlink that points outside the project, to ")
    assert list(outside.iterdir()) == []
    assert cli("build", "--output", "output").code == 0  # asked for by name
    assert len(list(outside.iterdir())) == 2
    (root / "output").unlink()
    (root / "output").touch()
    assert cli("build").err == "error: output is not a directory; move it away\n"


def test_output_may_be_elsewhere(cli: Cli, root: Path) -> None:
    """`--output` names a folder from where the user stands."""
    (root / "sub").mkdir()
    os.chdir(root / "sub")
    assert cli("build", "--output", "../../made").err.endswith("in ../../made/, no findings\n")
    assert len(list((root.parent / "made").iterdir())) == 2
    assert not (root / "output").exists()


def test_errors_of_the_linter_fail_the_build_and_nothing_is_written(cli: Cli, root: Path) -> None:
    """Findings name template and blueprint with their lines; errors end with 1."""
    add(root, bad="cli_faulty", odd="cli_unused")
    code, out, err = cli("build")
    assert code == 1
    assert err == "1 error; nothing written\n"
    assert not (root / "output").exists()
    first, second, third, *_ = out.splitlines()
    assert first == "output/bad.yaml"
    assert second.startswith("  8:5      E3035 error (Things): 'Hold' is not one of")
    assert third.endswith("cli_prints/cli_faulty/blueprint.py:12")


def test_warnings_are_shown_and_written(cli: Cli, root: Path, site: Path) -> None:
    """Warnings do not fail a build, a check or a lint."""
    add(root, odd="cli_unused")
    code, out, err = cli("build", "odd")
    assert code == 0
    assert "W2001 warning (Unused): Parameter Unused not used." in out
    assert f"{site / 'cli_prints/cli_unused/blueprint.py'}:17"[-30:] in out
    assert err.endswith("1 template in output/, 1 finding, no errors\n")
    assert cli("build", "odd", "--check").code == 0
    assert cli("lint").code == 0


def test_findings_in_every_format(cli: Cli, root: Path) -> None:
    """On stdout is one document of the format and nothing else, with or without findings."""
    add(root, bad="cli_faulty", odd="cli_unused")
    found = json.loads(cli("build", "--format", "json").out)
    assert [f["rule"] for f in found] == ["E3035", "W2001"]
    sarif = json.loads(cli("build", "--format", "sarif").out)
    check_sarif(sarif)
    (result, _) = sarif["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "output/bad.yaml"
    junit = ET.fromstring(cli("build", "--format", "junit").out.encode())  # noqa: S314
    assert [case.get("name") for case in junit] == [
        f"output/{name}.yaml" for name in ("one", "two", "bad", "odd")
    ]
    github = cli("build", "--format", "github").out.splitlines()
    assert github[0].startswith("::error file=output/bad.yaml,line=8,col=5,title=E3035::")
    assert github[1].startswith("::warning file=output/odd.yaml,")
    assert json.loads(cli("build", "one", "--format", "json").out) == []
    check_sarif(json.loads(cli("build", "one", "--format", "sarif").out))


# --- lint ---------------------------------------------------------------------------------------


def test_lint_reads_files_as_they_are(cli: Cli, root: Path) -> None:
    """Files anywhere are linted for their template's regions; errors end with 1."""
    cli("build")
    assert cli("lint") == (0, "", "2 files, no findings\n")
    bad = root.parent / "bad file.yaml"
    bad.write_text("Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: {Foo: 1}\n")
    broken = root / "broken.yaml"
    broken.write_text("Resources: [\n")
    code, out, err = cli("lint", str(bad), "broken.yaml", "output/one.yaml")
    assert code == 1
    assert out.splitlines()[0] == "../bad file.yaml"
    assert "E3002 error (A)" in out
    assert "\nbroken.yaml\n  2:1      E0000 error: " in out
    assert err.startswith("3 files, 2 findings, 2 errors")
    sarif = json.loads(cli("lint", str(bad), "--format", "sarif").out)
    check_sarif(sarif)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == bad.as_uri()


def test_lint_uses_the_regions_of_the_manifest(
    cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a file of output/ is named, it is linted for its template's regions."""
    project(root, MANIFEST + 'regions = ["eu-west-1"]\n')
    cli("build")
    asked = []
    monkeypatch.setattr(processes.Linters, "lint", lambda _, jobs: asked.extend(jobs) or [[]])
    monkeypatch.chdir(root / "output")
    for name in ("two.yaml", "../output/two.yaml", str(root / "output/two.yaml")):
        cli("lint", name)
    assert [(name, regions) for _, name, regions in asked] == [("two.yaml", ("eu-west-1",))] * 3


def test_findings_do_not_depend_on_where_the_user_stands(root: Path, site: Path) -> None:
    """`.cfnlintrc` of the project's folder counts, in each subfolder, and no other."""
    add(root, odd="cli_unused")
    (root / ".cfnlintrc").write_text("ignore_checks: [W2001]\n")
    inner = root / "some/where"
    inner.mkdir(parents=True)
    (inner / ".cfnlintrc").write_text("include_checks: [I]\n")
    for folder in (root, inner):
        done = cfngen("build", "odd", "--format", "json", cwd=folder, sites=(site,))
        assert (done.returncode, done.stdout) == (0, "[]\n")
    (root / ".cfnlintrc").unlink()
    done = cfngen("lint", "--format", "json", cwd=inner, sites=(site,))
    (finding,) = json.loads(done.stdout)
    assert (finding["template"], finding["rule"]) == ("../../output/odd.yaml", "W2001")


# --- what goes wrong in a blueprint -------------------------------------------------------------


def test_an_exception_in_a_blueprint_is_a_mistake_with_file_and_line(
    root: Path, site: Path
) -> None:
    """It ends with 2; the traceback, which ends in the blueprint, is behind --traceback."""
    add(root, raises="cli_raises")
    script = shutil.which("cfngen", path=str(Path(sys.executable).parent))
    for command in filter(None, ([script] if script else [], RUN)):
        for more, env in (([], {}), (["--traceback"], {}), ([], {"CFNGEN_TRACEBACK": "1"})):
            done = subprocess.run(
                [*command, "build", *more],
                cwd=root,
                env=environment(site, **env),
                text=True,
                capture_output=True,
                check=False,
            )
            assert (done.returncode, done.stdout) == (2, "")
            first, second, *rest = done.stderr.splitlines()
            assert first.startswith("error: ")
            assert first.endswith("cli_raises/blueprint.py:9: KeyError: 'lost'")
            assert second == "  in the template raises (cfngen.toml: [templates.raises])"
            assert not (root / "output").exists()
            if not (more or env):
                assert rest == []
                continue
            assert rest[0] == "Traceback (most recent call last):"
            assert "/click/" not in done.stderr
            assert 'cli_raises/blueprint.py", line 9, in cli_raises' in done.stderr
            assert rest[-2:] == ["KeyError: 'lost'", "in the blueprint cli_raises with NoOptions()"]


@pytest.mark.parametrize(
    ("blueprint", "message"),
    [
        ("cli_eof", "9: EOFError"),
        ("cli_pipe", "9: BrokenPipeError: [Errno 32] Broken pipe"),
        ("cli_exit", "9: ends the program (SystemExit(0)); a blueprint only returns a template"),
    ],
)
def test_no_exception_of_a_blueprint_is_taken_for_something_else(
    cli: Cli, root: Path, blueprint: str, message: str
) -> None:
    """A broken pipe, an end of file or sys.exit() in a blueprint is a mistake in it."""
    add(root, odd=blueprint)
    code, out, err = cli("show", "odd")
    assert (code, out) == (2, "")
    assert f"{blueprint}/blueprint.py:{message}\n" in err
    assert "in the template odd (cfngen.toml: [templates.odd])" in err


@pytest.mark.parametrize("bug", [AssertionError, RecursionError, MemoryError, ValueError])
def test_a_bug_is_no_finding(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, bug: type[Exception]
) -> None:
    """What nobody expected ends with its traceback and 70, whichever command it is in."""

    def fail(*_: object) -> None:
        raise bug("unexpected")

    monkeypatch.setattr(manifest, "find", fail)
    monkeypatch.setattr(revisions, "pair", fail)
    for command in (["lint"], ["build", "--check"], ["review", "HEAD", "--fail-on", "data"]):
        code, out, err = cli(*command)
        assert (code, out) == (70, "")
        assert err.startswith("Traceback (most recent call last):\n")
        assert err.endswith(f"\n{bug.__name__}: unexpected\n")


def test_a_mistake_that_cfngen_refuses_has_its_line(cli: Cli, root: Path, site: Path) -> None:
    """What cfngen itself refuses is a message with the blueprint's line, and exit code 2."""
    add(root, policy="cli_policy")
    code, out, err = cli("show", "policy")
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    place, _, message = first.removeprefix("error: ").partition(": ")
    file, _, line = place.rpartition(":")
    assert Path(file).resolve() == site / "cli_prints/cli_policy/blueprint.py"
    assert line == "9"
    assert message.startswith("allow(s3:*): ")
    assert second == "  in the template policy (cfngen.toml: [templates.policy])"


def test_the_mistakes_of_all_templates_are_told_in_one_go(
    root: Path, site: Path, broken: Path
) -> None:
    """One that several templates have in common is told once, with the names of all."""
    add(root, bad="cli_broken", worse="cli_broken", bare="cli_bare", policy="cli_policy")
    done = cfngen("build", cwd=root, sites=(site, broken))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "cli_bare is not decorated with @blueprint" in done.stderr
    assert "cli_policy/blueprint.py:9: allow(s3:*)" in done.stderr
    message = "cli_broken/blueprint.py:1: No module named 'nowhere_to_be_found'"
    assert done.stderr.count(message) == 1
    assert (
        f"{message}\n"
        "  in the template bad (cfngen.toml: [templates.bad])\n"
        "  in the template worse (cfngen.toml: [templates.worse])\n"
    ) in done.stderr
    fine = cfngen("show", "one", cwd=root, sites=(site, broken))
    assert (fine.returncode, fine.stderr) == (0, "")


def test_a_bug_of_cfngen_does_not_hide_mistakes(
    cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistakes of other templates are told before its traceback, and the exit code is 70."""
    from cfngen.project import generate

    def fail(*_: object) -> str:
        return {}["lost"]  # type: ignore[no-any-return]

    add(root, policy="cli_policy")
    monkeypatch.setattr(generate, "header", fail)
    code, out, err = cli("build")
    assert (code, out) == (70, "")
    mistake, traceback = err.split("Traceback (most recent call last):", 1)
    assert "cli_policy/blueprint.py:9: allow(s3:*)" in mistake
    assert "KeyError: 'lost'\nin the template one (cfngen.toml: [templates.one])\n" in traceback


def test_what_may_be_meant_to_be_a_blueprint_is_told(root: Path, tmp_path: Path) -> None:
    """A directory with a misnamed file, or none, is reported by `list`, and where it is missed."""
    package(
        tmp_path / "site",
        {"cli_bucket": BUCKET},
        files={
            "typed/bluprint.py": "",
            "plural/blueprints.py": "",
            "inside/__init__.py": "@blueprint\ndef inside(): ...\n",
            "other/__init__.py": "",
            "other/stack.py": "",
            "module.py": "from cfngen import blueprint\n\n@blueprint\ndef module(): ...\n",
            "empty/__init__.py": "",
            "_shared/names.py": "",
        },
    )
    project(root, '[templates.one]\nblueprint = "cli_bucket"\n')
    done = cfngen("list", cwd=root, sites=(tmp_path / "site",))
    top = "../site/acme_blueprints"
    shared = "add one, or begin the directory's name with '_' if it is shared"
    assert done.stderr.splitlines() == [
        f"{top}/inside/ has no blueprint.py; is __init__.py meant to be it? Rename it",
        f"{top}/module.py is no blueprint; move it to module/blueprint.py",
        f"{top}/other/ has no blueprint.py, so it is no blueprint; {shared}",
        f"{top}/plural/ has no blueprint.py; is blueprints.py meant to be it? Rename it",
        f"{top}/typed/ has no blueprint.py; is bluprint.py meant to be it? Rename it",
    ]
    assert done.returncode == 0
    project(root, '[templates.one]\nblueprint = "typed"\n')
    missed = cfngen("build", cwd=root, sites=(tmp_path / "site",))
    assert missed.returncode == 2
    assert "is bluprint.py meant to be it? Rename it" in missed.stderr


# --- the terminal -------------------------------------------------------------------------------


def on_a_terminal(*arguments: str, cwd: Path, env: dict[str, str]) -> str:
    """Run the command on a terminal and return what is seen there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*RUN, *arguments], cwd=cwd, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end closes
        while chunk := os.read(ours, 4096):
            seen += chunk
    os.close(ours)
    process.wait()
    return seen.decode()


@pytest.mark.parametrize(
    ("more", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_on_a_terminal_only(
    root: Path, site: Path, more: dict[str, str], *, coloured: bool
) -> None:
    """Colour on a terminal, unless NO_COLOR has any value but an empty one."""
    env = environment(site, **{"TERM": "xterm", **more})
    assert ("\x1b[" in on_a_terminal("list", cwd=root, env=env)) is coloured
    seen = on_a_terminal("show", "nothing", cwd=root, env=env)
    assert ("\x1b[31m" in seen) is coloured
    assert "no template 'nothing'" in seen


def test_no_colour_in_a_pipe(root: Path, site: Path) -> None:
    """What is piped is plain."""
    done = cfngen("list", cwd=root, sites=(site,), env={"TERM": "xterm"})
    assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_that_leaves_is_no_error(root: Path, site: Path) -> None:
    """`cfngen show x | head -1` ends as any command does whose reader left, without a word."""
    add(root, long="cli_long")
    for name, stream, other in (
        ("one", "stdout", "stderr"),
        ("long", "stdout", "stderr"),
        ("nothing", "stderr", "stdout"),
    ):
        reading, writing = os.pipe()
        os.close(reading)
        arguments = ["show", name]
        process = subprocess.Popen(
            [*RUN, *arguments],
            cwd=root,
            env=environment(site),
            **{stream: writing, other: subprocess.PIPE},
        )
        os.close(writing)
        said = b"".join(part or b"" for part in process.communicate())
        assert (process.returncode, said) == (128 + signal.SIGPIPE, b"")


def test_a_full_disk_behind_stdout_is_told(root: Path, site: Path) -> None:
    """`cfngen show x > file` on a full disk is a message, and no success."""
    add(root, long="cli_long")
    for name in ("one", "long"):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*RUN, "show", name],
                cwd=root,
                env=environment(site),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 2
        assert done.stderr == "Error: standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["show", "build"])
def test_ctrl_c_is_quiet(root: Path, site: Path, command: str) -> None:
    """Ctrl-C ends at once with 130, says nothing, and leaves no process behind."""
    add(root, slow="cli_slow")
    process = subprocess.Popen(
        [*RUN, command, "slow"],
        cwd=root,
        env=environment(site),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Where the tests run in the background, SIGINT is ignored, and would be here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 30
    while not (root / "ready").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody in the foreground
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, b"", b"")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not (root / "output").exists()


def test_a_working_directory_that_was_removed_is_told(root: Path, site: Path) -> None:
    """Standing in a folder that is gone is a message."""
    gone = root / "gone"
    gone.mkdir()
    code = f"import os; from cfngen.cli import main; os.rmdir({str(gone)!r}); exit(main(['list']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=gone,
        env=environment(site),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: the working directory was removed; ")


# --- completion ---------------------------------------------------------------------------------


@pytest.fixture
def on_path(tmp_path: Path) -> Path:
    """A folder with the command in it, as `PATH` would have one."""
    script = tmp_path / "bin/cfngen"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cfngen "$@"\n')
    script.chmod(0o755)
    return script.parent


def test_bash_completes(root: Path, site: Path, on_path: Path) -> None:
    """The script, sourced in a real bash, completes commands, templates, blueprints and options."""
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("there is no bash here")
    add(root, bad="cli_nowhere")  # a mistake in the manifest must not show up in a prompt
    script = """
        source <(cfngen completion bash)
        function=$(complete -p cfngen | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        ask() {
            COMP_WORDS=(cfngen "$@") COMP_CWORD=$#
            COMPREPLY=()
            $function cfngen "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        }
        ask bu
        ask show ""
        ask build one t
        ask schema cli_b
        ask build --format sa
    """
    done = subprocess.run(
        [bash, "--norc", "--noprofile", "-c", script],
        cwd=root,
        env=environment(site, PATH=f"{on_path}{os.pathsep}{os.environ['PATH']}"),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["build", "one two bad", "two", "cli_bucket", "sarif"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_it_can_read(cli: Cli, shell: str, tmp_path: Path) -> None:
    """The script is about `cfngen`, and the shell, where there is one, finds no fault in it."""
    code, out, err = cli("completion", shell)
    assert (code, err) == (0, "")
    assert "_CFNGEN_COMPLETE" in out
    path = tmp_path / f"completion.{shell}"
    path.write_text(out)
    if not (command := shutil.which(shell)):
        pytest.skip(f"there is no {shell} here to read the script")
    subprocess.run([command, "-n", path], check=True)
