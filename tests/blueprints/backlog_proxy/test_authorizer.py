"""The webhook's authorizer, run for real: its own file, real boto3, Secrets Manager on loopback."""

import ast
import base64
import contextlib
import functools
import io
import itertools
import json
import logging
import os
import re
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.payload_runs import load

PAYLOAD = Path(__file__).parents[3] / "blueprints" / "backlog_proxy" / "payload" / "authorizer.py"
METHOD = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/POST/backlog"
USER = "backlog-user"
PASSWORD = "correct-horse-battery"
ADDRESS = "203.0.113.7"

# Everything the log may ever say. A secret has no place in a closed vocabulary.
REFUSALS = {"malformed", "mismatch", "method", "missing", "oversized", "scheme", "several"}
VOCABULARY = (
    {("Allow", "known"), ("Deny", "address")}
    | {("Unauthorized", reason) for reason in REFUSALS}
    | {
        ("Error", f"secret_{kind}")
        for kind in (
            "AttributeError",
            "EndpointConnectionError",
            "InvalidRequestException",
            "JSONDecodeError",
            "KeyError",
            "RecursionError",
            "ResourceNotFoundException",
            "TypeError",
            "UnicodeEncodeError",
            "ValueError",
        )
    }
)


def encoded(user: str, password: str) -> str:
    """Return the token of a Basic header."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def basic(user: str = USER, password: str = PASSWORD) -> str:
    """Return the value of an Authorization header."""
    return f"Basic {encoded(user, password)}"


GOOD = basic()


def request(**changes: Any) -> dict[str, Any]:
    """Return the event of a webhook call, as API Gateway hands it to a REQUEST authorizer."""
    event = {
        "type": "REQUEST",
        "methodArn": METHOD,
        "resource": "/backlog",
        "path": "/backlog",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "multiValueHeaders": {"Content-Type": ["application/x-www-form-urlencoded"]},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "pathParameters": {},
        "stageVariables": {},
        "requestContext": {"httpMethod": "POST", "identity": {"sourceIp": ADDRESS}},
    }
    return event | changes


def with_header(value: Any, name: str = "Authorization") -> dict[str, Any]:
    """Return a request with one Authorization header."""
    return request(headers={name: value}, multiValueHeaders={name: [value]})


def with_token(*values: Any, name: str = "token") -> dict[str, Any]:
    """Return a request with a query parameter, which API Gateway lists fully and its last alone."""
    return request(
        queryStringParameters={name: values[-1]},
        multiValueQueryStringParameters={name: list(values)},
    )


def come_from(event: dict[str, Any], address: Any) -> dict[str, Any]:
    """Return the request as sent from another address."""
    return event | {"requestContext": {"identity": {"sourceIp": address}}}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in an event, except names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(texts, value))


@dataclass
class Answer:
    """What API Gateway would answer, and everything that was printed meanwhile."""

    status: int
    reason: str
    policy: dict[str, Any] | None
    error: BaseException | None
    printed: str


class Clock:
    """A monotonic clock that only the test moves."""

    def __init__(self) -> None:
        """Start where a machine that has just booted starts."""
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the seconds since then."""
        return self.now


class Lambda:
    """One cold start of the payload; every answer it gives is searched for leaks."""

    def __init__(self, path: Path, private: set[str]) -> None:
        """Load the file under the name that Lambda gives inline code."""
        self.module: Any = load(path)
        self.clock = Clock()
        self.module.time = self.clock
        self.private = private
        self.reads = 0
        events = self.module.secrets.meta.events
        events.register("before-send.secretsmanager.GetSecretValue", self._count)

    def _count(self, **_: Any) -> None:
        self.reads += 1

    def __call__(self, event: Any) -> Answer:
        """Run the handler once, with every logger at DEBUG."""
        out, err, log = io.StringIO(), io.StringIO(), io.StringIO()
        policy, error = None, None
        root, listener = logging.getLogger(), logging.StreamHandler(log)
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                policy = self.module.handler(event, None)
        except Exception as caught:
            error = caught
        finally:
            root.setLevel(level)
            root.removeHandler(listener)
        outcome, reason = decision(out.getvalue())
        assert err.getvalue() == ""
        said = "".join(traceback.format_exception_only(error)) if error else ""
        printed = out.getvalue() + log.getvalue() + said
        for needle in {*texts(event), *self.private}:
            assert len(needle) < 8 or needle not in printed
        answer = Answer(status(outcome, policy, error), reason, policy, error, printed)
        if answer.status == 500:
            assert str(error) == reason
        return answer

    def close(self) -> None:
        """Give the connections back."""
        self.module.secrets.close()


def decision(printed: str) -> tuple[str, str]:
    """Return what the one line says, which is nothing outside of the vocabulary."""
    assert printed.count("\n") == 1
    assert printed.endswith("\n")
    line = json.loads(printed)
    assert list(line) == ["outcome", "reason"]
    assert (line["outcome"], line["reason"]) in VOCABULARY
    return line["outcome"], line["reason"]


