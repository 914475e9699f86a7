"""Every template deploys with the role that `cfngen deploy-role` prints for it, and needs it.

The caller may do what `aws cloudformation deploy` itself calls, and hand over that one role. All
that CloudFormation does is asked of the role's policies (`plugin/acting.py`).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.deploy_scripts import PROJECT, sources
from support.deployments import Deployment
from support.emulator import ACCOUNT, Emulator
from support.readmes import WAYS

from cfngen.cloudformation.regions import all_regions
from cfngen.cloudformation.schemas import OPERATIONS, schema
from cfngen.deploy.role import policy
from cfngen.deploy.role.destination import parse_destination
from cfngen.deploy.role.exports import exported_arns
from cfngen.deploy.role.formats import document, documents

SEED = "rights"
DRAWN = 2  # rights taken away, one at a time
# What `aws cloudformation deploy` calls, and what deletes the stack.
COMMAND = (
    *("CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStacks"),
    *("DeleteStack", "DescribeStackEvents"),
)
FUNCTION = """\
aws() {{
  if [ "$1 $2" = "cloudformation deploy" ]; then
    {keys} command aws "$@" {more}
  else
    command aws "$@"
  fi
}}
"""
KEEPING = re.compile(r"^ *(DeletionPolicy|UpdateReplacePolicy): \w+\n", re.M)
# Rights that nothing here asks for, each with why it is no less needed.
NOT_ASKED = {
    "cloudformation:TagResource": "stacks are given no tags here",
}


class Deployer:
    """Deploys one stack with a role of its own."""

    def __init__(self, stack: Deployment, parameters: dict[str, str]) -> None:
        """Make the role, and a user who may hand it over."""
        self.stack, self.emulator = stack, stack.emulator
        self.parameters = parameters
        self.iam = stack.emulator.client("iam")
        self.policies: list[str] = []
        trust = statement("sts:AssumeRole", Principal={"Service": "cloudformation.amazonaws.com"})
        made = self.iam.create_role(
            RoleName=f"deploys-{stack.stack}", AssumeRolePolicyDocument=json.dumps(trust)
        )
        self.role: str = made["Role"]["Arn"]
        self.documents = generated(stack, parameters)
        self.allow(self.documents)

    def allow(self, whole: list[dict[str, Any]]) -> None:
        """Let the role do what documents say, and nothing else."""
        name = self.role.rpartition("/")[2]
        for arn in self.policies:
            self.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
            self.iam.delete_policy(PolicyArn=arn)
        self.policies = []
        for number, each in enumerate(whole):
            made = self.iam.create_policy(
                PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(each)
            )
            self.policies.append(made["Policy"]["Arn"])
            self.iam.attach_role_policy(RoleName=name, PolicyArn=self.policies[-1])

    def caller(self) -> dict[str, str]:
        """Return the keys of a user who may deploy, and hand over the role."""
        name = f"calls-{self.stack.stack}"
        self.iam.create_user(UserName=name)
        where = f"arn:aws:cloudformation:{self.stack.way.region}:{ACCOUNT}:stack/"
        own = [f"{where}{self.stack.stack}/*"]
        may = statement([f"cloudformation:{action}" for action in COMMAND], Resource=own)
        to = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        may["Statement"] += statement("cloudformation:GetTemplateSummary", Resource="*")[
            "Statement"
        ]
        may["Statement"] += statement("iam:PassRole", Resource=self.role, Condition=to)["Statement"]
        self.iam.put_user_policy(UserName=name, PolicyName="x", PolicyDocument=json.dumps(may))
        made = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
        }

    def failure(self, change: dict[str, str]) -> str:
        """Create, update and delete the stack, until something fails; say what that was.

        Without a change, it is not updated.
        """
        client = self.stack.cloudformation
        given = {
            "StackName": self.stack.stack,
            "TemplateBody": KEEPING.sub("", self.stack.text),  # or the next finds names taken
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        steps = [("create", self.parameters)]
        steps += [("update", {**self.parameters, **change})] if change else []
        for verb, parameters in steps:
            asked = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
            try:
                call = getattr(client, f"{verb}_stack")
                number = call(**given, Parameters=asked, RoleARN=self.role)["StackId"]
            except ClientError as error:
                return str(error)
            if status(client, number) != f"{verb.upper()}_COMPLETE":
                return failures(client, number)
        client.delete_stack(StackName=number)
        return "" if status(client, number) == "DELETE_COMPLETE" else failures(client, number)


def statement(action: Any, **more: Any) -> dict[str, Any]:
    """Return a document of one statement."""
    one = {"Effect": "Allow", "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [one]}


def generated(stack: Deployment, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """Return the documents of the role, for this stack in this place."""
    source = next(source for source in sources() if source.name == stack.name)
    known = [f"{name}={value}" for name, value in parameters.items()]
    where = parse_destination(
        source.body,
        stack=stack.stack,
        partition="aws",
        region=stack.way.region,
        account=ACCOUNT,
        parameters=tuple(known),
        regions=all_regions(),
    )
    before = [(WAYS[n].stack, s.body) for s in sources() for n in [s.name] if n in after(source)]
    where = replace(where, exports=exported_arns(before, where))
    found = policy(stack.name, source.body, where)
    return [document(each) for each in documents(found)]


def actions(whole: list[dict[str, Any]]) -> set[str]:
    """Return the actions of documents."""
    listed = [one["Action"] for each in whole for one in each["Statement"]]
    return {a for one in listed for a in ([one] if isinstance(one, str) else one)}


def after(source: Any) -> tuple[str, ...]:
    """Return the templates that a template comes after."""
    found: tuple[str, ...] = tuple(source.entry.after)
    return found


def status(client: Any, number: str) -> str:
    """Return a stack's status."""
    found: str = client.describe_stacks(StackName=number)["Stacks"][0]["StackStatus"]
    return found


