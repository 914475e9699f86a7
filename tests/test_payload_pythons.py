"""Payloads on each version of Python that this machine has, from 3.9 to 3.14.

The program that mirrors and the worker are run on each by `test_every_python` beside their other
tests. Functions run on the version that templates give them.
"""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from support.custom_resource_runs import PAYLOAD, ROLE, STACK, waiting_for_answers
from support.executed import ROOT, payloads
from support.pythons import MODULES, VERSIONS, WITH_BOTO3, python

pytestmark = pytest.mark.payloads

PROGRAMS = sorted(path for path in payloads(ROOT) if path.suffix == ".py")
FUNCTIONS = [path for path in PROGRAMS if "\ndef handler(" in path.read_text()]
COMPILE = """
import pathlib, sys
for path in map(pathlib.Path, sys.argv[1:]):
    compile(path.read_bytes(), str(path), "exec")
"""
LOAD = """
import importlib.util, sys
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("index", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""
# What the functions read of their environment when they are loaded.
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONPATH": str(MODULES),
    "ALLOWED_CIDRS": "",
    "APPROVE": "false",
    "AUTH": "basic",
    "BRANCHES": "main,release/*",
    "CONTAINER": "mirror",
    "LOST_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/lost",
    "METRICS": "Mirror stack",
    "REPOSITORIES": "*",
    "QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/pushes",
    "SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook",
    "SOURCE_REGION": "eu-west-1",
    "TASK": json.dumps({"cluster": "cluster", "taskDefinition": "task"}),
    "WORKERS": "3",
}
CALL = """
import json, sys
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2])
class Context:
    get_remaining_time_in_millis = staticmethod(lambda: 800_000)
module.handler(json.loads(sys.argv[3]), Context)
"""


def run(version: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an interpreter, with boto3 and nothing else."""
    return subprocess.run(
        [python(version), *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_payload_compiles(version: str) -> None:
    """Its syntax is not newer than the version, and warns of nothing."""
    assert len(PROGRAMS) > 8
    done = run(version, "-W", "error", "-c", COMPILE, *map(str, PROGRAMS))
    assert (done.returncode, done.stderr) == (0, "")


def shipped() -> str:
    """Return the version that all templates give their functions."""
    texts = (path.read_text() for path in sorted((ROOT / "output").glob("*.yaml")))
    (version,) = {found for text in texts for found in re.findall(r"Runtime: python([\d.]+)", text)}
    return version


def test_the_shipped_runtime_is_one_of_those() -> None:
    """What is not run here is said by a skipped test."""
    assert shipped() in WITH_BOTO3


@pytest.mark.parametrize("version", WITH_BOTO3)
def test_every_function_loads(version: str) -> None:
    """With real boto3, as at a cold start; what they import is there in each version."""
    assert len(FUNCTIONS) > 4
    done = run(version, "-c", LOAD, *map(str, FUNCTIONS))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version", WITH_BOTO3)
@pytest.mark.parametrize("kind", ["Custom::Files", "Custom::Image"])
def test_custom_resources_answer(kind: str, version: str, moto_server: str) -> None:
    """A request whose bucket is not there is answered with AWS's words, on each version."""
    with waiting_for_answers() as waiting:
        event = {
            "RequestType": "Create",
            "ResponseURL": waiting.url,
            "StackId": STACK,
            "RequestId": "request",
            "LogicalResourceId": "Tool",
            "ResourceType": kind,
            "ResourceProperties": {
                "Role": ROLE,
                "Project": "none",
                "Repository": "none",
                "Tag": "1",
                "Bucket": "none-such",
                "Key": "1.zip",
                "Files": {"run.py": ""},
            },
        }
        where = [str(PAYLOAD.parent), PAYLOAD.stem]
        done = run(version, "-c", CALL, *where, json.dumps(event), AWS_ENDPOINT_URL=moto_server)
        assert (done.returncode, done.stderr) == (0, "")
        ((_, body),) = waiting.puts
    assert json.loads(body)["Status"] == "FAILED"
    assert "NotFoundException" in body.decode() or "NoSuchBucket" in body.decode()
