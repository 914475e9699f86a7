"""The plan of deployments: in order, with what each needs, and never run by accident."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.plans import PROJECT, ROOT, Printed, planned, printed, readmes, sources

from cfngen.cli import main
from cfngen.errors import CfngenError
from cfngen.generate import INLINE_LIMIT
from cfngen.manifest import Entry
from cfngen.plan import Source, Step, regions, stack_name, steps
from cfngen.plan.printing import as_json, shell, skeleton, variables
from cfngen.registry import Entry as Blueprint

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "ours"}}
HOSTILE = "a `id` $(id) \"; rm -rf ~ #'\n\x1b[2J\nexit 9"


def source(
    name: str, body: Any = None, *, size: int = 100, after: tuple[str, ...] = (), **entry: Any
) -> Source:
    """Return a template of a project."""
    made = Entry(name, Blueprint("b", "b:b", "d"), after=after, **entry)
    return Source(made, {} if body is None else body, size, f"output/{name}.yaml")


def asking(**parameters: str) -> dict[str, Any]:
    """Return a template that asks for parameters, each with its description."""
    declared = {n: {"Type": "String", "Description": about} for n, about in parameters.items()}
    return {"Parameters": declared, "Resources": {}}


def order(*chosen: Source) -> list[str]:
    """Return the order of deployments."""
    return [step.template for step in steps(list(chosen))]


def shellcheck(script: str) -> None:
    """Complain of what shellcheck complains of."""
    command = [str(Path(sys.executable).with_name("shellcheck")), "-"]
    ended = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture
def answering(tmp_path: Path) -> Any:
    """Run a script with an `aws` that notes its arguments, and return them."""
    noted = tmp_path / "noted"
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(noted)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    )
    program.chmod(0o755)

    def run(script: str, **answers: str) -> tuple[int, list[list[str]], str]:
        environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", **answers}
        ended = subprocess.run(
            ["sh", "-c", script],
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
def test_a_readme_prints_what_the_plan_says(command: Printed) -> None:
    """The same file, capabilities, bucket and parameters; each region by the reader's own."""
    if command.template not in PROJECT.templates:
        # One that a reader makes with options of his own; too large for the command alone.
        assert command.option("--s3-bucket")
        return
    (step,) = (step for step in planned() if step.template == command.template)
    needed = " ".join(need.capability for need in step.capabilities)
    assert command.option("--template-file") == step.file
    assert command.option("--capabilities") == needed
    assert bool(command.option("--s3-bucket")) == step.needs_bucket
    assert "--no-fail-on-empty-changeset" in command.words
    assert {parameter.name for parameter in step.parameters} <= command.parameters
    assert command.option("--region") in ("", step.region)


def test_every_template_has_a_command_in_a_readme() -> None:
    """Whoever looks for one finds it."""
    assert set(PROJECT.templates) <= {command.template for command in COMMANDS}


@pytest.mark.parametrize("step", planned(), ids=lambda step: step.template)
def test_a_readme_deploys_in_the_order_of_the_plan(step: Step) -> None:
    """Wherever a page deploys a template, it deploys before what that comes after."""
    pages = {command.page for command in COMMANDS if command.template == step.template}
    for page in pages if step.after else ():
        there = [command.template for command in printed(page)]
        for one in step.after:
            assert there.index(one.name) < there.index(step.template), page


# --- order ----------------------------------------------------------------------------------------


def test_our_own_templates_are_in_order() -> None:
    """The network before what builds in it, the stores before the pipelines that import them."""
    found = [step.template for step in planned()]
    assert sorted(found) == sorted(PROJECT.templates)
    assert found.index("build-network") < found.index("backlog-proxy-efs")
    for name in ("", "-home", "-single-stage"):
        assert found.index("artifact-stores") < found.index(f"multi-region-pipeline{name}")


def test_what_is_said_and_what_is_imported_make_the_order() -> None:
    """And else the manifest's."""
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
    assert [(one.name, one.because) for one in by_name["b"].after] == [
        ("a", "which exports stores-Key")
    ]
    assert order(*chosen[1:3]) == ["b", "z"]
    (alone,) = steps([chosen[1]])
    assert alone.imports == ("stores-Key",)
    assert "imports stores-Key, which no template of this plan exports" in shell([alone])


def test_a_circle_is_told() -> None:
    """Of imports too, which no manifest shows."""
    exports = {"Outputs": {"K": {"Export": {"Name": "a-K"}}}}
    imports = {"Resources": {"R": {"Fn::ImportValue": "a-K"}}}
    with pytest.raises(CfngenError, match="a, b: no order"):
        steps([source("a", exports, after=("b",)), source("b", imports)])


