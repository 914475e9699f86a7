"""Stands for `docker` on a machine of CodeBuild's: `docker_stand_in.py IMAGES COMMAND ARGUMENT…`.

An image is a folder. `build` refuses a Dockerfile that `support.images` does not know, and `push`
asks ECR for all that a push needs, by the rights of the build's role. A file `refusals` beside the
images has a line for each call that a registry turns away: the command's name, once a line.
Source: ECR's "Required IAM permissions for pushing an image".
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import boto3
from support.images import read

LAYER = b"a layer"
DIGEST = "sha256:" + hashlib.sha256(LAYER).hexdigest()


def build(images: Path) -> None:
    """Build the folder that one is in."""
    read(Path("Dockerfile").read_text())
    shutil.rmtree(images / "built", ignore_errors=True)
    shutil.copytree(".", images / "built")


def push(images: Path, name: str) -> None:
    """Push what was built: its layers, as none is there yet, and then the manifest."""
    repository, _, tag = name.partition("/")[2].partition(":")
    which = {"repositoryName": repository}
    ecr = boto3.client("ecr", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    ecr.batch_check_layer_availability(**which, layerDigests=[DIGEST])
    upload = ecr.initiate_layer_upload(**which)["uploadId"]
    part = {"partFirstByte": 0, "partLastByte": len(LAYER) - 1, "layerPartBlob": LAYER}
    ecr.upload_layer_part(**which, uploadId=upload, **part)
    ecr.complete_layer_upload(**which, uploadId=upload, layerDigests=[DIGEST])
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"digest": name, "size": 1},
            "layers": [{"digest": DIGEST, "size": len(LAYER)}],
        }
    )
    ecr.put_image(**which, imageTag=tag, imageManifest=manifest)
    shutil.rmtree(images / tag, ignore_errors=True)
    (images / "built").rename(images / tag)


def refuse(images: Path, command: str) -> None:
    """Fail as Docker does when a registry has had too many requests, if that is to happen."""
    file = images / "refusals"
    waiting = file.read_text().split() if file.exists() else []
    if command in waiting:
        waiting.remove(command)
        file.write_text("\n".join(waiting))
        sys.exit("toomanyrequests: Rate exceeded")


def main(images: Path, command: str, *arguments: str) -> None:
    """Do what our buildspecs ask Docker for."""
    images.mkdir(exist_ok=True)
    refuse(images, command)
    if command == "login":
        if not sys.stdin.read().strip():
            sys.exit("a password is empty")
    elif command == "build":
        build(images)
    elif command == "push":
        push(images, *arguments)
    else:
        sys.exit(f"docker {command} is not imitated")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
