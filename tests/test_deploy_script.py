"""The script of deployments: in order, with what each needs, and never run by accident."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from support.deploy_scripts import PROJECT, ROOT, Printed, planned, printed, readmes, sources

from cfngen import synthesize
from cfngen.cli import main
from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.deploy.script import PlannedTemplate, Step, stack_name, steps
from cfngen.deploy.script.as_json import as_json
from cfngen.deploy.script.model import StackOutput
from cfngen.deploy.script.parameter_files import mistakes, skeleton
from cfngen.deploy.script.shell import shell
from cfngen.deploy.script.shell_variables import variables
from cfngen.deploy.script.targets import regions
from cfngen.errors import CfngenError
from cfngen.project.generate import SynthesizedTemplate
from cfngen.project.manifest import TemplateConfig
from cfngen.project.registry import InstalledBlueprint as Blueprint
from cfngen.project.registry import find

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "ours"}}
HOSTILE = "a `id` $(id) \"; rm -rf ~ #'\n\x1b[2J\nexit 9"


def source(
    name: str, body: Any = None, *, size: int = 100, after: tuple[str, ...] = (), **entry: Any
) -> PlannedTemplate:
    """Return a template of a project."""
    made = TemplateConfig(name, Blueprint("b", "b:b", "d"), after=after, **entry)
    return PlannedTemplate(made, {} if body is None else body, size, f"output/{name}.yaml")


def asking(**parameters: str) -> dict[str, Any]:
    """Return a template that asks for parameters, each with its description."""
    declared = {n: {"Type": "String", "Description": about} for n, about in parameters.items()}
    return {"Parameters": declared, "Resources": {}}


def order(*chosen: PlannedTemplate) -> list[str]:
    """Return the order of deployments."""
    return [step.template for step in steps(list(chosen))]


def shellcheck(script: str) -> None:
    """Complain of what shellcheck complains of."""
    command = [str(Path(sys.executable).with_name("shellcheck")), "-"]
    ended = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture
def answering(tmp_path: Path) -> Any:
    """Run a script with an `aws` that notes its arguments, and return them.

    The `aws` prints `AWS_SAYS`; the script runs where the templates are, in `SHELL_IS`.
    """
    noted = tmp_path / "noted"
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"open({str(noted)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        "print(os.environ.get('AWS_SAYS', ''))\n"
    )
    program.chmod(0o755)
    (tmp_path / "output").mkdir()
    for name in ("a", "a b", "b", "net", "app"):
        (tmp_path / "output" / f"{name}.yaml").touch()

    def run(script: str, **answers: str) -> tuple[int, list[list[str]], str]:
        environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", **answers}
        noted.unlink(missing_ok=True)
        ended = subprocess.run(
            [answers.pop("SHELL_IS", "sh"), "-c", script],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        calls = noted.read_text().splitlines() if noted.exists() else []
        return ended.returncode, [json.loads(call) for call in calls], ended.stderr

    return run


# --- READMEs --------------------------------------------------------------------------------------

COMMANDS = [command for page in readmes() for command in printed(page)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page.parent.name}-{c.template}")
def test_a_readme_prints_what_the_script_says(command: Printed) -> None:
    """The same file, capabilities, bucket and parameters; each region by the reader's own."""
    if command.template not in PROJECT.templates:
        if command.template.startswith("YOUR_"):  # any that is too large
            assert command.option("--s3-bucket")
            return
        # One that a reader makes, with the options that the page shows.
        size = own(command.page, command.template).size
        assert bool(command.option("--s3-bucket")) == (size > INLINE_LIMIT)
        return
    (step,) = (step for step in planned() if step.template == command.template)
    needed = " ".join(need.capability for need in step.capabilities)
    assert command.option("--template-file") == step.file
    assert command.option("--capabilities") == needed
    assert bool(command.option("--s3-bucket")) == step.needs_bucket
    assert "--no-fail-on-empty-changeset" in command.words
    assert {parameter.name for parameter in step.parameters} <= command.parameters
    assert command.option("--region") in ("", step.region)


def own(page: Path, template: str) -> SynthesizedTemplate:
    """Return a template that a page tells its reader to make, by its `cfngen.toml`."""
    blocks = re.findall(r"^```toml\n(.*?)^```$", page.read_text(), re.S | re.M)
    tables = [tomllib.loads(block).get("templates", {}) for block in blocks]
    (table,) = (found[template] for found in tables if template in found)
    return synthesize(find(table["blueprint"]).load(), table.get("options", {}), name=template)