def failures(client: Any, number: str) -> str:
    """Return what a stack's events say of failures."""
    events = client.describe_stack_events(StackName=number)["StackEvents"]
    return "\n".join(
        f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}"
        for e in events
        if "FAILED" in e["ResourceStatus"]
    )


def proposed(stack: Deployment) -> dict[str, str]:
    """Return the parameters that the README's command gives, by a change set that is not run.

    Those that are looked up are left at their defaults: the emulator tells their values alone.
    """
    stack.reader.run(FUNCTION.format(keys="", more="--no-execute-changeset"))
    ended = stack.reader.run(stack.command())
    assert ended.returncode == 0, (ended.stdout, ended.stderr)
    client = stack.cloudformation
    (summary,) = client.list_change_sets(StackName=stack.stack)["Summaries"]
    found = client.describe_change_set(ChangeSetName=summary["ChangeSetId"])
    client.delete_stack(StackName=stack.stack)
    given = {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", [])}
    declared = stack.template["Parameters"]
    return {k: v for k, v in given.items() if not declared[k]["Type"].startswith("AWS::SSM::")}


@pytest.mark.parametrize("name", sorted(PROJECT.templates))
def test_a_template_deploys_with_its_own_role(name: str, account: Emulator, tmp_path: Path) -> None:
    """Created, updated and deleted; and not, without a right that is drawn by chance."""
    stack = Deployment(account, name, tmp_path)
    parameter, value = WAYS[name].changed(account)
    parameters = proposed(stack)
    known = {k: v for k, v in parameters.items() if k != parameter}
    deployer = Deployer(stack, known)
    keys = deployer.caller()
    named = " ".join(f"{key.upper()}={given}" for key, given in keys.items())
    stack.reader.run(FUNCTION.format(keys=named, more=f"--role-arn {deployer.role}"))
    account.call("rights", region=stack.way.region, clear=True)
    stack.deploy()
    change = {} if WAYS[name].refused else {parameter: value}
    stack.deploy(*(f"{key}={given}" for key, given in change.items()))
    client = account.client("cloudformation", stack.way.region, **keys)
    number = stack.described()["StackId"]
    client.delete_stack(StackName=stack.stack)
    assert status(stack.cloudformation, number) == "DELETE_COMPLETE", stack.failures()

    found = account.call("rights", region=stack.way.region)
    asked = {action for _, _, action, _ in found["asked"]}
    assert not set(unexplained(actions(deployer.documents) - asked, found)), "see NOT_ASKED"

    other = stack.beside("another")
    others = dict(WAYS[name].second_stack)
    again = Deployer(other, {**parameters, **others})
    chance = random.Random(f"{SEED} {name}")  # noqa: S311 - the same each time, no secret
    drawn = chance.sample(sorted(asked), DRAWN)
    for action in drawn:
        again.allow([without(action, each) for each in again.documents])
        said = again.failure(change)
        assert f"not authorized to perform: {action} on" in said, (action, said)
        leave_nothing(again)


def unexplained(left: set[str], found: dict[str, Any]) -> Iterator[str]:
    """Yield the rights that nothing asked for, but for those of which it is known why.

    What a handler calls to update, to read or to delete is asked for only where that happens: most
    resources are not changed here, and some are retained. What a property would ask for is not
    asked for without it. All else is in the table.
    """
    done = {(kind, operation) for operation, kind, *_ in found["asked"]}
    done |= {(kind, "read") for kind, operation in done if operation == "update"}
    skipped = {(kind, action) for kind, action in found["skipped"]}
    for action in sorted(left):
        owed = [
            kind
            for kind in {kind for kind, _ in done if kind}
            for operation in OPERATIONS
            if action in schema(kind).permissions(operation)
            and (kind, operation) in done
            and (kind, action) not in skipped
        ]
        if owed or (action not in NOT_ASKED and not listed(action, found)):
            yield action


def listed(action: str, found: dict[str, Any]) -> bool:
    """Tell whether a handler of the template's types may call an action."""
    kinds = {kind for _, kind, *_ in found["asked"] if kind}
    return any(action in schema(k).permissions(o) for k in kinds for o in OPERATIONS)


def without(action: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Return a document that does not allow an action."""
    kept = []
    for one in whole["Statement"]:
        allowed = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        if left := [each for each in allowed if each != action]:
            kept.append({**one, "Action": left})
    return {**whole, "Statement": kept}


def leave_nothing(deployer: Deployer) -> None:
    """Delete what is left of a stack, with all rights, and forget what it retains."""
    deployer.allow(deployer.documents)
    client = deployer.stack.cloudformation
    for stack in client.describe_stacks()["Stacks"]:
        if stack["StackName"] == deployer.stack.stack:
            client.delete_stack(StackName=stack["StackId"])
            status(client, stack["StackId"])