def test_what_is_not_in_the_plan_is_named_and_still_fills_in() -> None:
    """A template alone says what it comes after, and which output its parameter could have."""
    network = source("net", {"Outputs": {"VpcId": {"Value": "v"}}})
    alone = steps([source("app", asking(VpcId="the VPC"), after=("net",))], [network])
    assert alone[0].parameters[0].filled_by == ("net",)
    text = shell(alone)
    assert "# After net, as the manifest says, and is not in this plan." in text
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
    """Of the manifest's regions, in their order."""
    assert regions(source("a", body, regions=listed)) == expected


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


def test_our_own_plan_is_a_script_without_faults() -> None:
    """Of all templates together, and of each alone."""
    shellcheck(shell(list(planned())))
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
    """Two templates do not share an answer, and the environment gives none by chance."""
    found = steps([source("a-b", asking(Same="", One="")), source("c", asking(Same="", PATH=""))])
    assert variables(found) == {
        ("a-b", "Same"): "a_b_Same",
        ("a-b", "One"): "One",
        ("c", "Same"): "c_Same",
        ("c", "PATH"): "c_PATH",
    }


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


def test_a_file_that_is_not_filled_in_stops_the_script(answering: Any, tmp_path: Path) -> None:
    """With the answers it is passed on as it is."""
    found = steps([source("a", asking(Name="name"))])
    script = shell(found, {"a": "a b.json"})
    shellcheck(script)
    (tmp_path / "a b.json").write_text(skeleton(found[0]))
    code, calls, error = answering(script)
    assert (code, calls) == (1, [])
    assert "a b.json: answer these first" in error
    (tmp_path / "a b.json").write_text('["Name=n<m"]')
    code, calls, _ = answering(script)
    assert code == 0
    assert calls[0][-2:] == ["--parameter-overrides", "file://a b.json"]


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_the_plan(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of everything, or of what is named, for a shell or as data."""
    monkeypatch.chdir(ROOT)
    assert main(["plan"]) == 0
    assert capfd.readouterr().out == shell(list(planned()))
    assert main(["plan", "backlog-proxy-efs", "--format", "json"]) == 0
    (data,) = json.loads(capfd.readouterr().out)
    (step,) = (step for step in planned() if step.template == "backlog-proxy-efs")
    (expected,) = json.loads(as_json([step]))
    assert data == expected
    assert [p["name"] for p in data["parameters"] if p["filled_by"] == ["build-network"]] == [
        "VpcId",
        "PrivateSubnetId1",
        "PrivateSubnetId2",
    ]


def test_the_command_writes_files_and_overwrites_none(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One for a template, a folder of them for several; --force takes what is written away."""
    monkeypatch.chdir(ROOT)
    file, folder = tmp_path / "p.json", tmp_path / "new"
    assert main(["plan", "branch-events", "--parameters-file", str(file)]) == 0
    assert f"--parameter-overrides file://{file}" in capfd.readouterr().out
    file.write_text("mine")
    assert main(["plan", "branch-events", "--parameters-file", str(file)]) == 2
    assert "is there already; --force overwrites it" in capfd.readouterr().err
    assert file.read_text() == "mine"
    assert main(["plan", "branch-events", "--parameters-file", str(file), "--force"]) == 0
    assert file.read_text() != "mine"
    assert main(["plan", "--parameters-file", str(folder)]) == 2
    assert "name a folder, with a slash at the end" in capfd.readouterr().err
    assert main(["plan", "--parameters-file", f"{folder}/"]) == 0
    asking_ = {step.template for step in planned() if step.parameters}
    assert {path.stem for path in folder.iterdir()} == asking_
    shellcheck(capfd.readouterr().out)


def test_what_is_not_built_yet_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The plan names a file that a build has to write first; a typo is no traceback."""
    (tmp_path / "cfngen.toml").write_text('[templates.net]\nblueprint = "build_network"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["plan"]) == 0
    printed_ = capfd.readouterr()
    assert "--template-file output/net.yaml" in printed_.out
    assert "output/net.yaml: not there; run `cfngen build` before you deploy" in printed_.err
    assert main(["plan", "nte"]) == 2
    assert "did you mean" in capfd.readouterr().err


def test_sizes_are_those_of_the_files() -> None:
    """What the plan says of a bucket holds for what is committed."""
    for one in sources():
        assert one.size == (PROJECT.output / f"{one.name}.yaml").stat().st_size
