"""Runs of the branch builder's worker: its queue, its buckets, its projects, repositories."""

from __future__ import annotations

import functools
import hashlib
import json
import signal
import subprocess
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from support.cloudformation import resolved
from support.codebuild import Services, create_project
from support.containers import Container
from support.git_repositories import Ended, Repository, new_codecommit_repository
from support.images import read

from cfngen import synthesize
from cfngen.project.registry import find
from cfngen.testing import of_type

PAYLOAD = Path(__file__).parents[2] / "blueprints/worker_image/payload"
FUNCTIONS = Path(__file__).parents[2] / "blueprints/branch_builder/payload"
BLUEPRINT = find("branch_builder").load()
REGION = "eu-west-1"
# The worker's waits, which ship as 20 and 30 seconds: a test of their own has those.
SOURCE_ROLE = "arn:aws:iam::222233334444:role/there-ReaderRole-A"
QUICKLY = {"WAIT_SECONDS": "0", "AGAIN_SECONDS": "0", "ASK_SECONDS": "0"}
HOSTILE = [
    "feature/x-1",
    'a"b',
    "$(id)",
    "-x",
    "`id`",
    "a;b&c|d",
    "it's",
    "ünï/コード",
    "<x>",
    "refs/heads/x",
    "x" * 200 + "/" + "y" * 40,
]


@dataclass
class Place:
    """Everything that a worker meets.

    Attributes:
        root: a folder.
        services: AWS.
        body: the template.
        container: a container of the worker's image.
        environment: what the template and the image tell the worker.
        group: the group of all messages, as rules of earlier releases named it.
    """

    root: Path
    services: Services
    body: dict[str, Any]
    container: Container
    environment: dict[str, str] = field(default_factory=dict)
    queue: str = ""
    given_up: str = ""
    number: int = 0
    group: str = ""

    def client(self, name: str) -> Any:
        """Return a client that asks AWS beside the worker, and so leaves no trace in the calls."""
        return client(self.services.moto, name)

    def repository(self, name: str) -> Repository:
        """Return a repository, made when it is first asked for."""
        path = self.root / "codecommit" / name
        return Repository(path) if path.exists() else new_codecommit_repository(path)

    def event(self, repository: str, branch: str, commit: str, **detail: Any) -> dict[str, Any]:
        """Return the event of a push, as EventBridge sends it on."""
        self.number += 1
        return {
            "version": "0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.root} {self.number}")),
            "detail-type": "CodeCommit Repository State Change",
            "source": "aws.codecommit",
            "account": "123456789012",
            "time": "2019-06-12T10:23:43Z",
            "region": REGION,
            "resources": [f"arn:aws:codecommit:{REGION}:123456789012:{repository}"],
            "detail": {
                "event": "referenceUpdated",
                "repositoryName": repository,
                "repositoryId": str(uuid.uuid5(uuid.NAMESPACE_URL, repository)),
                "referenceType": "branch",
                "referenceName": branch,
                "referenceFullName": f"refs/heads/{branch}",
                "commitId": commit,
                **detail,
            },
        }

    def send(self, event: dict[str, Any] | str, group: str = "", **how: Any) -> None:
        """Put an event into the queue, in the group of its branch, as the function does."""
        if isinstance(event, dict):
            detail = event["detail"]
            branch = json.dumps([detail["repositoryName"], detail["referenceName"]])
            group = self.group or hashlib.sha256(branch.encode()).hexdigest()
            how = {"MessageDeduplicationId": event["id"], **how}
            event = json.dumps(event)
        self.client("sqs").send_message(
            QueueUrl=self.queue, MessageBody=event, MessageGroupId=group or "group", **how
        )

    def push(self, repository: str = "shop", branch: str = "main", text: str = "") -> str:
        """Make a commit on a branch and send its event; return the commit."""
        source = self.repository(repository)
        commit = source.commit(branch, text or f"push {self.number}")
        self.send(self.event(repository, branch, commit))
        return commit

    def start(self, *before: str, **changes: str) -> subprocess.Popen[str]:
        """Start a worker, after the beginning of a command, with changes to its environment."""
        return self.container.start({**self.environment, **changes}, *before)

    def lead(self, lines: str) -> None:
        """Add lines to the configuration that leads git's addresses elsewhere."""
        with self.container.network.open("a") as config:
            config.write(lines)

    def run(self, **changes: str) -> Ended:
        """Run a worker to its end."""
        return finished(self.start(**changes))

    def waiting(self, queue: str = "") -> int:
        """Return how many messages a queue has, those in work included."""
        asked = {"QueueUrl": queue or self.queue, "AttributeNames": ["All"]}
        found = self.client("sqs").get_queue_attributes(**asked)["Attributes"]
        return sum(int(v) for k, v in found.items() if k.startswith("ApproximateNumberOf"))

    def failed(self) -> list[str]:
        """Take what was given up off its queue."""
        asked = {"QueueUrl": self.given_up, "MaxNumberOfMessages": 10}
        return [m["Body"] for m in self.client("sqs").receive_message(**asked).get("Messages", [])]

    def bundles(self) -> list[str]:
        """Return the keys of the bundles."""
        listed = self.client("s3").list_objects_v2(Bucket=self.environment["BUNDLES"])
        return [found["Key"] for found in listed.get("Contents", [])]

    def bundle(self, start: str) -> zipfile.ZipFile:
        """Return the one whose key begins so."""
        (key,) = [key for key in self.bundles() if key.startswith(f"{start}/")]
        path = self.root / f"{uuid.uuid4()}.zip"
        self.client("s3").download_file(self.environment["BUNDLES"], key, str(path))
        return zipfile.ZipFile(path)