def status(outcome: str, policy: dict[str, Any] | None, error: BaseException | None) -> int:
    """Return the status that API Gateway would answer with; the log must say the same."""
    if error is not None:
        # Nothing chained: whatever was caught on the way must not come out with it.
        assert error.__cause__ is None
        assert error.__context__ is None
        code = 401 if str(error) == "Unauthorized" else 500
        assert outcome == {401: "Unauthorized", 500: "Error"}[code]
        return code
    assert policy is not None
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == outcome
    return {"Allow": 200, "Deny": 403}[outcome]


class Secret:
    """A secret in Secrets Manager, which remembers what has been in it."""

    def __init__(self, client: Any) -> None:
        """Create it, with the usual user and password."""
        self.client = client
        self.private: set[str] = set()
        text = json.dumps({"username": USER, "password": PASSWORD})
        made = client.create_secret(Name=f"webhook-{uuid.uuid4()}", SecretString=text)
        self.arn: str = made["ARN"]
        self.private |= {USER, PASSWORD, encoded(USER, PASSWORD)}

    def put(self, **version: Any) -> None:
        """Store a new version as it is."""
        self.client.put_secret_value(SecretId=self.arn, **version)

    def rotate(self, password: str, user: str = USER) -> None:
        """Store new credentials."""
        self.private |= {user, password, encoded(user, password)}
        self.put(SecretString=json.dumps({"username": user, "password": password}))

    def delete(self) -> None:
        """Remove it for good."""
        self.client.delete_secret(SecretId=self.arn, ForceDeleteWithoutRecovery=True)


Cold = Callable[..., Lambda]
Warm = Callable[[str], Lambda]


@pytest.fixture(scope="session")
def manager(moto_server: str) -> Iterator[Any]:
    """Give the operator's own access to Secrets Manager."""
    operator = boto3.session.Session("operator", "operator", region_name="eu-west-1")
    client = operator.client("secretsmanager", endpoint_url=moto_server)
    yield client
    client.close()


@pytest.fixture
def secret(manager: Any) -> Secret:
    """Make a secret of this test's own."""
    return Secret(manager)


@pytest.fixture
def cold(aws: str, secret: Secret, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cold]:
    """Start the authorizer afresh, with these settings; None leaves one out."""
    started = []
    # Each start must quieten this logger by itself, whatever earlier ones did.
    logger = logging.getLogger("botocore")
    level = logger.level
    logger.setLevel(logging.NOTSET)

    def start(
        auth: str | None = "basic", cidrs: str | None = "", arn: str | None = secret.arn
    ) -> Lambda:
        for name, value in {"AUTH": auth, "ALLOWED_CIDRS": cidrs, "SECRET_ARN": arn}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        started.append(Lambda(PAYLOAD, secret.private))
        return started[-1]

    yield start
    for each in started:
        each.close()
    logger.setLevel(level)


@pytest.fixture
def warm(cold: Cold) -> Warm:
    """Give the same started authorizer to all examples of a property."""
    return functools.cache(lambda auth: cold(auth=auth))


# --- Basic credentials -------------------------------------------------------------------------


def test_good_credentials_allow_this_method_and_nothing_else(cold: Cold) -> None:
    """The right user and password get an Allow for exactly the method asked for."""
    assert cold()(with_header(GOOD)).policy == {
        "principalId": "backlog",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": METHOD}],
        },
    }


def test_the_method_is_echoed_whatever_its_partition_and_stage(cold: Cold) -> None:
    """The policy names the ARN that came in, not one composed here."""
    index = cold()
    for arn in (METHOD.replace("aws", "aws-cn"), METHOD.replace("v1/POST/backlog", "x/GET/")):
        policy = index(with_header(GOOD) | {"methodArn": arn}).policy
        assert policy is not None
        assert [s["Resource"] for s in policy["policyDocument"]["Statement"]] == [arn]


@pytest.mark.parametrize(
    "arn",
    [None, "", " ", "*", METHOD + "/*", METHOD + "?", METHOD + "/${aws:userid}", [METHOD], 7, {}],
    ids=repr,
)
def test_a_method_that_would_widen_the_policy_is_refused(cold: Cold, arn: Any) -> None:
    """The caller chooses the path: no wildcard or variable in it reaches the policy."""
    assert cold()(with_header(GOOD) | {"methodArn": arn}).status == 401


