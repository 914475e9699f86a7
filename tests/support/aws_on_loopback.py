"""Parts of CodeCommit, Parameter Store and STS on loopback, for the real `aws` and the real git.

It speaks the JSON protocol of some operations, held to the service models in botocore and to what
these do not say, and, through `git http-backend`, git's own protocol over HTTP.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from support import shapes
from support.git_repositories import Repository, new_codecommit_repository
from support.loopback import Loopback

ACCOUNT = "123456789012"
TASK_KEY = "ASIATASK"
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>
"""
NOT_ASSUMED = """\
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<Error><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>
"""


# CodeCommit's user guide, "Quotas"; `CreateBranch`. What botocore's model does not say of names.
REPOSITORY_NAME = re.compile(r"(?!.*\.git$)[\w.-]{1,100}", re.ASCII)
BRANCH_NAME = re.compile(r"(?![0-9a-fA-F]{40}$).{1,256}", re.DOTALL)
STANDARD_BYTES = 4096  # of a parameter of the tier Standard


class RefusalError(Exception):
    """An error of the service: its type and its message."""


class Aws(Loopback):
    """The state behind the server.

    Attributes:
        root: folder with the repositories, as `<region>/<name>`.
        parameters: Parameter Store, by name.
        calls: each operation that was asked for, with its input.
        denied: operations that the caller may not use.
        descriptions: what repositories were described by when they were created, by folder.
        signers: the access key and the region of every signature.
        page: how many repositories CodeCommit lists at a time.
    """

    page = 1000

    def __init__(self, root: Path) -> None:
        """Start without parameters."""
        self.root = root
        self.parameters: dict[str, str] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.denied: set[str] = set()
        self.descriptions: dict[Path, str] = {}
        self.signers: set[tuple[str, str]] = set()
        state = self

        class Ours(Handler):
            aws = state

        self.listen(Ours)

    def answer(self, operation: str, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation."""
        self.calls.append((operation, asked))
        if operation in self.denied:
            raise RefusalError("AccessDeniedException", operation)
        try:
            service, name = shapes.of_header(operation)
            wrong = shapes.refusal(service, name, asked)
        except (KeyError, ValueError):
            raise RefusalError("UnknownOperationException", operation) from None
        if wrong or (wrong := misnamed(service, asked)):
            raise RefusalError(*wrong)
        answer = {"codecommit": self.codecommit, "ssm": self.parameter_store}[service](
            name, region, asked
        )
        assert not (impossible := shapes.answer_problems(service, name, answer)), impossible
        return answer

    def assume(self, asked: dict[str, Any]) -> tuple[int, str]:
        """Answer for STS, in XML."""
        request = {name: asked[name] for name in asked if name not in ("Action", "Version")}
        if "DurationSeconds" in request:
            request["DurationSeconds"] = int(request["DurationSeconds"])
        if wrong := shapes.refusal("sts", asked["Action"], request):
            return 400, NOT_ASSUMED.format(*map(escape, wrong))
        return 200, ASSUMED.format(key_of(asked["RoleArn"]))

    def codecommit(self, operation: str, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer for CodeCommit."""
        if operation == "UpdateDefaultBranch":
            path = self.root / region / asked["repositoryName"]
            if not path.is_dir():
                raise RefusalError("RepositoryDoesNotExistException", asked["repositoryName"])
            repository, ref = Repository(path), f"refs/heads/{asked['defaultBranchName']}"
            if ref not in repository.refs():
                raise RefusalError("BranchDoesNotExistException", ref)
            repository.set_head(ref)
            return {}
        if operation == "CreateRepository":
            return self.create_repository(region, asked)
        if operation == "GetRepository":
            return {"repositoryMetadata": self.metadata(region, asked["repositoryName"])}
        if operation == "ListRepositories":
            return self.list_repositories(region, int(asked.get("nextToken", 0)))
        raise RefusalError("UnknownOperationException", operation)

    def parameter_store(self, operation: str, _: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer for Parameter Store."""
        if operation == "GetParameter":
            name = asked["Name"]
            if name not in self.parameters:
                raise RefusalError("ParameterNotFound", name)
            return {"Parameter": {"Name": name, "Type": "String", "Value": self.parameters[name]}}
        if operation == "PutParameter":
            return self.put_parameter(asked)
        raise RefusalError("UnknownOperationException", operation)

    def put_parameter(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Keep a parameter, as `PutParameter`'s page says; a value of 4 KB is taken in bytes."""
        name, value = asked["Name"], asked["Value"]
        if not value or re.search(r"\{\{.*\}\}", value, re.DOTALL):
            raise RefusalError("ValidationException", f"{name}: no text, or a reference in it")
        if name not in self.parameters and "Type" not in asked:
            raise RefusalError("ValidationException", f"{name} is new and has no type")
        if asked.get("Tier", "Standard") != "Standard":
            raise RefusalError("ValidationException", "a tier that is not imitated")
        if len(value.encode()) > STANDARD_BYTES:
            raise RefusalError(
                "ValidationException",
                f"Standard tier parameters support a maximum parameter value of {STANDARD_BYTES}"
                " characters. To create a larger parameter value, upgrade the parameter to use the"
                " advanced-parameter tier.",
            )
        if name in self.parameters and not asked.get("Overwrite"):
            raise RefusalError("ParameterAlreadyExists", name)
        self.parameters[name] = value
        return {"Version": 1, "Tier": "Standard"}

    def create_repository(self, region: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Make an empty repository."""
        name, description = asked["repositoryName"], asked.get("repositoryDescription", "")
        path = self.root / region / name
        if path.exists():
            raise RefusalError("RepositoryNameExistsException", name)
        path.parent.mkdir(exist_ok=True)
        self.descriptions[new_codecommit_repository(path).path] = description
        return {"repositoryMetadata": self.metadata(region, name)}

    def list_repositories(self, region: str, start: int) -> dict[str, Any]:
        """List a page of what is in a region."""
        names = sorted(path.name for path in (self.root / region).iterdir())
        listed = names[start : start + self.page]
        answer: dict[str, Any] = {
            "repositories": [
                {"repositoryName": name, "repositoryId": identity(region, name)} for name in listed
            ]
        }
        if start + self.page < len(names):
            answer["nextToken"] = str(start + self.page)
        return answer

    def metadata(self, region: str, name: str) -> dict[str, Any]:
        """Tell about one repository."""
        path = self.root / region / name
        if not path.is_dir():
            raise RefusalError("RepositoryDoesNotExistException", name)
        repository = Repository(path)
        known = {
            "accountId": ACCOUNT,
            "repositoryId": identity(region, name),
            "repositoryName": name,
            "repositoryDescription": self.descriptions.get(path, ""),
            "lastModifiedDate": 1700000000.0,
            "creationDate": 1700000000.0,
            "cloneUrlHttp": f"https://git-codecommit.{region}.amazonaws.com/v1/repos/{name}",
            "cloneUrlSsh": f"ssh://git-codecommit.{region}.amazonaws.com/v1/repos/{name}",
            "Arn": f"arn:aws:codecommit:{region}:{ACCOUNT}:{name}",
        }
        if repository.head in repository.refs():
            known["defaultBranch"] = repository.head.removeprefix("refs/heads/")
        return known


def misnamed(service: str, asked: dict[str, Any]) -> tuple[str, str] | None:
    """Return the code and the message by which CodeCommit refuses a name, or nothing."""
    if service != "codecommit":
        return None
    if not REPOSITORY_NAME.fullmatch(asked.get("repositoryName", "any")):
        return "InvalidRepositoryNameException", asked["repositoryName"]
    if not BRANCH_NAME.fullmatch(asked.get("defaultBranchName", "any")):
        return "InvalidBranchNameException", asked["defaultBranchName"]
    return None


def key_of(role: str) -> str:
    """Return the access key that a role is given."""
    return "ASIA" + hashlib.sha256(role.encode()).hexdigest()[:12].upper()


def identity(region: str, name: str) -> str:
    """Return the id of a repository."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/{name}"))


class Handler(BaseHTTPRequestHandler):
    """Tells the protocols apart."""

    aws: Aws
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def body(self) -> bytes:
        """Read what was sent, in one piece or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def do_GET(self) -> None:
        """Serve git, or what a task finds out about its role."""
        if self.path == "/credentials":
            found = {"AccessKeyId": TASK_KEY, "SecretAccessKey": "s", "Token": "t"}
            found["Expiration"] = "2099-01-01T00:00:00Z"
            self.reply(200, "application/json", json.dumps(found).encode())
        else:
            self.git()

    def do_POST(self) -> None:
        """Serve git, or an operation."""
        target = self.headers.get("X-Amz-Target")
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        if not target and not form:
            self.git()
            return
        key, _, region = self.headers["Authorization"].partition("=")[2].split("/")[:3]
        self.aws.signers.add((key, region))
        if form:
            asked = dict(parse_qsl(self.body().decode()))
            self.aws.calls.append((asked["Action"], {"signer": key, **asked}))
            status, text = self.aws.assume(asked)
            self.reply(status, "text/xml", text.encode())
            return
        try:
            status, said = 200, self.aws.answer(target, region, json.loads(self.body()))
        except RefusalError as refusal:
            status, said = 400, {"__type": refusal.args[0], "message": refusal.args[1]}
        self.reply(status, "application/x-amz-json-1.1", json.dumps(said).encode())

    def reply(self, status: int, kind: str, body: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def located(self, path: str) -> dict[str, str]:
        """Tell git's CGI program where on disk an address is."""
        return {"GIT_PROJECT_ROOT": str(self.aws.root), "PATH_INFO": path}

    def git(self) -> None:
        """Hand a request to git's CGI program."""
        url = urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": self.command,
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        environment |= self.located(url.path)
        command = ["git", "http-backend"]
        done = subprocess.run(
            command, input=self.body(), env=environment, capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(fields.get("Status", "200").split()[0])
        self.reply(status, fields.get("Content-Type", "text/plain"), body)
