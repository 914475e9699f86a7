"""Waivers are written for scanners, and are in no template that ships."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from support.blueprint_package import cfngen, package, project, snapshot
from support.drawn import PROJECT, drawn
from troposphere.sns import Topic

from cfngen import Template, Waiver, read, render, waive
from cfngen.cloudformation.document import Document
from cfngen.errors import WaiverError, WriteError
from cfngen.linting.lint import Linter
from cfngen.project import waiver_files, waiver_formats, write
from cfngen.project.header import is_unedited

ROOT = Path(__file__).parents[2]

# A bucket with waivers of a scanner of each form, and of one without; and a topic with none.
WAIVED = '''
"""Keeps things, and says why scanners may not mind."""

from troposphere.s3 import Bucket
from troposphere.sns import Topic

from cfngen import Template, blueprint, waive


@blueprint
def {name}() -> Template:
    """Keep things in a bucket."""
    template = Template()
    things = template.add(Bucket("Things"), reason="Where things are kept.")
    waive(things, "checkov:CKV_AWS_18", "cfripper:S3ObjectVersioningRule", reason="It is a test.")
    waive(things, "cdk-nag:AwsSolutions-S1", "cfn-nag:W35", "cfn-lint:W3045", reason="It is one.")
    template.add(Topic("News"))
    return template
'''
PLAIN = re.sub(r"    waive\(.*\n", "", WAIVED)
MANIFEST = """
[templates.one]
blueprint = "waived"
[templates.two]
blueprint = "plain"
"""
FILES = ["cfn-lint/one.yaml", "cfn-nag/one.yaml", "cfripper/one/filters.py", "checkov/one.yaml"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A third party's package with one blueprint that has waivers, and one that has none."""
    package(tmp_path / "site", {"waived": WAIVED, "plain": PLAIN})
    return tmp_path / "site"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a template of each."""
    return project(tmp_path / "project", MANIFEST)


def build(root: Path, site: Path, *arguments: str, waivers: str = "waivers") -> Any:
    """Build as a user would."""
    return cfngen("build", "--waivers", waivers, *arguments, cwd=root, sites=(site,))


def files(root: Path) -> list[str]:
    """Return the files below a directory."""
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


@pytest.mark.parametrize("name", PROJECT.templates)
def test_no_template_that_ships_has_a_waiver_in_it(name: str) -> None:
    """Neither a scanner's metadata nor a rule's name: what ships is what is deployed."""
    text = (PROJECT.output / f"{name}.yaml").read_text()
    rules = {w.rule_name for group in drawn(name).document.waivers.values() for w in group}
    long = {rule for rule in rules if re.match(r"CKV|AwsSolutions|RESOURCE_STAR|\w+Rule\b", rule)}
    assert not [rule for rule in long if rule in text]
    assert not re.search(r"^ +(checkov|cfn_nag|cfn-lint):", text, re.M)


@pytest.mark.slow
def test_a_build_writes_a_file_for_each_template_and_scanner(root: Path, site: Path) -> None:
    """In the scanner's form, sealed, beside output/ and not in it; what has no form is said."""
    done = build(root, site)
    assert done.returncode == 0, done.stderr
    assert files(root / "waivers") == FILES
    assert files(root / "output") == ["one.yaml", "two.yaml"]
    assert (
        "4 waiver files in waivers/; cdk-nag: none, since they read no waiver files" in done.stderr
    )
    assert all(is_unedited((root / "waivers" / name).read_text()) for name in FILES)
    things = read((root / "waivers/checkov/one.yaml").read_text())["Resources"]["Things"]
    skip = [{"id": "CKV_AWS_18", "comment": "It is a test."}]
    assert things["Metadata"] == {"checkov": {"skip": skip}}
    things = read((root / "waivers/cfn-nag/one.yaml").read_text())["Resources"]["Things"]
    suppressed = [{"id": "W35", "reason": "It is one."}]
    assert things["Metadata"] == {"cfn_nag": {"rules_to_suppress": suppressed}}


@pytest.mark.parametrize("name", PROJECT.templates)
def test_a_copy_is_the_template_but_for_what_it_tells_the_scanner(name: str) -> None:
    """So that what a scanner says of the copy holds for what is deployed."""
    document = drawn(name).document
    waivers = waiver_files.waivers_by_resource(document, "checkov")
    copy = read(waiver_files.formats()["checkov"].text(name, document, waivers))
    for title in waivers:
        skipped = copy["Resources"][title].pop("Metadata")["checkov"]["skip"]
        assert all(entry["comment"].endswith(".") for entry in skipped)
    assert copy == document.body


def test_cfn_lint_skips_what_a_copy_ignores(root: Path, site: Path, linter: Linter) -> None:
    """Of the resource that says so, and the reason stands above it."""
    text = (ROOT / "tests/scanners/bad/template.yaml").read_text()
    document = drawn("template-bucket").document
    body = read(text)
    waived = {"Bucket": [Waiver("cfn-lint:W3045", "It is a test.")]}
    form = waiver_files.formats()["cfn-lint"]
    copy = form.text("bad", type(document)(body), waived)
    before = {f.rule for f in linter.lint(render(type(document)(body)), "bad", ("us-east-1",))}
    after = {f.rule for f in linter.lint(copy, "bad", ("us-east-1",))}
    assert before - after == {"W3045"}
    assert "  # W3045: It is a test.\n  Bucket:" in copy


@pytest.mark.slow
def test_a_check_tells_of_waivers_that_are_not_written(root: Path, site: Path) -> None:
    """It writes nothing, shows the difference, and says what to run."""
    cfngen("build", cwd=root, sites=(site,))
    done = build(root, site, "--check")
    assert done.returncode == 1
    assert "+          - id: CKV_AWS_18" in done.stdout
    assert "waivers/checkov/one.yaml" in done.stderr
    assert not (root / "waivers").exists()


