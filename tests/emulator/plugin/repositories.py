"""What moto's CodeCommit lacks: lists, default branches, other names for what is there.

Branches are those of git's own server, which the tests run. Sources: API reference of CodeCommit.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import own
from ministack.core import responses

Asked = dict[str, Any]
Made = tuple[str, dict[str, str]]
Answer = tuple[int, dict[str, str], bytes]
# Name and id, by region and name. Moto makes another of another name: the id is kept here.
KNOWN: dict[tuple[str, str], dict[str, str]] = {}
GIT: list[Path] = []  # the folder in which git's server has repositories, as `REGION/NAME`


def error(code: str, name: str) -> Answer:
    """Return CodeCommit's answer to what it refuses."""
    refused: Answer = responses.error_response_json(code, f"{name} ({code})", 400)
    return refused


def git(region: str, name: str, *words: str) -> str:
    """Ask git about a repository; one that has never had a push has no answers."""
    if not GIT or not (GIT[0] / region / name).is_dir():
        return ""
    command = ["git", "-C", str(GIT[0] / region / name), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def default_branch(region: str, name: str) -> str:
    """Return the branch that a repository's HEAD leads to, if it has that branch."""
    head = git(region, name, "symbolic-ref", "HEAD")
    there = head and git(region, name, "rev-parse", "--verify", "--quiet", head)
    return head.removeprefix("refs/heads/") if there else ""


def list_repositories(region: str, asked: Asked) -> Answer:
    """Answer to ListRepositories."""
    listed = [repository for (at, _), repository in KNOWN.items() if at == region]
    done: Answer = responses.json_response({"repositories": listed})
    return done


def update_default_branch(region: str, asked: Asked) -> Answer:
    """Lead a repository's HEAD to another of its branches."""
    name, branch = asked["repositoryName"], asked["defaultBranchName"]
    if (region, name) not in KNOWN:
        return error("RepositoryDoesNotExistException", name)
    ref = f"refs/heads/{branch}"
    if not git(region, name, "rev-parse", "--verify", "--quiet", ref):
        return error("BranchDoesNotExistException", branch)
    git(region, name, "symbolic-ref", "HEAD", ref)
    done: Answer = responses.json_response({})
    return done


OURS: dict[str, Callable[[str, Asked], Answer]] = {
    "ListRepositories": list_repositories,
    "UpdateDefaultBranch": update_default_branch,
}


def refused(region: str, operation: str, asked: Asked) -> Answer | None:
    """Answer to a name that CodeCommit refuses and moto takes, or nothing."""
    name = str(asked.get("newName") or asked.get("repositoryName", ""))
    if operation in ("CreateRepository", "UpdateRepositoryName") and name.endswith(".git"):
        return error("InvalidRepositoryNameException", name)
    return None


def renamed(region: str, asked: Asked, moto: Any) -> Answer:
    """Give a repository another name: its id and all that git has of it stay.

    Args:
        region: where it is.
        asked: the request to UpdateRepositoryName.
        moto: a client of moto's CodeCommit there.
    """
    old, new = asked["oldName"], asked["newName"]
    if (region, old) not in KNOWN:
        return error("RepositoryDoesNotExistException", old)
    if (region, new) in KNOWN:
        return error("RepositoryNameExistsException", new)
    told = moto.get_repository(repositoryName=old)["repositoryMetadata"]
    said = told.get("repositoryDescription", "")
    moto.create_repository(repositoryName=new, repositoryDescription=said)
    moto.delete_repository(repositoryName=old)
    KNOWN[region, new] = {**KNOWN.pop((region, old)), "repositoryName": new}
    if GIT and (GIT[0] / region / old).exists():
        (GIT[0] / region / old).rename(GIT[0] / region / new)
    done: Answer = responses.json_response({})
    return done


def noted(region: str, operation: str, asked: Asked, answer: Answer) -> Answer:
    """Keep what moto has made or deleted, and add what it does not know to what it tells."""
    if answer[0] != 200:
        return answer
    if operation == "DeleteRepository":
        KNOWN.pop((region, asked["repositoryName"]), None)
    if operation not in ("CreateRepository", "GetRepository"):
        return answer
    told = own.parsed(answer[2])
    made = told["repositoryMetadata"]
    name = made["repositoryName"]
    if operation == "CreateRepository":
        KNOWN[region, name] = {key: made[key] for key in ("repositoryName", "repositoryId")}
    made["repositoryId"] = KNOWN[region, name]["repositoryId"]
    if branch := default_branch(region, name):
        made["defaultBranch"] = branch
    return answer[0], answer[1], json.dumps(told).encode()


class RepositoryType:
    """AWS::CodeCommit::Repository."""

    @staticmethod
    def create(title: str, props: Asked, stack: str) -> Made:
        """Make it."""
        name = props["RepositoryName"]
        described = {"repositoryDescription": props.get("RepositoryDescription", "")}
        own.here("codecommit").create_repository(repositoryName=name, **described)
        return RepositoryType.attributes(name)

    @staticmethod
    def update(title: str, old: Asked, new: Asked, stack: str) -> Made:
        """Give it another name if it has one: it is the same repository."""
        before, after = old["RepositoryName"], new["RepositoryName"]
        if before != after:
            own.here("codecommit").update_repository_name(oldName=before, newName=after)
        return RepositoryType.attributes(after)

    @staticmethod
    def delete(identity: str, props: Asked) -> None:
        """Delete it."""
        own.here("codecommit").delete_repository(repositoryName=props["RepositoryName"])

    @staticmethod
    def attributes(name: str) -> Made:
        """Return what templates may ask of it."""
        region = responses.get_region()
        got = own.here("codecommit").get_repository(repositoryName=name)
        host = f"git-codecommit.{region}.amazonaws.com/v1/repos/{name}"
        return got["repositoryMetadata"]["repositoryId"], {
            "Arn": f"arn:aws:codecommit:{region}:{own.ACCOUNT}:{name}",
            "Name": name,
            "CloneUrlHttp": f"https://{host}",
            "CloneUrlSsh": f"ssh://{host}",
        }
