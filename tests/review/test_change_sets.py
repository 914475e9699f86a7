"""A review beside a change set that CloudFormation has made of the same change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfngen.cli import main

OLD = """\
Parameters:
  Stage: {Type: String, Default: test}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: one, DelaySeconds: 1}
  Logs:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
  Same:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Stage}
"""
GONE = "  Logs:\n    Type: AWS::SQS::Queue\n    DeletionPolicy: Retain\n"
RENAMED = OLD.replace("QueueName: one", "QueueName: two")
DELAYED = OLD.replace("DelaySeconds: 1", "DelaySeconds: 2")
PERHAPS = OLD.replace("QueueName: one", "QueueName: !Ref Stage")
ADDED = f"{OLD}  More:\n    Type: AWS::SQS::Queue\n"
ADDED_IN_PROD = f"{ADDED}    Condition: Prod\n"
ORDERED = OLD.replace("  Logs:\n", "  Logs:\n    DependsOn: Jobs\n")


def listed(
    resource: str,
    action: str = "Modify",
    replacement: str = "",
    policy: str = "",
    **detail: str,
) -> dict[str, Any]:
    """Return one change as describe-change-set prints it; it is of a property if not said."""
    target = {
        "Attribute": detail.get("attribute", "Properties"),
        "Name": detail.get("name", "QueueName"),
        "RequiresRecreation": detail.get("recreation", "Never"),
    }
    details = {
        "Target": target,
        "Evaluation": detail.get("evaluation", "Static"),
        "ChangeSource": detail.get("source", "DirectModification"),
        "CausingEntity": detail.get("cause", ""),
    }
    change = {
        "Action": action,
        "LogicalResourceId": resource,
        "ResourceType": "AWS::SQS::Queue",
        "Details": [details] if action == "Modify" else [],
    }
    optional = {"Replacement": replacement, "PolicyAction": policy}
    change |= {key: value for key, value in optional.items() if value}
    return {"Type": "Resource", "ResourceChange": change}


def printed(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a change set as the AWS CLI prints it."""
    return {
        "ChangeSetName": "next",
        "StackName": "shop",
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Changes": list(changes),
        **more,
    }


