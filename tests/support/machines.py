"""What the emulator only notes is run here: builds and tasks, as the deployed roles.

A build gets what CodeBuild gives it: its project's variables and secrets, the buildspec or the
bundle. A task gets what ECS gives it: its definition's variables with the overrides of RunTask.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml
from support.codecommit_git import CodeCommitGit
from support.emulator import Emulator
from support.loopback import Loopback, reply_json

from cfngen.testing import BuildRun, run_buildspec

# Stands for Docker: an image is a folder, pushed as a manifest by the real `aws` command.
DOCKER = """\
#!/bin/sh
set -eu
case $1 in
  login) cat > /dev/null ;;
  build) rm -rf "$IMAGES/built"; mkdir -p "$IMAGES/built"; cp -- * "$IMAGES/built/" ;;
  push)
    repository=${2#*/}
    printf '{"schemaVersion": 2, "config": {"digest": "%s"}}' "$2" > "$IMAGES/manifest"
    rm -rf "$IMAGES/${2##*:}"
    mv "$IMAGES/built" "$IMAGES/${2##*:}"
    aws ecr put-image --repository-name "${repository%:*}" --image-tag "${2##*:}" \\
      --image-manifest "file://$IMAGES/manifest" > /dev/null ;;
esac
"""


@dataclass
class Machines:
    """Runs what would run on machines of AWS.

    Attributes:
        emulator: the emulator that they were started in.
        git: CodeCommit's git.
        folder: where everything happens.
        git_config: further lines of the machines' git configuration.
        runs: what each build printed, by its number.
    """

    emulator: Emulator
    git: CodeCommitGit
    folder: Path
    git_config: str = ""
    runs: dict[str, BuildRun] = field(default_factory=dict)
    count: int = 0
    open: list[Loopback] = field(default_factory=list)

    def close(self) -> None:
        """Stop what serves the machines."""
        for server in self.open:
            server.__exit__(None, None, None)

    def environment(self, region: str, role: str, service: str, source: str) -> dict[str, str]:
        """Return the surroundings of a machine, with the credentials of a role.

        `service` asks for them, for the resource whose ARN is `source`.
        """
        by = {"principal": f"{service}.amazonaws.com", "source": source}
        keys = self.emulator.call("role", region=region, arn=role, **by)
        self.count += 1
        home = self.folder / f"machine-{self.count}"
        tools = self.folder / "tools"
        (home / "src").mkdir(parents=True)
        if not tools.exists():
            tools.mkdir()
            (tools / "docker").write_text(DOCKER)
            (tools / "docker").chmod(0o755)
            (tools / "python3").symlink_to(sys.executable)
        (home / "gitconfig").write_text(
            "[credential]\n\thelper = !aws codecommit credential-helper $@\n\tuseHttpPath = true\n"
            f"{self.git_config}"
        )
        ours = self.emulator.environment(region)
        return {
            **ours,
            "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
            "AWS_SESSION_TOKEN": keys["aws_session_token"],
            "GIT_CONFIG_SYSTEM": str(home / "gitconfig"),
            "GIT_SSL_CAINFO": str(self.git.certificate),
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(home),
            "IMAGES": str(self.folder / "images"),
            "LANG": "C.UTF-8",
            "PATH": f"{tools}:{ours['PATH']}",
            "TMPDIR": str(home),
            "https_proxy": self.git.url,
        }

    # --- builds ---

    def build(self, region: str, build: dict[str, Any]) -> BuildRun:
        """Run a build that the emulator has noted, and end it there if that has not been done."""
        codebuild = self.emulator.client("codebuild", region)
        (project,) = codebuild.batch_get_projects(names=[build["projectName"]])["projects"]
        environment = self.environment(region, project["serviceRole"], "codebuild", project["arn"])
        source = Path(environment["HOME"], "src")
        text = self.source(project, build, environment, source)
        secret = yaml.safe_load(text).get("env", {}).get("parameter-store", {})
        assert not secret, "the project names its secrets, not the buildspec"
        for variable in build["environment"]["environmentVariables"]:
            environment[variable["name"]] = self.value(variable, environment)
        environment["CODEBUILD_BUILD_ID"] = build["id"]
        (self.folder / "images").mkdir(exist_ok=True)
        run = run_buildspec(text, cwd=source, env=environment)
        self.runs[build["id"]] = run
        if build["buildStatus"] == "IN_PROGRESS":
            status = "FAILED" if run.status else "SUCCEEDED"
            self.emulator.call("end_build", region=region, id=build["id"], status=status)
        return run

    def source(
        self,
        project: dict[str, Any],
        build: dict[str, Any],
        environment: dict[str, str],
        folder: Path,
    ) -> str:
        """Fetch a build's source as its role, and return its buildspec."""
        asked = build["asked"]
        kind = asked.get("sourceTypeOverride", project["source"]["type"])
        spec = project["source"].get("buildspec", "buildspec.yml")
        if kind == "S3":
            location = asked.get("sourceLocationOverride") or project["source"]["location"]
            bucket, _, key = location.partition("/")
            command = ["aws", "s3", "cp", "--quiet", f"s3://{bucket}/{key}", "bundle.zip"]
            subprocess.run(command, env=environment, cwd=folder.parent, check=True)
            with zipfile.ZipFile(folder.parent / "bundle.zip") as bundle:
                bundle.extractall(folder)
        elif kind == "CODECOMMIT":
            url = asked.get("sourceLocationOverride") or project["source"]["location"]
            clone = ["git", "clone", "--quiet", "--", url, str(folder)]
            subprocess.run(clone, env=environment, check=True)
            checkout = ["git", "checkout", "--quiet", asked["sourceVersion"], "--"]
            subprocess.run(checkout, env=environment, cwd=folder, check=True)
        return spec if "\n" in spec else (folder / spec).read_text()

    def value(self, variable: dict[str, str], environment: dict[str, str]) -> str:
        """Return the value of a project's variable, read as its role if it is a secret."""
        kind, value = variable.get("type", "PLAINTEXT"), variable["value"]
        if kind == "PLAINTEXT":
            return value
        asked = {
            "PARAMETER_STORE": ["ssm", "get-parameters", "--with-decryption", "--names", value],
            "SECRETS_MANAGER": ["secretsmanager", "get-secret-value", "--secret-id", value],
        }[kind]
        done = subprocess.run(
            ["aws", *asked, "--output", "json"], env=environment, check=True, capture_output=True
        )
        told = json.loads(done.stdout)
        if "SecretString" in told:
            return str(told["SecretString"])
        return str(told["Parameters"][0]["Value"])

    # --- tasks ---

    def task(self, region: str, task: dict[str, Any], **changes: str) -> subprocess.Popen[str]:
        """Start a task that the emulator has noted, out of the image that was built for it."""
        self.emulator.call("start_task", region=region, task=task["taskArn"])
        ecs = self.emulator.client("ecs", region)
        arn = task["taskDefinitionArn"]
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        (container,) = definition["containerDefinitions"]
        by = ("ecs-tasks", task["taskArn"])
        environment = self.environment(region, definition["taskRoleArn"], *by)
        keys = {
            "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": environment["AWS_SESSION_TOKEN"],
        }
        server = ContainerCredentials(keys)
        self.open.append(server.__enter__())
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{server.url}/credentials"
        environment["AWS_CONFIG_FILE"] = f"{environment['HOME']}/aws-config"  # the image's word
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            del environment[name]
        environment |= {v["name"]: v["value"] for v in container["environment"]}
        if container.get("secrets"):  # which the agent reads, not the task
            agent = self.environment(region, definition["executionRoleArn"], *by)
            for secret in container["secrets"]:
                told = {"type": "SECRETS_MANAGER", "value": secret["valueFrom"]}
                environment[secret["name"]] = self.value(told, agent)
        for override in task["overrides"].get("containerOverrides", []):
            assert override["name"] == container["name"]
            environment |= {v["name"]: v["value"] for v in override.get("environment", [])}
        image = self.folder / "images" / container["image"].rpartition(":")[2]
        opt = Path(environment["HOME"], "opt")
        shutil.copytree(image, opt)
        told = json.loads(
            next(
                line.removeprefix("ENTRYPOINT ")
                for line in (opt / "Dockerfile").read_text().splitlines()
                if line.startswith("ENTRYPOINT ")
            )
        )
        return subprocess.Popen(
            [sys.executable, "-u", opt / Path(told[-1]).name],
            env={**environment, **changes},
            cwd=environment["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class ContainerCredentials(Loopback):
    """What a task finds out about its role, where ECS has it."""

    def __init__(self, keys: dict[str, str]) -> None:
        """Serve a role's keys."""
        told = {
            "AccessKeyId": keys["aws_access_key_id"],
            "SecretAccessKey": keys["aws_secret_access_key"],
            "Token": keys["aws_session_token"],
            "Expiration": "2099-01-01T00:00:00Z",
        }

        class Ours(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Stay silent."""

            def do_GET(self) -> None:
                """Tell."""
                reply_json(self, 200, told)

        self.listen(Ours)


class Builders:
    """Runs each build that the emulator notes, in the background, for the time of a `with`."""

    def __init__(self, machines: Machines, region: str) -> None:
        """Leave builds running until they have been run."""
        self.machines, self.region = machines, region
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.wrong: list[BaseException] = []

    def __enter__(self) -> None:
        """Begin."""
        self.machines.emulator.call("endings", project="", status=None)
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        """End; what went wrong here goes wrong in the test."""
        self.stop.set()
        self.thread.join()
        self.machines.emulator.call("endings", project="", status="SUCCEEDED")
        if self.wrong:
            raise self.wrong[0]

    def work(self) -> None:
        """Run builds, one after the other."""
        try:
            while not self.stop.is_set():
                for build in self.machines.emulator.call("started_builds", region=self.region):
                    if build["buildStatus"] == "IN_PROGRESS":
                        self.machines.build(self.region, build)
                time.sleep(0.1)
        except BaseException as error:
            self.wrong.append(error)


def until(true: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)
    return found
