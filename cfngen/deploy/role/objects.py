"""Objects in buckets that a resource names: its code, a layer, an API's document, a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfngen.cloudformation.template import Resource
from cfngen.cloudformation.text import AnyText, Text, readable_text
from cfngen.cloudformation.values import references
from cfngen.deploy.role.arns import ActionResources, of_resource
from cfngen.deploy.role.destination import Destination
from cfngen.deploy.role.names import describe_unknown, patterns

BUCKET = "AWS::S3::Bucket"
# Actions that read an object, for a resource that is no bucket itself.
READS = re.compile(r"s3:GetObject(Version|Attributes|Tagging|VersionTagging)?\Z")
# ... and what is asked of the bucket that it is in.
LOOKS = re.compile(r"s3:(ListBucket(Versions)?|GetBucket(Location|Versioning))\Z")
# How a property with a bucket is called, what follows its own word for it, and what the property
# beside it that has the object is called instead.
BUCKET_KEY = re.compile(r"(?i)(?P<word>.*?)bucket(name|arn)?\Z")
OBJECT_KEYS = ("key", "objectkey", "filekey", "keyname", "objectname", "object")
PREFIX_KEYS = ("prefix", "keyprefix", "objectprefix", "path")
LOCATIONS = (
    re.compile(r"s3://(?P<bucket>[^/\s]+)(/(?P<key>\S*))?"),
    re.compile(r"arn:[^:\s]+:s3:::(?P<bucket>[^/\s:]+)/(?P<key>\S+)"),
    re.compile(
        r"https://(?P<bucket>[^/\s]+?)\.s3(express)?([.-][a-z0-9*-]+)*\.amazonaws\.com(\.cn)?/"
        r"(?P<key>[^\s?#]+)"
    ),
    re.compile(
        r"https://s3([.-][a-z0-9*-]+)*\.amazonaws\.com(\.cn)?/(?P<bucket>[^/\s]+)/(?P<key>[^\s?#]+)"
    ),
)


def objects_read(
    action: str, resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources | None:
    """Return the objects or buckets that an action reads for a resource, if it names any.

    `None` for other actions, and for what is of S3 itself, which reads nobody else's objects.
    """
    if resource.type.startswith("AWS::S3::"):
        return None
    if READS.match(action):
        return named_objects(resource, resources, destination)
    if LOOKS.match(action) and (objects := named_objects(resource, resources, destination)):
        buckets = dict.fromkeys(arn.partition("/")[0] for arn in objects.arns)
        return ActionResources(tuple(buckets), objects.note)
    return None


def named_objects(
    resource: Resource, resources: dict[str, Resource], destination: Destination
) -> ActionResources | None:
    """Return the ARNs of the objects that a resource names, `None` if it names none.

    Args:
        resource: such as a function with `Code: {S3Bucket: …, S3Key: …}`.
        resources: the template's, of which a bucket may be one.
        destination: where the stack is deployed to.
    """
    arns: dict[str, None] = {}
    notes: dict[str, None] = {}
    for bucket, (key, end), where in _named(resource.properties, ""):
        keys = [_whole(pattern + end) for pattern in patterns(key, destination)]
        for name in _buckets(bucket, resources, destination):
            arns |= dict.fromkeys(_object(name, key, destination) for key in keys)
            if name == "*":
                notes[f"{where} of {resource.name} is {describe_unknown(bucket, destination)}"] = (
                    None
                )
    for text in _texts(resource.properties):
        if not re.search(r"\s", readable_text(text)):
            for pattern in patterns(text, destination):
                arns |= dict.fromkeys(object_arn(pattern, destination))
    return ActionResources(tuple(arns), "; ".join(notes)) if arns else None


def object_arn(pattern: str, destination: Destination) -> list[str]:
    """Return the ARN of the object that a URL, an `s3://` or an ARN is, nothing of other text.

    >>> object_arn("s3://shop/code/", Destination("shop"))
    ['arn:*:s3:::shop/code/*']
    >>> object_arn("code.zip", Destination("shop"))
    []
    """
    for location in LOCATIONS:
        if match := location.fullmatch(pattern):
            key = match["key"] or "*"
            whole = key + "*" if key.endswith("/") else key
            return [_object(match["bucket"], whole, destination)]
    return []


def _object(bucket: str, key: str, destination: Destination) -> str:
    return destination.arn("s3", f"{bucket}/{key}", region="", account="")


def _whole(key: str) -> str:
    return re.sub(r"\*+", "*", key.removeprefix("/")) or "*"


def _named(value: Any, path: str) -> Iterator[tuple[Any, tuple[Any, str], str]]:
    """Yield buckets, each with the object beside it, what may follow that, and its own path."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item, path)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        where = f"{path}.{key}" if path else str(key)
        if isinstance(inner, dict | list) and not _is_choice(inner):
            yield from _named(inner, where)
        elif (match := BUCKET_KEY.match(str(key))) and inner not in ("", None):
            yield inner, _beside(value, match["word"].lower()), where


def _is_choice(value: Any) -> bool:
    """Whether a value is one of two texts, by a condition."""
    choice = value.get("Fn::If") if isinstance(value, dict) else None
    return isinstance(choice, list) and not any(
        isinstance(branch, dict | list) for branch in choice
    )


def _beside(value: dict[str, Any], word: str) -> tuple[Any, str]:
    """Return the object that stands beside a bucket, and what may follow its name.

    If only the bucket is there, it is any object.
    """
    by_lower_name = {str(key).lower(): inner for key, inner in value.items()}
    for start in dict.fromkeys((word, "")):
        for names, end in ((OBJECT_KEYS, ""), (PREFIX_KEYS, "*")):
            for name in names:
                key = by_lower_name.get(start + name)
                if key not in ("", None) and (isinstance(key, str | Text) or _is_choice(key)):
                    return key, end
    return None, ""


def _buckets(value: Any, resources: dict[str, Resource], destination: Destination) -> list[str]:
    """Return what a bucket may be called."""
    buckets = [
        resources[name]
        for name in sorted({name for name, _ in references(value)} & set(resources))
        if resources[name].type == BUCKET
    ]
    arns = [
        arn for bucket in buckets for arn in of_resource("s3", "bucket", bucket, destination).arns
    ]
    return [_name(bucket) for bucket in arns or patterns(value, destination)]


def _name(text: str) -> str:
    """Return a bucket's name without what stands before it in its ARN."""
    return text.rpartition(":::")[2] or "*"


def _texts(value: Any) -> Iterator[AnyText]:
    if isinstance(value, str | Text):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