WRONG = {
    "another user": (basic(user="backlog-uses"), "mismatch"),
    "another password": (basic(password="correct-horse-batterx"), "mismatch"),
    "both wrong": (basic("someone-else", "something-else"), "mismatch"),
    "user and password swapped": (basic(PASSWORD, USER), "mismatch"),
    "beginning of the password": (basic(password=PASSWORD[:-1]), "mismatch"),
    "more than the password": (basic(password=PASSWORD + "x"), "mismatch"),
    "password in capitals": (basic(password=PASSWORD.upper()), "mismatch"),
    "user in capitals": (basic(user=USER.upper()), "mismatch"),
    "no user": (basic(user=""), "mismatch"),
    "no password": (basic(password=""), "mismatch"),
    "neither": (basic("", ""), "mismatch"),
    "colon before the password": (basic(password=":" + PASSWORD), "mismatch"),
    "newline after the password": (basic(password=PASSWORD + "\n"), "mismatch"),
    "NUL after the password": (basic(password=PASSWORD + "\0"), "mismatch"),
    "NUL and more after the user": (basic(user=USER + "\0x"), "mismatch"),
    "quotes around the password": (basic(password=f'"{PASSWORD}"'), "mismatch"),
    "full-width user": (basic(user="\uff42acklog-user"), "mismatch"),
    "emoji": (basic("🔑" * 8, "🔒" * 8), "mismatch"),
    "empty": ("", "missing"),
    "spaces": ("    ", "malformed"),
    "scheme alone": ("Basic", "malformed"),
    "scheme and a space": ("Basic ", "malformed"),
    "no base64": ("Basic !!!!secret!!!!", "malformed"),
    "base64 without its padding": (GOOD.rstrip("="), "malformed"),
    "base64 and more": (GOOD + "====", "malformed"),
    "good base64 with a foreign character": (GOOD[:12] + "*" + GOOD[12:], "malformed"),
    "good base64 folded": (GOOD[:12] + "\r\n" + GOOD[12:], "malformed"),
    "two headers joined": (f"{GOOD}, {GOOD}", "malformed"),
    "not UTF-8": ("Basic " + base64.b64encode(b"backlog\xff\xfe:x").decode(), "malformed"),
    "Latin-1": (
        "Basic " + base64.b64encode("bäcklog:pass".encode("latin-1")).decode(),
        "malformed",
    ),
    "no colon, only the password": (
        "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
        "malformed",
    ),
    "no colon, only the user": ("Basic " + base64.b64encode(USER.encode()).decode(), "malformed"),
    "not encoded": (f"Basic {USER}:{PASSWORD}", "malformed"),
    "no scheme": (encoded(USER, PASSWORD), "malformed"),
    "Bearer": (GOOD.replace("Basic", "Bearer"), "scheme"),
    "Digest": ('Digest username="backlog-user"', "scheme"),
    "scheme with a long s": (GOOD.replace("Basic", "Ba\u017fic"), "scheme"),
    "scheme behind a NUL": ("\0" + GOOD, "scheme"),
    "non-ASCII": ("Basic пароль-пароль", "malformed"),
    "lone surrogate": ("Basic \ud800\udfff\ud800", "malformed"),
    "64 kB": ("Basic " + "A" * 65536, "oversized"),
    "64 kB of a longer password": (basic(password=PASSWORD + "x" * 49152), "oversized"),
    "good, behind 5 kB of spaces": (GOOD.replace(" ", " " * 5000), "oversized"),
    "2 kB of characters of three bytes": ("Basic " + "あ" * 2000, "oversized"),
    "a format string": ("{0.__class__} %s %(x)s ${jndi:ldap://x}", "scheme"),
    "a forged log line": ('x"}\n{"outcome": "Allow", "reason": "known"}', "scheme"),
}


@pytest.mark.parametrize(("value", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_credentials_are_unauthorized(cold: Cold, value: str, reason: str) -> None:
    """Nothing but the right credentials gets in, and the answer is 401 rather than 500."""
    index = cold()
    answer = index(with_header(value))
    assert (answer.status, answer.reason) == (401, reason)
    # What cannot match whatever the secret is costs no call.
    assert index.reads == (1 if reason == "mismatch" else 0)


def test_401_is_said_exactly_as_api_gateway_wants_it(cold: Cold) -> None:
    """The text is `Unauthorized`, letter by letter: any other text would be a 500."""
    error = cold()(with_header("Bearer x")).error
    assert error is not None
    assert error.args == ("Unauthorized",)


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (USER, "with:colons::in:it:"),
        (USER, ":"),
        ("user name", "with spaces "),
        ("bäcklog", "pässwörd-密码-🔒"),
        (USER, "line\r\nline\n"),
        (USER, "before\0after"),
        (USER, "'\"`\\$(id){}%s"),
        ("u", "p"),
        (USER, "x" * 2900),
    ],
    ids=range(9),
)
def test_a_password_may_hold_anything(cold: Cold, secret: Secret, user: str, password: str) -> None:
    """The first colon splits; every byte of either side counts."""
    secret.rotate(password, user)
    index = cold()
    assert index(with_header(basic(user, password))).status == 200
    for wrong in (password + "x", password[:-1], password.swapcase() + " "):
        assert index(with_header(basic(user, wrong))).status == 401


def test_equal_looking_is_not_equal(cold: Cold, secret: Secret) -> None:
    """Composed and decomposed accents are different bytes, so different passwords."""
    secret.rotate("caf\u00e9-password")
    index = cold()
    assert index(with_header(basic(password="caf\u00e9-password"))).status == 200
    assert index(with_header(basic(password="cafe\u0301-password"))).status == 401


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "AUTHORIZATION", "aUTHORIzation"]
)
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bASIc"])
def test_case_of_header_and_scheme_does_not_matter(cold: Cold, name: str, scheme: str) -> None:
    """HTTP leaves the case of both to the sender."""
    assert cold()(with_header(GOOD.replace("Basic", scheme), name)).status == 200


