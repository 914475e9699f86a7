"""A blueprint, a pattern, a form of waivers, a rule, a concern or a format is added to a copy.

Nothing else is edited.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADDITIONS = ROOT / "tests" / "additions"
COPIED = (
    "blueprints", "cfngen", "docs", "examples", "integrations", "output", "tests",
    ".cfnlintrc", "CHANGELOG.md", "Makefile", "README.md", "constraints.txt", "pyproject.toml",
)  # fmt: skip
TABLE = '\n[tool.cfngen.templates.heartbeat]\nblueprint = "heartbeat"\n'
# What looks at every blueprint, and its own tests, as far as they are about the new one. The
# emulator deploys it as well, by its deployments.toml; that takes longer.
LOOKS_AT_ALL = (
    "tests/blueprints/heartbeat",
    "tests/linting",
    "tests/test_alarms.py",
    "tests/test_blueprint_shape.py",
    "tests/test_dead_letters.py",
    "tests/test_documented_permissions.py",
    "tests/test_house.py",
    "tests/test_requests.py",
    "tests/test_sizes.py",
    "tests/test_stateful.py",
    "tests/test_time_limits.py",
    "tests/test_variables.py",
)
# What `make pages` writes anew.
PAGES = (("tests/sizes.py",), ("tests/scanners/waivers.py",))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of the project that imports itself."""
    folder = tmp_path / "cfngen"
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "additions")
            shutil.copytree(source, folder / name, ignore=ignored, symlinks=True)
        else:
            shutil.copy2(source, folder / name)
    (folder / "cfngen_blueprints").symlink_to("blueprints")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the copy is what is imported."""
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in the copy."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder, env=environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_blueprint_is_a_directory_its_tests_and_one_table(scratch: Path) -> None:
    """Everything that looks at all blueprints finds it, and has nothing against it."""
    shutil.copytree(ADDITIONS / "blueprint", scratch, dirs_exist_ok=True)
    with (scratch / "pyproject.toml").open("a") as manifest:
        manifest.write(TABLE)
    built = run(scratch, "cfngen", "build")
    assert built.returncode == 0, built.stdout + built.stderr
    assert (scratch / "output/heartbeat.yaml").is_file()
    for check in (("ruff", "check", "blueprints", "tests/blueprints/heartbeat"), ("mypy",)):
        checked = run(scratch, *check)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    for page in PAGES:
        subprocess.run([sys.executable, *page], cwd=scratch, env=environment(scratch), check=True)
    tested = run(
        scratch, "pytest", "-q", "-x", "-p", "no:cacheprovider",
        "-m", "not emulator and not scanners", "-k", "heartbeat or page", *LOOKS_AT_ALL,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", tested.stdout)[1]) > 20


PATTERN = '''"""A topic that nobody is subscribed to."""

from troposphere.sns import Topic

__all__ = ["quiet_topic"]


def quiet_topic(title: str) -> Topic:
    """Return a topic without a subscription."""
    return Topic(title)
'''
FORM = '''"""What guard would read, if it read any."""

SCANNER = "guard"


def file(name):
    """Return where the waivers of a template go."""
    return f"{name}.txt"


def text(name, document, waivers):
    """Return the resources that have one."""
    return "\\n".join(waivers)
'''


@pytest.mark.slow
def test_a_pattern_is_one_file(scratch: Path) -> None:
    """It can be imported at once, and `make pages` tells type checkers and readers of it."""
    (scratch / "cfngen/patterns/quiet.py").write_text(PATTERN)
    code = "from cfngen.patterns import quiet_topic; print(quiet_topic('T').title)"
    used = subprocess.run(
        [sys.executable, "-c", code],
        cwd=scratch, env=environment(scratch), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert used.stdout == "T\n"
    script = "tests/support/pattern_pages.py"
    subprocess.run([sys.executable, script], cwd=scratch, env=environment(scratch), check=True)
    assert "quiet_topic" in (scratch / "cfngen/patterns/__init__.pyi").read_text()
    assert "quiet_topic" in (scratch / "docs/writing-a-blueprint.md").read_text()
    tested = run(
        scratch, "pytest", "-q", "-p", "no:cacheprovider", "tests/patterns/test_exports.py"
    )
    assert tested.returncode == 0, tested.stdout[-3000:]


@pytest.mark.slow
def test_a_form_of_waivers_is_one_file(scratch: Path) -> None:
    """It is among those that `cfngen build --waivers` writes."""
    module = scratch / "cfngen/project/waiver_formats/guard.py"
    module.write_text(FORM)
    code = "from cfngen.project.waiver_files import formats; print(*formats())"
    listed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=scratch, env=environment(scratch), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {"guard", "checkov"} <= set(listed.stdout.split())


FORMAT = '''"""A review as reStructuredText."""

import re

from cfngen.escaping import escape_controls
from cfngen.review.formats.document import document
from cfngen.review.formats.written import Written

MARKUP = re.compile(r"([\\\\*`|_<>:@]|^\\W)")


class Markup(Written):
    """reStructuredText, in which a text has no markup."""

    __slots__ = ()

    @classmethod
    def escaped(cls, text):
        """Return a text on one line, with a backslash before whatever could be markup."""
        return MARKUP.sub(r"\\\\\\1", escape_controls(text))


def render(review, _options):
    """Return the verdict, the findings, then the templates and what changes in them."""
    return Markup("\\n").join([*lines(document(review)), ""])


def lines(about):
    """Yield the lines of a document."""
    yield from heading(about.verdict, "=")
    for phrase in (f"{about.base} → {about.head}", *about.scope, *about.waivers, about.digest):
        yield Markup("| %s") % phrase
    yield from heading("Findings", "-")
    for finding in about.findings:
        yield Markup("* **%s** %s %s: %s") % (
            finding.label, finding.code, finding.subject, finding.message,
        )
        yield from (Markup("  `%s <%s>`__") % (r.title, r.page) for r in finding.reasons if r.page)
        yield from (Markup("  %s %s") % (place.line, place.side) for place in finding.places)
    for template in about.templates:
        yield from heading(template.name, "-")
        yield template.summary
        for change in template.details.resources:
            yield Markup("* %s %s: %s") % (change.sign, change.name, change.outcome)
            for row in change.rows:
                yield Markup("  * %s: %s → %s") % (row.path, row.before, row.after)


def heading(text, line):
    """Yield a heading."""
    title = Markup.escape(text)
    yield from ("", title, Markup(line * len(title)), "")
'''


@pytest.mark.slow
def test_a_format_of_the_review_is_one_file(scratch: Path) -> None:
    """The command prints it and writes it to a file, and what holds for every format is tested.

    It walks the document, and has its own type of text, so that nothing is left unescaped.
    """
    (scratch / "cfngen/review/formats/outputs/restructured.py").write_text(FORMAT)
    (scratch / "a.yaml").write_text(GATEWAY)
    (scratch / "b.yaml").write_text(GATEWAY.replace("private", "public").replace("et-0", "et-**0"))
    arguments = ("review", "a.yaml", "b.yaml", "--no-blueprints", "--format", "restructured")
    printed = run(scratch, "cfngen", *arguments, "--write", "restructured=written")
    assert printed.returncode == 0, printed.stdout + printed.stderr
    assert "* **replaced** P101 Gateway: " in printed.stdout
    assert r"→ subnet-\*\*0123456789abcdef0" in printed.stdout
    assert (scratch / "written").read_text() == printed.stdout
    assert "restructured" in run(scratch, "cfngen", "review", "--help").stdout
    tested = run(
        scratch, "pytest", "-q", "-p", "no:cacheprovider",
        "-k", "restructured or words_of_the_model",
        "tests/review/test_command.py", "tests/review/test_printed.py",
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", tested.stdout)[1]) > 2


RULE = '''"""A NAT gateway is added."""

from cfngen.review.rule import Hit, Rule


def check(facts):
    """Yield each NAT gateway that is new."""
    for change in facts.changes.values():
        if change.type == "AWS::EC2::NatGateway":
            yield Hit(change.name, "costs money for each hour")


RULE = Rule(
    title="Something that costs money for each hour is added",
    help="AWS charges for each hour that it exists. Delete what is not needed.",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-pricing.html",
    check=check,
)
'''
CONCERN = """
    COST = (
        "cost", "C", "more expensive", "possibly more expensive", "yellow", False,
        "Something costs more than before", "Look at what it costs.",
    )
