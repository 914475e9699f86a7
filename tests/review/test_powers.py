"""What roles and resource policies allow is compared by its meaning, whoever writes it however."""

from __future__ import annotations

import itertools
import textwrap
from pathlib import Path

import pytest

from cfngen.cloudformation.glob import MAX_LENGTH, covers
from cfngen.cloudformation.sections import Sections
from cfngen.review.model import Extent, Grant, PermissionChange
from cfngen.review.permissions import permission_changes
from cfngen.review.permissions.actions import all_actions
from cfngen.review.stack import Stack

OUTPUT = Path(__file__).parents[2] / "output"
OPPOSITE = {
    Extent.BROADENED: Extent.NARROWED,
    Extent.NARROWED: Extent.BROADENED,
    Extent.MIXED: Extent.MIXED,
    Extent.SAME: Extent.SAME,
}


HEAD = "Conditions:\n  C: !Equals [!Ref P, x]\n  Never: !Equals [a, b]\nResources:\n"


def stack(resources: str) -> Stack:
    """Return a template that has some resources, and always a topic."""
    text = textwrap.indent(textwrap.dedent(resources), "  ")
    topic = "  Topic:\n    Type: AWS::SNS::Topic\n"
    return Stack(Sections(f"{HEAD}{topic}{text}"))


def differing(before: Stack, after: Stack) -> list[str]:
    """Return the logical IDs whose resources are different."""
    names = dict.fromkeys((*before.names, *after.names))
    return [name for name in names if before.resource(name) != after.resource(name)]


def compared(before: str, after: str) -> tuple[PermissionChange, ...]:
    """Return how powers change, having seen that the reverse change is the mirror image."""
    one, two = stack(before), stack(after)
    changed = differing(one, two)
    found, reverse = permission_changes(one, two, changed), permission_changes(two, one, changed)
    mirrored = {(p.attached_to, p.policy, OPPOSITE[p.extent], p.lost, p.gained) for p in reverse}
    assert {(p.attached_to, p.policy, p.extent, p.gained, p.lost) for p in found} == mirrored
    return found


def one(before: str, after: str) -> PermissionChange:
    """Return the only change of powers."""
    (found,) = compared(before, after)
    return found


def role(*statements: str, trust: str = "Service: a.amazonaws.com", more: str = "") -> str:
    """Return a role with an inline policy of some statements in YAML's flow style."""
    inner = ", ".join(statements)
    return f"""
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: {{Effect: Allow, Action: 'sts:AssumeRole', Principal: {{{trust}}}}}
    Policies:
    - {{PolicyName: own, PolicyDocument: {{Statement: [{inner}]}}}}
{textwrap.indent(textwrap.dedent(more), "    ")}"""


def says(action: str, on: str = "'*'", more: str = "", effect: str = "Allow") -> str:
    """Return a statement in YAML's flow style."""
    return f"{{Effect: {effect}, Action: {action}, Resource: {on}{', ' if more else ''}{more}}}"


def under(condition: str) -> str:
    """Return a statement with a condition."""
    return says("'s3:GetObject'", more=f"Condition: {condition}")


def queue(principal: str, more: str = "") -> str:
    """Return a queue with a policy that lets somebody send."""
    return f"""
Queue:
  Type: AWS::SQS::Queue
Policy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref Queue]
    PolicyDocument:
      Statement: {{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*',
        Principal: {principal}{", " if more else ""}{more}}}
"""


ROLE_POLICY = """
Other:
  Type: AWS::IAM::RolePolicy
  Properties:
    RoleName: !Ref Role
    PolicyName: other
    PolicyDocument: {Statement: [%s]}
"""

