"""Ways in from the internet are told when they open and when they close, and not otherwise."""

from __future__ import annotations

import itertools
import textwrap
from pathlib import Path

import pytest
from support.schema_types import types

from cfngen.cloudformation.schemas import schema
from cfngen.cloudformation.sections import Sections
from cfngen.review.model import Exposure
from cfngen.review.public_access import exposures
from cfngen.review.stack import Stack

OUTPUT = Path(__file__).parents[2] / "output"
HEAD = """
Parameters:
  Anywhere: {Type: String, Default: 0.0.0.0/0}
  Given: {Type: String}
Conditions:
  C: !Equals [!Ref Given, x]
Resources:
  Gateway:
    Type: AWS::EC2::InternetGateway
  Vpn:
    Type: AWS::EC2::VPNGateway
"""


def stack(resources: str) -> Stack:
    """Return a template that has some resources, and always two gateways."""
    return Stack(Sections(HEAD + textwrap.indent(textwrap.dedent(resources), "  ")))


def compared(before: str, after: str) -> tuple[Exposure, ...]:
    """Return what is opened and closed, having seen that the reverse change is the mirror image."""
    one, two = stack(before), stack(after)
    changed = [
        name
        for name in dict.fromkeys((*one.names, *two.names))
        if one.resource(name) != two.resource(name)
    ]
    found, reverse = exposures(one, two, changed), exposures(two, one, changed)
    assert {(e.resource, e.description, not e.opened) for e in reverse} == {
        (e.resource, e.description, e.opened) for e in found
    }
    return found


def opened(before: str, after: str) -> list[tuple[str, str]]:
    """Return what is opened, where nothing is closed."""
    found = compared(before, after)
    assert all(exposure.opened for exposure in found)
    return [(exposure.resource, exposure.description) for exposure in found]


def it(type_: str, properties: str) -> str:
    """Return one resource with its properties in YAML's flow style."""
    return f"It:\n  Type: AWS::{type_}\n  Properties: {properties}\n"


URL = "{TargetFunctionArn: f, AuthType: %s}"
METHOD = "{RestApiId: !Ref Gateway, HttpMethod: %s, AuthorizationType: %s, ApiKeyRequired: %s}"
GROUP = "{SecurityGroupIngress: [{IpProtocol: %s, FromPort: %s, ToPort: %s, %s}]}"
ROUTE = "{DestinationCidrBlock: %s, GatewayId: %s}"
NICS = "NetworkInterfaces: [{AssociatePublicIpAddress: %s}]"
ASSIGN = "{NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: %s}}}"
CLUSTER = "{ResourcesVpcConfig: {EndpointPublicAccess: %s, PublicAccessCidrs: [%s]}}"
BLOCK = "{PublicAccessBlockConfiguration: {%s}}"
ALL = "BlockPublicAcls: true, IgnorePublicAcls: true, RestrictPublicBuckets: true"

