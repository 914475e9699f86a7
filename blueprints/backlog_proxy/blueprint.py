"""Mirror a Backlog repository into CodeCommit: webhook, build, push."""

from typing import Any

from awacs import codecommit, kms, s3, secretsmanager, ssm
from troposphere import Equals, GetAtt, Not, Ref, Split, Sub
from troposphere.codebuild import Project, ProjectCache, ProjectFileSystemLocation, VpcConfig
from troposphere.codecommit import Repository
from troposphere.ec2 import SecurityGroup
from troposphere.events import RetryPolicy, Rule, Target
from troposphere.secretsmanager import GenerateSecretString, Secret
from troposphere.ssm import Parameter as StoredParameter

from cfngen import Payload, Payloads, Statement, Template, allow, blueprint
from cfngen.patterns import (
    alarm_topic,
    build_project,
    buildspec,
    cache_bucket,
    debug_statements,
    failed_builds_alarm,
    failed_starts_alarm,
    firewall,
    log_group,
    python_function,
    role,
    start_builds,
    variable,
    vpc_statements,
    webhook,
    without_dead_letters,
    write_logs,
)

from .options import Options
from .parameters import Params

payload = Payloads(__package__)
mirror = Payloads("cfngen_blueprints._shared", "mirror")

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"
SOURCE_URL = (
    "${BacklogSpaceKey}@${BacklogSpaceKey}.git.${BacklogDomain}:"
    "/${BacklogProjectKey}/${BacklogRepository}.git"
)
CLONE_URL = "https://git-codecommit.${AWS::Region}.${AWS::URLSuffix}/v1/repos/${RepositoryName}"
# Where a build keeps the bare repository: restored from the bucket, or on the file system, where
# other stacks may have a directory of their own.
EFS_MOUNT = "/mnt/mirror"
S3_DIRECTORY = "/root/mirror/repository.git"
EFS_DIRECTORY = Sub(f"{EFS_MOUNT}/${{AWS::StackName}}/repository.git")


@blueprint
def backlog_proxy(options: Options) -> Template:
    """Mirror a Backlog Git repository into CodeCommit on every push."""
    t = Template()
    p = t.declare(Params, options)
    project = _mirror(t, p, options)
    _webhook(t, p, options, project)
    _watch(t, p, project)
    return t


# --- what mirrors ------------------------------------------------------------------------------


def _mirror(t: Template, p: Params, options: Options) -> Project:
    """Add the repository that becomes the mirror, and the build that pushes to it."""
    arn, url = _repository(t, p, options)
    keys, may_read = _keys(t, p, options)
    log = t.add(log_group("MirrorLog", days=p.LogDays))
    network, may_attach = _network(t, p, options) if options.in_vpc else ({}, ())
    kept, may_keep = _kept(t, p, options)
    held = t.add(
        role(
            "MirrorRole",
            "codebuild",
            allow(codecommit.GitPull, codecommit.GitPush, codecommit.UpdateDefaultBranch, on=arn),
            *may_read,
            write_logs(log),
            *may_keep,
            *may_attach,
            *(debug_statements() if options.debug_sessions else ()),
        ),
        reason="Assumed by the build: it may push to one repository and read one key.",
    )
    project = t.add(
        build_project(
            "Mirror",
            description="Fetches from Backlog and makes the CodeCommit repository the same",
            buildspec=buildspec(payload["buildspec.yml"], _carried(options)),
            role=held,
            log=log,
            architecture=options.architecture,
            compute=p.ComputeType,
            minutes=p.BuildMinutes,
            privileged=options.cache == "efs",  # only a privileged build may mount
            environment=[
                variable("MIRROR_SOURCE_URL", Sub(SOURCE_URL)),
                variable("MIRROR_DESTINATION_URLS", url),
                variable("MIRROR_DIR", S3_DIRECTORY if options.cache == "s3" else EFS_DIRECTORY),
                variable("MIRROR_MAX_DELETIONS", p.MaxDeletions),
                *keys,
            ],
            **network,
            **kept,
        ),
        reason="Builds may overlap: each fetches right before it pushes, until both sides agree.",
    )
    t.output("BuildProject", Ref(project), "CodeBuild project, to start a build by hand")
    t.output("MirrorLog", Ref(log), "Log of the builds")
    t.output("MirrorRole", GetAtt(held, "Arn"), "Who alone should push to the mirror")
    return project


def _carried(options: Options) -> dict[str, Payload]:
    """Return the files that the build writes into its folder, by name."""
    files = {"mirror.py": mirror["mirror.py"]}
    if options.host_keys == "trust_on_first_use":
        files["host_keys.sh"] = payload["host_keys.sh"]
    return files


