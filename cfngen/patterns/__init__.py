"""Building blocks whose defaults are the safe ones; they return resources and touch no template."""

from cfngen.patterns.alarms import alarm_topic, failed_builds_alarm
from cfngen.patterns.buckets import cache_bucket
from cfngen.patterns.builds import (
    build_project,
    debug_statements,
    start_builds,
    variable,
    vpc_statements,
)
from cfngen.patterns.buildspec import buildspec
from cfngen.patterns.files import shared_files
from cfngen.patterns.firewall import firewall
from cfngen.patterns.functions import python_function
from cfngen.patterns.logs import log_group, write_logs
from cfngen.patterns.roles import role
from cfngen.patterns.webhook import webhook

__all__ = [
    "alarm_topic",
    "build_project",
    "buildspec",
    "cache_bucket",
    "debug_statements",
    "failed_builds_alarm",
    "firewall",
    "log_group",
    "python_function",
    "role",
    "shared_files",
    "start_builds",
    "variable",
    "vpc_statements",
    "webhook",
    "write_logs",
]
