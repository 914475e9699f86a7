"""What policies allow the public: anybody, or all users of a public identity provider."""

from __future__ import annotations

from cfngen.cloudformation.values import shown
from cfngen.review.alternatives import type_of
from cfngen.review.model import Grant
from cfngen.review.permissions.attachments import touched_policies
from cfngen.review.permissions.comparison import grants, new_statements, spelling
from cfngen.review.permissions.conditions import restricts
from cfngen.review.permissions.policies import Policy
from cfngen.review.permissions.statements import Statement
from cfngen.review.public_access.composite import is_private_api
from cfngen.review.stack import Stack

# A trust in one of these, without a word on whose token it is, is a trust in all their customers.
PROVIDERS = {
    "token.actions.githubusercontent.com": (":sub", ":repository", ":repository_owner"),
    "gitlab.com": (":sub", ":project_path", ":namespace_path"),
    "cognito-identity.amazonaws.com": (":aud",),
    "accounts.google.com": (":aud", ":sub"),
    "www.amazon.com": (":app_id",),
    "graph.facebook.com": (":app_id",),
    "oidc.circleci.com": (":sub", ":aud"),
    "app.terraform.io": (":sub",),
}
# A policy of an endpoint is for those who are inside of the network already.
INSIDE = {"AWS::EC2::VPCEndpoint", "AWS::VpcLattice::AuthPolicy"}

DescribedAccess = list[tuple[str, str, Grant]]


def anonymous_access(
    before: Stack, after: Stack, changed: list[str]
) -> tuple[DescribedAccess, DescribedAccess]:
    """Return what policies open to the public and what they close, by logical ID."""
    opened: DescribedAccess = []
    closed: DescribedAccess = []
    for (attached_to, kind), sides in touched_policies(before, after, changed).items():
        if kind in ("resource", "trust"):
            was, now = _reachable(before, sides.old), _reachable(after, sides.new)
            had = [*was, *_reachable(before, sides.outside[0])]
            has = [*now, *_reachable(after, sides.outside[1])]
            opened += ((attached_to, *access) for access in _accesses(had, now))
            closed += ((attached_to, *access) for access in _accesses(has, was))
    return opened, closed


def _reachable(stack: Stack, policies: list[Policy]) -> list[Policy]:
    """Return the policies of what can be reached from the internet at all."""
    return [
        policy
        for policy in policies
        if type_of(stack, policy.source) not in INSIDE
        and not is_private_api(stack.resource(policy.attached_to))
    ]


def _accesses(old: list[Policy], new: list[Policy]) -> list[tuple[str, Grant]]:
    """Return what the new policies allow the public and the old ones do not."""
    was = [
        statement for policy in old for statement in policy.statements if _is_anonymous(statement)
    ]
    now = [
        statement for policy in new for statement in policy.statements if _is_anonymous(statement)
    ]
    itself = next((policy.itself for policy in new if policy.itself), "")
    # Of a statement about all but some, what is new may be a few whom it excepted.
    gained = [(s, actions) for s, actions in new_statements(was, now, "Allow") if _is_anonymous(s)]
    return [
        (_description(grant), grant) for grant in grants(gained, itself, spelling((*was, *now)))
    ]


def _description(grant: Grant) -> str:
    actions = f"{_principal(grant.principal)} may {', '.join(grant.actions)} on {grant.resource}"
    # A condition of the template is written with its word before it.
    start = " " if grant.condition == grant.when else " if "
    return f"{actions}{start}{grant.condition}" if grant.condition else actions


def _principal(principal: str) -> str:
    return "anybody" if principal == "*" else principal


def _is_anonymous(statement: Statement) -> bool:
    """Whether a statement denies something, or allows it to anybody."""
    if statement.effect == "Deny":
        return True
    if statement.principal.includes_anyone:
        return not restricts(statement.condition)
    for principal in statement.principal.members:
        name = shown(principal.name)
        for provider, keys in PROVIDERS.items():
            if principal.kind == "Federated" and (
                name == provider or name.endswith(f"/{provider}")
            ):
                return not restricts(statement.condition, keys=keys)
    return False
