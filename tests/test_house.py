"""What every blueprint in this house keeps to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.drawn import OURS, PROJECT, drawn, shapes
from support.executed import payloads

from cfngen import read
from cfngen.cloudformation.schemas import is_custom
from cfngen.linting.lint import INFORMATIONAL, Linter
from cfngen.project.generate import SynthesizedTemplate
from cfngen.project.header import is_unedited
from cfngen.project.registry import InstalledBlueprint
from cfngen.testing import references, statements, strings

ROOT = Path(__file__).parents[1]
each_blueprint = pytest.mark.parametrize("entry", OURS.values(), ids=OURS)
each_template = pytest.mark.parametrize("name", PROJECT.templates)

# Properties that give a resource a name of its own, which a second stack could not have, too.
NAMES = {
    "AWS::ApiGateway::RestApi": (),  # its Name need not be unique
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CloudFormation::StackSet": ("StackSetName",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::EC2::SecurityGroup": ("GroupName",),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::WAFv2::IPSet": ("Name",),
    "AWS::WAFv2::WebACL": ("Name",),
}


def folder(entry: InstalledBlueprint) -> Path:
    """Return a blueprint's folder."""
    return ROOT / "blueprints" / entry.name


def resources(template: SynthesizedTemplate) -> dict[str, Any]:
    """Return a template's resources."""
    found: dict[str, Any] = template.document.body["Resources"]
    return found


@each_blueprint
def test_a_readme_tells_all_one_has_to_know(entry: InstalledBlueprint) -> None:
    """A README has a diagram, what it costs at rest, and every parameter and output there is."""
    readme = (folder(entry) / "README.md").read_text()
    assert "```mermaid" in readme
    assert "## Cost at rest" in readme
    asked = {p for d in shapes(entry) for p in d.document.body.get("Parameters", {})}
    missing = {name for name in asked if f"`{name}`" not in readme}
    assert not missing
    promised = {o for d in shapes(entry) for o in d.document.body.get("Outputs", {})}
    told = re.findall(r"(?:`|output |network )([A-Z]\w+)", readme)
    # A repository's own project has its log under the same name, after the repository's.
    untold = {name for name in promised if not name.endswith(tuple(told))}
    assert not untold
    options = {f.name for f in fields(entry.load().options_type) if f"`{f.name}`" not in readme}
    assert not options


@each_blueprint
def test_the_defaults_build_and_each_option_does(entry: InstalledBlueprint) -> None:
    """`Options()` builds, and so does each single choice."""
    for template in shapes(entry):
        assert read(template.text) == template.document.body


@pytest.mark.slow
@each_blueprint
def test_what_each_option_builds_lints_clean(entry: InstalledBlueprint, linter: Linter) -> None:
    """There is no error and no warning, whatever single choice is made."""
    for template in shapes(entry):
        findings = linter.lint(template.text, template.name, ("us-east-1",))
        assert [f for f in findings if f.severity != INFORMATIONAL] == []


@each_blueprint
def test_a_blueprint_is_small_and_says_what_it_is(entry: InstalledBlueprint) -> None:
    """The first line says what the system does; no file outgrows its room."""
    assert 20 < len(entry.load().summary) < 100
    for path in folder(entry).glob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, f"{path.name} is two files"


def test_every_payload_is_used() -> None:
    """Each is in some shape of a template, byte for byte; that each was run, `make verify` says."""
    used = {t for e in OURS.values() for d in shapes(e) for t in strings(d.document.body)}
    assert len(payloads()) > 15
    for payload in payloads():
        assert any(payload.read_text() in value for value in used), f"{payload.name} is not used"


@each_blueprint
def test_every_role_says_who_holds_it(entry: InstalledBlueprint) -> None:
    """A reviewer need not guess what a role is for."""
    for template in shapes(entry):
        for name, resource in resources(template).items():
            if resource["Type"] == "AWS::IAM::Role":
                assert ("Resources", name) in template.document.comments, name


@each_blueprint
def test_two_stacks_fit_in_one_account(entry: InstalledBlueprint) -> None:
    """Nothing has a fixed physical name but what the user names, such as the repository."""
    for template in shapes(entry):
        for name, resource in resources(template).items():
            kind = resource["Type"]
            for key in NAMES.get(kind, ()):
                given = resource.get("Properties", {}).get(key, {})
                # A name made of the stack's, or of an answer, is another in a second stack.
                assert not isinstance(given, str), f"{name} has a fixed {key}"
                assert not given or references(given), f"{name} has a fixed {key}"


@each_blueprint
def test_no_policy_allows_a_star(entry: InstalledBlueprint) -> None:
    """Actions are named, or AWS's page on the least that is needed; each star has its reason."""
    for template in shapes(entry):
        for path, statement in statements(template.document.body):
            if statement["Effect"] != "Allow":
                continue
            actions = statement["Action"]
            reason = template.document.comments.get(path, "")
            if "*" in "".join(actions if isinstance(actions, list) else [actions]):
                assert reason.rpartition("\n")[2].startswith("https://docs.aws.amazon.com/"), path
            if statement.get("Resource") in ("*", ["*"]):
                assert reason, f"{path}: say reason="


