"""Building blocks whose defaults are the safe ones; they return resources and touch no template."""

from cfngen.patterns.alarms import alarm, alarm_topic, failed_builds_alarm, failed_starts_alarm
from cfngen.patterns.buckets import cache_bucket
from cfngen.patterns.builds import (
    build_project,
    debug_statements,
    fetch_source,
    start_as_is,
    start_builds,
    variable,
    vpc_statements,
)
from cfngen.patterns.buildspec import buildspec
from cfngen.patterns.fargate import FargateTask, Placement, fargate_task
from cfngen.patterns.files import shared_files
from cfngen.patterns.firewall import firewall
from cfngen.patterns.functions import python_function
from cfngen.patterns.images import built_image, pull_images
from cfngen.patterns.logs import log_group, write_logs
from cfngen.patterns.network import callers_group, public_network
from cfngen.patterns.queues import (
    DeadLetters,
    OrderedQueue,
    dead_letters,
    ordered_queue,
    without_dead_letters,
)
from cfngen.patterns.roles import assumed_role, role, role_for_stack, role_policy
from cfngen.patterns.webhook import webhook

__all__ = [
    "DeadLetters",
    "FargateTask",
    "OrderedQueue",
    "Placement",
    "alarm",
    "alarm_topic",
    "assumed_role",
    "build_project",
    "buildspec",
    "built_image",
    "cache_bucket",
    "callers_group",
    "dead_letters",
    "debug_statements",
    "failed_builds_alarm",
    "failed_starts_alarm",
    "fargate_task",
    "fetch_source",
    "firewall",
    "log_group",
    "ordered_queue",
    "public_network",
    "pull_images",
    "python_function",
    "role",
    "role_for_stack",
    "role_policy",
    "shared_files",
    "start_as_is",
    "start_builds",
    "variable",
    "vpc_statements",
    "webhook",
    "without_dead_letters",
    "write_logs",
]
