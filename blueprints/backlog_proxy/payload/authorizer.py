"""Lambda authorizer of the webhook: admits who knows the secret, from an allowed address.

API Gateway answers 403 to a Deny policy, 401 to an exception that says just "Unauthorized", and
500 to any other.
"""

import base64
import hmac
import ipaddress
import json
import logging
import os
import sys
import time
from typing import Any

import boto3
from botocore.config import Config

# A bad setting ends here: one bad network allows nothing, not the rest.
SECRET = os.environ["SECRET_ARN"]
BASIC = {"any": None, "basic": True, "query_token": False}[os.environ["AUTH"]]
CIDRS = os.environ["ALLOWED_CIDRS"]
NETWORKS = [ipaddress.ip_network(c.strip(), strict=False) for c in CIDRS.split(",") if CIDRS]

# At DEBUG botocore logs its answers: the secret.
logging.getLogger("botocore").setLevel(logging.WARNING)
# Two attempts of 5 s: API Gateway gives up at 29 s.
QUICK = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
secrets = boto3.client("secretsmanager", config=QUICK)
memory: dict[str, Any] = {"stale": 0.0, "reread": 0.0}


class RefusedError(Exception):
    """No good credentials; its text is a reason code."""


def handler(event: Any, _context: object) -> dict[str, Any]:
    """Answer with a policy, or raise."""
    try:
        outcome, reason = decide(event)
    except RefusedError as refused:
        outcome, reason = "Unauthorized", str(refused)
    except Exception as error:  # only its kind: its text may quote the secret
        kind = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
        outcome, reason = "Error", f"secret_{kind}"
    sys.stdout.write(json.dumps({"outcome": outcome, "reason": reason}) + "\n")
    # Outside of `except`: no log shows what was caught there.
    if outcome == "Unauthorized":
        raise Exception("Unauthorized")
    if outcome == "Error":
        raise RuntimeError(reason)
    rule = {"Action": "execute-api:Invoke", "Effect": outcome, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [rule]}
    return {"principalId": "backlog", "policyDocument": policy}


def decide(event: Any) -> tuple[str, str]:
    """Return outcome and reason."""
    try:
        # The caller chose the path: a wildcard in it would widen the policy.
        if set(event["methodArn"].strip() or "*") & set("*?$"):
            raise RefusedError("method")
        source = str(event["requestContext"]["identity"]["sourceIp"])
        if NETWORKS and not any(ipaddress.ip_address(source) in net for net in NETWORKS):
            return "Deny", "address"
        sent = credentials(event)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise RefusedError("malformed") from None
    return ("Allow", "known") if known(sent) else ("Unauthorized", "mismatch")


def credentials(event: Any) -> list[bytes]:
    """Return user and password, or the password alone; a header decides if there is one."""
    sent = any(k.lower() == "authorization" for k in event["headers"] or {})
    return basic(event) if (sent if BASIC is None else BASIC) else query_token(event)


def basic(event: Any) -> list[bytes]:
    """Return user and password from the Authorization header."""
    scheme, encoded = only(event, "headers", "multiValueHeaders", "authorization").split(None, 1)
    if scheme.lower() != b"basic":
        raise RefusedError("scheme")
    user, password = base64.b64decode(encoded, validate=True).decode().split(":", 1)
    return [user.encode(), password.encode()]


def query_token(event: Any) -> list[bytes]:
    """Return the password from the query string."""
    return [only(event, "queryStringParameters", "multiValueQueryStringParameters", "token")]


def only(event: Any, single: str, multi: str, name: str) -> bytes:
    """Return the one value sent under a name, in any case."""
    found = [v for k, v in (event[single] or {}).items() if k.lower() == name]
    lists = [v for k, v in (event.get(multi) or {}).items() if k.lower() == name]
    if not any(found):
        raise RefusedError("missing")
    if max(map(len, [found, lists, *lists])) > 1:
        raise RefusedError("several")
    value: bytes = found[0].encode()
    if len(value) > 4096:
        raise RefusedError("oversized")
    return value


def known(sent: list[bytes]) -> bool:
    """Compare with the secret, read when needed."""
    now = time.monotonic()
    if now < memory["stale"]:
        if same(sent):
            return True
        # A rotated password works at once; a flood of bad ones makes few reads.
        if now < memory["reread"]:
            return False
        memory["reread"] = now + 10
    secret = json.loads(secrets.get_secret_value(SecretId=SECRET)["SecretString"])
    held = [secret["username"].encode(), secret["password"].encode()]
    if not all(held):
        raise ValueError
    memory.update(held=held, stale=now + 300)
    return same(sent)


def same(sent: list[bytes]) -> bool:
    """Compare all parts, in a time that does not tell what differs."""
    held = memory["held"][-len(sent) :]
    fits = [hmac.compare_digest(*pair) for pair in zip(sent, held, strict=True)]
    return all(fits)
