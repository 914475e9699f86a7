"""Parameters of the Backlog proxy's template."""

from cfngen import Parameters, first_of, parameter
from cfngen.patterns.alarms import email_parameter
from cfngen.patterns.logs import RETENTION_DAYS
from cfngen.patterns.published_files import files_parameter

from ..mirror_program.branches import branches_parameter
from ..mirror_program.program import PARAMETER, STACK, WHAT

PATH = r"/[A-Za-z0-9_./-]{1,1000}"
CIDRS = r"[0-9a-fA-F.:]+/[0-9]{1,3}(,[0-9a-fA-F.:]+/[0-9]{1,3})*"
CIDRS_4 = r"[0-9.]+/[0-9]{1,2}(,[0-9.]+/[0-9]{1,2})*"


class Params(Parameters):
    """Parameters of the template."""

    BacklogSpaceKey = parameter(
        "Key of the Backlog space, such as xxx for xxx.backlog.com.",
        AllowedPattern="[a-z0-9][a-z0-9-]{0,62}",
        group="Backlog",
    )
    BacklogDomain = parameter(
        "Domain of the Backlog space.",
        Default="backlog.com",
        AllowedValues=["backlog.com", "backlog.jp", "backlogtool.com"],
    )
    BacklogProjectKey = parameter(
        "Key of the Backlog project, in capitals.",
        AllowedPattern="[A-Z][A-Z0-9_]{0,24}",
    )
    BacklogRepository = parameter(
        "Name of the Git repository in the project.",
        AllowedPattern="[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
    )
    Branches = branches_parameter()
    BacklogKey = first_of(
        parameter(
            "Path of the SecureString parameter with the private SSH key.",
            AllowedPattern=PATH,
            ConstraintDescription="Enter a name such as /backlog/ssh-key.",
            when=lambda o: o.key_store == "parameter_store",
        ),
        parameter(
            "ARN of the secret that holds the private SSH key.",
            AllowedPattern="arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+",
            ConstraintDescription="Enter the ARN of a secret.",
        ),
    )
    BacklogHostKeys = first_of(
        parameter(
            "Lines of known_hosts for the space's Git host. Verify them before you enter them.",
            AllowedPattern=r"[\s\S]*(ssh|ecdsa)-[\s\S]+",
            ConstraintDescription="Enter lines as ssh-keyscan prints them.",
            when=lambda o: o.host_keys == "parameter",
        ),
        parameter(
            "Path of the String parameter that holds the lines of known_hosts for the space's Git"
            " host.",
            AllowedPattern=PATH,
            ConstraintDescription="Enter a name such as /backlog/host-keys.",
            when=lambda o: o.host_keys == "parameter_store",
        ),
    )
    RepositoryName = parameter(
        "Name of the CodeCommit repository that is the mirror.",
        AllowedPattern=r"(?!.*\.git$)[A-Za-z0-9._-]{1,100}",
        ConstraintDescription="Enter a name that does not end in .git.",
        group="CodeCommit",
    )
    AllowedCidrs = first_of(
        parameter(
            "IPv4 CIDR ranges that may call the webhook, separated by commas.",
            AllowedPattern=CIDRS_4,
            ConstraintDescription="Enter ranges such as 192.0.2.0/24,198.51.100.7/32.",
            group="Webhook",
            when=lambda o: o.waf,
        ),
        parameter(
            "CIDR ranges that may call the webhook, separated by commas. Leave empty to allow any.",
            Default="",
            AllowedPattern=f"|{CIDRS}",
            ConstraintDescription="Enter ranges such as 192.0.2.0/24, or leave it empty.",
            group="Webhook",
        ),
    )
    VpcId = parameter(
        "VPC that the builds run in.",
        Type="AWS::EC2::VPC::Id",
        group="Network",
        when=lambda o: o.in_vpc,
    )
    PrivateSubnetId1 = parameter(
        "Private subnet with a route to a NAT gateway.",
        Type="AWS::EC2::Subnet::Id",
        when=lambda o: o.in_vpc,
    )
    PrivateSubnetId2 = parameter(
        "Private subnet in another zone, with a route to a NAT gateway.",
        Type="AWS::EC2::Subnet::Id",
        when=lambda o: o.in_vpc,
    )
    FileSystemId = parameter(
        "EFS file system for Git data, an output of build-files.",
        AllowedPattern="fs-[0-9a-f]{8,40}",
        ConstraintDescription="Enter an ID such as fs-0123456789abcdef0.",
        when=lambda o: o.cache == "efs",
    )
    SecurityGroupId = parameter(
        "Security group of the builds, an output of build-files.",
        Type="AWS::EC2::SecurityGroup::Id",
        when=lambda o: o.cache == "efs",
    )
    ReconcileSchedule = parameter(
        "How often to mirror without a webhook call.",
        Default="rate(1 day)",
        AllowedPattern=r"(rate|cron)\(.+\)",
        ConstraintDescription="Enter an expression such as rate(1 day) or cron(0 3 * * ? *).",
        group="Operation",
    )
    MaxDeletions = parameter(
        "Maximum number of branches and tags that a build may delete. Leave empty for no limit.",
        Default="100",
        AllowedPattern="[0-9]{0,6}",
        ConstraintDescription="Enter a number, or leave it empty.",
    )
    SilentHours = parameter(
        "Number of hours without a successful build after which an alarm is raised. Choose more"
        " than the interval of ReconcileSchedule.",
        Type="Number",
        Default=30,
        MinValue=2,
        MaxValue=168,
    )
    AlarmEmail = email_parameter()
    BuildMinutes = parameter(
        "Timeout of a build in minutes.",
        Type="Number",
        Default=60,
        MinValue=5,
        MaxValue=480,
    )
    ComputeType = parameter(
        "Compute type of the builds.",
        Default="BUILD_GENERAL1_SMALL",
        AllowedValues=["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"],
    )
    LogDays = parameter(
        "Number of days to keep logs.",
        Type="Number",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
    )
    CacheDays = parameter(
        "Number of days after which the cache expires.",
        Type="Number",
        Default=30,
        MinValue=1,
        MaxValue=365,
        when=lambda o: o.cache == "s3",
    )
    ProgramParameter = files_parameter(PARAMETER, STACK, what=WHAT, group="Program")