@functools.cache
def image_files() -> dict[str, str]:
    """Return the files that the worker's image is built of, by name."""
    body = synthesize(find("worker_image").load()).document.body
    (image,) = (r for r in body["Resources"].values() if "Files" in r.get("Properties", {}))
    files: dict[str, str] = image["Properties"]["Files"]
    return files


def variables_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the variables that a template's task gets."""
    (task,) = of_type(body, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    variables: list[dict[str, Any]] = container["Environment"]
    return variables


@functools.cache
def client(url: str, name: str) -> Any:
    """Return a client, of which each costs a tenth of a second."""
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    return session.client(name, endpoint_url=url)


@functools.cache
def drawn(options: str) -> dict[str, Any]:
    """Return a template of the blueprint, with options given as JSON."""
    body: dict[str, Any] = synthesize(BLUEPRINT, json.loads(options)).document.body
    return body


def finished(process: subprocess.Popen[str], timeout: float = 60) -> Ended:
    """Wait for a worker to end."""
    try:
        output, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    events = [json.loads(line) for line in output.split("\n") if line.startswith("{")]
    return Ended(process.returncode, events, output)


def killed(process: subprocess.Popen[str]) -> None:
    """Kill a worker without a chance to clean up."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)


def build_place(root: Path, services: Services, **options: Any) -> Place:
    """Make what a worker meets, of the template's own words."""
    container = Container(read((PAYLOAD / "Dockerfile").read_text()), root)
    container.build(image_files())
    place = Place(root, services, drawn(json.dumps(options)), container)
    name = uuid.uuid4().hex[:12]
    sqs, s3, codebuild = map(place.client, ("sqs", "s3", "codebuild"))
    queues = of_type(place.body, "AWS::SQS::Queue")
    known: dict[str, Any] = {"AWS::Region": REGION, "Repositories": "*"}
    known |= {"SourceRegion": REGION, "SourceRole": SOURCE_ROLE}  # of the other account
    for title in ("GivenUp", "Pushes"):
        attributes = {
            key: json.dumps(value) if isinstance(value, dict) else str(value)
            for key, value in resolved(queues[title], known, place.body).items()
        }
        made = {"QueueName": f"{title}-{name}.fifo", "Attributes": attributes}
        known[title] = sqs.create_queue(**made)["QueueUrl"]
        asked = {"QueueUrl": known[title], "AttributeNames": ["QueueArn"]}
        known[f"{title}.Arn"] = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    for title in of_type(place.body, "AWS::S3::Bucket"):
        known[title] = f"{title.lower()}-{name}"
        where = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=known[title], CreateBucketConfiguration=where)
    for title in of_type(place.body, "AWS::CodeBuild::Project"):
        known[title] = f"{title}-{name}"
        create_project(codebuild, known[title], type="S3")
    place.queue, place.given_up = known["Pushes"], known["GivenUp"]
    container.network.write_text("")
    place.lead(
        f'[url "{root}/codecommit/"]\n'
        f"\tinsteadOf = https://git-codecommit.{REGION}.amazonaws.com/v1/repos/\n"
    )
    place.environment = {
        **container.environment,
        **{
            one["Name"]: resolved(one["Value"], known, place.body)
            for one in variables_of(place.body)
        },
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Nothing but loopback, and no waiting.
        "AWS_ENDPOINT_URL": services.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        **QUICKLY,
    }
    return place
