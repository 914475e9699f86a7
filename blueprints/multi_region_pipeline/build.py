"""The build: once, for all regions."""

from troposphere import AWSObject, Equals, If, Join, Not, NoValue, Ref
from troposphere.codebuild import ProjectCache
from troposphere.codepipeline import Stages
from troposphere.iam import Role

from cfngen import Template, waive
from cfngen.patterns import build_project, log_group, role, variable, write_logs
from cfngen.patterns.pipelines import action

from .deploy import PACKAGE
from .options import Options
from .parameters import Params
from .roles import PipelineRole, add_start_build_role
from .source import NAME as SOURCE
from .source import source_action
from .storage import Storage


def add_build(
    t: Template, p: Params, options: Options, pipeline: PipelineRole, storage: Storage
) -> AWSObject:
    """Add the project, its log and its role; return the project."""
    log = t.add(log_group("BuildLog", days=p.LogDays))
    more = t.condition("BuildMayMore", Not(Equals(Join("", p.BuildPolicyArns), "")))
    build_role = t.add(
        role(
            "BuildRole",
            "codebuild",
            write_logs(log),
            storage.access.may_identify("artifacts", options.home),
            *storage.access.may(write=[("artifacts", options.home), "packages"]),
            Path=pipeline.path,
            ManagedPolicyArns=If(more, p.BuildPolicyArns, NoValue),
        ),
        reason="Assumed by the build, and so by whoever may push: it stores packages, and no more.",
    )
    waive(
        build_role,
        "cdk-nag:AwsSolutions-IAM4",
        reason="The rule cannot read a parameter; which policies the build gets besides is the"
        " deployer's choice, and by default there are none.",
    )
    places = " ".join(f"{region.label}={region.region}" for region in options.regions)
    buckets = [
        variable(
            f"{region.label.upper().replace('-', '_')}_BUCKET",
            storage.bucket("packages", region.region),
        )
        for region in options.regions
    ]
    key = storage.access.key("${AWS::Region}")
    return t.add(
        build_project(
            "Build",
            description=f"{options.service}: build once, package for every region",
            buildspec=p.BuildSpecPath,
            role=build_role,
            log=log,
            architecture=options.architecture,
            compute=p.ComputeType,
            minutes=options.minutes,
            privileged=options.privileged,
            environment=[
                variable("SERVICE", options.service),
                variable("REGIONS", places),
                *buckets,
            ],
            in_pipeline=True,
            Cache=_cache(options),
            **({"EncryptionKey": key} if key else {}),
        ),
        reason=(
            "Its buildspec makes LABEL.yaml for each region in REGIONS, with code in LABEL_BUCKET."
        ),
    )


def add_build_stages(
    t: Template,
    p: Params,
    options: Options,
    pipeline: PipelineRole,
    source_role: Role,
    project: AWSObject,
) -> list[Stages]:
    """Add the role that starts the build; return the stages that fetch the code and build it."""
    fetch = source_action(p, options, source_role)
    build = action(
        "Build",
        "Build/CodeBuild",
        role=add_start_build_role(t, pipeline, project),
        takes=[SOURCE],
        gives=[PACKAGE],
        configuration={"ProjectName": Ref(project)},
    )
    return [Stages(Name="Source", Actions=[fetch]), Stages(Name="Build", Actions=[build])]


def _cache(options: Options) -> ProjectCache:
    if options.architecture == "arm64":
        return ProjectCache(Type="NO_CACHE")
    modes = ["LOCAL_CUSTOM_CACHE", *(["LOCAL_DOCKER_LAYER_CACHE"] if options.privileged else [])]
    return ProjectCache(Type="LOCAL", Modes=modes)