@each_blueprint
def test_queues_topics_and_buckets_take_nothing_without_tls(entry: InstalledBlueprint) -> None:
    """Each has a policy that denies everybody what comes without."""
    policies = {
        "AWS::S3::BucketPolicy": "Bucket",
        "AWS::SNS::TopicPolicy": "Topics",
        "AWS::SQS::QueuePolicy": "Queues",
    }
    guarded = {kind.removesuffix("Policy") for kind in policies}
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    for template in shapes(entry):
        unguarded = {n for n, r in resources(template).items() if r["Type"] in guarded}
        for resource in resources(template).values():
            if resource["Type"] in policies:
                properties = resource["Properties"]
                denials = [
                    statement["Condition"]
                    for statement in properties["PolicyDocument"]["Statement"]
                    if statement["Effect"] == "Deny" and statement["Principal"] == {"AWS": "*"}
                ]
                if insecure in denials:
                    unguarded -= references(properties[policies[resource["Type"]]])
        assert not unguarded


@each_template
def test_output_is_what_the_blueprints_say(name: str) -> None:
    """The committed file is current and sealed."""
    path = PROJECT.output / f"{name}.yaml"
    template = drawn(name)
    assert path.read_text() == template.text, "run `cfngen build`"
    assert is_unedited(template.text)


def test_every_output_has_its_manifest_entry() -> None:
    """Nothing lies in output/ that nobody makes."""
    made = {f"{name}.yaml" for name in PROJECT.templates}
    assert {path.name for path in PROJECT.output.glob("*")} == made


def commands(page: Path) -> list[list[str]]:
    """Return the words of each `aws cloudformation deploy` in a page."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(), re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split() for line in lines if "aws cloudformation deploy " in line]


@each_blueprint
def test_the_commands_of_a_readme_ask_for_nothing_more(entry: InstalledBlueprint) -> None:
    """Each parameter without a default is given, and none that the template does not have."""
    for page in folder(entry).glob("README*.md"):
        for words in commands(page):
            name = Path(words[words.index("--template-file") + 1]).stem
            if name not in PROJECT.templates:  # one's own, or an example's
                continue
            asked = drawn(name).document.body.get("Parameters", {})
            given = {word.partition("=")[0] for word in words if re.match(r"[A-Z]\w+=", word)}
            required = {key for key, declared in asked.items() if "Default" not in declared}
            assert required <= given <= set(asked), f"{page.name}: {name}"


@pytest.mark.slow
@each_template
def test_the_linter_has_nothing_to_say_where_it_goes(
    name: str, linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No finding of any severity, in every region the template is meant for.

    `cfngen build`, which every change of a template takes, says so as well.
    """
    monkeypatch.chdir(ROOT)  # where .cfnlintrc is
    assert linter.lint(drawn(name).text, name, PROJECT.templates[name].regions) == []


def test_every_region_that_has_codecommit_is_linted_for() -> None:
    """.cfnlintrc lists the regions whose registry has the repository type, and asks for all."""
    from cfnlint.helpers import REGIONS
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    configured = yaml.safe_load((ROOT / ".cfnlintrc").read_text())
    kind = "AWS::CodeCommit::Repository"
    having = {r for r in REGIONS if kind in PROVIDER_SCHEMA_MANAGER.get_resource_types(r)}
    assert set(configured["regions"]) == having
    assert configured["include_checks"] == ["I"]


@pytest.mark.slow
@each_template
def test_the_linter_has_nothing_to_say_anywhere(
    name: str, linter: Linter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor in any other region whose registry has all the types of the template."""
    from cfnlint.helpers import REGIONS
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    monkeypatch.chdir(ROOT)
    template = drawn(name)
    kinds = {resource["Type"] for resource in resources(template).values()}
    asked = {kind for kind in kinds if not is_custom(kind)}  # which are in no registry
    configured = yaml.safe_load((ROOT / ".cfnlintrc").read_text())["regions"]
    known = set(PROJECT.templates[name].regions or configured)
    having = (r for r in REGIONS if asked <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(r)))
    more = tuple(region for region in having if region not in known)
    assert more or "AWS::CodeCommit::Repository" in asked
    assert not more or linter.lint(template.text, name, more) == []


@each_template
def test_a_template_is_readable(name: str) -> None:
    """No aliases, no escaped text, no tag in quotes; payloads stand as blocks."""
    text = drawn(name).text
    code = "\n".join(line for line in text.splitlines() if not line.startswith(" " * 8))
    assert not re.search(r"[:-] [&*]\w", code)
    assert "\\n" not in re.sub(r"\|[\s\S]*?(?=\n\S|\n  \w+:)", "", code)
    assert not re.search(r"!\w+ '[\w.:]+'$", code, re.M)
    assert read(text) == drawn(name).document.body


def test_links_in_the_docs_lead_somewhere() -> None:
    """Every relative link in a Markdown file names a file that is there."""
    for page in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("blueprints/*/*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, and what it takes of them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.slow
def test_requests_are_judged_by_shapes_alone() -> None:
    """Botocore's validator knows no pattern, enumeration or maximum, so no test goes by it.

    Nor does a stand-in answer the JSON of AWS's services unjudged.
    """
    ours = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "test_house.py"]
    for path in ours:
        assert not [m for m in imported(path) if m.startswith("botocore.validate")], path
        if "do_POST" in path.read_text() and re.search("x-amz-target", path.read_text(), re.I):
            wanted = r"shapes\.(problems|refusal)\(|\brun_task\.|from support\.shapes"
            assert re.search(wanted, path.read_text()), f"{path} checks no request"
    assert any("shapes.refusal(" in path.read_text() for path in ours)
