"""The SSH key that builds sign in with, and the keys by which they know Backlog's host."""

from typing import Any

from awacs import kms, secretsmanager, ssm
from troposphere import Ref, Sub
from troposphere.ssm import Parameter as StoredParameter

from cfngen import Statement, Template, allow, waive
from cfngen.patterns import (
    variable,
)

from .options import Options
from .parameters import Params

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"


def add_keys(t: Template, p: Params, options: Options) -> tuple[list[Any], list[Statement]]:
    """Return the variables that hold our key and the host's, and the right to read them."""
    if options.key_store == "parameter_store":
        variables = [variable("BACKLOG_KEY", p.BacklogKey, "PARAMETER_STORE")]
        arn = Sub(ARN % "ssm" + "parameter${BacklogKey}")
        statements = [allow(ssm.GetParameters, on=arn), _decrypt("ssm", {"PARAMETER_ARN": arn})]
    else:
        variables = [variable("BACKLOG_KEY", p.BacklogKey, "SECRETS_MANAGER")]
        arn = p.BacklogKey
        statements = [
            allow(secretsmanager.GetSecretValue, on=arn),
            _decrypt("secretsmanager", {"SecretARN": arn}),
        ]
    if options.host_keys == "parameter":
        variables.append(variable("BACKLOG_HOST_KEYS", p.BacklogHostKeys))
    elif options.host_keys == "parameter_store":
        variables.append(variable("BACKLOG_HOST_KEYS", p.BacklogHostKeys, "PARAMETER_STORE"))
        stored = Sub(ARN % "ssm" + "parameter${BacklogHostKeys}")
        statements.append(allow(ssm.GetParameters, on=stored))
    else:
        pinned = t.add(
            StoredParameter("HostKeys", Type="String", Value="none"),
            reason="The first build writes down the keys it met; every later one insists on them.",
        )
        variables.append(variable("HOST_KEYS_PARAMETER", Ref(pinned)))
        stored = Sub(ARN % "ssm" + "parameter/${HostKeys}")
        statements.append(allow(ssm.GetParameter, ssm.PutParameter, on=stored))
    return variables, statements


def _decrypt(service: str, context: dict[str, Any]) -> Statement:
    """Allow decrypting one secret of one service, under whichever key it is kept."""
    decrypt = allow(
        kms.Decrypt,
        on=Sub(ARN % "kms" + "key/*"),
        when={
            "StringEquals": {
                "kms:ViaService": Sub(f"{service}.${{AWS::Region}}.amazonaws.com"),
                **{f"kms:EncryptionContext:{name}": value for name, value in context.items()},
            }
        },
    )
    return waive(
        decrypt,
        "cdk-nag:AwsSolutions-IAM5/kms:key/*",
        reason="Which key a user keeps the SSH key under is not asked; the conditions let the role"
        " decrypt one parameter or secret, and through its service only.",
    )