def test_every_template_has_a_command_in_a_readme() -> None:
    """Whoever looks for one finds it."""
    assert set(PROJECT.templates) <= {command.template for command in COMMANDS}


def all_before(name: str) -> set[str]:
    """Return the templates that one comes after, and those that they come after."""
    after = set(PROJECT.templates[name].after)
    return after.union(*map(all_before, after))


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("blueprints/*/README*.md")), ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_a_readme_says_what_prints_its_commands(page: Path) -> None:
    """By the name of a template of that blueprint; what it says works."""
    text = page.read_text()
    for command in ("deploy-script", "deploy-role"):
        (names,) = set(re.findall(rf"`cfngen {command} (\w[\w-]*(?: [\w-]+)*)`", text))
        *before, name = names.split()
        assert PROJECT.templates[name].blueprint.name == page.parent.name
        assert set(before) <= all_before(name)


@pytest.mark.parametrize("step", planned(), ids=lambda step: step.template)
def test_a_readme_deploys_in_the_order_of_the_plan(step: Step) -> None:
    """Wherever a page deploys a template, it deploys before what that comes after."""
    pages = {command.page for command in COMMANDS if command.template == step.template}
    for page in pages if step.dependencies else ():
        there = [command.template for command in printed(page)]
        for one in step.dependencies:
            assert there.index(one.name) < there.index(step.template), page


# --- order ----------------------------------------------------------------------------------------


def test_our_own_templates_are_in_order() -> None:
    """The network before what is in it, the stores before the pipelines that import them."""
    found = [step.template for step in planned()]
    assert sorted(found) == sorted(PROJECT.templates)
    first, second, third = map(found.index, ("build-network", "build-files", "backlog-proxy-efs"))
    assert first < second < third
    for name in ("", "-home", "-single-stage"):
        assert found.index("artifact-stores") < found.index(f"multi-region-pipeline{name}")
    roles = found.index("deployment-roles")
    assert found.index("artifact-stores") < roles < found.index("multi-region-pipeline-home")


def test_what_is_said_and_what_is_imported_make_the_order() -> None:
    """And else that of the table."""
    exports = {"Outputs": {"Key": {"Value": "k", "Export": {"Name": {"Fn::Sub": "${Of}-Key"}}}}}
    declared = {"Parameters": {"Of": {"Type": "String", "Default": "stores"}}}
    imports = {"Resources": {"R": {"Fn::ImportValue": "stores-Key"}}}
    chosen = (
        source("c", after=("b",)),
        source("b", imports),
        source("z"),
        source("a", exports | declared),
    )
    assert order(*chosen) == ["z", "a", "b", "c"]
    by_name = {step.template: step for step in steps(list(chosen))}
    assert [(one.name, one.reason) for one in by_name["b"].dependencies] == [
        ("a", "which exports stores-Key")
    ]
    assert order(*chosen[1:3]) == ["b", "z"]
    (alone,) = steps([chosen[1]])
    assert alone.imports == ("stores-Key",)
    assert "imports stores-Key, which no template of this script exports" in shell([alone])


