"""A private bucket that `aws cloudformation deploy` passes large templates through."""

from troposphere import Ref

from cfngen import Template, blueprint, waive
from cfngen.patterns import cache_bucket

from .parameters import Params


@blueprint
def template_bucket() -> Template:
    """Make a private bucket for templates that are too large to be deployed without one."""
    t = Template()
    p = t.declare(Params)
    bucket = t.add(
        cache_bucket("Templates", days=p.TemplateDays),
        reason="A template lies here while CloudFormation reads it; it can be uploaded again.",
    )
    waive(
        bucket.bucket,
        "checkov:CKV_AWS_21",
        "cfripper:S3ObjectVersioningRule",
        reason="A template is uploaded under the digest of its content, so there is no older"
        " version of it to keep.",
    )
    waive(
        bucket.bucket,
        "checkov:CKV_AWS_18",
        "cdk-nag:AwsSolutions-S1",
        reason="A log would need a bucket of its own, for objects that expire; CloudTrail notes"
        " each change set with the template's address.",
    )
    t.output(
        "TemplateBucket",
        Ref(bucket.bucket),
        "Name of the bucket, to give to `aws cloudformation deploy` with --s3-bucket.",
    )
    return t
