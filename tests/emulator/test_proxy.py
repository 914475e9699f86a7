"""The Backlog proxy, end to end: a webhook ends in a mirrored repository, or in a clear refusal."""

from __future__ import annotations

import base64
import http.client
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from support.deployments import Deployment
from support.git_repositories import Repository, new_repository
from support.machines import Machines, until
from support.ways import builds, identity, outputs

HERE = "us-east-1"
FORM = "application/x-www-form-urlencoded"
BACKLOG = "acme@acme.git.backlog.com:/SHOP/"


@pytest.fixture
def stack(machines: Machines, tmp_path: Path) -> Deployment:
    """Deploy the proxy, with a key in Parameter Store."""
    if not shutil.which("ssh-agent"):
        pytest.skip("no ssh-agent here: no build of the proxy is run")
    (tmp_path / "reader").mkdir()
    stack = Deployment(machines.emulator, "backlog-proxy", tmp_path / "reader")
    key = tmp_path / "key"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(make, check=True)
    machines.emulator.client("ssm", HERE).put_parameter(
        Name="/backlog-mirror/ssh-key", Type="SecureString", Value=key.read_text(), Overwrite=True
    )
    stack.deploy()
    machines.emulator.call("endings", project=identity(stack, "Mirror"), status=None)
    source = new_repository(tmp_path / "SHOP" / "web.git")
    source.set("refs/heads/feature", source.commit("main", "first"))
    source.set("refs/tags/v1", source.commit("main", "second"))
    # The key is not asked for: the address leads to a folder.
    machines.git_config = f'[url "{tmp_path}/SHOP/"]\n\tinsteadOf = {BACKLOG}\n'
    return stack


def password(stack: Deployment) -> str:
    """Return the webhook's password."""
    client = stack.emulator.client("secretsmanager", HERE)
    secret = client.get_secret_value(SecretId=outputs(stack)["WebhookCredentials"])
    return str(json.loads(secret["SecretString"])["password"])