# Type, closed, open, what is said.
CASES = [
    ("Lambda::Url", URL % "AWS_IAM", URL % "NONE", "a URL without authentication"),
    (
        "Lambda::Url",
        URL % "AWS_IAM",
        URL % "!If [C, NONE, AWS_IAM]",
        "a URL without authentication (AuthType: NONE), if C",
    ),
    (
        "ApiGateway::Method",
        METHOD % ("POST", "CUSTOM", "false"),
        METHOD % ("POST", "NONE", "false"),
        "POST requests without authorization",
    ),
    (
        "ApiGateway::Method",
        METHOD % ("POST", "NONE", "true"),
        METHOD % ("POST", "NONE", "false"),
        "POST requests without authorization",
    ),
    (
        "ApiGateway::RestApi",
        "{EndpointConfiguration: {Types: [PRIVATE]}}",
        "{EndpointConfiguration: {Types: [REGIONAL]}}",
        "an API on the internet",
    ),
    (
        "ApiGatewayV2::Route",
        "{RouteKey: 'GET /x', AuthorizationType: JWT}",
        "{RouteKey: 'GET /x'}",
        "GET /x requests without authorization",
    ),
    (
        "EC2::SecurityGroup",
        GROUP % ("tcp", 22, 22, "CidrIp: 10.0.0.0/8"),
        GROUP % ("tcp", 22, 22, "CidrIp: 0.0.0.0/0"),
        "tcp port 22 from 0.0.0.0/0",
    ),
    (
        "EC2::SecurityGroup",
        GROUP % ("tcp", 22, 22, "SourceSecurityGroupId: sg-1"),
        GROUP % ("-1", 22, 22, "CidrIpv6: '::/0'"),
        "all traffic from ::/0",
    ),
    (
        "EC2::SecurityGroup",
        GROUP % ("tcp", 1, 1, "CidrIp: !Ref Given"),
        GROUP % ("6", 1, 9, "CidrIp: !Ref Anywhere"),
        "tcp ports 1-9 from 0.0.0.0/0",
    ),
    (
        "EC2::SecurityGroup",
        GROUP % ("udp", 1, 1, "CidrIp: 192.0.2.1/32"),
        GROUP % ("udp", 1, 1, "CidrIp: 128.0.0.0/1"),
        "udp port 1 from 128.0.0.0/1",
    ),
    (
        "EC2::Route",
        ROUTE % ("0.0.0.0/0", "!Ref Vpn"),
        ROUTE % ("0.0.0.0/0", "!Ref Gateway"),
        "a route to and from 0.0.0.0/0",
    ),
    ("EC2::Subnet", "{}", "{MapPublicIpOnLaunch: 'true'}", "an address on the internet"),
    (
        "EC2::Instance",
        f"{{{NICS % 'false'}}}",
        f"{{{NICS % 'true'}}}",
        "an address on the internet",
    ),
    ("ECS::Service", ASSIGN % "DISABLED", ASSIGN % "ENABLED", "an address on the internet"),
    (
        "RDS::DBInstance",
        "{PubliclyAccessible: false}",
        "{PubliclyAccessible: true}",
        "an address on the internet",
    ),
    (
        "ElasticLoadBalancingV2::LoadBalancer",
        "{Scheme: internal}",
        "{}",
        "a load balancer that faces the internet (no Scheme)",
    ),
    (
        "EKS::Cluster",
        CLUSTER % ("false", ""),
        CLUSTER % ("true", ""),
        "the cluster's endpoint, from 0.0.0.0/0",
    ),
    (
        "EKS::Cluster",
        CLUSTER % ("true", "192.0.2.0/24"),
        CLUSTER % ("true", "192.0.2.0/24, 0.0.0.0/0"),
        "the cluster's endpoint, from 0.0.0.0/0",
    ),
    ("OpenSearchService::Domain", "{VPCOptions: {SubnetIds: [s]}}", "{}", "an endpoint"),
    (
        "S3::Bucket",
        BLOCK % f"{ALL}, BlockPublicPolicy: true",
        BLOCK % ALL,
        "setting a public policy (BlockPublicPolicy is off)",
    ),
    (
        "S3::Bucket",
        "{AccessControl: Private}",
        "{AccessControl: PublicRead}",
        "its objects, for anybody, by its ACL (AccessControl: PublicRead)",
    ),
    (
        "Cognito::IdentityPool",
        "{AllowUnauthenticatedIdentities: false}",
        "{AllowUnauthenticatedIdentities: true}",
        "identities for guests",
    ),
    (
        "AppSync::GraphQLApi",
        "{AuthenticationType: AWS_IAM}",
        (
            "{AuthenticationType: AWS_IAM, AdditionalAuthenticationProviders: "
            "[{AuthenticationType: API_KEY}]}"
        ),
        "requests with nothing but an API key",
    ),
    (
        "CloudFront::Distribution",
        "{DistributionConfig: {Enabled: false}}",
        "{DistributionConfig: {Enabled: true}}",
        "a distribution on the internet",
    ),
]


@pytest.mark.parametrize(("type_", "shut", "wide", "said"), CASES)
def test_a_property_that_opens_a_way_in_is_told(
    type_: str, shut: str, wide: str, said: str
) -> None:
    """It is told whether the property changes, or the resource is new."""
    ((name, words),) = opened(it(type_, shut), it(type_, wide))
    assert name == "It"
    assert words.startswith(said)
    assert opened("", it(type_, shut)) == []
    if type_ != "S3::Bucket" or "AccessControl" in wide:
        assert said in [words[: len(said)] for _, words in opened("", it(type_, wide))]


CLOSED = [
    ("ApiGateway::Method", METHOD % ("OPTIONS", "NONE", "false")),
    ("ApiGatewayV2::Route", "{RouteKey: $disconnect}"),
    ("EC2::SecurityGroup", GROUP % ("tcp", 443, 443, "CidrIp: 10.0.0.0/8")),
    ("EC2::SecurityGroup", GROUP % ("tcp", 443, 443, "CidrIp: !Ref Given")),
    ("EC2::SecurityGroup", "{SecurityGroupEgress: [{IpProtocol: -1, CidrIp: 0.0.0.0/0}]}"),
    ("EC2::Route", "{DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: nat-1}"),
    ("EC2::EIP", "{Domain: vpc}"),
    ("S3::Bucket", "{}"),
    ("ElasticLoadBalancingV2::LoadBalancer", "{Type: gateway}"),
]