class Folder:
    """A folder with both sides of a template and a change set."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Begin with nothing in it."""
        self.capsys = capsys

    def run(self, new: str, change_set: Any, *more: str) -> tuple[int, str, str]:
        """Run a review; return its code and both streams, errors on one line."""
        for side, text in (("old", OLD), ("new", new)):
            Path(side).mkdir(exist_ok=True)
            Path(side, "shop.yaml").write_text(text)
        Path("next.json").write_text(json.dumps(change_set))
        code = main(["review", "old", "new", "--change-set", "next.json", *more])
        streams = self.capsys.readouterr()
        return code, streams.out, " ".join(streams.err.split())

    def differences(self, new: str, *changes: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Return how a review and a change set differ."""
        data = json.loads(self.run(new, printed(*changes), "--format", "json")[1])
        (stack,) = data["stacks"]
        findings = [(f["code"], f["subject"]) for f in stack["findings"]]
        differences = stack["reconciliation"]["differences"]
        coded = [(d["code"], d["resource"]) for d in differences if d["code"]]
        assert [pair for pair in findings if pair in coded] == sorted(coded)
        return [(d["difference"], d["resource"], d["code"]) for d in differences]


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Folder:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Folder(capsys)


IN_PLACE = listed("Jobs", replacement="False", name="DelaySeconds")
REPLACED = listed("Jobs", replacement="True", policy="ReplaceAndDelete", recreation="Always")
CONDITIONAL = listed("Jobs", replacement="Conditional", recreation="Conditionally")
DYNAMIC = {"evaluation": "Dynamic", "source": "ResourceAttribute", "cause": "Logs.Arn"}


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (DELAYED, IN_PLACE),
        (RENAMED, REPLACED),
        (RENAMED, CONDITIONAL),
        (PERHAPS, CONDITIONAL),
        (ADDED, listed("More", "Add")),
        (ADDED, listed("More", "Dynamic")),
        (OLD.replace(GONE, ""), listed("Logs", "Remove", policy="Retain")),
    ],
)
def test_both_agree(folder: Folder, new: str, change: dict[str, Any]) -> None:
    """The same actions and replacements are counted, and no finding is made of them."""
    assert folder.differences(new, change) == []
    out = folder.run(new, printed(change))[1]
    assert "change set next of the stack shop: 1 resource as in the review\n" in out


@pytest.mark.parametrize(
    ("new", "changes", "expected"),
    [
        # CloudFormation knows more of a replacement, or says that there is none.
        (DELAYED, [REPLACED], [("replacement", "Jobs", "P102")]),
        (DELAYED, [CONDITIONAL], [("replacement", "Jobs", "P102")]),
        (PERHAPS, [REPLACED], [("replacement", "Jobs", "P102")]),
        (RENAMED, [IN_PLACE], [("replacement", "Jobs", "U108")]),
        (PERHAPS, [IN_PLACE], [("replacement", "Jobs", "")]),
        # It lists what is the same in the templates.
        (OLD, [listed("Same", replacement="False")], [("only listed", "Same", "U107")]),
        (OLD, [listed("Same", "Remove", policy="Delete")], [("only listed", "Same", "U107")]),
        (OLD, [listed("Same", replacement="True", recreation="Always")],
         [("only listed", "Same", "P102")]),
        # So it does for what it cannot know before.
        (OLD, [listed("Same", replacement="False", source="Automatic")],
         [("only listed", "Same", "")]),
        (OLD, [listed("Same", replacement="False", attribute="Tags")],
         [("only listed", "Same", "")]),
        (OLD, [listed("Same", replacement="Conditional", recreation="Always", **DYNAMIC)],
         [("only listed", "Same", "")]),
        (DELAYED, [listed("Jobs", replacement="Conditional", recreation="Always", **DYNAMIC)],
         [("replacement", "Jobs", "")]),
        # It lacks what has changed for certain; what may be the same is no disagreement.
        (DELAYED, [listed("Same", source="Automatic")],
         [("not mentioned", "Jobs", "U106"), ("only listed", "Same", "")]),
        (PERHAPS, [listed("Same", source="Automatic")],
         [("not mentioned", "Jobs", ""), ("only listed", "Same", "")]),
        (ADDED, [listed("Same", source="Automatic")],
         [("not mentioned", "More", "U106"), ("only listed", "Same", "")]),
        (ADDED_IN_PROD, [listed("Same", source="Automatic")],
         [("not mentioned", "More", ""), ("only listed", "Same", "")]),
        (ORDERED, [listed("Same", source="Automatic")], [("only listed", "Same", "")]),
        (DELAYED, [listed("Jobs", "SyncWithActual")], [("action", "Jobs", "")]),
        (RENAMED, [listed("Jobs", "SyncWithActual")], [("action", "Jobs", "U108")]),
        (OLD, [listed("Same", "SyncWithActual")], [("only listed", "Same", "")]),
        # It does something else.
        (ADDED, [listed("More", replacement="False")], [("action", "More", "U108")]),
        (ADDED, [listed("More", "Import")], [("action", "More", "U108")]),
        (OLD.replace(GONE, ""), [listed("Logs", "Remove", policy="Delete")],
         [("policy", "Logs", "U108")]),
        (RENAMED, [listed("Jobs", replacement="True", policy="ReplaceAndRetain")],
         [("policy", "Jobs", "U108")]),
    ],
)  # fmt: skip
def test_both_differ(
    folder: Folder, new: str, changes: list[dict[str, Any]], expected: list[tuple[str, str, str]]
) -> None:
    """What is a disagreement has a code and a finding; what CloudFormation cannot know has none."""
    assert folder.differences(new, *changes) == expected


def test_what_is_replaced_counts_for_the_gate(folder: Folder) -> None:
    """A parameter of the command line replaces what the templates leave alone."""
    change = listed(
        "Same", replacement="True", recreation="Always", source="ParameterReference", cause="Stage"
    )
    code, out, err = folder.run(OLD, printed(change), "--fail-on", "replace")
    assert code == 1
    assert "failed because of --fail-on: replace (shop/Same)" in err
    assert "CloudFormation will replace it, because of Stage; by the templates nothing" in out
    assert "1 stack changes" in out


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json", "sarif"])
def test_every_format_has_it(folder: Folder, form: str) -> None:
    """What CloudFormation does not mention, what it adds, and how far it agrees."""
    changes = listed("Same", replacement="False"), listed("Logs", source="Automatic")
    out = folder.run(DELAYED, printed(*changes), "--format", form)[1]
    plain = " ".join(out.replace("\\", "").split())
    assert "CloudFormation does not mention it, although it is changed in place" in plain
    assert "CloudFormation changes it, because of QueueName; by the templates nothing" in plain
    assert "U106" in plain
    if form != "json":
        assert "0 resources as in the review, 2 disagreements" in plain
    if form not in ("json", "sarif"):
        assert "CloudFormation adds Logs, as it does for nested stacks" in plain


def test_nested_resources_of_a_macro_are_expected(folder: Folder) -> None:
    """What a macro makes is not in the template, and no disagreement."""
    new = f"Transform: AWS::Serverless-2016-10-31\n{OLD}"
    data = folder.run(new, printed(listed("ApiRole", "Add")), "--format", "json")[1]
    (stack,) = json.loads(data)["stacks"]
    codes = [d["code"] for d in stack["reconciliation"]["differences"]]
    assert codes == [""]


@pytest.mark.parametrize(
    ("change_set", "expected"),
    [
        ({"Stacks": []}, "not what `aws cloudformation describe-change-set` prints"),
        ([], "not what `aws cloudformation describe-change-set` prints"),
        (printed(IN_PLACE, NextToken="x"), "only a part, since it has a NextToken"),
        (
            printed(
                Status="FAILED", StatusReason="The submitted information didn't contain changes."
            ),
            "has failed: The submitted information didn't contain changes.",
        ),
        (printed(), "has no changes"),
        (
            printed(IN_PLACE, Status="CREATE_IN_PROGRESS"),
            "is not complete",
        ),
        (printed(IN_PLACE, ExecutionStatus="OBSOLETE"), "the stack has changed since"),
        (printed({"Type": "Resource"}), "has a change without a logical ID or an action"),
        (printed(listed("Foreign", "Add")), "none of its resources is in the template shop"),
    ],
)
def test_a_change_set_that_says_nothing_is_refused(
    folder: Folder, change_set: Any, expected: str
) -> None:
    """Empty, failed, old or foreign ones are mistakes: exit 2, with the reason."""
    code, out, err = folder.run(DELAYED, change_set)
    assert (code, out) == (2, "")
    assert expected in err


def test_a_change_set_of_another_stack_is_refused(folder: Folder) -> None:
    """With several templates, or a stack that is known, names decide."""
    Path("old").mkdir()
    Path("old/web.yaml").write_text(OLD)
    err = folder.run(DELAYED, printed(IN_PLACE, StackName="mail"))[2]
    assert "the change set next is of the stack mail, and no template that is compared" in err
    Path("old/web.yaml").unlink()
    Path("stacks.json").write_text(json.dumps({"Stacks": [{"StackName": "shop-prod"}]}))
    arguments = "--deployed-parameters", "stacks.json"
    assert folder.run(DELAYED, printed(IN_PLACE, StackName="shop-prod"), *arguments)[0] == 0
    code, _, err = folder.run(DELAYED, printed(IN_PLACE, StackName="shop-test"), *arguments)
    assert (code, "is of the stack shop-test, and no template" in err) == (2, True)


def test_what_is_in_the_account_already(folder: Folder) -> None:
    """With drift, CloudFormation may find that a resource is as it would be."""
    out = folder.run(DELAYED, printed(listed("Jobs", "SyncWithActual")))[1]
    assert "CloudFormation leaves Jobs as in the account, and changes only its own record" in out


def test_two_change_sets_of_one_stack_are_refused(folder: Folder) -> None:
    """One of them would be shown as if it were all."""
    code, _, err = folder.run(DELAYED, printed(IN_PLACE), "--change-set", "next.json")
    assert (code, "and so is next; give one of them" in err) == (2, True)


def test_an_approval_is_of_what_the_change_set_says(folder: Folder) -> None:
    """A change set that says otherwise ends an approval; what it is called counts as well."""
    digests = {
        folder.run(DELAYED, printed(change), "--date", "2026-12-01")[1].rpartition("digest ")[2]
        for change in (IN_PLACE, REPLACED, CONDITIONAL)
    }
    assert len(digests) == 3


@pytest.mark.parametrize("odd", [None, 1, "x", [], [None], {"Target": [1]}, [{"Target": "x"}]])
def test_odd_details_are_read_as_none(folder: Folder, odd: Any) -> None:
    """Whatever stands in place of details, a change is compared by its action."""
    change = listed("Jobs")
    change["ResourceChange"]["Details"] = odd
    assert folder.differences(DELAYED, change) == []
    stacks = [{"StackName": "shop", "StackStatus": odd, "ParentId": 0}]
    Path("stacks.json").write_text(json.dumps({"Stacks": stacks}))
    arguments = "--deployed-parameters", "stacks.json"
    assert folder.run(DELAYED, printed(change), *arguments)[0] == 0


def test_hostile_names_are_escaped(folder: Folder) -> None:
    """A change set is read from a file that somebody may have written."""
    name = "<b>\u202e\x1b[31m{names}"
    change = listed(name, source="Automatic"), IN_PLACE
    for form in ("text", "markdown", "html", "json", "sarif"):
        out = folder.run(DELAYED, printed(*change, ChangeSetName=name), "--format", form)[1]
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert form not in ("markdown", "html") or "<b>{" not in out