def test_a_request_without_lists_of_values_is_judged_by_its_single_ones(cold: Cold) -> None:
    """The console's test button sends no multiValueHeaders."""
    index = cold()
    for nothing in (None, {}, {"Authorization": []}):
        assert index(with_header(GOOD) | {"multiValueHeaders": nothing}).status == 200
    event = with_header(GOOD)
    del event["multiValueHeaders"]
    assert index(event).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"Content-Type": "text/plain"},
        {"Proxy-Authorization": GOOD},
        {"X-Authorization": GOOD},
        {"Authorization ": GOOD},
        {"Authorization": None},
    ],
    ids=repr,
)
def test_a_missing_header_is_unauthorized(cold: Cold, headers: Any) -> None:
    """Without an Authorization header there is nothing to look at, and nothing is read."""
    index = cold()
    answer = index(request(headers=headers))
    assert (answer.status, answer.reason, index.reads) == (401, "missing", 0)


DUPLICATES = {
    "good twice": ({"Authorization": GOOD}, {"Authorization": [GOOD, GOOD]}),
    "bad, then good": ({"Authorization": GOOD}, {"Authorization": [basic("x", "y"), GOOD]}),
    "good, then bad": ({"Authorization": basic("x", "y")}, {"Authorization": [GOOD, "x"]}),
    "good, then empty": ({"Authorization": GOOD}, {"Authorization": [GOOD, ""]}),
    "two names among the single ones": ({"Authorization": GOOD, "authorization": GOOD}, {}),
    "empty first": ({"Authorization": "", "authorization": GOOD}, {}),
    "two names among the lists": (
        {"Authorization": GOOD},
        {"Authorization": [GOOD], "AUTHORIZATION": [GOOD]},
    ),
}


@pytest.mark.parametrize(("single", "multi"), DUPLICATES.values(), ids=DUPLICATES)
def test_more_than_one_header_is_refused(cold: Cold, single: Any, multi: Any) -> None:
    """Two headers mean that somebody wants two readers to see two things."""
    index = cold()
    answer = index(request(headers=single, multiValueHeaders=multi))
    assert (answer.status, answer.reason, index.reads) == (401, "several", 0)


def test_the_token_of_the_other_mode_does_not_open(cold: Cold) -> None:
    """Basic credentials are the only ones in basic mode, and tokens in token mode."""
    assert cold()(with_token(PASSWORD)).status == 401
    assert cold(auth="query_token")(with_header(GOOD)).status == 401


# --- Either --------------------------------------------------------------------------------------


def both(header: str, token: str) -> dict[str, Any]:
    """Return a request with credentials in both places."""
    return with_token(token) | {
        "headers": {"Authorization": header},
        "multiValueHeaders": {"Authorization": [header]},
    }


@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [
        pytest.param(with_header(GOOD), 200, "known", id="header"),
        pytest.param(with_token(PASSWORD), 200, "known", id="token"),
        pytest.param(both(GOOD, "wrong-wrong-wrong"), 200, "known", id="header decides"),
        pytest.param(both("Bearer x", PASSWORD), 401, "scheme", id="a header is not overruled"),
        pytest.param(both(basic("x", "y"), PASSWORD), 401, "mismatch", id="nor a wrong one"),
        pytest.param(with_header(basic()[:-3]), 401, "malformed", id="half a header"),
        pytest.param(with_header(basic(USER, "")), 401, "mismatch", id="no password"),
        pytest.param(with_token(USER), 401, "mismatch", id="the user as a token"),
        pytest.param(with_token(f"{USER}:{PASSWORD}"), 401, "mismatch", id="both as a token"),
        pytest.param(with_token(""), 401, "missing", id="an empty token"),
        pytest.param(with_token(PASSWORD, "x"), 401, "several", id="two tokens"),
        pytest.param(request(), 401, "missing", id="neither"),
        pytest.param(request(headers=None, queryStringParameters=None), 401, "missing", id="null"),
    ],
)
def test_either_kind_of_credentials_opens(
    cold: Cold, event: dict[str, Any], status: int, reason: str
) -> None:
    """One deployment takes both URLs; what has no credentials leaves a line in the log."""
    answer = cold(auth="any")(event)
    assert (answer.status, answer.reason) == (status, reason)


def test_either_kind_follows_a_rotation(cold: Cold, secret: Secret) -> None:
    """What was remembered for one kind is compared with the other, and the secret read anew."""
    index = cold(auth="any")
    assert index(with_header(GOOD)).status == 200
    secret.rotate("another-password-x")
    assert index(with_token("another-password-x")).status == 200
    assert index(with_token(PASSWORD)).status == 401
    assert index(with_header(basic(password="another-password-x"))).status == 200


# --- Token in the query --------------------------------------------------------------------------