def post(
    stack: Deployment,
    body: bytes,
    user: str | None = None,
    kind: str = FORM,
    query: str = "",
    **headers: str,
) -> tuple[int, bytes]:
    """Call the webhook, as Backlog does if `user` is its user and password."""
    found = re.match(r"https://(\w+)\.execute-api\.[^/]+/(.+)", outputs(stack)["WebhookUrl"])
    assert found
    sent = {"Content-Type": kind, **headers}
    if user is not None:
        sent["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", stack.emulator.port, timeout=30)
    try:
        connection.request("POST", f"/_aws/execute-api/{found[1]}/{found[2]}{query}", body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


PAYLOAD = f"payload={quote(json.dumps({'ref': 'refs/heads/main', 'revisions': []}))}".encode()


def test_a_webhook_ends_in_a_mirror(machines: Machines, stack: Deployment, tmp_path: Path) -> None:
    """Authorizer, mapping, StartBuild, buildspec, git: the repository in CodeCommit is equal."""
    assert post(stack, PAYLOAD, f"backlog:{password(stack)}")[0] == 202
    (build,) = builds(machines, stack, "Mirror")
    assert set(build["asked"]) == {"projectName", "idempotencyToken"}
    run = machines.build(HERE, build)
    assert run.status == 0, run.output
    source = Repository(tmp_path / "SHOP" / "web.git")
    assert machines.git.repository(HERE, "web-mirror").refs() == source.refs()
    assert "PRIVATE KEY" not in run.output
    assert password(stack) not in run.output


@pytest.mark.parametrize(
    "user",
    [None, "", "backlog", "backlog:", "backlog:wrong", "other:{password}", "{password}:backlog"],
)
def test_who_does_not_know_the_password_starts_nothing(
    machines: Machines, stack: Deployment, user: str | None
) -> None:
    """Nobody is told more than that; the answer asks for credentials."""
    given = user and user.replace("{password}", password(stack))
    status, said = post(stack, PAYLOAD, given)
    assert status == 401
    assert password(stack).encode() not in said
    assert builds(machines, stack, "Mirror") == []


BODIES = {
    "256 kB": b"payload=" + b"a" * 262_144,
    "NUL": b"payload=\0",
    "not UTF-8": b"payload=\xff\xfe",
    "quotes": b"payload=\"'}{",
    "newlines": b"payload=\r\n\r\nHTTP/1.1 200 OK",
    "unicode": "payload=日本語\u2028".encode(),
    "velocity": b'payload=$input.body #set($x = 1) $util.escapeJavaScript("x")',
    "empty": b"",
    "JSON that overrides": b'{"projectName": "other", "buildspecOverride": "evil"}',
}


def test_a_build_that_takes_too_long_to_start_is_a_504(
    machines: Machines, stack: Deployment
) -> None:
    """API Gateway waits for 29 seconds, here for none."""
    user = f"backlog:{password(stack)}"
    machines.emulator.call("integration_seconds", seconds=0.0001)
    assert post(stack, PAYLOAD, user) == (504, b'{"message": "Endpoint request timed out"}')


def test_what_a_webhook_says_goes_nowhere(machines: Machines, stack: Deployment) -> None:
    """Whatever is sent, the build is told which project it is of, and nothing else."""
    user = f"backlog:{password(stack)}"
    for name, body in BODIES.items():
        status, said = post(stack, body, user)
        assert status == 202, (name, said)
    project = identity(stack, "Mirror")
    for build in builds(machines, stack, "Mirror"):
        assert build["asked"].keys() == {"projectName", "idempotencyToken"}
        assert build["asked"]["projectName"] == project
        assert re.fullmatch("[0-9]{9}", build["asked"]["idempotencyToken"])


def test_a_burst_of_calls_starts_few_builds(
    machines: Machines, stack: Deployment, tmp_path: Path
) -> None:
    """A push of many tags is as many calls, one build for ten seconds, and every tag mirrored."""
    user, source = f"backlog:{password(stack)}", Repository(tmp_path / "SHOP" / "web.git")
    began = time.time()
    for number in range(20):
        source.set(f"refs/tags/b{number}", source.refs()["refs/heads/main"])
        assert post(stack, PAYLOAD, user)[0] == 202
    found = builds(machines, stack, "Mirror")
    assert 1 <= len(found) <= 2 + (time.time() - began) // 10
    assert machines.build(HERE, found[-1]).status == 0
    assert machines.git.repository(HERE, "web-mirror").refs() == source.refs()


def test_a_header_of_64_kb_starts_nothing(machines: Machines, stack: Deployment) -> None:
    """Nor does one that is not what it says it is."""
    for user in ("backlog:" + "x" * 49_000, "\0:\0", "backlog:\r\nX: y", "日本:語"):
        assert post(stack, PAYLOAD, user)[0] in (400, 401, 413, 431)
    assert builds(machines, stack, "Mirror") == []


@pytest.mark.parametrize(
    "kind",
    [FORM, f"{FORM}; charset=UTF-8", "application/json", "application/json;charset=utf-8", ""],
)
def test_forms_and_json_are_taken(machines: Machines, stack: Deployment, kind: str) -> None:
    """Git webhooks are forms, project webhooks JSON; of neither is the body looked at."""
    user = f"backlog:{password(stack)}"
    assert post(stack, b'{"projectName": "x"}', user, kind)[0] == 202
    (build,) = builds(machines, stack, "Mirror")
    assert build["asked"]["projectName"] == identity(stack, "Mirror")


def test_nothing_else_is_taken(machines: Machines, stack: Deployment) -> None:
    """Another content type is none that Backlog sends: it would pass by the mapping."""
    user = f"backlog:{password(stack)}"
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x"):
        assert post(stack, b"payload={}", user, kind)[0] == 415
    assert builds(machines, stack, "Mirror") == []


def test_the_password_may_be_in_the_url_s_query(machines: Machines, stack: Deployment) -> None:
    """For a sender that keeps no credentials from the URL: the same deployment takes them so."""
    # AWS leaves punctuation out, as the template asks for; the emulator does not.
    token = quote(password(stack), safe="")
    assert post(stack, PAYLOAD, query=f"?token={token}")[0] == 202
    assert len(builds(machines, stack, "Mirror")) == 1
    for query in ("?token=wrong", "?token=", f"?other={token}"):
        assert post(stack, PAYLOAD, query=query)[0] == 401


def test_a_refused_build_is_told(machines: Machines, stack: Deployment) -> None:
    """StartBuild is refused: the caller hears 503, and learns nothing of why."""
    name = identity(stack, "StartRole")
    iam = machines.emulator.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    status, said = post(stack, PAYLOAD, f"backlog:{password(stack)}")
    assert (status, json.loads(said)) == (503, {"accepted": False})


def test_the_schedule_starts_a_build(machines: Machines, stack: Deployment) -> None:
    """What no webhook told is mirrored all the same, by a role that may start this project."""
    machines.emulator.call("fire", region=HERE, name=identity(stack, "Reconcile"))
    (build,) = until(lambda: builds(machines, stack, "Mirror"))
    assert build["asked"] == {"projectName": identity(stack, "Mirror")}
    assert machines.emulator.call("undelivered") == []
