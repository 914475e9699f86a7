"""Finds nested templates of a CDK assembly by the asset manifests that the CDK writes.

The CDK uploads a nested template to a bucket under its digest. Which file of the assembly that is
stands in `STACK.assets.json`, which `cdk deploy` uses, and in the metadata of the resource. The
bucket has to be the one that the manifest names: another address is another template.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cfngen.cloudformation.source import Source
from cfngen.cloudformation.values import readable

TEMPLATE, ASSETS = ".template.json", ".assets.json"
PATH = "aws:asset:path"
# S3's own addresses, by path; another host's is another template, whatever the path looks like.
HOST = re.compile(
    r"https://s3(?:[.-](?:[a-z0-9-]+|\$\{AWS::Region\}))?"
    r"\.(?:amazonaws\.com(?:\.cn)?|\$\{AWS::URLSuffix\})(?=/)"
)
# How the bucket of an account that was bootstrapped for the CDK is called, and parameters of old.
BUCKET = re.compile(r"/cdk-[a-z0-9]+-assets-\$\{AWS::AccountId\}-|\$\{AssetParameters[0-9a-f]+S3")


def asset(sources: tuple[Source, ...], attributes: dict[str, Any], url: str) -> Source | None:
    """Return the file that the CDK uploads to an address, `None` if there is none.

    Args:
        sources: the template and those around it, one of which the assembly has a manifest for.
        attributes: what a resource has beside its properties.
        url: the address, resolved.
    """
    host, path_ = HOST.match(address := str(readable(url))), ""
    if host is None:
        return None
    path_ = address[host.end() :]
    for source in sources:
        for key, bucket, path in _manifest(source):
            if path_ == f"/{bucket}/{key}":
                return source.beside(path)
    metadata = attributes.get("Metadata")
    written = metadata.get(PATH) if isinstance(metadata, dict) else None
    if isinstance(written, str) and BUCKET.match(path_):
        return sources[0].beside(written)
    return None


def _manifest(source: Source) -> list[tuple[str, str, str]]:
    """Return key, bucket and path of every file in the manifest of a template."""
    name = source.file.replace("\\", "/").rpartition("/")[2]
    if not name.endswith(TEMPLATE):
        return []
    manifest = source.beside(name.removesuffix(TEMPLATE) + ASSETS)
    try:
        files = json.loads(manifest.text)["files"] if manifest else {}
        return [
            (place["objectKey"], place["bucketName"], file["source"]["path"])
            for file in files.values()
            for place in file["destinations"].values()
            if isinstance(file["source"]["path"], str)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
