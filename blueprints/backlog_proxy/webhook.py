"""The URL that Backlog calls, its guard and its credentials."""

from awacs import secretsmanager
from troposphere import Ref, Split
from troposphere.codebuild import Project
from troposphere.secretsmanager import GenerateSecretString, Secret

from cfngen import Payloads, Template, allow, waive
from cfngen.patterns import (
    Webhook,
    firewall,
    log_group,
    python_function,
    role,
    start_builds,
    webhook,
)

from .options import Options
from .parameters import Params

payload = Payloads(__package__)

# Credentials in either place cannot be identity sources: API Gateway refuses what lacks one.
CALLER = "context.identity.sourceIp"
IDENTITY: dict[str, tuple[str, ...]] = {
    "any": (),
    "basic": ("method.request.header.Authorization", CALLER),
    "query_token": ("method.request.querystring.token", CALLER),
}


def add_webhook(t: Template, p: Params, options: Options, project: Project) -> Webhook:
    """Add the URL that Backlog calls, its guard and its credentials."""
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
    waive(
        secret,
        "checkov:CKV_AWS_149",
        reason="Secrets Manager encrypts it with the key that AWS manages, which the account alone"
        " can use through Secrets Manager; only the authorizer's role of this stack may read it.",
    )
    waive(
        secret,
        "cdk-nag:AwsSolutions-SMG4",
        reason="The password is a part of the URL that people register in Backlog, so that a"
        " rotation by itself would cut the webhook off; the README says how to rotate it.",
    )
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
    waive(
        guard.function,
        "checkov:CKV_AWS_116",
        reason="API Gateway calls it synchronously and gets the error itself; Lambda puts nothing"
        " from such calls into a queue.",
    )
    starter = t.add(
        role("StartRole", "apigateway", start_builds(project)),
        reason="Assumed by the webhook: it may start one build project, as that is configured.",
    )
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
            challenge=options.auth != "query_token",
            variables={"project": Ref(project)},
            identity=IDENTITY[options.auth],
            access_log=log,
        ),
    )
    if options.waf:
        t.add(firewall("Firewall", addresses=Split(",", p.AllowedCidrs), before=hook.stage_arn))
    t.output("WebhookUrl", hook.url, "URL to register in Backlog, with the credentials added.")
    t.output("WebhookCredentials", Ref(secret), "ARN of the secret with user name and password.")
    return hook