def test_the_right_token_is_allowed(cold: Cold) -> None:
    """The password as `token` opens the same one method."""
    policy = cold(auth="query_token")(with_token(PASSWORD)).policy
    assert policy is not None
    assert policy["policyDocument"]["Statement"][0]["Resource"] == METHOD


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param(with_token("wrong-wrong-wrong"), "mismatch", id="wrong"),
        pytest.param(with_token(USER), "mismatch", id="the user"),
        pytest.param(with_token(f"{USER}:{PASSWORD}"), "mismatch", id="user and password"),
        pytest.param(with_token(PASSWORD[:-1]), "mismatch", id="a beginning"),
        pytest.param(with_token(PASSWORD + "\0"), "mismatch", id="NUL"),
        pytest.param(with_token("пароль-密码"), "mismatch", id="unicode"),
        pytest.param(with_token("\ud800" * 9), "malformed", id="lone surrogates"),
        pytest.param(with_token("x" * 65536), "oversized", id="64 kB"),
        pytest.param(with_token(""), "missing", id="empty"),
        pytest.param(with_token(None), "missing", id="null"),
        pytest.param(request(), "missing", id="missing"),
        pytest.param(request(queryStringParameters=None), "missing", id="no query"),
        pytest.param(with_token(PASSWORD, name="t"), "missing", id="another name"),
        pytest.param(with_token(PASSWORD, PASSWORD), "several", id="good twice"),
        pytest.param(with_token("x", PASSWORD), "several", id="bad, then good"),
        pytest.param(with_token(PASSWORD, "x"), "several", id="good, then bad"),
        pytest.param(with_token([PASSWORD]), "malformed", id="a list"),
    ],
)
def test_any_other_token_is_unauthorized(cold: Cold, event: Any, reason: str) -> None:
    """A wrong, missing or repeated token is a 401."""
    answer = cold(auth="query_token")(event)
    assert (answer.status, answer.reason) == (401, reason)


# --- Addresses -----------------------------------------------------------------------------------

BOTH = "203.0.113.0/28, 198.51.100.9,2001:db8:5::/48"


@pytest.mark.parametrize(
    "address",
    ["203.0.113.0", "203.0.113.15", "198.51.100.9", "2001:db8:5::1", "2001:0DB8:0005:f::"],
)
def test_an_allowed_address_may_show_its_credentials(cold: Cold, address: str) -> None:
    """Both families are matched, at both ends of a network."""
    index = cold(cidrs=BOTH)
    assert index(come_from(with_header(GOOD), address)).status == 200
    assert index(come_from(with_header(basic("x", "y")), address)).status == 401


@pytest.mark.parametrize(
    "address",
    ["203.0.113.16", "203.0.112.255", "198.51.100.8", "2001:db8:6::", "::1", "::ffff:203.0.113.7"],
)
@pytest.mark.parametrize("value", [GOOD, "Bearer x", basic("x", "y")], ids=["good", "odd", "bad"])
def test_deny_is_decided_before_the_secret_is_read(cold: Cold, address: str, value: str) -> None:
    """Another address gets a 403, whatever it knows, and causes no call."""
    index = cold(cidrs=BOTH, arn="no-such-secret")
    answer = index(come_from(with_header(value), address))
    assert (answer.status, index.reads) == (403, 0)
    assert answer.policy == {
        "principalId": "backlog",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": METHOD}],
        },
    }


@pytest.mark.parametrize(
    "address",
    [
        *(None, "", " ", "x", True, [], {}, [ADDRESS], 3405803783, "3405803783", "203.0.113.7/32"),
        *("203.0.113.7.example", "203.0.113.7, 1.1.1.1", "203.0.113.07", "0xcb007107"),
    ],
    ids=repr,
)
def test_what_is_no_address_is_in_no_list(cold: Cold, address: Any) -> None:
    """An odd source address never passes for an allowed one."""
    index = cold(cidrs="203.0.113.7/32,0.0.0.0/1")
    answer = index(come_from(with_header(GOOD), address))
    assert (answer.status, index.reads) == (401, 0)


@pytest.mark.parametrize("address", [ADDRESS, "2001:db8::1", "test-invoke-source-ip"])
def test_an_empty_list_allows_any_address(cold: Cold, address: str) -> None:
    """Without a list the credentials alone decide."""
    index = cold(cidrs="")
    assert index(come_from(with_header(GOOD), address)).status == 200
    assert index(come_from(with_header(basic("x", "y")), address)).status == 401


# --- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cidrs",
    [
        *("203.0.113.0/33", "203.0.113.0/24,", ",", " ", ",,", "any", "*"),
        *("203.0.113.0/24;198.51.100.0/24", "203.0.113.0/24 198.51.100.0/24", "2001:db8::/129"),
        *("0.0.0.0/0,nonsense", "nonsense,0.0.0.0/0"),
        None,
    ],
    ids=repr,
)
def test_a_malformed_list_allows_nobody(cold: Cold, cidrs: str | None) -> None:
    """One bad entry stops the start, so every request is a 500: no list is half in force."""
    with pytest.raises((KeyError, ValueError)) as caught:
        cold(cidrs=cidrs)
    assert str(caught.value) != "Unauthorized"