def _repository(t: Template, p: Params, options: Options) -> tuple[Any, Any]:
    """Add the mirror, unless it is there already; return its ARN and clone URL."""
    if options.repository == "existing":
        arn, url = Sub(ARN % "codecommit" + "${RepositoryName}"), Sub(CLONE_URL)
    else:
        repository = t.add(
            Repository(
                "Repository",
                DeletionPolicy="RetainExceptOnCreate",
                UpdateReplacePolicy="Retain",
                RepositoryName=p.RepositoryName,
                RepositoryDescription=Sub(
                    "Mirror of ${BacklogProjectKey}/${BacklogRepository}; push to Backlog, not here"
                ),
            ),
            reason="Kept when the stack goes: history outlives its plumbing.",
        )
        arn, url = GetAtt(repository, "Arn"), GetAtt(repository, "CloneUrlHttp")
    t.output("RepositoryCloneUrl", url, "Where to clone the mirror from")
    return arn, url


def _keys(t: Template, p: Params, options: Options) -> tuple[list[Any], list[Statement]]:
    """Return the variables that hold our key and the host's, and the right to read them."""
    if options.key_store == "parameter_store":
        variables = [variable("BACKLOG_KEY", p.BacklogKey, "PARAMETER_STORE")]
        arn = Sub(ARN % "ssm" + "parameter${BacklogKey}")
        statements = [allow(ssm.GetParameters, on=arn), _decrypt("ssm", {"PARAMETER_ARN": arn})]
    else:
        variables = [variable("BACKLOG_KEY", p.BacklogKey, "SECRETS_MANAGER")]
        arn = p.BacklogKey
        statements = [
            allow(secretsmanager.GetSecretValue, on=arn),
            _decrypt("secretsmanager", {"SecretARN": arn}),
        ]
    if options.host_keys == "parameter":
        variables.append(variable("BACKLOG_HOST_KEYS", p.BacklogHostKeys))
    elif options.host_keys == "parameter_store":
        variables.append(variable("BACKLOG_HOST_KEYS", p.BacklogHostKeys, "PARAMETER_STORE"))
        stored = Sub(ARN % "ssm" + "parameter${BacklogHostKeys}")
        statements.append(allow(ssm.GetParameters, on=stored))
    else:
        pinned = t.add(
            StoredParameter("HostKeys", Type="String", Value="none"),
            reason="The first build writes down the keys it met; every later one insists on them.",
        )
        variables.append(variable("HOST_KEYS_PARAMETER", Ref(pinned)))
        stored = Sub(ARN % "ssm" + "parameter/${HostKeys}")
        statements.append(allow(ssm.GetParameter, ssm.PutParameter, on=stored))
    return variables, statements


def _decrypt(service: str, context: dict[str, Any]) -> Statement:
    """Allow decrypting one secret of one service, under whichever key it is kept."""
    # excuse cdk-nag:AwsSolutions-IAM5/kms:key/* MirrorRole: Which key a user keeps the SSH key
    # under is not asked; the conditions let the role decrypt one parameter or secret, and through
    # its service only.
    return allow(
        kms.Decrypt,
        on=Sub(ARN % "kms" + "key/*"),
        when={
            "StringEquals": {
                "kms:ViaService": Sub(f"{service}.${{AWS::Region}}.amazonaws.com"),
                **{f"kms:EncryptionContext:{name}": value for name, value in context.items()},
            }
        },
    )


