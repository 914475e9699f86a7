"""What AWS's services take at most, each with the page that says so.

Those are the quotas of an account for which nobody has asked AWS for more.
"""

from __future__ import annotations

# Bytes of a template that is passed inline; from a bucket it may have 1 MB, and 500 resources
# (AWS page "CloudFormation quotas").
INLINE_LIMIT = 51_200
RESOURCES = 500

# Characters of policies, white space not counted: all inline policies of a role, user or group
# together, one managed policy, and the trust policy of a role
# (AWS page "IAM and AWS STS quotas").
ROLE_POLICIES = 10_240
USER_POLICIES = 2_048
GROUP_POLICIES = 5_120
MANAGED_POLICY = 6_144
TRUST_POLICY = 2_048

# Characters of the pattern of one rule (AWS page "Amazon EventBridge quotas"), and of the text that
# an input transformer fills in (EventBridge API reference, `InputTransformer`, `Target`).
EVENT_PATTERN = 2_048
INPUT_TEMPLATE = 8_192
TARGET_INPUT = 8_192

# Bytes of resource policies (AWS pages "Amazon SQS policy quotas", "Amazon SNS endpoints and
# quotas", "Bucket policies", "AWS KMS quotas", "Amazon ECR API reference: SetRepositoryPolicy",
# "CloudWatch Logs quotas").
QUEUE_POLICY = 8_192
TOPIC_POLICY = 30_720
BUCKET_POLICY = 20_480
KEY_POLICY = 32_768
REPOSITORY_POLICY = 10_240
LOGS_POLICY = 5_120

# Bytes of all environment variables of a function, as JSON (AWS page "Lambda quotas").
FUNCTION_ENVIRONMENT = 4_096
# Bytes of a task definition (AWS page "Amazon ECS service quotas").
TASK_DEFINITION = 65_536
# Characters of a buildspec that stands in a project; CodeBuild refuses longer ones, though no page
# of AWS's says so (issue 30326 of aws/aws-cdk).
BUILDSPEC = 25_600
