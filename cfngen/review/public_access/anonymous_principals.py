"""What policies let strangers do: anybody, or whoever uses a public identity provider."""

from __future__ import annotations

from cfngen.cloudformation.values import shown
from cfngen.review.permissions.alternatives import type_of
from cfngen.review.permissions.attachments import Policy, Sides, touched
from cfngen.review.permissions.comparison import grants, news, spelling
from cfngen.review.permissions.conditions import restricts
from cfngen.review.permissions.statements import Sentence
from cfngen.review.public_access.composite import private
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

Found = list[tuple[str, str]]


def strangers(before: Stack, after: Stack, changed: list[str]) -> tuple[Found, Found]:
    """Return what policies open to strangers and what they close: logical IDs and words."""
    opened: Found = []
    closed: Found = []
    for (holder, kind), (old, new) in touched(before, after, changed).items():
        if kind in ("resource", "trust"):
            sides: Sides = (_outside(before, old), _outside(after, new))
            opened += ((holder, words) for words in _words(*sides))
            closed += ((holder, words) for words in _words(*reversed(sides)))
    return opened, closed


def _outside(stack: Stack, policies: list[Policy]) -> list[Policy]:
    """Return the policies of what the internet reaches at all."""
    return [
        policy
        for policy in policies
        if type_of(stack, policy.source) not in INSIDE
        and not private(stack.resource(policy.holder))
    ]


def _words(old: list[Policy], new: list[Policy]) -> list[str]:
    """Return what strangers may do by the new policies and not by the old."""
    was = [one for policy in old for one in policy.sentences if _strange(one)]
    now = [one for policy in new for one in policy.sentences if _strange(one)]
    itself = next((policy.itself for policy in new if policy.itself), "")
    return [
        f"{_someone(grant.who)} may {', '.join(grant.actions)} on {grant.on}"
        + (f" if {grant.condition}" if grant.condition else "")
        for grant in grants(news(was, now, "Allow"), itself, spelling((*was, *now)))
    ]


def _someone(who: str) -> str:
    return "anybody" if who == "*" else who


def _strange(sentence: Sentence) -> bool:
    """Whether a sentence forbids something, or allows it to those whom nobody has chosen."""
    if sentence.effect == "Deny":
        return True
    if sentence.who.anyone:
        return not restricts(sentence.condition)
    for principal in sentence.who.principals:
        name = shown(principal.name)
        for provider, keys in PROVIDERS.items():
            if principal.kind == "Federated" and (
                name == provider or name.endswith(f"/{provider}")
            ):
                return not restricts(sentence.condition, keys=keys)
    return False