SAME = [
    ("a list of one", role(says("'s3:GetObject'")), role(says("['s3:GetObject']", "['*']"))),
    (
        "split and reordered",
        role(says("['s3:GetObject', 's3:PutObject']", "[arn:a, arn:b]")),
        role(
            says("'s3:PutObject'", "arn:b"),
            says("'s3:GetObject'", "[arn:b, arn:a]"),
            says("'s3:PutObject'", "arn:a"),
        ),
    ),
    ("a Sid", role(says("'s3:GetObject'")), role(says("'s3:GetObject'", more="Sid: New"))),
    ("letters", role(says("'s3:GetObject'")), role(says("'S3:getobject'"))),
    (
        "a wildcard written out",
        role(says("'codecommit:GitP*'")),
        role(says("['codecommit:GitPull', 'codecommit:GitPush']")),
    ),
    ("a star and a question mark", role(says("'s3:*'", "'a*?'")), role(says("'s3:*'", "'a?*'"))),
    (
        "an operator whose stars nobody uses",
        role(under("{StringLike: {k: a}, StringNotLike: {l: b}}")),
        role(under("{StringEquals: {k: a}, StringNotEquals: {l: b}}")),
    ),
    ("twice a star", role(says("'s3:Get*'", "'a*'")), role(says("'s3:Get**'", "'a**'"))),
    (
        "what a wider sentence says already",
        role(says("'s3:*'", "'arn:aws:s3:::x*'")),
        role(says("'s3:*'", "'arn:aws:s3:::x*'"), says("'s3:GetObject'", "'arn:aws:s3:::x/?'")),
    ),
    (
        "NotAction and the rest",
        role(says("'*'")),
        role("{Effect: Allow, NotAction: 's3:*', Resource: '*'}", says("'s3:*'")),
    ),
    (
        "a condition's values in statements of their own",
        role(under("{StringEquals: {'aws:RequestedRegion': [a, b]}}")),
        role(
            under("{StringEquals: {'aws:requestedregion': b}}"),
            under("{stringequals: {'aws:RequestedRegion': [a]}}"),
        ),
    ),
    (
        "both cases of a condition",
        role(says("'s3:GetObject'")),
        role(
            "!If [C, {Effect: Allow, Action: 's3:GetObject', Resource: '*'},"
            "{Effect: Allow, Action: 's3:Get*', Resource: '*'}]"
        ).replace("'s3:Get*'", "['s3:GetObject']"),
    ),
    (
        "a managed policy of the template",
        role(says("'s3:GetObject'")),
        role(more="ManagedPolicyArns: [!Ref Managed]")
        + f"""
Managed:
  Type: AWS::IAM::ManagedPolicy
  Properties: {{PolicyDocument: {{Statement: {says("'s3:GetObject'")}}}}}
""",
    ),
    (
        "another resource",
        role(says("'s3:GetObject'")),
        role() + ROLE_POLICY % says("'s3:GetObject'"),
    ),
    ("anybody", queue("'*'"), queue("{AWS: '*'}")),
    ("an account", queue("{AWS: '123456789012'}"), queue("{AWS: arn:aws:iam::123456789012:root}")),
    (
        "this account",
        queue("{AWS: !Ref AWS::AccountId}"),
        queue("{AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}"),
    ),
    (
        "JSON",
        queue("'*'"),
        """
Queue:
  Type: AWS::SQS::Queue
Policy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!GetAtt Queue.Arn]
    PolicyDocument: '{"Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"],
      "Resource": "*", "Principal": "*"}]}'
""",
    ),
]


@pytest.mark.parametrize(("before", "after"), [c[1:] for c in SAME], ids=[c[0] for c in SAME])
def test_what_means_the_same_is_said_to_be_the_same(before: str, after: str) -> None:
    """Only the text is different, and that is said."""
    found = compared(before, after)
    assert [(p.extent, p.gained, p.lost) for p in found] == [(Extent.SAME, (), ())]


def test_cases_that_exclude_each_other_are_not_mixed_up() -> None:
    """One condition is not true and false at once, in whatever order it is asked."""
    inside = role(says("!If [C, 's3:GetObject', 's3:PutObject']", "!If [C, arn:x, arn:y]"))
    first, second = says("'s3:GetObject'", "arn:x"), says("'s3:PutObject'", "arn:y")
    assert one(inside, role(f"!If [C, {first}, {second}]")).extent is Extent.SAME


def test_a_policy_that_is_there_under_a_condition_allows_less() -> None:
    """A resource's `Condition` counts as one in the policy would."""
    always = role() + ROLE_POLICY % says("'s3:*'")
    sometimes = always.replace("Other:\n", "Other:\n  Condition: C\n")
    never = always.replace("Other:\n", "Other:\n  Condition: Never\n")
    found = one(sometimes, always)
    assert found.extent is Extent.BROADENED
    assert [grant.condition for grant in found.lost] == []
    assert one(never, always).gained == one(role(), always).gained


