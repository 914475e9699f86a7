"""Lambda authorizer of the webhook: admits who knows the secret and calls from an allowed address.

What API Gateway makes of the outcome: an Allow policy passes, a Deny policy is 403, an exception
that says exactly "Unauthorized" is 401, any other is 500, after which Backlog tries again.
"""

import base64
import hmac
import ipaddress
import json
import logging
import os
import time
from typing import Any

import boto3  # type: ignore[import-untyped,unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]

KEEP_SECONDS = 300
REREAD_SECONDS = 10
MOST_BYTES = 4096

# At level DEBUG botocore logs the bodies of answers: the secret.
logging.getLogger("botocore").setLevel(logging.WARNING)

# Two attempts of five seconds: an answer before API Gateway stops waiting, at 29.
ATTEMPTS = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
secrets = boto3.client("secretsmanager", config=ATTEMPTS)


class Refused(Exception):
    """The caller did not show the credentials; the text is a reason code."""


class Broken(Exception):
    """Nobody can be let in or refused for now; the text is a reason code."""


class Memory:
    """What a warm Lambda keeps between requests."""

    held = (b"", b"")
    stale_at = reread_at = float("-inf")


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer one request with a policy, or raise."""
    outcome, reason = decide(event)
    print(json.dumps({"outcome": outcome, "reason": reason}))
    # Raised here, outside any except block: Lambda logs exceptions, and a chained one may quote
    # what the caller sent.
    if outcome == "unauthorized":
        raise Exception("Unauthorized")
    if outcome == "error":
        raise RuntimeError(reason)
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if outcome == "allow" else "Deny",
        "Resource": event["methodArn"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "backlog", "policyDocument": policy}


def decide(event: Any) -> tuple[str, str]:
    """Return outcome and reason code, neither of which quotes the event or the secret."""
    try:
        mode = os.environ.get("AUTH")
        if mode not in ("basic", "query_token"):
            raise Broken("auth_setting")
        # The path is the caller's: a wildcard or variable in it would widen the policy.
        method = event.get("methodArn")
        if not isinstance(method, str) or not method or set(method) & set("*?$"):
            raise Refused("method")
        if not address_allowed(event):
            return "deny", "address"
        # Malformed credentials end here, before the secret is asked for.
        if not known(basic(event) if mode == "basic" else query_token(event)):
            raise Refused("mismatch")
    except Refused as refused:
        return "unauthorized", str(refused)
    except Broken as broken:
        return "error", str(broken)
    except Exception as error:
        return "error", f"unexpected_{type(error).__name__}"
    return "allow", "known"


def address_allowed(event: Any) -> bool:
    """Tell whether the caller's address is in ALLOWED_CIDRS; an empty list allows any."""
    try:
        cidrs = os.environ["ALLOWED_CIDRS"].strip()
        # All are parsed first: one bad entry allows nothing, rather than a part of the list.
        networks = [ipaddress.ip_network(c.strip()) for c in cidrs.split(",") if cidrs]
    except (KeyError, ValueError):
        raise Broken("cidrs_setting") from None
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(str(event["requestContext"]["identity"]["sourceIp"]))
    except (KeyError, TypeError, ValueError):
        return False
    return any(address in network for network in networks)


def basic(event: Any) -> tuple[bytes | None, bytes]:
    """Return user and password from the Authorization header."""
    sent = only(event, "headers", "multiValueHeaders", "authorization", str.lower)
    scheme, _, encoded = sent.partition(" ")
    if scheme.lower() != "basic":
        raise Refused("scheme")
    try:
        decoded = base64.b64decode(encoded.strip(" "), validate=True)
        decoded.decode()
    except ValueError:
        raise Refused("malformed") from None
    user, colon, password = decoded.partition(b":")
    if not colon:
        raise Refused("malformed")
    return user, password


def query_token(event: Any) -> tuple[bytes | None, bytes]:
    """Return the token as a password without a user."""
    single, multi = "queryStringParameters", "multiValueQueryStringParameters"
    return None, only(event, single, multi, "token", str).encode()


def only(event: Any, single: str, multi: str, name: str, fold: Any) -> str:
    """Return the one value sent under a name, else refuse."""
    values = [v for k, v in (event.get(single) or {}).items() if fold(k) == name]
    lists = [v for k, v in (event.get(multi) or {}).items() if fold(k) == name]
    if not any(values):
        raise Refused("missing")
    if len(values) > 1 or len(lists) > 1 or any(len(v) > 1 for v in lists):
        raise Refused("several")
    try:
        size = len(values[0].encode())
    except ValueError:
        raise Refused("malformed") from None
    if size > MOST_BYTES:
        raise Refused("oversized")
    return str(values[0])


def known(sent: tuple[bytes | None, bytes]) -> bool:
    """Compare with the secret, read again if it may have been rotated meanwhile."""
    now = time.monotonic()
    if now >= Memory.stale_at:
        read_secret(now)
        return same(sent)
    if same(sent):
        return True
    # A new password works at once, yet a flood of bad ones makes few reads.
    if now < Memory.reread_at:
        return False
    Memory.reread_at = now + REREAD_SECONDS
    read_secret(now)
    return same(sent)


def same(sent: tuple[bytes | None, bytes]) -> bool:
    """Compare user and password, always both, in a time that does not tell where they differ."""
    user, password = Memory.held
    user_fits = hmac.compare_digest(user if sent[0] is None else sent[0], user)
    password_fits = hmac.compare_digest(sent[1], password)
    return user_fits & password_fits


def read_secret(now: float) -> None:
    """Fetch user and password into Memory; errors carry AWS's code only."""
    try:
        text = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])["SecretString"]
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        raise Broken(f"secret_unreadable_{code or type(error).__name__}") from None
    try:
        secret = json.loads(text)
        held = secret["username"].encode(), secret["password"].encode()
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Broken("secret_malformed") from None
    if not all(held) or b":" in held[0]:
        raise Broken("secret_malformed")
    Memory.held, Memory.stale_at = held, now + KEEP_SECONDS