@pytest.mark.parametrize(("type_", "properties"), CLOSED)
def test_what_opens_nothing_is_not_told(type_: str, properties: str) -> None:
    """A reviewer who is told of what is no way in stops reading."""
    assert compared("", it(type_, properties)) == ()


def test_a_wider_range_of_ports_is_another_way_in() -> None:
    """It is opened, and the narrow one is not said to be closed."""
    narrow = it("EC2::SecurityGroup", GROUP % ("tcp", 22, 22, "CidrIp: 0.0.0.0/0"))
    wide = it("EC2::SecurityGroup", GROUP % ("tcp", 20, 25, "CidrIp: 0.0.0.0/0"))
    assert opened(narrow, wide) == [("It", "tcp ports 20-25 from 0.0.0.0/0")]


def test_a_rule_that_moves_out_of_its_group_opens_nothing() -> None:
    """A rule is the group's, wherever it stands."""
    inside = it("EC2::SecurityGroup", GROUP % ("tcp", 22, 22, "CidrIp: 0.0.0.0/0"))
    outside = it("EC2::SecurityGroup", "{GroupDescription: x}") + (
        "Rule:\n  Type: AWS::EC2::SecurityGroupIngress\n  Properties: {GroupId: !GetAtt It.GroupId,"
        " IpProtocol: tcp, FromPort: %s, ToPort: 22, CidrIp: 0.0.0.0/0}\n"
    )
    assert compared(inside, outside % 22) == ()
    assert opened(inside, outside % 21) == [("It", "tcp ports 21-22 from 0.0.0.0/0")]


def test_an_api_that_leaves_its_vpc_opens_its_methods() -> None:
    """They did not change, but are reached from elsewhere."""
    text = """
Api:
  Type: AWS::ApiGateway::RestApi
  Properties: {EndpointConfiguration: {Types: [%s]}}
Post:
  Type: AWS::ApiGateway::Method
  Properties: {RestApiId: !Ref Api, HttpMethod: POST, AuthorizationType: NONE}
"""
    assert opened(text % "PRIVATE", text % "EDGE") == [
        ("Api", "an API on the internet"),
        ("Post", "POST requests without authorization"),
    ]
    assert compared(text % "REGIONAL", text % "EDGE") == ()


def test_a_bucket_that_loses_its_block_loses_every_setting_of_it() -> None:
    """A setting is told by itself; only a new bucket is blocked without a word."""
    whole = it("S3::Bucket", BLOCK % f"{ALL}, BlockPublicPolicy: true")
    assert len(opened(whole, it("S3::Bucket", "{}"))) == 4


POLICY = """
Bucket:
  Type: AWS::S3::Bucket
Policy:
  Type: AWS::S3::BucketPolicy
  Properties:
    Bucket: !Ref Bucket
    PolicyDocument:
      Statement:
      - {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:x/*', Principal: %s, Condition: %s}
"""
KEPT_OUT = [
    "{ArnLike: {'aws:SourceArn': 'arn:aws:sns:*:123456789012:*'}}",
    "{ArnLike: {'aws:SourceArn': 'arn:aws:s3:::bucket*'}}",
    "{ArnLike: {'aws:SourceArn': !Sub 'arn:${AWS::Partition}:sns:*:${AWS::AccountId}:*'}}",
    "{ArnEquals: {'aws:SourceArn': !GetAtt Vpn.Arn}}",
    "{StringEquals: {'aws:SourceAccount': '123456789012'}}",
    "{StringLike: {'aws:PrincipalOrgID': o-1}}",
    "{IpAddress: {'aws:SourceIp': 192.0.2.0/24}}",
    "{Bool: {'aws:PrincipalIsAWSService': true}}",
]
LET_IN = [
    "{}",
    "{Bool: {'aws:SecureTransport': true}}",
    "{StringNotEquals: {'aws:SourceAccount': '123456789012'}}",
    "{StringEqualsIfExists: {'aws:SourceAccount': '123456789012'}}",
    "{'ForAllValues:StringEquals': {'aws:SourceAccount': '123456789012'}}",
    "{StringLike: {'aws:SourceAccount': '*'}}",
    "{StringLike: {'aws:Referer': 'https://x/*'}}",
    "{ArnLike: {'aws:SourceArn': 'arn:aws:sns:*:*:*'}}",
    "{ArnLike: {'aws:PrincipalArn': 'arn:aws:iam::*:role/x'}}",
    "{ArnLike: {'aws:SourceArn': 'arn:aws:s3:::*'}}",
    "{IpAddress: {'aws:SourceIp': [192.0.2.0/24, 0.0.0.0/1]}}",
    "!If [C, {StringEquals: {'aws:SourceAccount': '1'}}, !Ref AWS::NoValue]",
    "{StringEquals: {'aws:SourceAccount': !If [C, '123456789012', !Ref AWS::NoValue]}}",
]