def test_a_condition_that_means_something_else_makes_another_policy() -> None:
    """Its name is the same on both sides; what it asks is not."""
    policy = (role() + ROLE_POLICY % says("'s3:*'")).replace("Other:\n", "Other:\n  Condition: C\n")
    sides = [
        Stack(Sections(stack(policy).sections.text.replace("P, x", new)), changed=frozenset({"C"}))
        for new in ("P, x", "P, y")
    ]
    (found,) = permission_changes(*sides, ["Other"])
    assert found.extent is Extent.MIXED


def test_a_reference_is_one_however_it_is_written() -> None:
    """Functions are worked out before policies are compared."""
    before = role(says("'sns:Publish'", "!Sub 'arn:${AWS::Partition}:sns:::${Topic}'"))
    joined = "!Join ['', ['arn:', !Ref AWS::Partition, ':sns:::', !Ref Topic]]"
    assert compared(before, role(says("'sns:Publish'", joined))) == ()


def test_what_is_allowed_and_denied_at_once_is_not_gained() -> None:
    """The `Deny` is told; the `Allow` beside it is without effect."""
    denied = says("'iam:PassRole'", effect="Deny")
    found = one(role(says("'s3:*'")), role(says("'s3:*'"), says("'iam:PassRole'"), denied))
    assert (found.extent, found.gained) == (Extent.NARROWED, ())
    assert [grant.effect for grant in found.lost] == ["Deny"]


BROADER = [
    ("an action", role(says("'s3:GetObject'")), role(says("['s3:GetObject', 's3:PutObject']"))),
    ("a wildcard", role(says("'s3:GetObject'")), role(says("'s3:Get*'"))),
    ("an unknown action", role(says("'s3:GetObject'")), role(says("['s3:GetObject', 'no:Such']"))),
    ("an unknown service", role(says("'no:Such'")), role(says("'no:*'"))),
    (
        "a resource",
        role(says("'s3:*'", "arn:x")),
        role(says("'s3:*'", "'arn:x/*'")).replace("x/*", "x*"),
    ),
    ("a question mark", role(says("'s3:*'", "arn:xy")), role(says("'s3:*'", "'arn:x?'"))),
    ("a star for a question mark", role(says("'s3:*'", "'a?'")), role(says("'s3:*'", "'a*'"))),
    (
        "a star for a reference",
        role(says("'sns:*'", "!Sub 'arn:${Topic}'")),
        role(says("'sns:*'", "'arn:*'")),
    ),
    (
        "less after NotAction",
        role("{Effect: Allow, NotAction: ['iam:*', 's3:*'], Resource: '*'}"),
        role("{Effect: Allow, NotAction: 'iam:*', Resource: '*'}"),
    ),
    (
        "an unknown NotAction gone",
        role("{Effect: Allow, NotAction: !Ref P, Resource: '*'}"),
        role(says("'*'")),
    ),
    (
        "less after NotResource",
        role("{Effect: Allow, Action: 's3:*', NotResource: [arn:a, arn:b]}"),
        role("{Effect: Allow, Action: 's3:*', NotResource: arn:a}"),
    ),
    ("a Deny gone", role(says("'*'"), says("'s3:*'", effect="Deny")), role(says("'*'"))),
    (
        "a Deny with a condition",
        role(says("'*'"), says("'s3:*'", effect="Deny")),
        role(says("'*'"), says("'s3:*'", effect="Deny", more="Condition: {Bool: {a: 'true'}}")),
    ),
    (
        "no condition",
        role(under("{Bool: {'aws:SecureTransport': true}}")),
        role(says("'s3:GetObject'")),
    ),
    ("a value", role(under("{StringEquals: {k: a}}")), role(under("{StringEquals: {k: [a, b]}}"))),
    ("a pattern", role(under("{StringLike: {k: ab}}")), role(under("{StringLike: {k: 'a*'}}"))),
    (
        "like for equal",
        role(under("{StringEquals: {k: ab}}")),
        role(under("{StringLike: {k: 'a*'}}")),
    ),
    (
        "an ARN",
        role(under("{ArnEquals: {k: 'arn:a:b:c:d:e'}}")),
        role(under("{ArnLike: {k: 'arn:a:*:c:d:*'}}")),
    ),
    (
        "a network",
        role(under("{IpAddress: {k: 10.1.0.0/16}}")),
        role(under("{IpAddress: {k: 10.0.0.0/8}}")),
    ),
    (
        "less excluded",
        role(under("{StringNotEquals: {k: [a, b]}}")),
        role(under("{StringNotEquals: {k: a}}")),
    ),
    (
        "a pattern excluded no more",
        role(under("{StringNotLike: {k: 'a*'}}")),
        role(under("{StringNotEquals: {k: ab}}")),
    ),
    (
        "if it is there",
        role(under("{StringEquals: {k: a}}")),
        role(under("{StringEqualsIfExists: {k: a}}")),
    ),
    (
        "a key less",
        role(under("{StringEquals: {k: a, l: b}}")),
        role(under("{StringEquals: {k: a}}")),
    ),
    (
        "not only if",
        role("!If [C, {Effect: Allow, Action: 's3:*', Resource: '*'}, !Ref AWS::NoValue]"),
        role(says("'s3:*'")),
    ),
    (
        "a principal",
        queue("{AWS: '123456789012'}"),
        queue("{AWS: ['123456789012', '210987654321']}"),
    ),
    ("everybody", queue("{Service: a.amazonaws.com}"), queue("'*'")),
    (
        "a whole other account",
        queue("{AWS: 'arn:aws:iam::123456789012:role/r'}"),
        queue("{AWS: '123456789012'}"),
    ),
    (
        "a managed policy of AWS",
        role(more="ManagedPolicyArns: []"),
        role(more="ManagedPolicyArns: ['arn:aws:iam::aws:policy/X']"),
    ),
    ("no boundary", role(more="PermissionsBoundary: arn:b"), role()),
    ("a first policy", "", queue("'*'")),
]


