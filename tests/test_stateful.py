"""What holds data says what becomes of it, as one table has it, in every shape."""

from __future__ import annotations

import fnmatch
from typing import Any

from support.shapes_of_ours import all_shapes, inner

from cfngen.cloudformation.schemas import schema

DELETED = ("Delete", "Delete")
# A stack that could not be made leaves nothing behind, one that was there leaves what people need.
KEPT = ("RetainExceptOnCreate", "Retain")
DEFAULT = (None, None)
# By type and purpose, which the logical ID says: DeletionPolicy and UpdateReplacePolicy, and why.
POLICIES = [
    ("AWS::CloudFormation::StackSet", "Stores*", DEFAULT, "its stacks are deleted by hand, before"),
    ("AWS::CodeCommit::Repository", "*", KEPT, "history outlives its plumbing"),
    ("AWS::EC2::EIP", "Address*", DEFAULT, "another address is as good, once it is admitted"),
    ("AWS::ECR::Repository", "*ImageRepository", KEPT, "other stacks run its images"),
    ("AWS::EFS::FileSystem", "*Files", DELETED, "fetched again from the source"),
    ("AWS::KMS::Key", "ArtifactKey", KEPT, "what it encrypts is kept"),
    ("AWS::KMS::ReplicaKey", "ArtifactKey", KEPT, "what it encrypts is kept"),
    ("AWS::Logs::LogGroup", "*Log", DELETED, "it forgets anyway"),
    ("AWS::S3::Bucket", "Artifacts", KEPT, "a rollback must find it"),
    ("AWS::S3::Bucket", "Packages", KEPT, "a rollback must find it"),
    ("AWS::S3::Bucket", "MirrorProgramArchives", KEPT, "stacks refer to what is in it"),
    ("AWS::S3::Bucket", "Bundles", DELETED, "made again by another build"),
    ("AWS::S3::Bucket", "MirrorCache", DELETED, "fetched again from the source"),
    ("AWS::S3::Bucket", "Outputs", DELETED, "made again by another build"),
    ("AWS::S3::Bucket", "Templates", DELETED, "uploaded again by the next deployment"),
    ("AWS::S3::Bucket", "*ImageContext", DELETED, "it is in the template"),
    ("AWS::SNS::Topic", "*Topic", DEFAULT, "people subscribe again"),
    ("AWS::SQS::Queue", "GivenUp", DELETED, "it forgets anyway, and nobody is left to read it"),
    ("AWS::SQS::Queue", "Lost*", DELETED, "it forgets anyway, and nobody is left to read it"),
    ("AWS::SQS::Queue", "Pushes", DELETED, "nobody is left to build them"),
    ("AWS::SQS::Queue", "Waiting", DELETED, "nobody is left to mirror them"),
    ("AWS::SSM::Parameter", "HostKeys", DEFAULT, "a new stack trusts anew"),
    ("AWS::SSM::Parameter", "*ImageUri", DEFAULT, "without its stack nobody answers for the image"),
    ("AWS::SSM::Parameter", "MirrorProgramLocation", DEFAULT, "nobody answers for it any more"),
    ("AWS::SecretsManager::Secret", "*", DELETED, "the URL that it is part of is gone"),
]
# Where a stack builds an image for itself alone.
OWN_IMAGE = {"branch_builder", "fargate_mirror"}


def rows(kind: str, name: str) -> list[tuple[Any, ...]]:
    """Return the rows of the table for a resource."""
    return [row for row in POLICIES if row[0] == kind and fnmatch.fnmatchcase(name, row[1])]


def test_what_holds_data_says_what_becomes_of_it() -> None:
    """Each has both policies as the table says; what is in no row is decided by nobody."""
    seen = set()
    for shape in all_shapes():
        for resources in inner(shape):
            for name, resource in resources.items():
                policies = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
                if not schema(resource["Type"]).holds and policies == DEFAULT:
                    continue
                (row,) = rows(resource["Type"], name) or [None]
                assert row, f"{name} of {shape}: put {resource['Type']} into the table"
                wanted = row[2]
                if resource["Type"] == "AWS::ECR::Repository" and shape.blueprint in OWN_IMAGE:
                    wanted = DELETED
                assert policies == wanted, f"{name} of {shape}: {policies}, not {wanted}: {row[3]}"
                seen.add(row[:2])
    unused = {row[:2] for row in POLICIES} - seen
    assert not unused, f"nothing of the kind is there: {unused}"


def test_what_is_deleted_with_its_stack_can_be() -> None:
    """A repository of images that goes with its stack is emptied for it; one that stays is not."""
    for shape in all_shapes():
        for name, resource in shape.resources.items():
            if resource["Type"] == "AWS::ECR::Repository":
                emptied = resource["Properties"].get("EmptyOnDelete", False)
                assert emptied == (resource["DeletionPolicy"] == "Delete"), f"{name} of {shape}"