@pytest.mark.parametrize("condition", KEPT_OUT)
def test_a_condition_that_says_whose_request_it_is_keeps_strangers_out(condition: str) -> None:
    """Such a policy is for anybody in letters only."""
    assert compared("", POLICY % ("'*'", condition)) == ()


@pytest.mark.parametrize("condition", LET_IN)
def test_a_condition_that_a_stranger_fulfils_lets_strangers_in(condition: str) -> None:
    """A lock that is open is no lock."""
    ((name, words),) = opened(POLICY % ("{AWS: '123456789012'}", "{}"), POLICY % ("'*'", condition))
    assert name == "Bucket"
    assert words.startswith("anybody may s3:GetObject on arn:x/*")


def test_everybody_but_somebody_is_strangers_too() -> None:
    """`NotPrincipal` in an `Allow` is a famous mistake."""
    text = (POLICY % ("{AWS: arn:a}", "{}")).replace("Principal", "NotPrincipal")
    assert opened("", text) == [("Bucket", "everybody but arn:a may s3:GetObject on arn:x/*")]


def test_a_function_that_anybody_may_invoke_is_told() -> None:
    """A permission is a policy, with properties for its conditions."""
    text = "{FunctionName: !Ref Vpn, Action: 'lambda:InvokeFunction', Principal: '*'%s}"
    free = it("Lambda::Permission", text % "")
    assert opened("", free) == [("Vpn", "anybody may lambda:InvokeFunction on Vpn")]
    bound = it("Lambda::Permission", text % ", SourceAccount: '123456789012'")
    assert opened(bound, free) == [("Vpn", "anybody may lambda:InvokeFunction on Vpn")]


# What makes each type of one statement point at `Vpn`, in properties of its own.
STATEMENTS = {
    "AWS::EntityResolution::PolicyStatement": (
        "Arn: !Ref Vpn, StatementId: s, Effect: Allow, Principal: ['%s'],"
        " Action: ['entityresolution:GetSchemaMapping']"
    ),
    "AWS::Events::EventBusPolicy": (
        "EventBusName: !Ref Vpn, StatementId: s, Action: 'events:PutEvents', Principal: '%s'"
    ),
    "AWS::Lambda::LayerVersionPermission": (
        "LayerVersionArn: !Ref Vpn, Action: 'lambda:GetLayerVersion', Principal: '%s'"
    ),
    "AWS::Lambda::Permission": (
        "FunctionName: !Ref Vpn, Action: 'lambda:InvokeFunction', Principal: '%s'"
    ),
    "AWS::Signer::ProfilePermission": (
        "ProfileName: !Ref Vpn, StatementId: s, Action: 'signer:StartSigningJob', Principal: '%s'"
    ),
}


def test_every_type_that_is_a_statement_is_known() -> None:
    """A type with a principal and an action of its own is a policy, whatever it is called."""
    found = [
        type_
        for type_ in types()
        if {"Principal", "Action"} <= set(schema(type_).body.get("properties", {}))
    ]
    assert sorted(found) == sorted(STATEMENTS)


@pytest.mark.parametrize("type_", STATEMENTS)
def test_a_statement_for_anybody_is_reported_whatever_its_type(type_: str) -> None:
    """A profile that anybody may sign with is as open as a function that anybody may call."""
    text = f"{{{STATEMENTS[type_]}}}"
    short = type_.removeprefix("AWS::")
    ((_, words),) = opened(it(short, text % "123456789012"), it(short, text % "*"))
    assert words.startswith("anybody may ")
    assert compared(it(short, text % "123456789012"), it(short, text % "210987654321")) == ()


TRUST = """
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Statement: {Effect: Allow, Action: 'sts:AssumeRoleWithWebIdentity', Principal: %s,
        Condition: %s}
"""
GITHUB = "{Federated: !Sub 'arn:aws:iam::${AWS::AccountId}:oidc-provider/%s'}"
GITHUB %= "token.actions.githubusercontent.com"
AUD = "'token.actions.githubusercontent.com:aud': sts.amazonaws.com"
SUB = "'token.actions.githubusercontent.com:sub': '%s'"