@pytest.mark.parametrize(("before", "after"), [c[1:] for c in BROADER], ids=[c[0] for c in BROADER])
def test_more_is_broadened_and_less_is_narrowed(before: str, after: str) -> None:
    """What is new is gained; `compared` has seen that the reverse is lost."""
    found = one(before, after)
    assert found.extent is Extent.BROADENED
    assert found.gained
    assert not found.lost


MIXED = [
    ("another action", role(says("'s3:GetObject'")), role(says("'s3:PutObject'"))),
    ("another resource", role(says("'s3:*'", "!Ref P")), role(says("'s3:*'", "!Ref Topic"))),
    ("another key", role(under("{StringEquals: {k: a}}")), role(under("{StringEquals: {l: a}}"))),
    (
        "a star that ends at a colon",
        role(under("{ArnLike: {k: 'arn:a:b:c:d:e'}}")),
        role(under("{ArnLike: {k: 'arn:*:d:e'}}")),
    ),
    (
        "an operator nobody knows",
        role(under("{Odd: {k: a}}")),
        role(under("{Odd: {k: [a, b]}}")),
    ),
    ("no condition at all", role(under("!GetAtt Topic.Odd")), role(under("!GetAtt Topic.Other"))),
    ("no policy at all", role("!GetAtt Topic.Odd"), role("!GetAtt Topic.Other")),
    (
        "this account and a role of it",
        queue("{AWS: !Ref AWS::AccountId}"),
        queue("{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:role/r'}"),
    ),
    (
        "everybody but others",
        role().replace("Principal: {Service: a.amazonaws.com}", "NotPrincipal: {AWS: arn:a}"),
        role().replace("Principal: {Service: a.amazonaws.com}", "NotPrincipal: {AWS: arn:b}"),
    ),
    (
        "another effect",
        role(says("'s3:*'", effect="!Ref P")),
        role(says("'s3:*'", effect="!Ref Q")),
    ),
    (
        "a star in a name",
        role(says("'s3:*'", "!ImportValue 'a*'")),
        role(says("'s3:*'", "!ImportValue ab")),
    ),
    (
        "a policy that nobody can see",
        """
Key:
  Type: AWS::KMS::Key
  Properties: {KeyPolicy: !Ref P}
""",
        """
Key:
  Type: AWS::KMS::Key
  Properties: {KeyPolicy: {Statement: {Effect: Allow, Action: 'a:B', Principal: arn:a}}}
""",
    ),
    (
        "JSON that says a thing twice",
        """
Key:
  Type: AWS::KMS::Key
  Properties:
    KeyPolicy: '{"Statement": {"Effect": "Deny", "Action": "a:B", "Effect": "Allow"}}'
""",
        """
Key:
  Type: AWS::KMS::Key
  Properties: {KeyPolicy: {Statement: {Effect: Allow, Action: 'a:B', Principal: arn:a}}}
""",
    ),
    (
        "a text that looks like a reference",
        role(says("'s3:*'", "!Sub 'arn:${Topic}'")),
        role(says("'s3:*'", "'arn:${Topic}'")),
    ),
]


