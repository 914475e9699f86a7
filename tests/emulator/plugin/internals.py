"""The names inside of ministack that the plug-in calls or replaces.

None of them is promised by ministack: its version is pinned, and this says what an upgrade broke.
"""

from __future__ import annotations

import importlib
import inspect

CHANGED = (
    "This ministack is not the one that the plug-in was written for. "
    "Pin the version in tests/emulator/ministack.txt that it was, or mend tests/emulator/plugin:"
)

# By module: what is a table, and what is a function with which parameters (those that we rely on).
TABLES = {
    "ministack.app": ["SERVICE_HANDLERS", "AUTH"],
    "ministack.core.iam_actions": ["SERVICE_TO_IAM_NAMESPACE"],
    "ministack.core.router": ["SERVICE_PATTERNS"],
    "ministack.services.apigateway_v1": ["_account_settings", "_resources"],
    "ministack.services.cloudformation": ["_change_sets", "_exports", "_stack_events", "_stacks"],
    "ministack.services.cloudformation.handlers": ["_ACTION_HANDLERS"],
    "ministack.services.cloudformation.provisioners": ["_RESOURCE_HANDLERS"],
    "ministack.services.cloudwatch_logs": ["_log_groups"],
    "ministack.services.codebuild": ["_builds", "_projects"],
    "ministack.services.eventbridge": ["_event_bus_policies", "_event_buses", "_rules", "_targets"],
    "ministack.services.iam": ["_roles"],
    "ministack.services.lambda_svc": ["_functions"],
    "ministack.services.s3": ["_buckets"],
    "ministack.services.ec2": ["_nat_gateways", "_security_groups", "_subnets"],
    "ministack.services.ecs": ["_clusters", "_task_defs", "_tasks"],
    "ministack.services.sqs": ["_HANDLERS", "_queues"],
    "ministack.services.sts": ["_sessions"],
}
FUNCTIONS: dict[str, dict[str, list[str] | None]] = {
    "ministack.app": {
        "_dispatch_service_request": ["method", "path", "headers", "body"],
        "app": ["scope", "receive", "send"],
        "main": [],
    },
    "ministack.core.iam_actions": {
        "_action_from_target": ["headers"],
        "extract_resource_arn": [
            *("service", "method", "path", "headers", "body", "query_params", "region"),
            "account_id",
        ],
        "request_tag_context": ["service", "iam_action", "body", "params"],
        "_query_param": [],
    },
    "ministack.core.iam_evaluator": {
        "EvalContext": ["principal_arn", "action", "resource_arn", "region", "service_context"],
        "enforce": ["access_key_id", "iam_action", "service", "region", "resource_arn"],
        "pin_request_origin": ["source_ip", "secure_transport"],
        "is_root_access_key": ["access_key_id"],
        "resolve_credential": ["access_key_id"],
        "evaluate_resource_policy": ["doc", "ctx", "service"],
        "_resolve_condition_key": ["key", "ctx"],
        "_conditions_met": ["conditions", "ctx"],
        "_resource_policy": ["service", "resource_arn"],
        "_service_principal_matches": ["principal", "service"],
        "validate_policy_document": ["doc"],
    },
    "ministack.core.lambda_runtime": {
        "execution_credentials": ["config"],
        "subprocess": None,
    },
    "ministack.core.responses": {
        "get_account_id": [],
        "get_region": [],
        "set_request_account_id": ["access_key_id"],
        "set_request_region": ["region"],
        "json_response": ["data"],
        "error_response_json": ["code", "message", "status"],
    },
    "ministack.services.apigateway_v1": {
        "_invoke_authorizer_lambda": ["authorizer", "event", "account_id", "region"],
        "_request_identity_sources": ["identity_source", "headers"],
        "_invoke_lambda_custom_v1": ["integration", "api_id", "stage_name", "stage", "headers"],
        "_update_account": ["data"],
        "_v1_error": ["code", "message", "status"],
    },
    "ministack.services.cloudformation.provisioners": {
        "_codebuild_project_create": ["logical_id", "props", "stack_name"],
        "_codebuild_project_update": ["physical_id", "old_props", "new_props", "stack_name"],
        "_normalize_container_defs": ["cdefs"],
        "_pascal_to_camel": ["obj"],
        "_sqs_queue_fields": ["props", "is_fifo"],
        "_physical_name": ["stack_name", "logical_id"],
    },
    "ministack.services.cloudformation.changesets": {
        "_resolve_parameters": ["template", "provided_params", "previous_params"]
    },
    "ministack.services.cloudformation.handlers": {
        "_imported_export_names": ["stack", "stack_name"],
        "_parse_template": [],
        "_resolve_parameters": ["template", "provided_params", "previous_params"],
    },
    "ministack.services.cloudformation.helpers": {
        "_error": ["code", "message", "status"],
        "_p": [],
        "_resolve_template": ["params"],
    },
    "ministack.services.cloudformation.stacks": {
        "_add_event": ["stack_id", "stack_name", "logical_id", "resource_type", "status"],
        "_delete_resource": [],
        "_provision_resource": ["resource_type", "logical_id", "props", "stack_name"],
        "_resolve_dynamic_references": ["value"],
        "_resolve_stack_outputs": ["outputs_defs", "conditions", "resources", "stack_id"],
        "_update_resource": ["resource_type", "physical_id", "old_props", "new_props"],
        "_runs_on_worker_thread": ["resource_type"],
    },
    "ministack.services.codebuild": {
        "_project_shape": ["project"],
        "_start_build": ["data"],
        "_stop_build": ["data"],
    },
    "ministack.services.ecr": {"_describe_images": ["data"], "_put_image": ["data"]},
    "ministack.services.ecs": {
        "_delete_cluster": ["data"],
        "_resolve_cluster_name": [],
        "_resolve_td_key": ["ref"],
    },
    "ministack.services.eventbridge": {
        "_invoke_target": ["target", "event", "rule", "view"],
        "_apply_input_transformer": ["transformer", "rule", "view"],
        "_pattern_event_view": ["event"],
        "_put_events": ["data", "allow_aws_source"],
        "_put_permission": ["data"],
    },
    "ministack.services.iam": {"_trust_policy_not_principal_error": ["doc"]},
    "ministack.services.lambda_svc": {
        "_event_invoke_config": ["func", "qualifier"],
        "_execute_function": ["func", "event"],
        "_execution_record_for_config": ["func", "config"],
        "_get_func_record_for_ref": ["function_ref"],
        "_iter_all_esms": [],
        "_invoke": ["name", "event", "headers", "path_qualifier", "query_params"],
        "execution_credentials": ["config"],
        "invoke_async_with_retry": ["func", "event"],
    },
    "ministack.services.s3": {"_bucket_has_versions": ["name"]},
    "ministack.services.sqs": {
        "_get_q": ["url"],
        "_Err": ["code", "message"],
        "_queue_url": ["name"],
    },
    "ministack.services.sts": {"register_session": ["access_key", "session"]},
}


def changed() -> list[str]:
    """Say what is not there, or not as it was: a line each."""
    problems = []
    for module in {**TABLES, **FUNCTIONS}:
        try:
            inside = importlib.import_module(module)
        except ImportError as error:
            problems.append(f"- {module}: {error}")
            continue
        expected = dict.fromkeys(TABLES.get(module, [])) | FUNCTIONS.get(module, {})
        for name, parameters in expected.items():
            if not hasattr(inside, name):
                problems.append(f"- {module}.{name} is not there")
            elif parameters is not None:
                found = inspect.signature(getattr(inside, name)).parameters
                missing = [parameter for parameter in parameters if parameter not in found]
                if missing:
                    problems.append(f"- {module}.{name} does not take {', '.join(missing)}")
    return problems
