"""The task that mirrors: its image, its network, what it may do and what it is told."""

from collections.abc import Iterator
from typing import Any

from awacs import codecommit, kms, secretsmanager, sts
from troposphere import GetAtt, Join, Ref, Sub
from troposphere.logs import LogGroup

from cfngen import Statement, Template, allow, waive
from cfngen.patterns import FargateTask, fargate_task, shared_files
from cfngen.patterns.fargate_containers import USER
from cfngen.patterns.image_findings import image_findings_rule
from cfngen.patterns.queues import without_dead_letters
from cfngen.patterns.tasks import task_image, task_network

from ..mirror_image.image import dockerfile, files
from .options import Destination, Options
from .parameters import Params

HOST = "git-codecommit.%s.${AWS::URLSuffix}/v1/repos/%s"
ARN = "arn:${AWS::Partition}:codecommit:%s:${AWS::AccountId}:%s"
NAMESPACE = "FargateMirror"


def add_task(t: Template, p: Params, options: Options, log: LogGroup) -> FargateTask:
    """Add the task, its image and the network it runs in."""
    ports = {443: "HTTPS to AWS and Git hosts"}
    if options.source == "ssh":
        ports[22] = "SSH to the source"
    network = t.add(task_network("MirrorAccess", p, options, ports=ports))
    placement = network.placement
    cache = None
    if options.cache == "efs":
        cache = t.add(
            shared_files(
                "MirrorFiles",
                vpc=network.vpc,
                subnets=tuple(placement.subnets),
                clients="MirrorAccess",
                owner=USER,
                reason="Git is kept here between runs, so that a run fetches only what is new.",
            )
        )
    image = t.add(
        task_image(
            "MirrorImage",
            p,
            options,
            dockerfile=dockerfile(),
            files=files(),
            log=log,
            archives=[p.ProgramParameter] if options.image == "build" else [],
        )
    )
    t.add(
        image_findings_rule("ImageFindings", repository=image.repository, topic=Ref("AlarmTopic")),
        reason=without_dead_letters(
            "the findings are listed in ECR's console as well.",
            "ECR scans the image as it is pushed.",
        ),
    )
    secrets = {"SOURCE_SECRET": p.SourceSecret} if options.source in ("https", "ssh") else {}
    # A task that starts before it can mount, or get out, would fail.
    waits = [thing.title for thing in (*cache.rules, *cache.mounts)] if cache else []
    waits += network.waits_for
    task = t.add(
        fargate_task(
            "Mirror",
            *_may_mirror(p, options),
            image=image.uri,
            pulls=[*image.may_pull, *(_read(p.SourceSecret) if secrets else ())],
            placement=placement,
            cpu=options.cpu,
            memory=options.memory,
            ephemeral_storage=options.ephemeral_storage,
            architecture=options.architecture,
            environment=_environment(p, options),
            secrets=secrets,
            directory="/data",
            files=cache,
            log=log,
            waits_for=waits,
            reason="Runs may overlap: each fetches right before it pushes, until both sides agree.",
            role_reason=(
                "Assumed by the program: it pulls from the sources, and pushes to the mirrors."
            ),
        )
    )
    t.output("MirrorLog", Ref(task.log), "Name of the log group of the runs.")
    t.output(
        "MirrorRole",
        GetAtt(task.role, "Arn"),
        "ARN of the role of the tasks. Nothing else should push to the mirrors.",
    )
    if options.scheduled or not options.with_function:  # to run a task by hand
        t.output("Cluster", Ref(task.cluster), "Name of the cluster that tasks run in.")
        t.output("MirrorTask", Ref(task.definition), "ARN of the task definition.")
        t.output(
            "Subnets", Join(",", list(placement.subnets)), "IDs of the subnets that tasks run in."
        )
        t.output("SecurityGroup", placement.group, "ID of the security group of the tasks.")
    return task


def _may_mirror(p: Params, options: Options) -> Iterator[Statement]:
    """Yield what the program may do: pull from the sources, pull and push at the destinations."""
    names, destinations = _names(options), _destinations(options)
    if not options.external:
        listed = [Sub(ARN % ("${AWS::Region}", name)) for name in options.repositories]
        yield allow(codecommit.GitPull, on=listed or source_arn(p, options))
        if options.has_patterns:
            yield waive(
                allow(
                    codecommit.ListRepositories,
                    on="*",
                    reason="To find names that begin as asked. A list has no name of its own.",
                ),
                "cdk-nag:AwsSolutions-IAM5/every-resource",
                "cfripper:WildcardResourceRule/codecommit:ListRepositories",
                reason="ListRepositories knows no resource and tells names and ids only; what the"
                " program may pull and push is named beside it.",
            )
    here = [there for there in destinations if not there.role]
    if here:
        yield allow(
            codecommit.GitPull,
            codecommit.GitPush,
            codecommit.CreateRepository,
            codecommit.UpdateDefaultBranch,
            on=[Sub(ARN % (there.region, there.prefix + n)) for there in here for n in names],
        )
    roles = [there.role for there in destinations if there.role]
    if roles:
        yield allow(sts.AssumeRole, on=roles)