@pytest.mark.parametrize(("before", "after"), [c[1:] for c in MIXED], ids=[c[0] for c in MIXED])
def test_what_cannot_be_compared_is_both_gained_and_lost(before: str, after: str) -> None:
    """It is never called the same."""
    found = one(before, after)
    assert found.extent is Extent.MIXED
    assert found.gained
    assert found.lost


def test_a_grant_says_who_what_on_what_and_when() -> None:
    """Actions about the same thing stand together, wildcards as the policy wrote them."""
    found = one(
        role(),
        role(
            says("'codecommit:GitP*'", "!GetAtt Topic.Arn", "Condition: {Bool: {k: true}}"),
            says("'s3:GetObject'", "!GetAtt Topic.Arn", "Condition: {Bool: {k: true}}"),
        ),
    )
    assert found.attached_to == "Role"
    assert found.policy == "permissions"
    assert found.gained == (
        Grant(
            "Allow", "Role", ("codecommit:GitP*", "s3:GetObject"), "${Topic.Arn}", "Bool k: true", 3
        ),
    )


def test_of_a_wildcard_only_what_is_new_is_told() -> None:
    """A few are told one by one, in the policy's own spelling; of many, those that are missing."""
    few = one(role(says("['codecommit:GitPush']")), role(says("'codecommit:GitP*'")))
    assert few.gained[0].actions == ("codecommit:gitpull",)
    assert few.gained[0].count == 1
    many = one(role(says("'s3:GetObject'")), role(says("'*'")))
    assert many.gained[0].actions == ("* (except s3:GetObject)",)
    assert many.gained[0].count == len(all_actions()) - 1


def test_trust_is_told_by_itself() -> None:
    """A role that somebody else may assume says so, and not that it may do more."""
    found = one(role(), role(trust="Service: [a.amazonaws.com, b.amazonaws.com]"))
    assert found.policy == "trust"
    assert found.gained == (Grant("Allow", "b.amazonaws.com", ("sts:AssumeRole",), "Role", "", 1),)


def test_a_boundary_that_is_gone_lets_everything_through() -> None:
    """A permissions boundary is compared as what it lets through."""
    found = one(role(more="PermissionsBoundary: arn:b"), role())
    assert found.policy == "boundary"
    assert found.gained == (Grant("Allow", "Role", ("*",), "*", "", len(all_actions())),)


def test_a_managed_policy_of_somebody_else_is_told_by_its_name() -> None:
    """What it allows is not known offline, and nobody pretends it were."""
    found = one(role(), role(more="ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:x']"))
    words = "everything that arn:${AWS::Partition}:x allows"
    assert found.gained == (Grant("Allow", "Role", (words,), "*", "", 0),)


def test_a_change_of_a_policy_is_told_of_everyone_who_holds_it() -> None:
    """Two roles have a managed policy, one names it and the other is named by it."""
    both = """
Managed:
  Type: AWS::IAM::ManagedPolicy
  Properties:
    Roles: [!Ref One]
    PolicyDocument: {Statement: {Effect: Allow, Action: %s, Resource: '*'}}
One:
  Type: AWS::IAM::Role
Two:
  Type: AWS::IAM::Role
  Properties: {ManagedPolicyArns: [!Ref Managed]}
"""
    found = compared(both % "'s3:GetObject'", both % "'s3:*'")
    assert [(p.attached_to, p.extent, p.resources) for p in found] == [
        ("One", Extent.BROADENED, ("Managed",)),
        ("Two", Extent.BROADENED, ("Managed",)),
    ]


def test_a_managed_policy_that_nobody_has_holds_itself() -> None:
    """Once it is attached, it is told of whom it is attached to."""
    alone = """
Managed:
  Type: AWS::IAM::ManagedPolicy
  Properties:
    Roles: %s
    PolicyDocument: {Statement: {Effect: Allow, Action: 's3:GetObject', Resource: '*'}}
Role:
  Type: AWS::IAM::Role
"""
    found = one("Role:\n  Type: AWS::IAM::Role", alone % "[]")
    assert (found.attached_to, found.extent) == ("Managed", Extent.BROADENED)
    found = one(alone % "[]", alone % "[!Ref Role]")
    assert (found.attached_to, found.extent) == ("Role", Extent.BROADENED)


