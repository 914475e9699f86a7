# Made by `python tests/support/pattern_pages.py` from the modules' `__all__`.

from cfngen.patterns.alarms import (
    AlarmTopic,
    alarm,
    alarm_topic,
    dead_letters_alarm,
    email_parameter,
    email_topic,
    failed_builds_alarm,
    failed_starts_alarm,
)
from cfngen.patterns.buckets import CacheBucket, bucket_policy, cache_bucket, private_bucket
from cfngen.patterns.build_permissions import (
    debug_statements,
    fetch_source,
    start_as_is,
    start_builds,
    vpc_statements,
)
from cfngen.patterns.builds import build_project, variable
from cfngen.patterns.buildspec import buildspec
from cfngen.patterns.custom_resources import (
    CustomResourceFunction,
    custom_resource,
    custom_resource_function,
)
from cfngen.patterns.fargate import FargateTask, Placement, fargate_task
from cfngen.patterns.fargate_sizes import size_problems
from cfngen.patterns.files import SharedFiles, shared_files
from cfngen.patterns.firewall import Firewall, firewall
from cfngen.patterns.functions import PythonFunction, python_function
from cfngen.patterns.image_findings import image_findings_rule
from cfngen.patterns.image_permissions import pull_images, repository_arn, repository_name
from cfngen.patterns.image_stacks import (
    ImageOptions,
    ImageStack,
    ImageStackParameters,
    image_revision,
    image_stack,
    parameter_name,
    published_image,
)
from cfngen.patterns.images import BuiltImage, built_image
from cfngen.patterns.logs import RETENTION_DAYS, log_group, write_logs
from cfngen.patterns.network import PublicNetwork, callers_group, public_network
from cfngen.patterns.pipelines import action, artifact_store, pipeline, rule
from cfngen.patterns.polled_queues import PolledQueue, polled_queue
from cfngen.patterns.published_files import (
    PublishedFiles,
    archive_arn,
    archive_name,
    fetch_published,
    files_parameter,
    published_files,
)
from cfngen.patterns.pushes import (
    policy_problems,
    push_pattern,
    push_patterns,
    repositories_parameter,
    repository_problems,
)
from cfngen.patterns.queues import (
    DeadLetters,
    OrderedQueue,
    dead_letters,
    ordered_queue,
    without_dead_letters,
)
from cfngen.patterns.region_rules import arm_builds_rule, codecommit_rule
from cfngen.patterns.roles import assumed_role, role, role_arn, role_for_stack, role_policy
from cfngen.patterns.standalone_builds import BuildProject, standalone_build
from cfngen.patterns.start_targets import Startable
from cfngen.patterns.starts import Start, start_on_event, start_on_schedule
from cfngen.patterns.stores import (
    Store,
    bucket_name,
    role_path,
    store,
    store_buckets,
    store_key_policy,
    store_objects,
    stores_name,
)
from cfngen.patterns.task_starters import see_tasks, task_starter
from cfngen.patterns.tasks import (
    TaskImage,
    TaskNetwork,
    TaskOptions,
    TaskParameters,
    task_image,
    task_network,
)
from cfngen.patterns.webhook import Webhook, webhook
from cfngen.patterns.windows import StageSchedules, Window, closed, may_switch, stage_schedules

__all__ = [
    "RETENTION_DAYS",
    "AlarmTopic",
    "BuildProject",
    "BuiltImage",
    "CacheBucket",
    "CustomResourceFunction",
    "DeadLetters",
    "FargateTask",
    "Firewall",
    "ImageOptions",
    "ImageStack",
    "ImageStackParameters",
    "OrderedQueue",
    "Placement",
    "PolledQueue",
    "PublicNetwork",
    "PublishedFiles",
    "PythonFunction",
    "SharedFiles",
    "StageSchedules",
    "Start",
    "Startable",
    "Store",
    "TaskImage",
    "TaskNetwork",
    "TaskOptions",
    "TaskParameters",
    "Webhook",
    "Window",
    "action",
    "alarm",
    "alarm_topic",
    "archive_arn",
    "archive_name",
    "arm_builds_rule",
    "artifact_store",
    "assumed_role",
    "bucket_name",
    "bucket_policy",
    "build_project",
    "buildspec",
    "built_image",
    "cache_bucket",
    "callers_group",
    "closed",
    "codecommit_rule",
    "custom_resource",
    "custom_resource_function",
    "dead_letters",
    "dead_letters_alarm",
    "debug_statements",
    "email_parameter",
    "email_topic",
    "failed_builds_alarm",
    "failed_starts_alarm",
    "fargate_task",
    "fetch_published",
    "fetch_source",
    "files_parameter",
    "firewall",
    "image_findings_rule",
    "image_revision",
    "image_stack",
    "log_group",
    "may_switch",
    "ordered_queue",
    "parameter_name",
    "pipeline",
    "policy_problems",
    "polled_queue",
    "private_bucket",
    "public_network",
    "published_files",
    "published_image",
    "pull_images",
    "push_pattern",
    "push_patterns",
    "python_function",
    "repositories_parameter",
    "repository_arn",
    "repository_name",
    "repository_problems",
    "role",
    "role_arn",
    "role_for_stack",
    "role_path",
    "role_policy",
    "rule",
    "see_tasks",
    "shared_files",
    "size_problems",
    "stage_schedules",
    "standalone_build",
    "start_as_is",
    "start_builds",
    "start_on_event",
    "start_on_schedule",
    "store",
    "store_buckets",
    "store_key_policy",
    "store_objects",
    "stores_name",
    "task_image",
    "task_network",
    "task_starter",
    "variable",
    "vpc_statements",
    "webhook",
    "without_dead_letters",
    "write_logs",
]