def _network(
    t: Template, p: Params, options: Options
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """Return the project's VPC and the right to attach to it; without files, add a group for it."""
    vpc = VpcConfig(
        VpcId=p.VpcId,
        Subnets=[p.PrivateSubnetId1, p.PrivateSubnetId2],
        SecurityGroupIds=[p.SecurityGroupId if options.cache == "efs" else _group(t, p)],
    )
    # excuse cdk-nag:AwsSolutions-IAM5/every-resource,
    # cdk-nag:AwsSolutions-IAM5/ec2:network-interface/*, checkov:CKV_AWS_111,
    # parliament:RESOURCE_STAR/ec2:* MirrorRole: CodeBuild makes and deletes network interfaces
    # whose ids nobody knows beforehand, and AWS documents these statements for it; only CodeBuild
    # can be let use one, and only in the two subnets.
    return {"VpcConfig": vpc}, vpc_statements("PrivateSubnetId1", "PrivateSubnetId2")


def _group(t: Template, p: Params) -> GetAtt:
    """Add a security group for the builds and return its ID."""
    group = t.add(
        SecurityGroup(
            "MirrorAccess",
            GroupDescription="Builds: out to SSH and HTTPS, nothing in",
            VpcId=p.VpcId,
            SecurityGroupEgress=[
                {
                    "Description": f"{name} to Backlog and AWS",
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "CidrIp": "0.0.0.0/0",
                }
                for name, port in (("SSH", 22), ("HTTPS", 443))
            ],
        )
    )
    return GetAtt(group, "GroupId")


def _kept(t: Template, p: Params, options: Options) -> tuple[dict[str, Any], list[Statement]]:
    """Return the project's side of what keeps git between builds, and the right to it."""
    if options.cache == "s3":
        cache = t.add(
            cache_bucket("MirrorCache", days=p.CacheDays),
            reason="Git is kept here between builds, so that a build fetches only what is new.",
        )
        properties: dict[str, Any] = {"Cache": ProjectCache(Type="S3", Location=Ref(cache.bucket))}
        # excuse cdk-nag:AwsSolutions-IAM5/<MirrorCache.Arn>/* MirrorRole: CodeBuild chooses the
        # names of what it caches, and the bucket holds nothing else than this project's cache.
        return properties, [allow(s3.GetObject, s3.PutObject, on=cache.objects)]
    # No right goes with it: CodeBuild mounts without IAM, and the security group is what admits it.
    # The options of the mount are CodeBuild's own, which are those that AWS recommends for EFS.
    location = ProjectFileSystemLocation(
        Type="EFS",
        Identifier="mirror",
        Location=Sub("${FileSystemId}.efs.${AWS::Region}.${AWS::URLSuffix}:/"),
        MountPoint=EFS_MOUNT,
    )
    return {"FileSystemLocations": [location]}, []


# --- what starts it ----------------------------------------------------------------------------


def _webhook(t: Template, p: Params, options: Options, project: Project) -> None:
    """Add the URL that Backlog calls, its guard and its credentials."""
    # excuse checkov:CKV_AWS_149 WebhookCredentials: Secrets Manager encrypts it with the key that
    # AWS manages, which the account alone can use through Secrets Manager; only the authorizer's
    # role of this stack is let read it.
    # excuse cdk-nag:AwsSolutions-SMG4 WebhookCredentials: The password is a part of the URL that
    # people register in Backlog, so that a rotation by itself would cut the webhook off; the README
    # says how to rotate it.
    secret = t.add(
        Secret(
            "WebhookCredentials",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Description="What Backlog proves itself with; part of the URL registered there",
            GenerateSecretString=GenerateSecretString(
                SecretStringTemplate='{"username": "backlog"}',
                GenerateStringKey="password",
                PasswordLength=40,
                ExcludePunctuation=True,  # it becomes part of a URL
            ),
        )
    )
    # excuse checkov:CKV_AWS_116 Authorizer: API Gateway calls it synchronously and gets the error
    # itself; Lambda puts nothing from such calls into a queue.
    guard = t.add(
        python_function(
            "Authorizer",
            payload["authorizer.py"],
            allow(secretsmanager.GetSecretValue, on=Ref(secret)),
            reason="Lets Backlog through and nobody else.",
            days=p.LogDays,
            architecture=options.architecture,
            seconds=15,  # it reads the secret in at most two attempts of five seconds
            environment={
                "SECRET_ARN": Ref(secret),
                "AUTH": options.auth,
                "ALLOWED_CIDRS": p.AllowedCidrs,
            },
        )
    )
    starter = t.add(
        role("StartRole", "apigateway", start_builds(project)),
        reason="Assumed by the webhook: it may start one build project, as that is configured.",
    )
    identity = {"basic": "header.Authorization", "query_token": "querystring.token"}[options.auth]
    log = t.add(log_group("WebhookLog", days=p.LogDays)) if options.access_logs else None
    hook = t.add(
        webhook(
            "Webhook",
            path="backlog",
            action="codebuild:action/StartBuild",
            target="CodeBuild_20161006.StartBuild",
            body=payload["start-build.vtl"],
            role=starter,
            guard=guard,
            identity=(f"method.request.{identity}", "context.identity.sourceIp"),
            challenge=options.auth == "basic",
            variables={"project": Ref(project)},
            access_log=log,
        ),
    )
    if options.waf:
        t.add(firewall("Firewall", addresses=Split(",", p.AllowedCidrs), before=hook.stage_arn))
    t.output("WebhookUrl", hook.url, "Register this in Backlog, with the credentials put into it")
    t.output("WebhookCredentials", Ref(secret), "Secret that holds username and password")


# --- what watches it ---------------------------------------------------------------------------


def _watch(t: Template, p: Params, project: Project) -> None:
    """Add the schedule that makes good a lost webhook, and the alarm for failed builds."""
    starter = t.add(
        role("ReconcileRole", "events", start_builds(project)),
        reason="Assumed by the schedule: it may start one build project.",
    )
    rule = t.add(
        Rule(
            "Reconcile",
            Description="Mirrors although no webhook came",
            ScheduleExpression=p.ReconcileSchedule,
            Targets=[
                Target(
                    Id="Mirror",
                    Arn=GetAtt(project, "Arn"),
                    RoleArn=GetAtt(starter, "Arn"),
                    RetryPolicy=RetryPolicy(MaximumRetryAttempts=10, MaximumEventAgeInSeconds=3600),
                )
            ],
        ),
        reason=without_dead_letters(
            "the next run does the same.",
            "A webhook that never came, or was refused for good, is made good by the next run.",
        ),
    )
    has_email = t.condition("HasAlarmEmail", Not(Equals(p.AlarmEmail, "")))
    alarms = t.add(alarm_topic("AlarmTopic", email=p.AlarmEmail, when=has_email))
    t.add(
        failed_builds_alarm(
            "MirrorFailed",
            project=project,
            topic=alarms.topic,
            description="A build of Mirror failed: it is behind Backlog until one succeeds",
        )
    )
    t.add(
        failed_starts_alarm(
            "MirrorNotStarted",
            rule=rule,
            topic=alarms.topic,
            description="Reconcile could not start a build; may its role?",
        )
    )
    t.output("AlarmTopic", Ref(alarms.topic), "Topic that hears of failed builds")