def test_the_end_of_a_role_narrows_even_what_it_was_denied() -> None:
    """Who is gone has gained nothing."""
    found = compared(role(says("'s3:*'"), says("'iam:*'", effect="Deny")), "")
    assert [(p.attached_to, p.policy, p.extent) for p in found] == [
        ("Role", "trust", Extent.NARROWED),
        ("Role", "permissions", Extent.NARROWED),
    ]


def test_a_deny_of_a_bucket_outside_counts_when_its_policy_goes() -> None:
    """The bucket stays, and is protected no more."""
    policy = """
Policy:
  Type: AWS::S3::BucketPolicy
  Properties:
    Bucket: %s
    PolicyDocument:
      Statement: {Effect: Deny, Action: 's3:*', Resource: '*', Principal: '*'}
"""
    assert one(policy % "elsewhere", "").extent is Extent.BROADENED
    bucket = "\nBucket:\n  Type: AWS::S3::Bucket\n"
    assert compared(policy % "!Ref Bucket" + bucket, "") == ()
    assert one(policy % "!Ref Bucket" + bucket, bucket).extent is Extent.BROADENED


PROTECTED = [
    (
        "AWS::Lambda::Permission",
        "{FunctionName: !GetAtt Topic.Arn, Action: 'lambda:InvokeFunction', Principal: '%s'}",
        "Topic",
    ),
    (
        "AWS::Lambda::LayerVersionPermission",
        "{LayerVersionArn: !Ref Topic, Action: 'lambda:GetLayerVersion', Principal: '%s'}",
        "Topic",
    ),
    (
        "AWS::Events::EventBusPolicy",
        "{EventBusName: !Ref Topic, Action: 'events:PutEvents', Principal: '%s', StatementId: x}",
        "Topic",
    ),
    (
        "AWS::Signer::ProfilePermission",
        "{ProfileName: !Ref Topic, Action: 'signer:GetSigningProfile', Principal: '%s'}",
        "Topic",
    ),
    ("AWS::SNS::TopicPolicy", "{Topics: [!Ref Topic], PolicyDocument: DOC}", "Topic"),
    ("AWS::SecretsManager::ResourcePolicy", "{SecretId: s, ResourcePolicy: DOC}", "It"),
    ("AWS::KMS::Key", "{KeyPolicy: DOC}", "It"),
    ("AWS::ECR::Repository", "{RepositoryPolicyText: DOC}", "It"),
    ("AWS::EFS::FileSystem", "{FileSystemPolicy: DOC}", "It"),
    ("AWS::ApiGateway::RestApi", "{Policy: DOC}", "It"),
    ("AWS::EC2::VPCEndpoint", "{PolicyDocument: DOC}", "It"),
    ("AWS::S3::AccessPoint", "{Policy: DOC}", "It"),
    ("AWS::Backup::BackupVault", "{AccessPolicy: DOC}", "It"),
    ("AWS::DynamoDB::Table", "{ResourcePolicy: {PolicyDocument: DOC}}", "It"),
    ("Custom::Anything", "{Deep: [{Down: !If [C, DOC, no]}]}", "It"),
    ("AWS::Logs::ResourcePolicy", "{PolicyName: x, PolicyDocument: JSON}", "It"),
]
DOCUMENT = "{Statement: [{Effect: Allow, Action: 'a:B', Resource: '*', Principal: {AWS: '%s'}}]}"
JSON = (
    """'{"Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*", """
    """"Principal": {"AWS": "%s"}}}'"""
)


@pytest.mark.parametrize(("type_", "properties", "holder"), PROTECTED)
def test_policies_are_found_wherever_they_stand(type_: str, properties: str, holder: str) -> None:
    """What a policy protects holds it, as far as it is in the template."""
    text = f"It:\n  Type: {type_}\n  Properties: {properties}"
    text = text.replace("DOC", DOCUMENT).replace("JSON", JSON)
    found = one(text % "123456789012", text % "*")
    assert (found.attached_to, found.policy, found.extent) == (holder, "resource", Extent.BROADENED)
    assert found.gained[0].principal == "*"


