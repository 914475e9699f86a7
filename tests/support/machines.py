"""What the emulator only notes is run here: builds and tasks, as the deployed roles.

A build gets what CodeBuild gives it: its project's variables and secrets, the buildspec or the
bundle. A task gets what ECS gives it: its definition's variables with the overrides of RunTask.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.codecommit_git import CodeCommitGit
from support.containers import Container, build_machine
from support.emulator import Emulator
from support.images import read
from support.loopback import Loopback
from support.payload_runs import run_buildspec
from support.service_roles import CODEBUILD, ECS, ContainerCredentials, ServiceRole

from cfngen.testing import BuildRun

# Where Docker may not be used: its daemon runs on machines in privileged mode alone.
NO_DAEMON = "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n"
# How CodeBuild's agent itself clones a project's source; a build's own git knows nothing of it.
AGENT = [
    *("git", "-c", "credential.helper=!aws codecommit credential-helper $@"),
    *("-c", "credential.useHttpPath=true"),
]


@dataclass
class Machines:
    """Runs what would run on machines of AWS.

    Attributes:
        emulator: the emulator that they were started in.
        git: CodeCommit's git.
        folder: where everything happens.
        git_config: lines that lead git's addresses elsewhere; it is no configuration beside.
        docker: a script to have in Docker's place, if not the stand-in.
        runs: what each build printed, by its number.
    """

    emulator: Emulator
    git: CodeCommitGit
    folder: Path
    git_config: str = ""
    docker: str = ""
    runs: dict[str, BuildRun] = field(default_factory=dict)
    count: int = 0
    open: list[Loopback] = field(default_factory=list)

    def close(self) -> None:
        """Stop what serves the machines."""
        for server in self.open:
            server.__exit__(None, None, None)

    def new_folder(self) -> Path:
        """Make a folder for one machine."""
        self.count += 1
        home = self.folder / f"machine-{self.count}"
        home.mkdir(parents=True)
        return home

    def aws(self) -> str:
        """Return the script that is `aws` on each machine: it leads to the emulator."""
        folder = self.emulator.environment()["PATH"].partition(":")[0]
        return (Path(folder) / "aws").read_text()

    def surroundings(self, role: ServiceRole) -> dict[str, str]:
        """Return what AWS adds to an image's variables, and what leads to the emulator.

        On AWS the address of the credentials is relative, to one that only a container reaches;
        an absolute one is the other way that the SDKs know. Clients try again as often as the
        image says: the emulator refuses nothing that is worth another attempt.
        """
        server = ContainerCredentials(role.keys)
        self.open.append(server.__enter__())
        return {
            "AWS_REGION": role.region,
            "AWS_DEFAULT_REGION": role.region,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials",
            # The network.
            "AWS_ENDPOINT_URL": self.emulator.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "GIT_SSL_CAINFO": str(self.git.certificate),
            "NO_PROXY": "127.0.0.1",
            "https_proxy": self.git.url,
        }

    def agent(self, role: ServiceRole) -> dict[str, str]:
        """Return the surroundings of AWS's own agent, which acts by a role beside a container."""
        machine = build_machine(self.new_folder(), self.git_config, {"aws": self.aws()})
        return {**machine, **self.surroundings(role)}

    # --- builds ---

    def build(self, region: str, build: dict[str, Any]) -> BuildRun:
        """Run a build that the emulator has noted, and end it there if that has not been done.

        Raises:
            NotAllowedError: its role may not write its log.

        """
        codebuild = self.emulator.client("codebuild", region)
        (project,) = codebuild.batch_get_projects(names=[build["projectName"]])["projects"]
        by = (CODEBUILD, project["arn"])
        role = ServiceRole(self.emulator, region, project["serviceRole"], *by)
        agent = self.agent(role)
        home = self.new_folder()
        source = home / "src"
        source.mkdir()
        text = self.source(project, build, role, agent, source)
        secret = yaml.safe_load(text).get("env", {}).get("parameter-store", {})
        assert not secret, "the project names its secrets, not the buildspec"
        environment = {
            **build_machine(home, self.git_config, {"aws": self.aws(), **self.daemon(project)}),
            **self.surroundings(role),
        }
        for variable in build["environment"]["environmentVariables"]:
            environment[variable["name"]] = self.value(variable, agent)
        environment["CODEBUILD_BUILD_ID"] = build["id"]
        # A machine is there a minute after StartBuild.
        environment["CODEBUILD_START_TIME"] = str(int(time.time() - 60) * 1000)
        run = run_buildspec(text, cwd=source, env=environment)
        self.runs[build["id"]] = run
        where = project.get("logsConfig", {}).get("cloudWatchLogs", {})
        if where.get("status", "ENABLED") == "ENABLED":
            group = where.get("groupName") or f"/aws/codebuild/{project['name']}"
            stream = build["id"].partition(":")[2] or build["id"]
            role.log(group, stream, run.output)
        if build["buildStatus"] == "IN_PROGRESS":
            status = "FAILED" if run.status else "SUCCEEDED"
            self.emulator.call("end_build", region=region, id=build["id"], status=status)
        return run

    def daemon(self, project: dict[str, Any]) -> dict[str, str]:
        """Return Docker, as a project has it."""
        if not project["environment"].get("privilegedMode"):
            return {"docker": NO_DAEMON}
        program, images = Path(__file__).with_name("docker_stand_in.py"), self.folder / "images"
        ours = f"PYTHONPATH={program.parents[1]} exec {sys.executable} {program} {images}"
        return {"docker": self.docker or f'#!/bin/sh\n{ours} "$@"\n'}

    def source(
        self,
        project: dict[str, Any],
        build: dict[str, Any],
        role: ServiceRole,
        environment: dict[str, str],
        folder: Path,
    ) -> str:
        """Fetch a build's source as its role, and return its buildspec.

        Raises:
            NotAllowedError: the role lacks what AWS's page "Allow CodeBuild to interact with other
                AWS services" asks for a source in S3.

        """
        asked = build["asked"]
        kind = asked.get("sourceTypeOverride", project["source"]["type"])
        spec: str = project["source"].get("buildspec", "buildspec.yml")
        if kind == "S3":
            location = asked.get("sourceLocationOverride") or project["source"]["location"]
            bucket, _, key = location.partition("/")
            for action in ("GetBucketAcl", "GetBucketLocation"):
                role.demand(f"s3:{action}", f"arn:aws:s3:::{bucket}")
            for action in ("GetObject", "GetObjectVersion"):
                role.demand(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")
            command = ["aws", "s3", "cp", "--quiet", f"s3://{bucket}/{key}", "bundle.zip"]
            subprocess.run(command, env=environment, cwd=folder.parent, check=True)
            with zipfile.ZipFile(folder.parent / "bundle.zip") as bundle:
                bundle.extractall(folder)
        elif kind == "CODECOMMIT":
            url = asked.get("sourceLocationOverride") or project["source"]["location"]
            clone = [*AGENT, "clone", "--quiet", "--", url, str(folder)]
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
        """Start a task that the emulator has noted, out of the image that was built for it.

        Raises:
            NotAllowedError: the execution role may not pull the image or write the log.
            ValueError: the program could not write to the folder that it starts in.

        """
        self.emulator.call("start_task", region=region, task=task["taskArn"])
        ecs = self.emulator.client("ecs", region)
        arn = task["taskDefinitionArn"]
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        (made,) = definition["containerDefinitions"]
        by = (ECS, task["taskArn"])
        role = ServiceRole(self.emulator, region, definition["taskRoleArn"], *by)
        execution = ServiceRole(self.emulator, region, definition["executionRoleArn"], *by)
        execution.pull(made["image"])
        log = made["logConfiguration"]["options"]
        number = task["taskArn"].rpartition("/")[2]
        stream = f"{log['awslogs-stream-prefix']}/{made['name']}/{number}"
        execution.log(log["awslogs-group"], stream, "the task starts")
        files = self.folder / "images" / made["image"].rpartition(":")[2]
        image = read((files / "Dockerfile").read_text())
        mounted = {mount["containerPath"] for mount in made.get("mountPoints", [])}
        if made.get("readonlyRootFilesystem") and image.workdir not in mounted:
            raise ValueError(f"nothing can be written to {image.workdir}")
        container = Container(image, self.new_folder(), {"aws": self.aws()})
        container.build({p.name: p.read_text() for p in files.iterdir() if p.is_file()})
        container.network.write_text(self.git_config)
        environment = {
            **container.environment,
            **self.surroundings(role),
            **{v["name"]: v["value"] for v in made["environment"]},
        }
        if made.get("secrets"):  # which the agent reads, not the task
            agent = self.agent(execution)
            for secret in made["secrets"]:
                told = {"type": "SECRETS_MANAGER", "value": secret["valueFrom"]}
                environment[secret["name"]] = self.value(told, agent)
        for override in task["overrides"].get("containerOverrides", []):
            assert override["name"] == made["name"]
            environment |= {v["name"]: v["value"] for v in override.get("environment", [])}
        if changes:
            self.emulator.altered.add(arn)
        return container.start({**environment, **changes})


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