"""
CASES = """
- claim: A gateway costs money as soon as it is there.
  before: {Resources: {Topic: {Type: AWS::SNS::Topic}}}
  after: {Resources: {Topic: {Type: AWS::SNS::Topic}, Gateway: {Type: AWS::EC2::NatGateway}}}
  hits:
    - {subject: Gateway}
- claim: An internet gateway costs nothing.
  before: {Resources: {Topic: {Type: AWS::SNS::Topic}}}
  after: {Resources: {Topic: {Type: AWS::SNS::Topic}, Gateway: {Type: AWS::EC2::InternetGateway}}}
  hits: []
"""
GATEWAY = """Resources:
  Gateway:
    Type: AWS::EC2::NatGateway
    Properties: {ConnectivityType: private, SubnetId: subnet-0123456789abcdef0}
"""
FORMATS = ("text", "markdown", "html", "json", "sarif")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "concern"), [("B900", "broaden"), ("C100", "cost")], ids=["rule", "concern"]
)
def test_a_rule_is_a_file_with_its_cases_and_a_concern_one_member(
    code: str, concern: str, scratch: Path
) -> None:
    """Every format has a place for both; the gate, the explanation and the page know them.

    Without the file of cases, or with one that says otherwise, a test fails.
    """
    directory = scratch / "cfngen/review/rules" / concern
    if not directory.exists():
        with (scratch / "cfngen/review/concern.py").open("a") as module:
            module.write(CONCERN)
        directory.mkdir()
        (directory / "__init__.py").write_text('"""Something costs more than before."""\n')
    (directory / f"{code}_gateway_added.py").write_text(RULE)
    (scratch / "a.yaml").write_text("Resources: {}\n")
    (scratch / "b.yaml").write_text(GATEWAY)
    for form in FORMATS:
        for fail in (code, concern):
            asked = ("review", "a.yaml", "b.yaml", "--no-blueprints", "--format", form)
            reviewed = run(scratch, "cfngen", *asked, "--fail-on", fail)
            assert reviewed.returncode == 1, reviewed.stdout + reviewed.stderr
            assert code in reviewed.stdout
            assert "costs money for each hour" in reviewed.stdout
    assert "Delete what is not needed." in run(scratch, "cfngen", "explain", code).stdout
    script = "tests/support/review_pages.py"
    subprocess.run([sys.executable, script], cwd=scratch, env=environment(scratch), check=True)
    assert f"### {code} gateway_added" in (scratch / "docs/rules.md").read_text()
    json_of = run(scratch, "cfngen", "review", "a.yaml", "b.yaml", "--format", "json").stdout
    assert f'"concern": "{concern}"' in json_of
    label = "resource possibly more expensive" if concern == "cost" else ""
    assert label in json.loads(json_of)["verdict"]
    tests = ("pytest", "-q", "-p", "no:cacheprovider", "tests/review/test_rule_cases.py")
    assert f"{concern}/{code}_gateway_added.yaml: no case" in run(scratch, *tests).stdout
    cases = scratch / "tests/review/rules" / concern / f"{code}_gateway_added.yaml"
    cases.parent.mkdir(exist_ok=True)
    cases.write_text(CASES.replace("subject: Gateway", "subject: Topic"))
    assert re.search(r"^1 failed, \d+ passed", run(scratch, *tests).stdout, re.MULTILINE)
    cases.write_text(CASES)
    tested = run(scratch, *tests)
    assert tested.returncode == 0, tested.stdout[-3000:]