def repositories(p: Params, options: Options) -> Any:
    """Return which repositories are mirrored: names, and beginnings of names followed by `*`."""
    return " ".join(options.repositories) or (
        p.RepositoryName if options.single else p.Repositories
    )


def source_arn(p: Params, options: Options) -> Sub:
    """Return the ARN of the repository, or of those, asked for at deploy time.

    The name stands in a map: cfn-lint tries all values of all parts in all regions, beginning with
    the map, and a parameter without a default has none.
    """
    name = p.RepositoryName if options.single else p.Repositories
    return Sub(ARN % ("${AWS::Region}", "${Name}"), Name=name)


def _read(secret: Any) -> tuple[Statement, ...]:
    """Allow Fargate to read one secret, under whichever key it is kept."""
    decrypt = allow(
        kms.Decrypt,
        on=Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
        when={
            "StringEquals": {
                "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com"),
                "kms:EncryptionContext:SecretARN": secret,
            }
        },
    )
    waive(
        decrypt,
        "cdk-nag:AwsSolutions-IAM5/kms:key/*",
        reason="Which key a user keeps the secret under is not asked; the conditions let the role"
        " decrypt this one secret, and through Secrets Manager only.",
    )
    return allow(secretsmanager.GetSecretValue, on=secret), decrypt


def _environment(p: Params, options: Options) -> dict[str, Any]:
    """Return what the program learns from its environment."""
    destinations = _destinations(options)
    urls = [_url(number, there) for number, there in enumerate(destinations, start=1)]
    return {
        "REPOSITORIES": repositories(p, options),
        "SOURCE_URL": p.SourceUrl
        if options.external
        else Sub("https://" + HOST % ("${AWS::Region}", "{repository}")),
        **({"SOURCE_HOST_KEYS": p.SourceHostKeys} if options.source == "ssh" else {}),
        "DESTINATION_URLS": Sub("\n".join(urls)),
        **_profiles(destinations),
        **(
            {"CACHE_DIR": "/cache", "MIRROR_LOCK_SECONDS": str(60 * options.minutes)}
            if options.cache == "efs"
            else {}
        ),
        "CREATE": _description(options),
        "MIRROR_BRANCHES": p.Branches,
        "MIRROR_MAX_DELETIONS": p.MaxDeletions,
        **({"MIRROR_KEEP_DAYS": p.KeepDays} if options.external else {}),
        "MIRROR_SECONDS": str(60 * options.minutes),
        "MIRROR_METRICS": Sub(f"{NAMESPACE} ${{AWS::StackName}}"),
    }


def _description(options: Options) -> Sub:
    """Return what missing destination repositories are described by when they are made."""
    where = "${SourceUrl}" if options.external else "{repository} in ${AWS::Region}"
    return Sub(f"Mirror of {where}: push there, not here")


def _url(number: int, there: Destination, repository: str = "{repository}") -> str:
    """Return a destination's URL as text for a Sub; its user is the AWS profile to go by."""
    user = f"destination{number}@" if there.role else ""
    return f"https://{user}" + HOST % (there.region, there.prefix + repository)


def _profiles(destinations: list[Destination]) -> dict[str, Any]:
    """Return what tells AWS's command how to get into other accounts."""
    lines = []
    for number, there in enumerate(destinations, start=1):
        if there.role:
            lines += [
                f"[profile destination{number}]",
                f"role_arn = {there.role}",
                "credential_source = EcsContainer",
                "role_session_name = mirror",
            ]
    return {"AWS_PROFILES": "\n".join(lines) + "\n"} if lines else {}


def _names(options: Options) -> list[str]:
    """Return the repositories as text for a Sub."""
    parameter = "${RepositoryName}" if options.single else "${Repositories}"
    return list(options.repositories) or [parameter]


def _destinations(options: Options) -> list[Destination]:
    """Return the destinations as text for a Sub."""
    parameter = Destination("${DestinationRegion}", "${DestinationPrefix}")
    return list(options.destinations) or [parameter]
