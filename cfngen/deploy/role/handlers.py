"""The actions that the handlers of a type need, as IAM writes them today.

Schemas are older than some renames, and write some services as their SDK or their team does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cfngen.cloudformation.schemas import OPERATIONS, iam_actions, schema

# What schemas call services that IAM calls otherwise.
RENAMED_SERVICES = {
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "stepfunctions": "states",
}
# Services that have two prefixes, as there are ARNs with both: an action needs that of the ARN.
# Source: https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
TWO_PREFIXES = (("codestar-connections", "codeconnections"),)
NEWER = "AWS::CodeConnections::"  # what these make has the newer prefix only
# What schemas name by an operation of the API that another action allows.
# Source: the service authorization reference of each service.
ALLOWED_BY = {
    "apigateway:TagResource": ("apigateway:PUT",),
    "apigateway:UntagResource": ("apigateway:DELETE",),
    "apigateway:unTagResource": ("apigateway:DELETE",),
    "apigateway:GetTags": ("apigateway:GET",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "lambda:TagResource20170331v2": ("lambda:TagResource",),
    "lambda:UntagResource20170331v2": ("lambda:UntagResource",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:GetObjectMetadata": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:listBuckets": ("s3:ListAllMyBuckets",),
}


@cache
def actions(type_: str) -> tuple[str, ...]:
    """Return the actions of all handlers of a type, in their order, each once."""
    of_type = schema(type_)
    handler_actions = [
        name
        for operation in OPERATIONS
        for action in of_type.permissions(operation)
        if ":" in action
        for name in _today(action, type_)
    ]
    return tuple(dict.fromkeys(handler_actions))


def exists(action: str) -> bool:
    """Whether IAM has an action, or any that a pattern of them matches."""
    service, _, verb = action.partition(":")
    verbs = iam_actions().get(service, ())
    if "*" in verb:
        pattern = re.compile(re.escape(verb.lower()).replace(r"\*", ".*"))
        return any(pattern.fullmatch(other) for other in verbs)
    return verb.lower() in verbs


def prefixes(service: str) -> tuple[str, ...]:
    """Return the prefixes of a service's actions and ARNs, the one that is given first."""
    for names in TWO_PREFIXES:
        if service in names:
            return tuple(dict.fromkeys((service, *names)))
    return (service,)


def _today(action: str, type_: str) -> Iterator[str]:
    """Yield what IAM calls an action; as it is written, where IAM has none like it."""
    service, _, verb = action.partition(":")
    small = service.lower()
    plain = f"{RENAMED_SERVICES.get(small, small)}:{verb}"
    if not exists(plain):
        yield action
        yield from ALLOWED_BY.get(action, ())
        return
    yield plain
    if type_.startswith(NEWER):
        return
    for other in prefixes(plain.partition(":")[0])[1:]:
        if exists(f"{other}:{verb}"):
            yield f"{other}:{verb}"