def documents(*waived: str) -> dict[str, Document]:
    """Return two templates, of which some have waivers."""
    made = {}
    for name in ("one", "two"):
        t = Template("Some")
        topic = t.add(Topic("Alerts"))
        if name in waived:
            waive(topic, "checkov:A", "cfripper:B", "cdk-nag:C", reason="Why.")
        made[name] = t.document()
    return made


def write_waivers(
    directory: Path, given: dict[str, Document], *, prune: bool = True, force: bool = False
) -> None:
    """Write the files of waivers as a build does."""
    output = directory / "output"
    for changes in waiver_files.pending_changes(directory, given, output=output, prune=prune):
        write.apply(changes, force=force)


def test_the_same_waivers_are_the_same_bytes_and_are_not_written_again(tmp_path: Path) -> None:
    """A second build touches nothing."""
    write_waivers(tmp_path, documents("one", "two"))
    before = snapshot(tmp_path)
    assert len(files(tmp_path)) == 4
    write_waivers(tmp_path, documents("one", "two"))
    assert snapshot(tmp_path) == before


def test_files_of_waivers_that_are_gone_are_removed(tmp_path: Path) -> None:
    """Whether the waivers went, or the template; what somebody else put there stays."""
    write_waivers(tmp_path, documents("one", "two"))
    (tmp_path / "checkov/mine.txt").write_text("mine")
    write_waivers(tmp_path, {"two": documents("two")["two"]})
    assert files(tmp_path) == ["cfripper/two/filters.py", "checkov/mine.txt", "checkov/two.yaml"]
    write_waivers(tmp_path, documents())
    assert files(tmp_path) == ["checkov/mine.txt"]


def test_a_build_of_some_templates_leaves_the_files_of_others(tmp_path: Path) -> None:
    """Its own are brought up to date, and removed if there is nothing to waive any more."""
    write_waivers(tmp_path, documents("one", "two"))
    write_waivers(tmp_path, {"two": documents()["two"]}, prune=False)
    assert files(tmp_path) == ["cfripper/one/filters.py", "checkov/one.yaml"]


def test_a_file_that_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    """Unless with --force, as with templates."""
    write_waivers(tmp_path, documents("one"))
    path = tmp_path / "checkov/one.yaml"
    made = path.read_text()
    path.write_text(made + "# mine\n")
    with pytest.raises(WriteError, match=r"checkov/one\.yaml: edited by hand"):
        write_waivers(tmp_path, documents("one"))
    write_waivers(tmp_path, documents("one"), force=True)
    assert path.read_text() == made


@pytest.mark.parametrize("place", ["output", "output/waivers", "link"])
def test_no_waivers_are_written_where_templates_are(tmp_path: Path, place: str) -> None:
    """A copy there could be taken for what is deployed."""
    (tmp_path / "link").symlink_to("output", target_is_directory=True)
    with pytest.raises(WaiverError, match="output/ is for templates that are deployed"):
        waiver_files.pending_changes(
            tmp_path / place, documents("one"), output=tmp_path / "output", prune=True
        )


def test_a_form_is_a_module_that_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file more, and its scanner has a file: nothing else is edited."""
    (tmp_path / "linty.py").write_text(
        'SCANNER = "linty"\n'
        'def file(name): return f"{name}.txt"\n'
        "def text(name, document, waivers): return repr({t: len(w) for t, w in waivers.items()})\n"
    )
    monkeypatch.setattr(waiver_formats, "__path__", [*waiver_formats.__path__, str(tmp_path)])
    t = Template("Some")
    t.add(waive(Topic("Alerts"), "linty:A", "linty:B", reason="Why."))
    waiver_files.formats.cache_clear()
    try:
        changes = waiver_files.pending_changes(
            tmp_path / "w", {"some": t.document()}, output=tmp_path / "output", prune=True
        )
    finally:
        waiver_files.formats.cache_clear()
    ((change,),) = changes
    assert change.path == tmp_path / "w/linty/some.txt"
    assert change.after == "{'Alerts': 2}"


def test_a_rule_with_a_star_is_refused_where_scanners_take_none(tmp_path: Path) -> None:
    """Rather than written as a rule that matches nothing."""
    t = Template("Some")
    t.add(waive(Topic("Alerts"), "checkov:CKV_*", reason="Why."))
    with pytest.raises(
        WaiverError, match=r"test_waiver_files\.py:\d+: checkov takes rules by their"
    ):
        waiver_files.pending_changes(
            tmp_path, {"s": t.document()}, output=tmp_path / "output", prune=True
        )


def words_of_ours(path: Path) -> set[str]:
    """Return the names that a module defines or imports, and the texts that it computes with."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.alias):
            found.add(node.name)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ):
            found.add(node.value)
    return found


@pytest.mark.slow
def test_the_engine_names_nothing_of_a_blueprint() -> None:
    """No logical ID that a blueprint chose stands in it, in code, docstring or comment."""
    chosen = {name for t in PROJECT.templates for name in drawn(t).document.body["Resources"]}
    modules = [p for p in (ROOT / "cfngen").rglob("*.py") if "payload" not in p.parts]
    made_here = set().union(*map(words_of_ours, modules))
    made_here |= {part for text in made_here for part in re.findall(r"[A-Z]\w+", text)}
    # One word, such as Build, may be a word.
    ids = {name for name in chosen - made_here if len(re.findall("[A-Z]", name)) > 1}
    assert len(ids) > 100
    for path in modules:
        named = ids & set(re.findall(r"[A-Z]\w+", path.read_text()))
        assert not named, f"{path.relative_to(ROOT)} names {', '.join(sorted(named))}"
