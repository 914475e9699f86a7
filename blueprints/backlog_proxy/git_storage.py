"""Where builds keep git between them."""

from typing import Any

from awacs import s3
from troposphere import Ref, Sub
from troposphere.codebuild import ProjectCache, ProjectFileSystemLocation

from cfngen import Statement, Template, allow, waive
from cfngen.patterns import (
    cache_bucket,
)

from .options import Options
from .parameters import Params

# Other stacks may have a directory of their own on the file system. What S3 keeps is where the
# buildspec says.
EFS_MOUNT = "/mnt/mirror"
EFS_DIRECTORY = Sub(f"{EFS_MOUNT}/${{AWS::StackName}}/repository.git")


def add_git_storage(
    t: Template, p: Params, options: Options
) -> tuple[dict[str, Any], list[Statement]]:
    """Return the project's side of what keeps git between builds, and the right to it.

    AWS page "Amazon Elastic File System sample for CodeBuild": only a privileged build may mount.
    """
    if options.cache == "s3":
        cache = t.add(
            cache_bucket("MirrorCache", days=p.CacheDays),
            reason="Git is kept here between builds, so that a build fetches only what is new.",
        )
        cached: dict[str, Any] = {"Cache": ProjectCache(Type="S3", Location=Ref(cache.bucket))}
        keep = waive(
            allow(s3.GetObject, s3.PutObject, on=cache.objects),
            "cdk-nag:AwsSolutions-IAM5/<MirrorCache.Arn>/*",
            reason="CodeBuild chooses the names of what it caches, and the bucket holds nothing"
            " else than this project's cache.",
        )
        return cached, [keep]
    # No right goes with it: CodeBuild mounts without IAM, and the security group is what admits it.
    # The options of the mount are CodeBuild's own, which are those that AWS recommends for EFS.
    location = ProjectFileSystemLocation(
        Type="EFS",
        Identifier="mirror",
        Location=Sub("${FileSystemId}.efs.${AWS::Region}.${AWS::URLSuffix}:/"),
        MountPoint=EFS_MOUNT,
    )
    return {"FileSystemLocations": [location]}, []
