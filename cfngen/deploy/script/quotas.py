"""Which quotas of an account a template's builds and tasks run into, and the check of them."""

from __future__ import annotations

from typing import Any

from cfngen.cloudformation.service_quotas import ServiceQuota, concurrent_builds, fargate_vcpus
from cfngen.cloudformation.template import TemplateBody

# Without the right to ask Service Quotas a script goes on: most people who deploy lack it.
REQUIRE_QUOTA = """\
require_quota() { # TEMPLATE SERVICE QUOTA-CODE QUOTA-NAME [--region REGION]
  actual=$(aws service-quotas get-service-quota --service-code "$2" --quota-code "$3" \\
    --query Quota.Value --output text ${5+"$5" "$6"} 2> /dev/null) ||
    actual=$(aws service-quotas get-aws-default-service-quota --service-code "$2" \\
      --quota-code "$3" --query Quota.Value --output text ${5+"$5" "$6"} 2> /dev/null) ||
    actual=""
  case $actual in
    0 | 0.0)
      echo "$1: the quota \\"$4\\" ($3 of $2) is 0; request an increase in Service Quotas" >&2
      problems=1
      ;;
    "" | None) echo "$1: the quota \\"$4\\" ($3 of $2) could not be read" >&2 ;;
  esac
}"""


def quotas(template: TemplateBody) -> tuple[ServiceQuota, ...]:
    """Return the quotas that builds and Fargate tasks of a template count against, each once.

    What parameters decide is as their defaults have it.
    """
    quotas: list[ServiceQuota | None] = []
    for name in template.of_type("AWS::CodeBuild::Project"):
        environment = template.section("Resources")[name].get("Properties", {}).get("Environment")
        if isinstance(environment, dict):
            kind, size = (
                _by_default(template, environment.get(key)) for key in ("Type", "ComputeType")
            )
            quotas.append(concurrent_builds(kind, size))
    tasks = template.of_type("AWS::ECS::TaskDefinition").values()
    if any("FARGATE" in task.properties.get("RequiresCompatibilities", []) for task in tasks):
        quotas.append(fargate_vcpus("FARGATE_SPOT" if _on_spot(template) else "FARGATE"))
    return tuple(dict.fromkeys(quota for quota in quotas if quota))


def _by_default(template: TemplateBody, value: Any) -> str:
    """Return a value as text: of a parameter, its default."""
    if isinstance(value, dict) and isinstance(name := value.get("Ref"), str):
        return template.defaults.get(name, "")
    return str(value)


def _on_spot(template: TemplateBody) -> bool:
    """Return whether a cluster of the template is for spare capacity."""
    clusters = template.of_type("AWS::ECS::Cluster").values()
    return any("FARGATE_SPOT" in c.properties.get("CapacityProviders", []) for c in clusters)