def test_a_range_may_be_written_by_any_of_its_addresses(cold: Cold) -> None:
    """203.0.113.7/24 means the network that address is in, as elsewhere in AWS."""
    index = cold(cidrs="203.0.113.7/24")
    assert index(come_from(with_header(GOOD), "203.0.113.99")).status == 200
    assert index(come_from(with_header(GOOD), "203.0.114.1")).status == 403


@pytest.mark.parametrize(
    "auth", [None, "", "none", "Basic", "basic ", "query_token,basic"], ids=repr
)
def test_an_unknown_kind_of_authentication_allows_nobody(cold: Cold, auth: str | None) -> None:
    """A misspelled AUTH stops the start rather than choose for the operator."""
    with pytest.raises(KeyError, match="AUTH" if auth is None else re.escape(repr(auth))):
        cold(auth=auth)


def test_the_secret_must_be_named(cold: Cold) -> None:
    """Without SECRET_ARN there is no start."""
    with pytest.raises(KeyError, match="SECRET_ARN"):
        cold(arn=None)


# --- The secret ----------------------------------------------------------------------------------


def test_an_unreadable_secret_is_an_error_that_names_its_kind(cold: Cold) -> None:
    """500 lets Backlog try again, and AWS's code tells the operator why."""
    index = cold(arn="arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-abcdef")
    answer = index(with_header(GOOD))
    assert (answer.status, answer.reason) == (500, "secret_ResourceNotFoundException")
    assert isinstance(answer.error, RuntimeError)
    assert index(with_header(basic("x", "y"))).status == 500