def test_exports_of_what_is_beside_are_looked_for_first() -> None:
    """The script says which template to deploy; not of names that parameters make."""
    one = {"Value": "k", "Export": {"Name": "shared-Key"}}
    other = {"Value": "k", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Id"}}}
    beside = source("shared", {"Outputs": {"One": one, "Other": other}})
    named = {"Fn::ImportValue": {"Fn::Sub": "${Of}-Id"}}
    user = {
        "Parameters": {"Of": {"Type": "String", "Default": "shared"}},
        "Resources": {"A": {"Fn::ImportValue": "shared-Key"}, "B": named},
    }
    (step,) = steps([source("user", user)], [beside])
    assert step.exporters == {"shared-Key": "shared"}
    assert step.imports == ("shared-Id", "shared-Key")
    assert [(d.name, d.planned) for d in step.dependencies] == [("shared", False)]
    assert "require_export user shared-Key shared" in shell([step]).splitlines()
    both = steps([source("user", user), beside])
    assert [step.template for step in both] == ["shared", "user"]
    assert "require_export" not in shell(both)


def test_a_circular_dependency_is_an_error() -> None:
    """Of imports too, which no table shows."""
    exports = {"Outputs": {"K": {"Export": {"Name": "a-K"}}}}
    imports = {"Resources": {"R": {"Fn::ImportValue": "a-K"}}}
    with pytest.raises(CfngenError, match="circular dependency: each of a, b comes after"):
        steps([source("a", exports, after=("b",)), source("b", imports)])


def test_what_is_not_in_the_script_is_named_and_still_fills_in() -> None:
    """A template alone says what it comes after, and which output its parameter could have."""
    network = source("net", {"Outputs": {"VpcId": {"Value": "v"}}})
    alone = steps([source("app", asking(VpcId="the VPC"), after=("net",))], [network])
    assert alone[0].parameters[0].templates_with_output == ("net",)
    text = shell(alone)
    assert "# After net, as the manifest says, and is not in this script." in text
    assert "# VpcId: the VPC (String); net has an output of that name." in text
    assert "--stack-name net" not in text


# --- regions --------------------------------------------------------------------------------------


def rule(assertion: Any, **more: Any) -> dict[str, Any]:
    """Return a template with a rule."""
    return {"Rules": {"R": {"Assertions": [{"Assert": assertion}], **more}}}


HERE = {"Ref": "AWS::Region"}
TWO = ("us-east-1", "eu-west-1")


@pytest.mark.parametrize(
    ("body", "listed", "expected"),
    [
        ({}, (), ()),
        ({}, TWO, TWO),
        (rule({"Fn::Equals": [HERE, "eu-west-1"]}), TWO, ("eu-west-1",)),
        (rule({"Fn::Equals": ["eu-west-1", HERE]}), (), ("eu-west-1",)),
        (rule({"Fn::Contains": [["eu-west-1", "eu-west-2"], HERE]}), TWO, ("eu-west-1",)),
        (rule({"Fn::Not": [{"Fn::Equals": [HERE, "eu-west-1"]}]}), TWO, TWO),
        (rule({"Fn::Equals": [HERE, {"Ref": "P"}]}), TWO, TWO),
        (rule({"Fn::Equals": [HERE, "eu-west-1"]}, RuleCondition={}), TWO, TWO),
        ({"Rules": {"R": None, "S": {"Assertions": [None, {}]}}}, TWO, TWO),
        ({"Rules": {"R": {"Assertions": 3}}}, TWO, TWO),
    ],
)
def test_a_template_is_deployed_where_its_rules_allow(
    body: dict[str, Any], listed: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Of the entry's regions, in their order."""
    one = source("a", body, regions=listed)
    assert regions(one.entry, one.template) == expected


def test_there_is_a_command_for_each_region() -> None:
    """And all regions of what comes before are done before."""
    found = steps([source("b", after=("a",)), source("a", regions=TWO)])
    assert [(step.template, step.region) for step in found] == [
        ("a", "us-east-1"),
        ("a", "eu-west-1"),
        ("b", ""),
    ]
    text = shell(found)
    assert text.count("aws cloudformation deploy") == 3
    assert text.count("--region") == 2


# --- the script -----------------------------------------------------------------------------------


def test_our_own_script_is_without_faults() -> None:
    """Of all templates together, and of each alone."""
    shellcheck(shell([step for step in planned() if not step.account]))
    for one in planned():
        shellcheck(shell([one]))


def test_the_script_passes_each_answer_whole(answering: Any) -> None:
    """Spaces, quotes and newlines included, to the command with exactly its options."""
    body = asking(HostKeys="keys", Name="name") | {"Resources": {"Role": ROLE}}
    script = shell(steps([source("a b", body, size=INLINE_LIMIT + 1, regions=("eu-west-1",))]))
    shellcheck(script)
    answers = {"HostKeys": "a  b\n'c' \"$d\"", "Name": "*", "templates_bucket": "mine"}
    code, calls, _ = answering(script, **answers)
    assert code == 0
    options = shlex.split(
        "cloudformation deploy --region eu-west-1 --template-file 'output/a b.yaml'"
        " --stack-name a-b --s3-bucket mine --capabilities CAPABILITY_NAMED_IAM"
        " --no-fail-on-empty-changeset --parameter-overrides"
    )
    assert calls == [[*options, f"HostKeys={answers['HostKeys']}", "Name=*"]]


def test_what_is_not_answered_stops_the_script(answering: Any) -> None:
    """Nothing is deployed with a placeholder for a value, and nothing after it is deployed."""
    script = shell(steps([source("a", asking(Name="name")), source("b")]))
    code, calls, error = answering(script)
    assert code != 0
    assert calls == []
    assert "Name" in error


def test_a_bucket_and_capabilities_only_where_they_are_needed() -> None:
    """The last byte that needs none, and the first that does."""
    small, large = steps([source("a", size=INLINE_LIMIT), source("b", size=INLINE_LIMIT + 1)])
    assert "--s3-bucket" not in shell([small])
    assert '--s3-bucket "${templates_bucket:?}"' in shell([large])
    assert "--capabilities" not in shell([small, large])


def test_a_bucket_that_is_named_is_written_into_the_commands_that_need_one() -> None:
    """Nothing is asked for then, and templates that are sent by themselves do without."""
    both = steps([source("a", size=INLINE_LIMIT), source("b", size=INLINE_LIMIT + 1)])
    script = shell(both, bucket="our-templates")
    shellcheck(script)
    assert "templates_bucket" not in script
    (small, large) = script.split("aws cloudformation deploy")[1:]
    assert "--s3-bucket" not in small
    assert "--s3-bucket our-templates" in large
    plain = json.loads(as_json(both, bucket="our-templates"))
    assert [one["bucket"] for one in plain] == [None, "our-templates"]


@pytest.mark.parametrize("name", ["s3://ours", "Ours", "ab", "a/b", "a b", "$(id)", "-ab", ""])
def test_what_cannot_be_a_bucket_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be found out by AWS only, after other templates have been deployed."""
    assert main(["deploy-script", "--bucket", name]) == 2
    assert "not the name of a bucket" in capsys.readouterr().err


def test_a_bucket_that_nobody_needs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names one thinks that it is used."""
    assert main(["deploy-script", "build-network", "--bucket", "our-templates"]) == 0
    said = capsys.readouterr()
    assert "--s3-bucket" not in said.out
    assert "no template of this script needs one" in said.err


def writing(name: Any, **parameters: Any) -> dict[str, Any]:
    """Return a template that writes an SSM parameter."""
    stored = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Value": "v"}}
    return {"Parameters": parameters, "Resources": {"Stored": stored}}


def reading(name: str) -> dict[str, Any]:
    """Return a template that reads an SSM parameter."""
    kind = "AWS::SSM::Parameter::Value<String>"
    return {"Parameters": {"Image": {"Type": kind, "Default": name}}, "Resources": {}}


def test_what_writes_an_ssm_parameter_comes_before_what_reads_it() -> None:
    """CloudFormation reads it before it makes anything; nothing in the table has to say so."""
    named = writing({"Ref": "Name"}, Name={"Type": "String", "Default": "/x/image"})
    for writer in (writing("/x/image"), named):
        first, second = steps([source("app", reading("/x/image")), source("image", writer)])
        assert (first.template, second.template) == ("image", "app")
        assert "which writes the SSM parameter /x/image" in shell([first, second])
        assert "get-parameters" not in shell([first, second]), "this script writes it itself"


@pytest.mark.parametrize("which", ["sh", "bash"])
def test_an_ssm_parameter_that_is_not_there_stops_the_script(answering: Any, which: str) -> None:
    """It says what to deploy first, before anything is deployed."""
    image = source("b", writing("/x/image"))
    app = source("a", reading("/x/image"), after=("b",), regions=("eu-west-1",))
    script = shell(steps([source("net"), app], [image]))
    shellcheck(script)
    code, calls, error = answering(script, AWS_SAYS="None", SHELL_IS=which)
    assert code == 1
    assert error == "a: the SSM parameter /x/image does not exist; deploy b first\n"
    question = "ssm get-parameters --names /x/image --query Parameters[].Name --output text"
    assert calls == [[*question.split(), "--region", "eu-west-1"]]
    code, calls, _ = answering(script, AWS_SAYS="/x/image", SHELL_IS=which)
    assert code == 0
    assert [call[1] for call in calls] == ["get-parameters", "deploy", "deploy"]


def test_an_ssm_parameter_of_somebody_else_is_looked_for_as_well(answering: Any) -> None:
    """Who writes it is not known; that it is missing is."""
    code, _, error = answering(shell(steps([source("a", reading("/golden/ami"))])), AWS_SAYS="None")
    assert code == 1
    assert "/golden/ami does not exist; deploy the stack that writes it first" in error


def test_no_description_gets_out_of_its_comment(answering: Any) -> None:
    """None of it is run, and nothing of it moves a terminal's cursor."""
    script = shell(steps([source("a", asking(Name=HOSTILE))]))
    shellcheck(script)
    assert "\x1b" not in script
    code, calls, _ = answering(script, Name="n")
    assert code == 0
    assert [call[-1] for call in calls] == ["Name=n"]


def test_a_parameter_that_cloudformation_would_refuse_is_told() -> None:
    """It would be a word of the script."""
    with pytest.raises(CfngenError, match="letters and digits only"):
        steps([source("a", asking(**{HOSTILE: "odd"}))])


def test_variables_are_the_parameters_own_names_where_they_can_be() -> None:
    """With several templates, each has the template's name in it; the environment gives none."""
    found = steps([source("a-b", asking(Same="", One="")), source("c", asking(Same="", PATH=""))])
    assert variables(found) == {
        ("a-b", "", "Same"): "a_b_Same",
        ("a-b", "", "One"): "a_b_One",
        ("c", "", "Same"): "c_Same",
        ("c", "", "PATH"): "c_PATH",
    }
    alone = steps([source("c", asking(Same="", PATH="", problems=""))])
    assert list(variables(alone).values()) == ["c_PATH", "Same", "problems_"]
    alike = steps([source("a-b", asking(X="")), source("a.b", asking(X=""))])
    assert set(variables(alike).values()) == {"a_b_X", "a_b_X_"}


# --- checks, before anything is deployed ----------------------------------------------------------

NETWORK = {"Outputs": {"VpcId": {"Value": "v"}}}


@pytest.mark.parametrize("which", ["sh", "bash"])
def test_all_that_is_missing_is_told_before_anything_is_deployed(
    answering: Any, tmp_path: Path, which: str
) -> None:
    """Answers of the last template stop the first; so do a bucket and a file of another folder."""
    last = source("app", asking(One="", Two=""), size=INLINE_LIMIT + 1)
    script = shell(steps([source("a"), last]))
    shellcheck(script)
    (tmp_path / "output" / "app.yaml").unlink()
    code, calls, error = answering(script, SHELL_IS=which)
    assert (code, calls) == (1, [])
    for missing in ("output/app.yaml: not found", "app_One", "app_Two", "templates_bucket"):
        assert missing in error


@pytest.mark.parametrize("which", ["sh", "bash"])
@pytest.mark.parametrize("says", ["", "None"])
def test_what_an_earlier_stack_puts_out_is_fetched(answering: Any, which: str, says: str) -> None:
    """The script runs through in one go; an output that is not there stops it."""
    app = source("app", asking(VpcId="the VPC", Name=""), after=("net",))
    script = shell(steps([app, source("net", NETWORK)]))
    shellcheck(script)
    code, calls, _ = answering(script, app_Name="n", AWS_SAYS="vpc-1", SHELL_IS=which)
    assert code == 0
    assert [call[1] for call in calls] == ["deploy", "describe-stacks", "deploy"]
    query = "Stacks[0].Outputs[?OutputKey=='VpcId'].OutputValue"
    words = ["cloudformation", "describe-stacks", "--stack-name", "net", "--query", query]
    assert calls[1] == [*words, "--output", "text"]
    assert calls[2][-2:] == ["VpcId=vpc-1", "Name=n"]
    code, calls, error = answering(script, app_Name="n", AWS_SAYS=says, SHELL_IS=which)
    assert code != 0
    assert [call[1] for call in calls] == ["deploy", "describe-stacks"]
    assert "net: output VpcId not found" in error
    code, calls, _ = answering(script, app_Name="n", app_VpcId="vpc-2", SHELL_IS=which)
    assert code == 0
    assert [call[1] for call in calls] == ["deploy", "deploy"]
    assert calls[1][-2:] == ["VpcId=vpc-2", "Name=n"]


def test_an_output_is_fetched_in_its_own_region(answering: Any) -> None:
    """Each region has its own value; where there is doubt, it is asked for."""
    app = asking(VpcId="the VPC")
    both = steps([source("app", app, regions=TWO, after=("net",)), source("net", NETWORK)])
    assert [one.output for s in both for one in s.parameters] == [
        StackOutput("net"),
        StackOutput("net"),
    ]
    net = source("net", NETWORK, regions=TWO)
    each = steps([source("app", app, regions=TWO, after=("net",)), net])
    code, calls, _ = answering(shell(each), AWS_SAYS="vpc-1", app_us_east_1_VpcId="vpc-0")
    assert code == 0
    fetched = [call for call in calls if call[1] == "describe-stacks"]
    assert [call[-2:] for call in fetched] == [["--region", "eu-west-1"]]
    assert [call[-1] for call in calls if "VpcId" in call[-1]] == ["VpcId=vpc-0", "VpcId=vpc-1"]
    doubtful = steps([source("app", app, after=("net",)), net])
    assert doubtful[-1].parameters[0].output is None
    twice = [source("app", app, after=("net", "b")), source("net", NETWORK), source("b", NETWORK)]
    assert steps(twice)[-1].parameters[0].output is None


# --- accounts -------------------------------------------------------------------------------------


def test_a_script_is_for_one_account() -> None:
    """Nothing can print the commands of one between those of another."""
    other = source("b", account="the other")
    with pytest.raises(CfngenError, match="for several: the default account: a; the other: b"):
        steps([source("a"), other])
    assert [step.account for step in steps([other])] == ["the other"]


def test_another_accounts_script_runs_with_credentials_of_that_account_only(answering: Any) -> None:
    """The number is given by whoever runs it, and compared before anything is deployed."""
    script = shell(steps([source("b", account=HOSTILE)]))
    shellcheck(script)
    assert "ANOTHER ACCOUNT" in script
    code, calls, error = answering(script, AWS_SAYS="123456789012")
    assert (code, calls) == (1, [])
    assert "account_id: set this variable" in error
    code, calls, error = answering(script, AWS_SAYS="123456789012", account_id="210987654321")
    assert (code, [call[0] for call in calls]) == (1, ["sts"])
    assert "of account 123456789012, not of 210987654321" in error
    code, calls, _ = answering(script, AWS_SAYS="123456789012", account_id="123456789012")
    assert (code, [call[0] for call in calls]) == (0, ["sts", "cloudformation"])


def test_a_script_without_names_is_that_of_the_default_account(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What goes elsewhere is named and not deployed; names of several accounts are refused."""
    monkeypatch.chdir(ROOT)
    assert main(["deploy-script"]) == 0
    text = capfd.readouterr().out
    assert "Not included: branch-events, which is for another account" in text
    assert "--stack-name branch-events" not in text
    assert main(["deploy-script", "--format", "json"]) == 0
    shown = capfd.readouterr()
    assert "branch-events" not in {one["template"] for one in json.loads(shown.out)}
    assert "not included: branch-events" in shown.err
    assert main(["deploy-script", "branch-events", "branch-builder"]) == 2
    assert "a script is for one account" in capfd.readouterr().err
    text = '[templates.{0}]\nblueprint = "build_network"\naccount = "{0}"\n'
    Path(tmp_path, "cfngen.toml").write_text(text.format("one"))
    monkeypatch.chdir(tmp_path)
    assert main(["deploy-script"]) == 0
    assert "ANOTHER ACCOUNT: one" in capfd.readouterr().out
    Path(tmp_path, "cfngen.toml").write_text(text.format("one") + text.format("two"))
    assert main(["deploy-script"]) == 2
    assert "for several: one: one; two: two" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "stack"),
    [("a.b_c", "a-b-c"), ("1st", "stack-1st"), ("backlog-proxy", "backlog-proxy")],
)
def test_a_stack_is_called_like_its_template_as_far_as_it_can_be(name: str, stack: str) -> None:
    """CloudFormation takes letters, digits and dashes, a letter first."""
    assert stack_name(name) == stack


# --- files with parameters ------------------------------------------------------------------------

PARSE = """
import json, sys
from awscli.clidriver import create_clidriver
from awscli.customizations.cloudformation.deploy import DeployCommand
def noted(self, args, globals):
    found = self.parse_key_value_arg(args.parameter_overrides, "parameter-overrides")
    print(json.dumps(found))
    return 0
DeployCommand._run_main = noted
sys.exit(create_clidriver().main(sys.argv[1:]))
"""


def test_the_real_command_takes_the_file(tmp_path: Path) -> None:
    """The parser of the installed `aws` reads every open parameter out of it, and nothing else."""
    (step,) = steps([source("a", asking(Name="a, = b", Other=""))])
    path = tmp_path / "a.json"
    path.write_text(skeleton(step))
    command = ["cloudformation", "deploy", "--template-file", "t", "--stack-name", "s"]
    ended = subprocess.run(
        [sys.executable, "-c", PARSE, *command, "--parameter-overrides", f"file://{path}"],
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"Name": "<a, = b>", "Other": "<String>"}


def test_a_file_of_a_person_is_compared_with_its_template() -> None:
    """What it lacks, and what the template does not know; and anything that is no such list."""
    declared = asking(Name="", Other="")
    declared["Parameters"]["Usual"] = {"Type": "String", "Default": "x"}
    (step,) = steps([source("a", declared)])
    assert list(mistakes(step, '["Name=n", "Other=<o>", "Usual="]')) == []
    assert list(mistakes(step, '["Nmae=n", "Other=o", "Other=p"]')) == [
        'lacks Name, which a requires; add "Name=…"',
        "a has no parameter 'Nmae'; did you mean 'Name'?; remove it",
        "has Other twice; remove one",
    ]
    for text in ("", "{}", "[1]", '["Name"]', "[" * 100_000):
        assert list(mistakes(step, text)) == [
            'not a JSON list of "Name=value"; --force overwrites it'
        ]


def test_a_file_that_is_not_filled_in_stops_the_script(answering: Any, tmp_path: Path) -> None:
    """With the answers it is passed on as it is."""
    found = steps([source("a", asking(Name="name"))])
    script = shell(found, {"a": "a b.json"})
    shellcheck(script)
    (tmp_path / "a b.json").write_text(skeleton(found[0]))
    code, calls, error = answering(script)
    assert (code, calls) == (1, [])
    assert "a b.json: replace each <...> with a value first" in error
    (tmp_path / "a b.json").write_text('["Name=n<m"]')
    code, calls, _ = answering(script)
    assert code == 0
    assert calls[0][-2:] == ["--parameter-overrides", "file://a b.json"]


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_the_script(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of everything, or of what is named, for a shell or as data."""
    monkeypatch.chdir(ROOT)
    assert main(["deploy-script"]) == 0
    usual = [step for step in planned() if not step.account]
    elsewhere = {name: e.account for name, e in PROJECT.templates.items() if e.account}
    assert capfd.readouterr().out == shell(usual, elsewhere=elsewhere)
    assert main(["deploy-script", "backlog-proxy-efs", "--format", "json"]) == 0
    text = capfd.readouterr().out
    named = {one.name: one for one in sources()}
    before = [named["mirror-program"], named["build-network"], named["build-files"]]
    assert text == as_json(steps([named["backlog-proxy-efs"]], before))
    (data,) = json.loads(text)
    assert not any(p["output_of"] for p in data["parameters"])  # of no stack of this script
    assert [
        p["name"] for p in data["parameters"] if p["templates_with_output"] == ["build-network"]
    ] == [
        "VpcId",
        "PrivateSubnetId1",
        "PrivateSubnetId2",
    ]
    assert [
        p["name"] for p in data["parameters"] if p["templates_with_output"] == ["build-files"]
    ] == [
        "FileSystemId",
        "SecurityGroupId",
    ]


def test_the_earlier_name_of_the_command_does_the_same(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cfngen plan` prints the same script, and a line about its new name that no pipe gets."""
    monkeypatch.chdir(ROOT)
    arguments = ["branch-builder", "--bucket", "ours", "--format", "json"]
    assert main(["deploy-script", *arguments]) == 0
    new = capfd.readouterr()
    assert main(["plan", *arguments]) == 0
    old = capfd.readouterr()
    assert old.out == new.out
    (notice, *rest) = old.err.splitlines()
    assert notice.startswith("`cfngen plan` is now `cfngen deploy-script`")
    assert rest == new.err.splitlines()
    assert main(["--help"]) == 0
    commands = capfd.readouterr().out.split("Commands:")[1]
    assert "deploy-script" in commands
    assert "  plan" not in commands


def test_the_command_writes_files_and_keeps_those_that_are_there(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One for a template, a folder of them for several; --force takes what is written away."""
    monkeypatch.chdir(ROOT)
    file, folder = tmp_path / "p.json", tmp_path / "new"
    command = ["deploy-script", "branch-events", "--parameters-file", str(file)]
    assert main(command) == 0
    shown = capfd.readouterr()
    assert f"--parameter-overrides file://{file}" in shown.out
    assert f"written  {file}" in shown.err
    written = file.read_text()
    answered = written.replace("<", "")
    file.write_text(answered)
    assert main(command) == 0
    again = capfd.readouterr()
    assert again.out == shown.out
    assert f"kept     {file}" in again.err
    assert file.read_text() == answered
    file.write_text(answered.replace("BuilderStack=", "BuilderStock="))
    assert main(command) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert f"{file}: lacks BuilderStack, which branch-events requires" in told.err
    assert "has no parameter 'BuilderStock'; did you mean 'BuilderStack'?" in told.err
    assert main([*command, "--force"]) == 0
    assert file.read_text() == written
    assert main(["deploy-script", "--parameters-file", str(folder)]) == 2
    assert "name a directory, with a slash at the end" in capfd.readouterr().err
    assert main(["deploy-script", "--parameters-file", f"{folder}/"]) == 0
    asking_ = {step.template for step in planned() if step.parameters and not step.account}
    assert {path.stem for path in folder.iterdir()} == asking_
    shellcheck(capfd.readouterr().out)
    assert main(["deploy-script", "build-network", "--parameters-file", str(file)]) == 0
    assert "not written, since no template requires parameters" in capfd.readouterr().err


def test_what_is_not_built_yet_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The script names a file that a build has to write first; a typo is no traceback."""
    (tmp_path / "cfngen.toml").write_text('[templates.net]\nblueprint = "build_network"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["deploy-script"]) == 0
    printed_ = capfd.readouterr()
    assert "--template-file output/net.yaml" in printed_.out
    assert "output/net.yaml: not found; run `cfngen build` before you deploy" in printed_.err
    assert main(["deploy-script", "nte"]) == 2
    assert "did you mean" in capfd.readouterr().err


def test_sizes_are_those_of_the_files() -> None:
    """What the script says of a bucket holds for what is committed."""
    for one in sources():
        assert one.size == (PROJECT.output / f"{one.name}.yaml").stat().st_size


# --- quotas ---------------------------------------------------------------------------------------

BUILDS = {
    "Parameters": {"Size": {"Type": "String", "Default": "BUILD_GENERAL1_MEDIUM"}},
    "Resources": {
        "Project": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Environment": {"Type": "ARM_CONTAINER", "ComputeType": {"Ref": "Size"}}
            },
        }
    },
}
TASKS = {
    "Resources": {
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"RequiresCompatibilities": ["FARGATE"]},
        }
    }
}
SPOT = {"Type": "AWS::ECS::Cluster", "Properties": {"CapacityProviders": ["FARGATE_SPOT"]}}


def test_builds_and_tasks_count_against_quotas() -> None:
    """By processor and size of the machine, as the defaults of parameters have it; by provider."""
    on_spot = {"Resources": {**TASKS["Resources"], "Cluster": SPOT}}
    found = {
        step.template: [quota.code for quota in step.quotas]
        for step in steps(
            [source("a", BUILDS), source("b", TASKS), source("app", on_spot), source("net")]
        )
    }
    assert found == {"a": ["L-DF544FF3"], "b": ["L-3032A538"], "app": ["L-36FBB829"], "net": []}


@pytest.mark.parametrize("region", ["", "eu-west-1"])
def test_nothing_is_deployed_while_a_quota_is_0(answering: Any, region: str) -> None:
    """The message names the quota and what to do; the quota is that of the Region."""
    script = shell(steps([source("a", BUILDS, regions=(region,) if region else ())]))
    code, calls, error = answering(script, AWS_SAYS="0.0")
    assert code == 1
    assert "Concurrently running builds for ARM/Medium environment" in error
    assert "L-DF544FF3 of codebuild) is 0; request an increase in Service Quotas" in error
    assert {call[0] for call in calls} == {"service-quotas"}
    assert all(("--region" in call) == bool(region) for call in calls)


@pytest.mark.parametrize(("says", "warned"), [("1.0", 0), ("None", 1), ("", 1)])
def test_a_quota_that_cannot_be_read_stops_nobody(answering: Any, says: str, warned: int) -> None:
    """Not everybody who deploys may ask Service Quotas; it is said all the same."""
    code, calls, error = answering(shell(steps([source("b", TASKS)])), AWS_SAYS=says)
    assert code == 0
    assert error.count("could not be read") == warned
    assert calls[-1][:2] == ["cloudformation", "deploy"]


def test_what_asks_for_quotas_is_a_command_of_aws() -> None:
    """Service Quotas has these operations, with these parameters and answers."""
    model = Session().get_service_model("service-quotas")
    for name in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        operation = model.operation_model(name)
        assert {"ServiceCode", "QuotaCode"} <= operation.input_shape.members.keys()
        assert "Value" in operation.output_shape.members["Quota"].members
    shellcheck(shell(steps([source("a", BUILDS), source("b", TASKS, regions=("eu-west-1",))])))
