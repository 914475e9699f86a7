"""The build that fetches from Backlog and pushes to the mirror."""

from awacs import codecommit
from troposphere import GetAtt, Ref, Sub
from troposphere.codebuild import EnvironmentVariable, Project

from cfngen import Payloads, Template, allow
from cfngen.patterns import (
    build_project,
    buildspec,
    debug_statements,
    fetch_published,
    log_group,
    role,
    variable,
    write_logs,
)

from ..mirror_program.program import carried
from .git_storage import EFS_DIRECTORY, add_git_storage
from .keys import add_keys
from .network import add_network
from .options import Options
from .parameters import Params
from .repository import add_repository

payload = Payloads(__package__)

OVERLAP = """\
Builds may overlap: each fetches right before it pushes, until both sides agree.
A limit on concurrent builds would refuse builds, so there is none."""
MOUNTED = f"""\
{OVERLAP} Privileged, as only
such builds may mount a file system."""
SOURCE_URL = (
    "${BacklogSpaceKey}@${BacklogSpaceKey}.git.${BacklogDomain}:"
    "/${BacklogProjectKey}/${BacklogRepository}.git"
)


def add_build(t: Template, p: Params, options: Options) -> Project:
    """Add the repository that becomes the mirror, and the build that pushes to it."""
    arn, url = add_repository(t, p, options)
    keys, may_read = add_keys(t, p, options)
    log = t.add(log_group("MirrorLog", days=p.LogDays))
    network, may_attach = add_network(t, p, options) if options.in_vpc else ({}, ())
    kept, may_keep = add_git_storage(t, p, options)
    build_role = t.add(
        role(
            "MirrorRole",
            "codebuild",
            allow(codecommit.GitPull, codecommit.GitPush, codecommit.UpdateDefaultBranch, on=arn),
            *may_read,
            *fetch_published(p.ProgramParameter),
            write_logs(log),
            *may_keep,
            *may_attach,
            *(debug_statements() if options.debug_sessions else ()),
        ),
        reason="Assumed by the build: it may push to one repository and read one key.",
    )
    carries = carried("history.py", "room.py")
    if options.host_keys == "trust_on_first_use":
        carries["host_keys.sh"] = payload["host_keys.sh"]
    project = t.add(
        build_project(
            "Mirror",
            description="Fetches from Backlog and makes the CodeCommit repository the same",
            buildspec=buildspec(payload["buildspec.yml"], carries),
            role=build_role,
            log=log,
            architecture=options.architecture,
            compute=p.ComputeType,
            minutes=p.BuildMinutes,
            source={"Type": "S3", "Location": p.ProgramParameter},
            privileged=options.cache == "efs",  # only a privileged build may mount
            environment=[
                variable("MIRROR_SOURCE_URL", Sub(SOURCE_URL)),
                variable("MIRROR_DESTINATION_URLS", url),
                variable("MIRROR_BRANCHES", p.Branches),
                variable("MIRROR_MAX_DELETIONS", p.MaxDeletions),
                *(_on_files(p) if options.cache == "efs" else ()),
                *keys,
            ],
            **network,
            **kept,
        ),
        reason=MOUNTED if options.cache == "efs" else OVERLAP,
    )
    t.output("BuildProject", Ref(project), "Name of the CodeBuild project.")
    t.output("MirrorLog", Ref(log), "Log group of the builds.")
    t.output(
        "MirrorRole",
        GetAtt(build_role, "Arn"),
        "ARN of the only role that should push to the mirror.",
    )
    return project


def _on_files(p: Params) -> list[EnvironmentVariable]:
    """Return what builds need to know that share a directory on EFS, one after the other."""
    return [variable("MIRROR_DIR", EFS_DIRECTORY), variable("BUILD_MINUTES", p.BuildMinutes)]