def test_an_unreachable_service_is_an_error_after_two_attempts(
    cold: Cold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authorizer gives up while API Gateway still waits."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    index = cold()
    answer = index(with_header(GOOD))
    assert (answer.status, answer.reason) == (500, "secret_EndpointConnectionError")
    assert index.reads == 2
    waits = index.module.QUICK
    assert 2 * (waits.connect_timeout + waits.read_timeout) < 20


MALFORMED = {
    "not JSON": {"SecretString": "hush-hush-hush"},
    "cut JSON": {"SecretString": '{"username": "backlog-user", "password": "hush-hush'},
    "a text": {"SecretString": '"hush-hush-hush"'},
    "a list": {"SecretString": '["backlog-user", "hush-hush-hush"]'},
    "null": {"SecretString": "null"},
    "deep": {"SecretString": "[" * 20000},
    "nothing": {"SecretString": "{}"},
    "no password": {"SecretString": '{"username": "backlog-user"}'},
    "no user": {"SecretString": '{"password": "hush-hush-hush"}'},
    "null password": {"SecretString": '{"username": "backlog-user", "password": null}'},
    "number": {"SecretString": '{"username": "backlog-user", "password": 12345678}'},
    "list of passwords": {"SecretString": '{"username": "u", "password": ["hush-hush-hush"]}'},
    "empty password": {"SecretString": '{"username": "backlog-user", "password": ""}'},
    "empty user": {"SecretString": '{"username": "", "password": "hush-hush-hush"}'},
    "half a character": {"SecretString": '{"username": "u", "password": "hush-hush-\\ud800"}'},
    "binary": {"SecretBinary": b"hush-hush-hush"},
}


@pytest.mark.parametrize("auth", ["basic", "query_token"])
@pytest.mark.parametrize("version", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_secret_lets_nobody_in(
    cold: Cold, secret: Secret, auth: str, version: dict[str, Any]
) -> None:
    """It is a 500 for everyone, quotes nothing, and is over as soon as the secret is mended."""
    secret.put(**version)
    secret.private |= {"hush-hush"}
    index = cold(auth=auth)
    for user, password in (("backlog-user", "hush-hush-hush"), ("u", "None"), ("", ""), (":", ":")):
        event = with_header(basic(user, password)) if auth == "basic" else with_token(password)
        assert index(event).status == (500 if password or auth == "basic" else 401)
    secret.rotate(PASSWORD)
    assert index(with_header(GOOD) if auth == "basic" else with_token(PASSWORD)).status == 200


def test_the_secret_is_kept_for_five_minutes(cold: Cold) -> None:
    """A busy webhook reads it once in that time."""
    index = cold()
    for _ in range(30):
        assert index(with_header(GOOD)).status == 200
        index.clock.now += 10
    assert index.reads == 1
    assert index(with_header(GOOD)).status == 200
    assert index.reads == 2


def test_a_rotated_password_works_at_once(cold: Cold, secret: Secret) -> None:
    """The first request with the new one finds it, and the old one is out from then on."""
    index = cold()
    assert index(with_header(GOOD)).status == 200
    index.clock.now += 0.5
    secret.rotate("the-password-after-it")
    assert index(with_header(basic(password="the-password-after-it"))).status == 200
    assert index(with_header(GOOD)).status == 401
    assert index.reads == 2


def test_a_rotated_token_works_at_once(cold: Cold, secret: Secret) -> None:
    """Rotation is the same in both modes."""
    index = cold(auth="query_token")
    assert index(with_token(PASSWORD)).status == 200
    secret.rotate("the-password-after-it")
    assert index(with_token("the-password-after-it")).status == 200
    assert index(with_token(PASSWORD)).status == 401


def test_an_old_password_is_out_after_five_minutes(cold: Cold, secret: Secret) -> None:
    """Even if nobody ever uses the new one."""
    index = cold()
    assert index(with_header(GOOD)).status == 200
    secret.rotate("the-password-after-it")
    index.clock.now = 299.9
    assert index(with_header(GOOD)).status == 200
    index.clock.now = 300.0
    assert index(with_header(GOOD)).status == 401


def test_a_flood_of_bad_passwords_makes_few_reads(cold: Cold) -> None:
    """Four a second for a minute: one read to begin with, and one in each ten seconds."""
    index = cold()
    for number in range(240):
        assert index(with_header(basic(password=f"guess-{number}-guess"))).status == 401
        if number % 10 == 0:
            assert index(with_header(GOOD)).status == 200
        index.clock.now += 0.25
    assert 3 <= index.reads <= 7


def test_a_rotation_during_a_flood_is_seen_within_ten_seconds(cold: Cold, secret: Secret) -> None:
    """The limit on reads delays a new password by that much, and no more."""
    index = cold()
    bad, new = with_header(basic("x", "y")), with_header(basic(password="the-password-after-it"))
    assert [index(bad).status, index(bad).status] == [401, 401]
    secret.rotate("the-password-after-it")
    index.clock.now = 9.9
    assert index(new).status == 401
    index.clock.now = 10.0
    assert index(new).status == 200


def test_a_failed_second_read_neither_locks_out_nor_floods(cold: Cold, secret: Secret) -> None:
    """While the secret cannot be read, who is known stays known and guesses stay few calls."""
    index = cold()
    assert index(with_header(GOOD)).status == 200
    secret.delete()
    guesses = [index(with_header(basic("x", "y"))).status for _ in range(20)]
    assert guesses == [500] + [401] * 19
    assert index(with_header(GOOD)).status == 200
    assert index.reads == 2
    index.clock.now = 300.0
    assert index(with_header(GOOD)).status == 500


# --- Hostile events ------------------------------------------------------------------------------

ODD_EVENTS = {
    "null": None,
    "list": [],
    "text": "hostile-text",
    "number": 7,
    "empty": {},
    "no context": with_header(GOOD) | {"requestContext": None},
    "no identity": with_header(GOOD) | {"requestContext": {}},
    "list of headers": with_header(GOOD) | {"headers": [["Authorization", GOOD]]},
    "text of headers": with_header(GOOD) | {"headers": GOOD},
    "header as a list": with_header([GOOD]),
    "header as a map": with_header({"value": GOOD}),
    "header as a number": with_header(7),
    "header as true": with_header(True),
    "lists as texts": with_header(GOOD) | {"multiValueHeaders": {"Authorization": GOOD}},
    "lists as numbers": with_header(GOOD) | {"multiValueHeaders": {"Authorization": 1}},
    "lists as a list": with_header(GOOD) | {"multiValueHeaders": [GOOD]},
}


@pytest.mark.parametrize("event", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_an_event_of_another_shape_is_unauthorized(cold: Cold, event: Any) -> None:
    """No shape of event is a crash that API Gateway would call 500."""
    index = cold()
    assert (index(event).status, index.reads) == (401, 0)


HOSTILE = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
SCHEME = st.sampled_from(["Basic ", "basic ", "BASIC  ", "Basic\t", "Bearer ", "Basic", ""])
HEADER = st.one_of(
    ANY_TEXT,
    st.builds(str.__add__, SCHEME, ANY_TEXT),
    st.builds(lambda s, b: s + base64.b64encode(b).decode(), SCHEME, st.binary()),
    st.builds(basic, st.sampled_from([USER, "", "x"]), st.text(alphabet="corhset-bay:\0\n")),
    st.builds(lambda at, x: GOOD[: at + 6] + x + GOOD[at + 6 :], st.integers(0, 44), ANY_TEXT),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Authorization", "token", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=HEADER.filter(lambda value: value.split() != GOOD.split()))
@HOSTILE
def test_no_hostile_header_gets_in_or_into_the_log(warm: Warm, value: str) -> None:
    """Any header but the right one: exactly `Unauthorized`, and not a word of it is written."""
    answer = warm("basic")(with_header(value))
    assert answer.status == 401
    assert answer.error is not None
    assert answer.error.args == ("Unauthorized",)


@given(value=ANY_TEXT.filter(lambda value: value != PASSWORD))
@HOSTILE
def test_no_hostile_token_gets_in_or_into_the_log(warm: Warm, value: str) -> None:
    """Any token but the right one: the same."""
    answer = warm("query_token")(with_token(value))
    assert answer.status == 401


@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                *("methodArn", "headers", "multiValueHeaders", "requestContext", "path"),
                *("queryStringParameters", "multiValueQueryStringParameters"),
            ]
        ),
        JSON,
    )
)
@HOSTILE
@pytest.mark.parametrize("auth", ["basic", "query_token"])
def test_no_hostile_event_gets_in(warm: Warm, auth: str, changes: dict[str, Any]) -> None:
    """Whatever any field holds, without the password the answer is `Unauthorized`."""
    start = with_header(basic("x", "y")) if auth == "basic" else with_token("y")
    assert warm(auth)(start | changes).status == 401