def test_what_is_no_policy_is_let_alone() -> None:
    """A firewall's rules have statements too."""
    rule = """
Acl:
  Type: AWS::WAFv2::WebACL
  Properties:
    Rules: [{Name: %s, Statement: {RateBasedStatement: {Limit: 100}}}]
"""
    assert compared(rule % "a", rule % "b") == ()


HOSTILE = [
    "''", "1", "[]", "{}", "[[[]]]", "{Statement: 1}", "{Statement: {Effect: Allow}}",
    "{Statement: [null, 1, {}, [{Effect: [], Action: {}, Resource: {a: b}}]]}",
    "{Statement: {Effect: Allow, Principal: [[]], Action: [1, true], Condition: 3}}",
    "{Statement: {Effect: Allow, Principal: {AWS: {a: {}}}, Action: 'a*b*', Condition: {a: 3}}}",
    "{Statement: {Effect: Allow, NotPrincipal: 1, NotAction: {a: 1}, NotResource: !If [C, a, b]}}",
    "{Statement: {Effect: Allow, Action: '*', Resource: '*', Condition: {a: {b: {c: d}}}}}",
    "!If [1, {a: b}, {Statement: {Effect: Allow, Action: !If [[], a, b], Resource: ''}}]",
    "'{\"Statement\": {\"Effect\": \"Deny\", \"Effect\": \"Allow\", \"Action\": \"*\"}}'",
    "'{\"Statement\": \"\\u0072ef0(0)\"}'",
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise([*HOSTILE, HOSTILE[0]])))
def test_no_shape_of_a_policy_ends_in_an_error(before: str, after: str) -> None:
    """A stranger's template may have anything anywhere."""
    text = """
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument: {0}
    Policies: [{{PolicyDocument: {0}}}, {0}]
    ManagedPolicyArns: {0}
    PermissionsBoundary: {0}
Managed:
  Type: AWS::IAM::ManagedPolicy
  Properties: {{Roles: {0}, PolicyDocument: {0}}}
Queue:
  Type: AWS::SQS::QueuePolicy
  Properties: {{Queues: {0}, PolicyDocument: {0}}}
Key:
  Type: AWS::KMS::Key
  Properties: {{KeyPolicy: {0}}}
Bus:
  Type: AWS::Events::EventBusPolicy
  Properties: {{Statement: {0}, EventBusName: {0}}}
May:
  Type: AWS::Lambda::Permission
  Properties: {{Principal: {0}, Action: {0}, FunctionName: {0}, SourceArn: {0}}}
"""
    compared(text.format(before), text.format(after))


def test_a_reference_cannot_be_forged_in_json() -> None:
    """The word that JSON is read with for a reference is none that a template can spell."""
    text = """
Key:
  Type: AWS::KMS::Key
  Properties:
    KeyPolicy: !Sub '{"Statement": {"Sid": "${Topic}", "Effect": "Allow", "Action": "a:B",
      "Resource": "*", "Principal": "%s"}}'
"""
    forged = one(text % "${Topic}", text % "\\u0072ef0(0)")
    assert forged.extent is Extent.MIXED


def test_a_pattern_that_is_made_to_take_long_takes_no_longer() -> None:
    """Stars cost what letters cost; a pattern longer than any ARN is not inspected."""
    stars = "*a" * 400
    found = one(role(says("'s3:*'", f"'{stars}b'")), role(says("'s3:*'", f"'{'a' * 900}'")))
    assert found.extent is Extent.MIXED
    assert covers("a*", "a" * MAX_LENGTH)
    assert not covers("a*", "a" * MAX_LENGTH * 2)


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_template_of_ours_is_the_same_as_itself(path: Path) -> None:
    """Nothing is gained or lost, though every resource is asked for; and all of it is, by none."""
    text = path.read_text()
    mine, again = Stack(Sections(text)), Stack(Sections(text))
    assert permission_changes(mine, again, mine.names) == ()
    made = permission_changes(Stack(), mine, mine.names)
    assert all(power.extent is Extent.BROADENED and not power.lost for power in made)
    roles = [n for n, resource in mine.resources.items() if resource.type == "AWS::IAM::Role"]
    assert {p.attached_to for p in made if p.policy == "trust"} == set(roles)


def test_a_change_without_policies_reads_no_other_resource() -> None:
    """A hundred stacks are reviewed quickly, since most is not looked at."""
    before, after = stack(role()), stack(role())
    assert permission_changes(before, after, ["Topic"]) == ()
    assert "Role" not in before._resources
