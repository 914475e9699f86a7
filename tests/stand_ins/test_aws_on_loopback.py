"""What the stand-in of CodeCommit, Parameter Store and STS refuses, as AWS does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.aws_on_loopback import Aws
from support.moto_server import session

# botocore looks at some of it before it asks: only what is asked can be refused.
UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})
NEW = {"Name": "new", "Value": "x", "Type": "String"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Aws]:
    """Serve, with one repository and one parameter."""
    with Aws(tmp_path) as server:
        asked(server, "codecommit", "create_repository", repositoryName="shop")
        server.parameters["there"] = "none"
        yield server


def asked(server: Aws, service: str, operation: str, **members: Any) -> Any:
    """Ask for an operation."""
    where = {"endpoint_url": server.url, "region_name": "eu-west-1", "config": UNCHECKED}
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with closing(session().client(service, **where, **keys)) as client:
        return getattr(client, operation)(**members)


@pytest.mark.parametrize(
    ("service", "operation", "members", "code"),
    [
        *(
            ("codecommit", "create_repository", {"repositoryName": n}, "InvalidRepositoryName")
            for n in ("a.git", "a" * 101, "a b", "a/b", "")
        ),
        ("codecommit", "create_repository", {}, "RepositoryNameRequired"),
        *(
            (
                *("codecommit", "update_default_branch"),
                *({"repositoryName": "shop", "defaultBranchName": n}, "InvalidBranchName"),
            )
            for n in ("0123456789" * 4, "x" * 257)
        ),
        ("codecommit", "get_repository", {}, "RepositoryNameRequired"),
        ("ssm", "put_parameter", {**NEW, "Value": "x" * 4097}, "ValidationException"),
        ("ssm", "put_parameter", {**NEW, "Value": ""}, "ValidationException"),
        ("ssm", "put_parameter", {**NEW, "Value": "{{ssm:x}}"}, "ValidationException"),
        ("ssm", "put_parameter", {"Name": "new", "Value": "x"}, "ValidationException"),
        ("ssm", "put_parameter", {**NEW, "Type": "Text"}, "ValidationException"),
        ("ssm", "put_parameter", {**NEW, "Name": "there"}, "ParameterAlreadyExists"),
        ("ssm", "get_parameter", {"Name": "new"}, "ParameterNotFound"),
        ("ssm", "delete_parameter", {"Name": "there"}, "UnknownOperationException"),
        ("sts", "assume_role", {"RoleArn": "r" * 20, "RoleSessionName": "a b"}, "Validation"),
    ],
)
def test_what_is_refused(
    server: Aws, service: str, operation: str, members: dict[str, Any], code: str
) -> None:
    """With AWS's own code."""
    with pytest.raises(ClientError) as refusal:
        asked(server, service, operation, **members)
    assert refusal.value.response["Error"]["Code"].startswith(code)
    assert server.parameters == {"there": "none"}


def test_what_is_taken(server: Aws) -> None:
    """A parameter of 4,096 characters is kept, and one that is there may be overwritten."""
    asked(server, "ssm", "put_parameter", **{**NEW, "Value": "x" * 4096})
    asked(server, "ssm", "put_parameter", Name="there", Value="y", Overwrite=True)
    assert server.parameters == {"new": "x" * 4096, "there": "y"}
    name = "a.b-c_d" + "x" * 93
    asked(server, "codecommit", "create_repository", repositoryName=name)
    assert (server.root / "eu-west-1" / name).is_dir()