@given(
    user=st.text(min_size=1, max_size=40).filter(lambda user: ":" not in user),
    password=st.text(min_size=1, max_size=40),
    other=st.text(max_size=40),
)
@settings(HOSTILE, max_examples=30)
def test_exactly_the_credentials_of_the_secret_get_in(
    warm: Warm, secret: Secret, user: str, password: str, other: str
) -> None:
    """Whatever user and password are stored, they get in, and others only if they are equal."""
    index = warm("basic")
    secret.private.clear()
    secret.put(SecretString=json.dumps({"username": user, "password": password}))
    index.clock.now += 300
    assert index(with_header(basic(user, password))).status == 200
    assert index(with_header(basic(user, other))).status == (200 if other == password else 401)
    assert index(with_header(basic(other, password))).status == (200 if other == user else 401)


# --- The file ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree() -> ast.Module:
    """Parse the payload."""
    return ast.parse(PAYLOAD.read_text(encoding="utf-8"))


def test_it_needs_only_what_the_runtime_holds(tree: ast.Module) -> None:
    """Inline code has no packages of its own: the standard library and boto3 must do."""
    needed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            needed |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            needed.add((node.module or "").partition(".")[0])
    assert needed <= sys.stdlib_module_names | {"boto3", "botocore"}
    assert {"hmac", "boto3"} <= needed


def test_credentials_are_never_compared_by_an_operator(tree: ast.Module) -> None:
    """`==` and `in` stop at the first difference: here they only meet constants and networks."""
    compared = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot)
    }
    assert compared == {
        "outcome == 'Unauthorized'",
        "outcome == 'Error'",
        "ipaddress.ip_address(source) in net",
        "scheme.lower() != b'basic'",
        "k.lower() == name",
        "k.lower() == 'authorization'",
        "BASIC is None",
    }
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Match)]


@pytest.mark.parametrize(
    ("user", "password"), [(USER, PASSWORD), ("x", PASSWORD), (USER, "x"), ("x", "x")]
)
def test_both_parts_are_always_compared_in_constant_time(
    cold: Cold, user: str, password: str
) -> None:
    """A wrong user costs as much as a wrong password: each goes through compare_digest, always."""
    index = cold()
    assert index(with_header(GOOD)).status == 200
    index.module.memory["reread"] = float("inf")
    compared = []
    real = index.module.hmac.compare_digest
    index.module.hmac = SimpleNamespace(
        compare_digest=lambda a, b: compared.append((a, b)) or real(a, b)
    )
    index(with_header(basic(user, password)))
    assert compared == [
        (user.encode(), USER.encode()),
        (password.encode(), PASSWORD.encode()),
    ]


def test_a_fault_in_the_code_itself_tells_no_tales(cold: Cold) -> None:
    """An exception nobody foresaw is a 500 that names its type, though its text held the header."""
    index = cold()

    def fail(event: Any) -> list[bytes]:
        raise RecursionError(event["headers"]["Authorization"])

    index.module.basic = fail
    assert index(with_header(GOOD)).status == 500


def test_it_can_be_embedded() -> None:
    """It stays small and has nothing that would cost the template its readable block."""
    raw = PAYLOAD.read_bytes()
    assert len(raw) <= 5200
    assert raw.isascii()
    assert raw.endswith(b"\n")
    assert not [line for line in raw.splitlines() if line != line.rstrip()]
    assert not {b"\t", b"\r"} & {bytes([byte]) for byte in raw}


@pytest.mark.parametrize(
    ("value", "code"), [(GOOD, 0), (basic("x", "y" * 9), 1)], ids=["good", "bad"]
)
def test_it_runs_as_lambda_runs_it(
    aws: str, secret: Secret, tmp_path: Path, value: str, code: int
) -> None:
    """A process of its own, `index.handler`, nothing set but what the template sets."""
    (tmp_path / "index.py").write_bytes(PAYLOAD.read_bytes())
    main = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import index;"
        "print(json.dumps(index.handler(json.load(sys.stdin), None)))"
    )
    given_by_lambda = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    ran = subprocess.run(
        [sys.executable, "-I", "-c", main, str(tmp_path)],
        input=json.dumps(with_header(value)),
        env=given_by_lambda | {"AUTH": "basic", "ALLOWED_CIDRS": "", "SECRET_ARN": secret.arn},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == code
    first, *rest = ran.stdout.splitlines()
    assert decision(first + "\n")[0] == ("Unauthorized" if code else "Allow")
    if code:
        assert rest == []
        assert ran.stderr.splitlines()[-1] == "Exception: Unauthorized"
        assert "During handling" not in ran.stderr
    else:
        assert ran.stderr == ""
        assert json.loads(rest[0])["policyDocument"]["Statement"][0]["Resource"] == METHOD
    for private in {*secret.private, value}:
        assert private not in ran.stdout + ran.stderr