@pytest.mark.parametrize("rest", ["", f", {SUB % '*'}"])
def test_a_trust_in_all_of_github_is_a_way_in(rest: str) -> None:
    """Whoever has a repository there has a token for the audience."""
    bound = f"{{StringLike: {{{AUD}, {SUB % 'repo:mine/this:*'}}}}}"
    free = f"{{StringLike: {{{AUD}{rest}}}}}"
    ((name, words),) = opened(TRUST % (GITHUB, bound), TRUST % (GITHUB, free))
    assert name == "Role"
    assert "may sts:AssumeRoleWithWebIdentity on Role" in words


def test_a_role_that_anybody_may_assume_is_told() -> None:
    """It is the widest door there is."""
    before = TRUST % ("{Service: a.amazonaws.com}", "{}")
    assert opened(before, TRUST % ("{AWS: ['*']}", "{}")) == [
        ("Role", "anybody may sts:AssumeRoleWithWebIdentity on Role")
    ]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("Condition: C", "on f if C"),
        ("Properties: {SourceAccount: !If [C, '1', !Ref AWS::NoValue]}", "on f unless C"),
        ("Properties: {FunctionUrlAuthType: NONE}", "if StringEquals lambda:FunctionUrlAuthType"),
    ],
)
def test_a_condition_has_one_word_before_it(condition: str, words: str) -> None:
    """Neither `if if C` nor `if unless C` is written of what a policy lets in."""
    given = "FunctionName: f, Action: lambda:InvokeFunction, Principal: '*'"
    more = condition.replace("Properties: {", f"Properties: {{{given}, ")
    if more == condition:
        more += f"\n  Properties: {{{given}}}"
    (opened,) = compared("", f"P:\n  Type: AWS::Lambda::Permission\n  {more}\n")
    assert words in opened.description
    assert "if if" not in opened.description
    assert "if unless" not in opened.description


def test_a_policy_of_what_is_inside_opens_nothing() -> None:
    """Who reaches an endpoint of a VPC, or a private API, is no stranger."""
    document = "{Statement: {Effect: Allow, Action: '*', Resource: '*', Principal: '*'}}"
    assert compared("", it("EC2::VPCEndpoint", f"{{PolicyDocument: {document}}}")) == ()
    private = f"{{EndpointConfiguration: {{Types: [PRIVATE]}}, Policy: {document}}}"
    assert compared("", it("ApiGateway::RestApi", private)) == ()


ODD = ["''", "1", "[]", "{}", "[[{}]]", "{a: {b: [c]}}", "!If [C, {a: 1}, [x]]", "!Ref Given"]
TYPES = {
    "EC2::SecurityGroup": ("SecurityGroupIngress",),
    "EC2::SecurityGroupIngress": ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp"),
    "ApiGateway::Method": ("RestApiId", "HttpMethod", "AuthorizationType", "ApiKeyRequired"),
    "ApiGateway::RestApi": ("EndpointConfiguration", "Policy"),
    "ApiGatewayV2::Route": ("RouteKey", "AuthorizationType"),
    "EC2::Route": ("DestinationCidrBlock", "GatewayId"),
    "EKS::Cluster": ("ResourcesVpcConfig",),
    "S3::Bucket": ("PublicAccessBlockConfiguration", "AccessControl", "WebsiteConfiguration"),
    "OpenSearchServerless::SecurityPolicy": ("Type", "Policy"),
    "RDS::DBInstance": ("PubliclyAccessible",),
}


@pytest.mark.parametrize("type_", TYPES)
def test_no_shape_of_a_property_ends_in_an_error(type_: str) -> None:
    """A stranger's template may have anything anywhere."""
    for before, after in itertools.product(ODD, ODD):
        one, two = (
            it(type_, f"{{{', '.join(f'{name}: {value}' for name in TYPES[type_])}}}")
            for value in (before, after)
        )
        compared(one, two)


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_templates_let_no_stranger_in_by_a_policy(path: Path) -> None:
    """Nothing opens without a change; and what a new stack opens is no policy for anybody."""
    text = path.read_text()
    mine, again = Stack(Sections(text)), Stack(Sections(text))
    assert exposures(mine, again, mine.names) == ()
    assert not [e for e in exposures(Stack(), mine, mine.names) if "anybody" in e.description]
