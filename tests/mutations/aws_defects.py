"""Defects that AWS alone would notice, were it not for a test: limits, permissions, receipts."""

from __future__ import annotations

from defects import Defect

AWS_DEFECTS = [
    Defect(
        "a resource may be called like a parameter",
        "cfngen/authoring/template.py",
        "        for other in SHARED if section in SHARED else (section,):\n",
        "        for other in (section,):\n",
        "tests/authoring/test_template.py::test_a_logical_id_is_given_once",
    ),
    Defect(
        "a role past 10,240 characters is not noticed",
        "cfngen/cloudformation/quotas.py",
        "ROLE_POLICIES = 10_240\n",
        "ROLE_POLICIES = 20_480\n",
        "tests/linting/rules/test_budgets.py::test_the_budgets_are_aws_s",
    ),
    Defect(
        "a pattern past 2,048 characters is not noticed",
        "cfngen/linting/rules/budgets.py",
        "    if (max_length := size(largest)) <= budget.limit:\n",
        "    if (max_length := size(largest)) <= budget.limit + 1:\n",
        "tests/linting/rules/test_budgets.py::test_each_budget_takes_what_aws_takes_and_not_one_more",
    ),
    Defect(
        "policies beside a role are not counted with those inside",
        "cfngen/linting/rules/budgets.py",
        "                    policies.setdefault((holder, str(who)), []).append(part)\n",
        "                    policies.setdefault((holder, name), []).append(part)\n",
        "tests/linting/rules/test_budgets.py::test_what_a_role_has_inside_and_beside_it_counts_together",
    ),
    Defect(
        "physical names are taken to be as short as logical IDs",
        "cfngen/cloudformation/physical_names.py",
        "    return before + min(len(logical_id), _kept(type_)) + 1 + MAX_SUFFIX\n",
        "    return min(len(logical_id), _kept(type_))\n",
        "tests/linting/rules/test_budgets.py::test_physical_names_count_at_their_longest",
    ),
    Defect(
        "the ends of all builds are in the pattern of one rule",
        "cfngen/patterns/pushes.py",
        "        if sum(length(name) + 2 for name in [*lists[-1], test]) > limit and lists[-1]:\n",
        "        if False:\n",
        "tests/blueprints/branch_builder/test_template.py::"
        "test_whatever_lists_the_options_take_aws_takes",
    ),
    Defect(
        "the worker's right to stop builds is never moved out of its full role",
        "blueprints/branch_builder/options.py",
        "        taken = POLICIES_TAKEN + 2 * self.project_policy_chars  # once to start, "
        "once to stop\n",
        "        taken = POLICIES_TAKEN\n",
        "tests/blueprints/branch_builder/test_template.py::"
        "test_whatever_lists_the_options_take_aws_takes",
    ),
    Defect(
        "the pairs of choices are single ones",
        "cfngen/testing/templates.py",
        "            chosen[second.option] = second.value\n",
        "            pass\n",
        "tests/test_pairs.py::test_a_clash_of_two_choices_is_noticed",
    ),
    Defect(
        "a parameter that nothing uses is asked for",
        "blueprints/branch_builder/options.py",
        "        return not (self.direct and self.existing_projects and not self.answers)\n",
        "        return True\n",
        "tests/blueprints/branch_builder/test_template.py::"
        "test_no_shape_asks_how_long_logs_are_kept_that_it_does_not_have",
    ),
    Defect(
        "only the first of the rules that hear of ends of builds may call the function",
        "blueprints/branch_builder/results.py",
        "    for rule in rules:\n        t.add(function.called_by(rule))",
        "    for rule in rules[:1]:\n        t.add(function.called_by(rule))",
        "tests/blueprints/branch_builder/test_template.py::"
        "test_ends_of_builds_are_heard_of_by_as_many_rules_as_it_takes",
    ),
    Defect(
        "the reason of a closed stage has a colon, which CodePipeline refuses",
        "cfngen/patterns/windows.py",
        "{self.hours.replace(':', '.')}",
        "{self.hours}",
        "tests/patterns/test_windows.py::test_every_window_has_a_reason_that_codepipeline_takes",
    ),
    Defect(
        "a pipeline is drawn with a reason that CodePipeline refuses",
        "cfngen/patterns/pipeline_checks.py",
        "not REASON.fullmatch(reason)",
        "not REASON.search(reason)",
        "tests/patterns/test_pipelines.py::test_what_codepipeline_would_refuse_or_not_do_is_refused_at_once",
    ),
    Defect(
        "a member of a schedule's input is misspelt",
        "cfngen/patterns/windows.py",
        '"StageName": stage,',
        '"Stage": stage,',
        "tests/patterns/test_windows.py::test_the_schedules_switch_one_stage_of_one_pipeline_in_time_or_not_at_all",
    ),
    Defect(
        "the source's role may not set the access list that it sends",
        "blueprints/_shared/store_access.py",
        "GIVE = (s3.AbortMultipartUpload, *TAKE, s3.PutObject, s3.PutObjectAcl, "
        "s3.PutObjectTagging)",
        "GIVE = (s3.AbortMultipartUpload, *TAKE, s3.PutObject, s3.PutObjectTagging)",
        "tests/blueprints/multi_region_pipeline/test_roles.py::test_roles_may_do_their_work",
    ),
    Defect(
        "CodeBuild may not ask where its artifacts' bucket is",
        "blueprints/_shared/store_access.py",
        "IDENTIFY = (s3.GetBucketAcl, s3.GetBucketLocation)",
        "IDENTIFY = (s3.GetBucketAcl,)",
        "tests/test_documented_permissions.py::"
        "test_a_role_has_what_aws_documents_or_a_waiver[multi_region_pipeline]",
    ),
    Defect(
        "a StackSet's stacks have less than AWS documents as the minimum",
        "blueprints/artifact_stores/other_regions.py",
        '                "cloudformation:*",\n',
        '                "cloudformation:CreateStack",\n',
        "tests/test_documented_permissions.py::"
        "test_a_role_has_what_aws_documents_or_a_waiver[artifact_stores]",
    ),
    Defect(
        "an action may pass its role to another service than CloudFormation",
        "blueprints/_shared/deployers.py",
        '"iam:PassedToService": "cloudformation.amazonaws.com"',
        '"iam:PassedToService": "lambda.amazonaws.com"',
        "tests/blueprints/multi_region_pipeline/test_roles.py::test_conditions_of_a_request_decide",
    ),
    Defect(
        "a role inside of an OpenAPI document is not passed",
        "cfngen/deploy/role/pass_role.py",
        "    for name in sorted(named & set(resources)):\n",
        "    for name in sorted(named & set(resources)) if ROLE_NAME.search(leaf.name) else ():\n",
        "tests/deploy/role/test_passing.py",
    ),
    Defect(
        "a type whose role was not found is left out silently",
        "cfngen/deploy/role/policies.py",
        "        if not roles:\n",
        "        if False:\n",
        "tests/deploy/role/test_passing.py",
    ),
    Defect(
        "an instance profile from elsewhere asks for no role",
        "cfngen/deploy/role/pass_role.py",
        "        if resource.type != PROFILE:\n"
        "            yield _any_role(leaf, resource, destination)\n",
        "        if False:\n            yield _any_role(leaf, resource, destination)\n",
        "tests/deploy/role/test_passing.py",
    ),
    Defect(
        "a connection is passed by the prefix of before the rename only",
        "cfngen/deploy/role/handlers.py",
        '        if exists(f"{other}:{verb}"):\n',
        "        if False:\n",
        "tests/deploy/role/test_handlers.py",
    ),
    Defect(
        "the first multi-Region key of an account cannot make its role",
        "cfngen/deploy/role/features.py",
        '        "MultiRegion",\n',
        '        "MultiRegions",\n',
        "tests/deploy/role/test_handlers.py",
    ),
    Defect(
        "a deployment may read every object of every bucket for the code that it names",
        "cfngen/deploy/role/objects.py",
        "        return named_objects(resource, resources, destination)\n",
        "        return None\n",
        "tests/deploy/role/test_objects.py",
    ),
    Defect(
        "a signing profile that anybody may use is not reported",
        "cfngen/review/permissions/resource_permissions.py",
        '    "AWS::Signer::ProfilePermission": _profile,\n',
        "",
        "tests/review/test_exposures.py",
    ),
    Defect(
        "a handler cannot read a role of another stack that it passes",
        "cfngen/deploy/role/policies.py",
        "            or managed_roles(action, *subject)\n",
        "",
        "tests/deploy/role/test_passing.py",
    ),
    Defect(
        "a parameter whose name begins with a slash cannot be written",
        "cfngen/deploy/role/arns.py",
        '            own = pattern.removeprefix("/") if start.endswith("/") else pattern\n',
        "            own = pattern\n",
        "tests/test_deploy_role.py",
    ),
    Defect(
        "a build that has started counts as failed once its receipt has run out",
        "blueprints/worker_image/payload/build_branches.py",
        "        delete(message)\n    except FullError:",
        "        from messages import QUEUE, sqs\n\n"
        '        sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])\n'
        "    except FullError:",
        "tests/blueprints/worker_image/test_worker.py::"
        "test_a_receipt_that_ran_out_after_the_build_is_no_failure",
    ),
    Defect(
        "a worker starts the build of a message that is another's by then",
        "blueprints/worker_image/payload/build_branches.py",
        "    if code_of(hide(push.message, HELD)) in NOT_OURS:\n        raise ExpiredError\n",
        "    hide(push.message, HELD)\n",
        "tests/blueprints/worker_image/test_worker.py::"
        "test_who_lost_a_message_before_its_build_starts_none",
    ),
    Defect(
        "pushes to one branch are queued in groups of their own",
        "blueprints/branch_builder/payload/start_worker.py",
        "        MessageGroupId=sha256(branch.encode()).hexdigest(),",
        '        MessageGroupId=event["id"],',
        "tests/blueprints/branch_builder/test_start_worker.py::"
        "test_a_push_is_queued_as_it_came_behind_those_to_its_branch",
    ),
    Defect(
        "deaths of workers are counted as failures of pushes",
        "blueprints/branch_builder/worker.py",
        "ATTEMPTS = 10",
        "ATTEMPTS = 2",
        "tests/blueprints/branch_builder/test_simulations.py::"
        "test_four_deaths_in_a_row_give_nothing_up",
    ),
    Defect(
        "the worker may not give up what failed twice",
        "blueprints/branch_builder/worker.py",
        '    yield allow(sqs.SendMessage, on=GetAtt(queue.given_up, "Arn"))\n',
        "",
        "tests/blueprints/branch_builder/test_template.py::"
        "test_the_worker_reads_the_repositories_and_starts_builds",
    ),
    Defect(
        "a function may not send what it failed with to its dead-letter queue",
        "cfngen/patterns/functions.py",
        "    may_send = [dead_letter_queue.may_send] if dead_letter_queue else []\n",
        "    may_send: list[Statement] = []\n",
        "tests/patterns/test_functions.py::test_a_function_may_send_what_it_failed_with",
    ),
    Defect(
        "an answer to CloudFormation may have more bytes than it reads",
        "cfngen/patterns/payload/custom_resources.py",
        "ANSWER_BYTES = 4096",
        "ANSWER_BYTES = 8192",
        "tests/patterns/test_image_builder.py::test_an_answer_fits_whatever_the_stack_is_called",
    ),
    Defect(
        "a custom resource calls a property otherwise than its function does",
        "cfngen/patterns/images.py",
        "        Repository=Ref(repository),\n        Tag=",
        "        RepositoryName=Ref(repository),\n        Tag=",
        "tests/test_custom_resources.py::test_a_function_reads_what_its_resource_has",
    ),
    Defect(
        "host keys on first use may be longer than a parameter takes",
        "blueprints/backlog_proxy/payload/host_keys.sh",
        "> 4096))",
        "> 8192))",
        "tests/blueprints/backlog_proxy/test_buildspec.py::"
        "test_host_keys_that_are_too_long_for_a_parameter",
    ),
    Defect(
        "older builds are looked for once, whether CodeBuild knows the newest or not",
        "blueprints/worker_image/payload/supersede.py",
        "LOOKS = 4 ",
        "LOOKS = 1 ",
        "tests/blueprints/worker_image/test_worker.py::"
        "test_builds_that_are_not_known_at_once_are_stopped",
    ),
    Defect(
        "a ref that a server refuses keeps others of its push back",
        "blueprints/_shared/mirror/mirror.py",
        "round(settings.BATCH ** (1 - n / max(1, ROUNDS - 1)))",
        "settings.BATCH",
        "tests/blueprints/_shared/test_mirror.py::test_one_ref_is_refused_for_good",
    ),
    Defect(
        "a branch that CodeCommit does not take is pushed to it",
        "blueprints/_shared/mirror/codecommit.py",
        "        elif len(name) > MAX_NAME:",
        "        elif False:",
        "tests/blueprints/_shared/test_mirror.py::test_branch_that_codecommit_does_not_take",
    ),
    Defect(
        "a task's log group is not looked for",
        "tests/emulator/plugin/tasks.py",
        "        if group not in cloudwatch_logs._log_groups:\n",
        "        if False:\n",
        "tests/emulator/test_refusals.py::test_a_task_without_the_group_of_its_log_stops",
    ),
    Defect(
        "a build's role trusts another service",
        "output/branch-builder.yaml",
        "              Service: codebuild.amazonaws.com",
        "              Service: ec2.amazonaws.com",
        "tests/emulator/test_branch_builder.py::test_a_push_ends_in_a_build",
    ),
    Defect(
        "a deploy role may not write the policies inside of roles",
        "cfngen/deploy/role/features.py",
        '(r"iam:(Put|Delete)RolePolicy$", r"^(Policies|PolicyDocument)$", ""),',
        '(r"iam:(Put|Delete)RolePolicy$", r"^NoProperty$", ""),',
        "tests/emulator/test_deploy_roles.py::test_a_template_deploys_with_its_own_role[mirror-destination]",
    ),
    Defect(
        "a schedule may not write to its dead-letter queue",
        "cfngen/patterns/starts.py",
        '"scheduler", *target.statements, queue.may_send)',
        '"scheduler", *target.statements)',
        "tests/patterns/test_starts.py::test_a_schedule_may_start_what_it_starts",
    ),
    Defect(
        "a rule starts with a queue that takes nothing from it",
        "cfngen/patterns/starts.py",
        "    if rule_arn.to_dict() not in [_plain(arn) for arn in queue.rules]:\n",
        "    if not rule_arn.to_dict():\n",
        "tests/patterns/test_starts.py::test_several_starts_share_a_queue",
    ),
    Defect(
        "an event may override the image of a build that it starts",
        "cfngen/patterns/start_targets.py",
        "start_as_is(arn, variables=variables), {})",
        "(start_builds(project),), {})",
        "tests/patterns/test_starts.py::"
        "test_an_event_overrides_nothing_of_a_build_but_the_variables_named",
    ),
    Defect(
        "a build is given a secret that it may not read",
        "cfngen/patterns/standalone_builds.py",
        "        if needed and needed not in granted:\n",
        "        if needed and needed in granted:\n",
        "tests/patterns/test_builds.py::test_a_secret_that_no_build_could_read_is_refused",
    ),
    Defect(
        "a project without a source takes the path of a buildspec",
        "cfngen/patterns/builds.py",
        '    if path and source.get("Type") == NO_SOURCE:\n',
        '    if path and source.get("Type") == "":\n',
        "tests/patterns/test_builds.py::"
        "test_what_codebuild_would_refuse_is_refused_with_the_argument",
    ),
    Defect(
        "an alarm takes a metric without its namespace",
        "cfngen/patterns/alarms.py",
        "    if not namespace.strip() or not name:\n",
        "    if not name:\n",
        "tests/patterns/test_alarms.py::test_a_metric_without_its_namespace_is_refused",
    ),
    Defect(
        "a log group takes days that CloudWatch Logs does not know",
        "cfngen/patterns/logs.py",
        "days not in RETENTION_DAYS)",
        "days < 0)",
        "tests/patterns/test_refused.py::test_other_days_are_refused_with_the_nearest",
    ),
    Defect(
        "a topic that mails comes without its condition",
        "cfngen/authoring/template.py",
        '            for name, test in getattr(thing, "conditions", {}).items():\n',
        '            for name, test in getattr(thing, "no_conditions", {}).items():\n',
        "tests/patterns/test_alarms.py::test_an_address_that_is_left_empty_gets_no_mail",
    ),
]
