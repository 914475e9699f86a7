"""Defects that somebody could make one day, each with the test that has to notice it."""

from __future__ import annotations

from dataclasses import dataclass

PROXY = "tests/blueprints/backlog_proxy/test_template.py::"
AUTHORIZER = "tests/blueprints/backlog_proxy/test_authorizer.py"
BUILDER = "tests/blueprints/branch_builder/test_template.py::"
EVENTS = "tests/blueprints/branch_builder/test_events.py"
WORKER = "tests/blueprints/worker_image/test_worker.py::"
STARTER = "tests/blueprints/branch_builder/test_start_worker.py::"
MIRROR = "tests/blueprints/_shared/test_mirror.py::"
FARGATE = "tests/blueprints/fargate_mirror/test_template.py::"
FILES = "tests/blueprints/build_files/test_template.py::"
PIPELINE = "tests/blueprints/multi_region_pipeline/test_template.py::"
STORES = "tests/blueprints/artifact_stores/test_template.py"
ROLES = "tests/blueprints/deployment_roles/test_template.py::"
IMAGE = "tests/patterns/test_image_builder.py::"
CORPUS = "tests/review/test_corpus.py::test_a_reviewer_is_told_what_is_expected"

BRANCHES = "tests/blueprints/_shared/test_mirror_branches.py::"
GIT_PY = "blueprints/_shared/mirror/git.py"
BACKUP = "tests/blueprints/_shared/test_mirror_backup.py::"
HISTORY = "tests/blueprints/_shared/test_mirror_history.py::"
BACKUPS_PY = "blueprints/_shared/mirror/backups.py"
DESTINATION_PY = "blueprints/_shared/mirror/destination.py"
WORKER_PY = "blueprints/worker_image/payload/build_branches.py"
SOURCE_PY = "blueprints/worker_image/payload/source.py"
STARTER_PY = "blueprints/branch_builder/payload/start_worker.py"
AUTHORIZER_PY = "blueprints/backlog_proxy/payload/authorizer.py"
IMAGE_PY = "cfngen/patterns/payload/custom_resources.py"
WEBHOOK = "cfngen/patterns/webhook.py"
WEBHOOK_REQUESTS = "cfngen/patterns/webhook_requests.py"
FILES_PY = "cfngen/patterns/files.py"
QUEUES = "cfngen/patterns/queues.py"
WINDOWS = "cfngen/patterns/windows.py"


@dataclass(frozen=True)
class Defect:
    """A piece of a file, what becomes of it, and the test that fails then."""

    title: str
    file: str
    old: str
    new: str
    test: str


DEFECTS = [
    # --- payloads ---
    Defect(
        "deletions are not mirrored",
        DESTINATION_PY,
        '        return push(self, dict.fromkeys(refs, ""), old, size)',
        "        return {}",
        f"{MIRROR}test_any_change",
    ),
    Defect(
        "refs are pushed by force, whatever the destination has become",
        "blueprints/_shared/mirror/leases.py",
        '    return [ref for ref, there in told if expected.get(ref) != there.strip(b"0\\n")]',
        "    return []",
        f"{MIRROR}test_race",
    ),
    Defect(
        "refs of a push are named one by one",
        "blueprints/_shared/mirror/pushes.py",
        "if not value] or [ALL]",
        'if not value] or [f"+{r}:{r}" for r in batch]',
        "tests/blueprints/_shared/test_mirror_cost.py"
        "::test_cost_grows_with_refs_and_not_with_their_square",
    ),
    Defect(
        "what is equal is fetched all the same",
        "blueprints/_shared/mirror/mirror.py",
        "        if not all(settled(was, new) for was in old.values()):",
        "        if True:",
        f"{MIRROR}test_nothing_is_fetched_if_only_other_lines_differ",
    ),
    Defect(
        "lists of refs count as the same whatever their tags are",
        "blueprints/_shared/mirror/git.py",
        ' + section(out, "tags")',
        "",
        f"{MIRROR}test_any_change",
    ),
    Defect(
        "equal lists hide what a run has to delete of its own",
        "blueprints/_shared/mirror/mirror.py",
        "OWN in same or mirrored_lines(theirs) != same:",
        "mirrored_lines(theirs) != same:",
        f"{HISTORY}test_tags_of_pieces_go_though_the_source_has_them_too",
    ),
    Defect(
        "large history is pushed in one",
        "blueprints/_shared/mirror/updates.py",
        "(history.bring if history else push)(there, changes, old, size)",
        "push(there, changes, old, size)",
        f"{HISTORY}test_history_comes_in_pieces",
    ),
    Defect(
        "a piece of history has any number of tags",
        "blueprints/_shared/mirror/history.py",
        " or len(ends) == BATCH",
        "",
        f"{HISTORY}test_a_piece_has_no_more_tags_than_a_push_may_have_refs",
    ),
    Defect(
        "tags of pieces stay",
        DESTINATION_PY,
        "history.clear(self, size) if history and not self.waiting",
        '"" if history',
        f"{HISTORY}test_history_comes_in_pieces",
    ),
    Defect(
        "tags of pieces go before what they hold is reached",
        DESTINATION_PY,
        "if history and not self.waiting else",
        "if history else",
        f"{HISTORY}test_tags_of_pieces_stay_while_nothing_else_leads_to_what_arrived",
    ),
    Defect(
        "a module of another version is used",
        "blueprints/_shared/mirror/settings.py",
        "        if module.VERSION == VERSION:",
        "        if module:",
        "tests/blueprints/_shared/test_mirror_carried.py::test_another_version_is_refused",
    ),
    Defect(
        "refs are kept in a file each",
        "blueprints/_shared/mirror/cache.py",
        '        git(HERE, "pack-refs", "--all")',
        "        pass",
        "tests/blueprints/_shared/test_mirror_cost.py::test_refs_are_packed",
    ),
    Defect(
        "a name disguises itself in the log",
        "blueprints/_shared/mirror/log.py",
        'UNSEEN = {"Cc", "Cf",',
        'UNSEEN = {"Cc",',
        f"{MIRROR}test_names_cannot_disguise_themselves",
    ),
    Defect(
        "an emptied source empties the mirror",
        "blueprints/_shared/mirror/updates.py",
        "    if not branches and (any(",
        "    if False and (any(",
        f"{MIRROR}test_emptied_source",
    ),
    Defect(
        "a source without branches that match cannot bring its tags",
        "blueprints/_shared/mirror/updates.py",
        "    if not branches and (any(",
        "    if not branches and (old or any(",
        f"{BRANCHES}test_a_source_without_branches_that_match",
    ),
    Defect(
        "branches that are not mirrored are deleted",
        GIT_PY,
        '    return mirrored(out[head.end() :]), default[0] if default else ""',
        '    told = re.findall(r"^(\\w+)\\t(refs/(?:heads|tags)/[^^\\n]+)$", out, re.M)\n'
        '    return {ref: value for value, ref in told}, default[0] if default else ""',
        f"{BRANCHES}test_what_does_not_match_stays_at_the_destination",
    ),
    Defect(
        "a default branch that is not mirrored gives way to another",
        GIT_PY,
        '    default = MIRRORED.fullmatch(head[1] or "")',
        '    default = [head[1] or ""]',
        f"{BRANCHES}test_a_default_branch_at_the_destination_that_is_not_mirrored",
    ),
    Defect(
        "what is kept of deleted branches is not seen beside named ones",
        GIT_PY,
        ', "mirror-backup/*"]',
        "]",
        f"{BRANCHES}test_a_branch_that_is_not_mirrored_any_more_is_not_deleted_by_the_source",
    ),
    Defect(
        "branches that are not mirrored are fetched",
        "blueprints/_shared/mirror/source.py",
        "        there = (b for b in WANTED if",
        '        there = (b for b in ["*"] if',
        f"{BRANCHES}test_only_branches_that_match_are_mirrored",
    ),
    Defect(
        "a cache keeps branches that are not mirrored any more",
        "blueprints/_shared/mirror/source.py",
        '["+refs/none/*:refs/heads/*"] if BRANCHES',
        "[] if BRANCHES",
        f"{BRANCHES}test_a_cache_from_before_is_cut_to_what_matches",
    ),
    Defect(
        "a name that the source does not have fails the run",
        "blueprints/_shared/mirror/source.py",
        ' if "*" in b or f"refs/heads/{b}" in refs)',
        ")",
        f"{BRANCHES}test_a_name_that_the_source_does_not_have",
    ),
    Defect(
        "a push to a branch that is not mirrored starts a task",
        "blueprints/fargate_mirror/payload/start_mirror.py",
        "            if refs and not any(map(REFS.fullmatch, refs)):",
        "            if False:",
        "tests/blueprints/fargate_mirror/test_start_mirror.py"
        "::test_a_branch_that_is_not_mirrored_starts_nothing",
    ),
    Defect(
        "a push with a branch that is mirrored among others starts no task",
        "blueprints/fargate_mirror/payload/start_mirror.py",
        "            if refs and not any(map(",
        "            if refs and not all(map(",
        "tests/blueprints/fargate_mirror/test_start_mirror.py"
        "::test_a_push_with_a_branch_that_is_mirrored_starts_a_task",
    ),
    Defect(
        "a program that knows no branches mirrors them all",
        "blueprints/backlog_proxy/payload/buildspec.yml",
        "if [[ -n ${MIRROR_BRANCHES:-} ]] && ! grep",
        "if false && ! grep",
        "tests/blueprints/backlog_proxy/test_buildspec.py"
        "::test_a_program_that_knows_no_branches_fails_the_build_if_some_are_named",
    ),
    Defect(
        "deletions are not limited",
        DESTINATION_PY,
        "        if self.deleted + len(refs) > MAX_DELETIONS:",
        "        if False:",
        "tests/blueprints/_shared/test_mirror_deletions.py::test_deletions_are_limited",
    ),
    Defect(
        "a stand-in stays at the destination",
        "blueprints/_shared/mirror/updates.py",
        '    left.update(push(there, dict.fromkeys(spare, ""), spare, size))',
        "    pass",
        "tests/blueprints/_shared/test_mirror_deletions.py::test_the_default_branch_moves",
    ),
    Defect(
        "a cache is dropped without a look at it",
        "blueprints/_shared/mirror/source.py",
        '    if "No space left" in err or not cache.whole():',
        "    if True:",
        "tests/blueprints/_shared/test_mirror_cache.py::test_old_history_is_no_damage",
    ),
    Defect(
        "a backup loses what its source deletes",
        BACKUPS_PY,
        "for r in moved + gone}",
        "for r in moved}",
        f"{BACKUP}test_ransom",
    ),
    Defect(
        "a backup destroys what it could not keep",
        BACKUPS_PY,
        "in names.items() if name in refused}",
        "in ()}",
        f"{BACKUP}test_what_cannot_be_kept_is_not_destroyed",
    ),
    Defect(
        "a backup forgets a day too early",
        BACKUPS_PY,
        "KEEP_DAYS and age(r) > KEEP_DAYS]",
        "KEEP_DAYS and age(r) >= KEEP_DAYS]",
        f"{BACKUP}test_what_is_kept_expires",
    ),
    Defect(
        "the message is deleted first",
        WORKER_PY,
        "            build(push)\n            done.add(push.id)\n",
        "            delete(message)\n            build(push)\n            done.add(push.id)\n",
        f"{WORKER}test_a_message_is_deleted_only_once_its_build_has_started",
    ),
    Defect(
        "a message is not held while it is worked on",
        WORKER_PY,
        "            hide(push.message, HELD)",
        "            pass",
        f"{WORKER}test_a_message_is_held_while_it_is_worked_on",
    ),
    Defect(
        "a worker leaves before what failed once is back",
        WORKER_PY,
        "now > max(failed.values(), default=0) and not waiting(",
        "not waiting(",
        f"{WORKER}test_a_worker_stays_for_what_failed_once",
    ),
    Defect(
        "a worker does not wait for what a dead one had",
        WORKER_PY,
        "not waiting(in_hands=now <= begun + HELD)",
        "not waiting(in_hands=False)",
        "tests/blueprints/branch_builder/test_simulations.py"
        "::test_what_a_dead_worker_had_is_built_without_the_schedule",
    ),
    Defect(
        "a full CodeBuild counts as a failure",
        WORKER_PY,
        "        if code_of(why) not in FULL:",
        "        if True:",
        f"{WORKER}test_an_account_full_of_builds_is_waited_for",
    ),
    Defect(
        "a push that waits for room is in everybody's way",
        WORKER_PY,
        "        at_work, push = len(hands) - len(kept), None",
        "        at_work, push = len(hands), None",
        f"{WORKER}test_a_project_that_is_full_holds_up_no_other",
    ),
    Defect(
        "a build finds another's bundle by what it knows of the push",
        WORKER_PY,
        '    return sha256(f"{what} {token}".encode()).hexdigest()[:32]',
        "    return what",
        f"{WORKER}test_a_push_is_built_from_a_bundle_of_the_commit",
    ),
    Defect(
        "a repository's name is not looked at",
        WORKER_PY,
        '        raise ValueError(f"{name!r} is not a repository")',
        "        pass",
        f"{WORKER}test_a_name_that_leads_to_a_repository_is_not_its_name",
    ),
    Defect(
        "attributes of a stranger's repository change the bundle",
        SOURCE_PY,
        '    attributes.write_text("* !export-ignore !export-subst\\n")',
        "    pass",
        f"{WORKER}test_a_bundle_holds_what_a_checkout_would",
    ),
    Defect(
        "branches that look alike share a path",
        WORKER_PY,
        '    return f"{clean}-{sha256(branch.encode()).hexdigest()[:8]}"',
        "    return clean",
        f"{WORKER}test_branches_that_look_alike_are_kept_apart",
    ),
    Defect(
        "a build is started without a token",
        WORKER_PY,
        '        "idempotencyToken": token,\n',
        "",
        f"{WORKER}test_a_duplicate_event_is_built_once",
    ),
    Defect(
        "a refused task is not a failure",
        STARTER_PY,
        "    raise RuntimeError(",
        "    print(",
        f"{STARTER}test_a_refused_task_is_a_failure_that_the_schedule_makes_good",
    ),
    Defect(
        "any password will do",
        AUTHORIZER_PY,
        "    return all(fits)",
        "    return True",
        AUTHORIZER,
    ),
    Defect(
        "addresses are not looked at",
        AUTHORIZER_PY,
        '            return "Deny", "address"',
        "            pass",
        AUTHORIZER,
    ),
    Defect(
        "a wildcard of the caller's gets into the policy",
        AUTHORIZER_PY,
        '            raise RefusedError("method")',
        "            pass",
        AUTHORIZER,
    ),
    Defect(
        "CloudFormation is not told of a failure",
        IMAGE_PY,
        '"FAILED" if reason else "SUCCESS"',
        '"SUCCESS"',
        f"{IMAGE}test_a_broken_image_is_told_with_its_place",
    ),
    Defect(
        "the answer is left out when something goes wrong",
        IMAGE_PY,
        '        reason, data = f"{type(error).__name__}: {error}", {}',
        "        raise",
        f"{IMAGE}test_an_error_is_an_answer",
    ),
    # --- templates ---
    Defect(
        "the webhook is open",
        WEBHOOK,
        'AuthorizationType="CUSTOM"',
        'AuthorizationType="NONE"',
        f"{PROXY}test_the_webhook_is_guarded",
    ),
    Defect(
        "what CodeBuild refuses is answered with 200",
        WEBHOOK_REQUESTS,
        '_answer("503", \'{"accepted": false}\')',
        '_answer("200", \'{"accepted": false}\')',
        f"{PROXY}test_what_codebuild_refuses_reaches_backlog_as_503",
    ),
    Defect(
        "another content type passes by the mapping",
        WEBHOOK_REQUESTS,
        'PassthroughBehavior="NEVER"',
        'PassthroughBehavior="WHEN_NO_TEMPLATES"',
        f"{PROXY}test_nothing_of_a_request_reaches_start_build",
    ),
    Defect(
        "the deployment never changes",
        WEBHOOK,
        'f"Deployment{_digest(frozen)}"',
        '"Deployment"',
        f"{PROXY}test_a_changed_api_is_a_new_deployment",
    ),
    Defect(
        "the deployment does not wait for the methods",
        WEBHOOK,
        "        DependsOn=served,\n",
        "",
        f"{PROXY}test_the_stage_serves_the_deployment_after_all_methods",
    ),
    Defect(
        "any API may call the authorizer",
        WEBHOOK_REQUESTS,
        'f"${{{api.title}}}/authorizers/${{{authorizer.title}}}"',
        '"*"',
        f"{PROXY}test_the_webhook_is_guarded",
    ),
    Defect(
        "the queue does not know an event that comes twice",
        QUEUES,
        "ContentBasedDeduplication=True",
        "ContentBasedDeduplication=False",
        f"{BUILDER}test_the_queue_keeps_an_order_and_gives_up_after_ten_deaths",
    ),
    Defect(
        "anybody's rules may write to the queue",
        QUEUES,
        '        when={"ArnEquals": {"aws:SourceArn": list(rules)}},\n',
        "",
        f"{BUILDER}test_only_our_rules_and_function_put_anything_into_the_queue",
    ),
    Defect(
        "the dead-letter queue is named, not found by its ARN",
        QUEUES,
        'deadLetterTargetArn=GetAtt(failed, "Arn")',
        "deadLetterTargetArn=Ref(failed)",
        f"{BUILDER}test_the_queue_keeps_an_order_and_gives_up_after_ten_deaths",
    ),
    Defect(
        "the worker may write anywhere",
        "blueprints/branch_builder/worker.py",
        'on=Sub("${Bundles.Arn}/*")',
        'on=Sub("arn:${AWS::Partition}:s3:::*/*")',
        f"{BUILDER}test_the_worker_reads_the_repositories_and_starts_builds",
    ),
    Defect(
        "a build may be started with another buildspec",
        "cfngen/patterns/build_permissions.py",
        '    "secondarySources", "serviceRole", "source.buildspec",\n',
        '    "secondarySources", "serviceRole",\n',
        f"{BUILDER}test_whoever_starts_builds_can_override_nothing",
    ),
    Defect(
        "a quote in a branch's name ends the text that it stands in",
        "blueprints/branch_builder/pushes.py",
        "*(HOSTILE if options.direct else ())",
        "",
        EVENTS,
    ),
    Defect(
        "a window's schedule has five fields",
        WINDOWS,
        'f"cron({minute} {hour} ? * {_days(s for s, _ in spans)} *)"',
        'f"cron({minute} {hour} ? * {_days(s for s, _ in spans)})"',
        "tests/patterns/test_windows.py::test_windows_as_schedules",
    ),
    Defect(
        "a window is not closed again when clocks change",
        WINDOWS,
        '        again = f",{hour + 1}" if self._closes_again else ""',
        '        again = ""',
        "tests/patterns/test_windows.py::test_a_change_of_clocks_never_leaves_a_window_open",
    ),
    Defect(
        "a region has no store",
        "blueprints/multi_region_pipeline/storage.py",
        "dict.fromkeys((self.options.home, *regions))",
        "dict.fromkeys((self.options.home,))",
        f"{PIPELINE}test_each_region_has_a_store_and_a_key_that_its_actions_may_use",
    ),
    Defect(
        "pipelines that import one role overwrite each other's policy on it",
        "blueprints/multi_region_pipeline/roles.py",
        'name=Ref("AWS::StackName") if pipeline.imported else "Permissions"',
        'name="Permissions"',
        f"{ROLES}test_pipelines_that_share_a_role_attach_policies_of_their_own_names",
    ),
    Defect(
        "the roles that deploy are outside of the path that the stores let in",
        "blueprints/_shared/deployers.py",
        'role("PipelineRole", "codepipeline", Path=role_path(service))',
        'role("PipelineRole", "codepipeline")',
        f"{ROLES}test_the_stores_key_and_buckets_let_the_roles_in",
    ),
    Defect(
        "the trigger is there before it may call",
        "blueprints/fargate_mirror/starting.py",
        '            DependsOn="TriggerPermission",\n',
        "",
        f"{FARGATE}test_the_repository_calls_by_itself_and_outlives_its_stack",
    ),
    Defect(
        "what could not be started does not come again",
        "blueprints/fargate_mirror/payload/start_mirror.py",
        "for r in put_off(late)]",
        "for r in put_off(late)[:0]]",
        "tests/blueprints/fargate_mirror/test_bursts.py"
        "::test_a_big_repository_has_two_tasks_at_once_however_often_it_is_pushed_to",
    ),
    Defect(
        "a file system is mounted without TLS",
        FILES_PY,
        "policy_document(ANY_CLIENT, TLS_ONLY)",
        "policy_document(ANY_CLIENT)",
        f"{FILES}test_nothing_is_read_or_written_without_tls",
    ),
    Defect(
        "CodeBuild may not mount the file system",
        FILES_PY,
        "policy_document(ANY_CLIENT, TLS_ONLY)",
        "policy_document(TLS_ONLY)",
        f"{FILES}test_codebuild_can_mount_without_a_role",
    ),
    Defect(
        "everybody may mount the file system, past the security group",
        FILES_PY,
        'Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},',
        "",
        f"{FILES}test_whoever_mounts_has_to_pass_the_security_group",
    ),
    Defect(
        "two stacks keep their repositories in one directory",
        "blueprints/backlog_proxy/git_storage.py",
        "${{AWS::StackName}}/repository.git",
        "repository.git",
        f"{PROXY}test_stacks_that_share_a_file_system_have_a_directory_each",
    ),
    # --- the review, the plan and the role ---
    Defect(
        "what follows a replacement is not told",
        "cfngen/review/compare/resources.py",
        "    _follow_replacements(before, after, compared)\n",
        "",
        CORPUS,
    ),
    Defect(
        "what the deployed template keeps is read in the new one",
        "cfngen/review/rules/data/D101_resource_removed.py",
        "    policy = deletion_policy(old)\n",
        '    policy = "Retain"\n',
        CORPUS,
    ),
    Defect(
        "a resource that keeps its name may be replaced",
        "cfngen/review/rules/refused/R101_custom_name_kept.py",
        "        if not name or moved or",
        "        if True or not name or moved or",
        CORPUS,
    ),
    Defect(
        "a condition that is dropped widens nothing",
        "cfngen/review/permissions/conditions.py",
        "    return all(any(_implied(entry, given) for given in other) for entry in condition)",
        "    return True",
        CORPUS,
    ),
    Defect(
        "a template that is cut is not what CloudFormation reads",
        "cfngen/cloudformation/sections.py",
        "    return (pieces, rest) if alone and whole else None",
        "    return (pieces, rest)",
        "tests/cloudformation/test_sections.py::test_a_disguise_is_seen_through",
    ),
    Defect(
        "a stranger's template calls people in a comment",
        "cfngen/review/formats/markdown_escaping.py",
        "    clipped_text = _entities(_separated(CALLS, clipped_text))",
        "    clipped_text = _entities(clipped_text)",
        "tests/review/test_printed_markdown.py",
    ),
    Defect(
        "somebody else's comment is overwritten",
        "integrations/sticky_comment.py",
        "            if comment.author == writer:\n",
        "            if writer:\n",
        "tests/integrations/test_github.py::test_only_its_own_comment_is_its",
    ),
    Defect(
        "a role may be passed to any service",
        "cfngen/deploy/role/pass_role.py",
        "    own = default_services(resource.type, leaf.name)\n",
        '    own = ("*.amazonaws.com",)\n',
        "tests/test_deploy_role.py",
    ),
    Defect(
        "a script deploys what imports before what it imports from",
        "cfngen/deploy/script/dependencies.py",
        "            if not any(dependency.name in left for dependency in dependencies[name]):\n",
        "            if True:\n",
        "tests/test_deploy_script.py",
    ),
    Defect(
        "a script deploys what it can before it says what is missing",
        "cfngen/deploy/script/shell.py",
        """_call("require_values", used)]\n    lines.append('[ "$problems" = 0 ] || exit 1')\n""",
        """_call("require_values", used)]\n""",
        "tests/test_deploy_script.py",
    ),
    Defect(
        "a script for another account runs with any credentials",
        "cfngen/deploy/script/shell.py",
        "    if any(step.account for step in steps):\n        lines +=",
        "    if False:\n        lines +=",
        "tests/test_deploy_script.py",
    ),
    Defect(
        "a second region gets what the first one put out",
        "cfngen/deploy/script/shell_variables.py",
        '    return step.template, step.region if parameter.output else "", parameter.name',
        '    return step.template, "", parameter.name',
        "tests/test_deploy_script.py",
    ),
    Defect(
        "an option for a role that cannot be is taken",
        "cfngen/deploy/role/destination.py",
        "    if problems:\n        raise Problems(problems)",
        "    if False:\n        raise Problems(problems)",
        "tests/test_deploy_role.py",
    ),
    Defect(
        "deleting the image's stack deletes the images that others run",
        "cfngen/patterns/image_stacks.py",
        "        retained=True,",
        "        retained=False,",
        "tests/patterns/test_image_stacks.py",
    ),
    Defect(
        "the image's own user cannot read the programs in it",
        IMAGE_PY,
        "0o100644 << 16",
        "0o100600 << 16",
        f"{IMAGE}test_a_build_finds_the_files_as_they_are",
    ),
    Defect(
        "the archive of a build that failed keeps the bucket from being deleted",
        IMAGE_PY,
        "    finally:\n        remove_source(properties, stack)",
        "    finally:\n        pass",
        f"{IMAGE}test_the_bucket_is_left_empty_however_a_build_ends",
    ),
    Defect(
        "a role that IAM does not know everywhere yet fails the first deployment",
        IMAGE_PY,
        '    "AccessDeniedException",\n',
        "",
        f"{IMAGE}test_a_new_role_is_waited_for",
    ),
    Defect(
        "an account that has no room for a build fails the deployment at once",
        IMAGE_PY,
        "if code(error) != FULL or stack.late():",
        "if True:",
        f"{IMAGE}test_a_full_account_is_waited_for",
    ),
    Defect(
        "a build that nobody waits for any more goes on",
        IMAGE_PY,
        'if run["buildStatus"] == "IN_PROGRESS":  # and nobody looks at it any more',
        "if False:",
        f"{IMAGE}test_a_build_that_is_given_up_is_stopped",
    ),
    Defect(
        "a stack's role is assumed without saying for which stack",
        IMAGE_PY,
        '                "ExternalId": self.identity,  # which the role\'s trust policy asks for\n',
        "",
        f"{IMAGE}test_a_build_is_waited_for",
    ),
    Defect(
        "the role of one stack can be used for another",
        "cfngen/patterns/custom_resources.py",
        '        when={"StringEquals": {"sts:ExternalId": Ref("AWS::StackId")}},\n',
        "",
        "tests/test_custom_resources.py::test_a_role_serves_one_stack",
    ),
    Defect(
        "what is done for a stack is not done with its role",
        IMAGE_PY,
        "config=Config(**limits), **keys)",
        "config=Config(**limits))",
        "tests/patterns/test_publish_files.py::test_the_same_files_are_the_same_bytes",
    ),
    Defect(
        "a stack whose custom resource could not be made cannot be deleted",
        IMAGE_PY,
        'return "" if request == "Delete" else',
        "return",
        f"{IMAGE}test_what_could_not_be_made_can_be_deleted",
    ),
    Defect(
        "one refusal of a registry fails the image",
        "cfngen/patterns/payload/image-buildspec.yml",
        'for wait in 0 15 45; do sleep "$wait"; docker build',
        'for wait in 0; do sleep "$wait"; docker build',
        "tests/patterns/test_image_buildspec.py::test_what_a_registry_turns_away_is_tried_again",
    ),
    Defect(
        "a script deploys what can never be built, as the account may not have one build",
        "cfngen/deploy/script/quotas.py",
        "    0 | 0.0)",
        "    none)",
        "tests/test_deploy_script.py::test_nothing_is_deployed_while_a_quota_is_0",
    ),
    Defect(
        "the build of an image may be started with variables of somebody's own",
        "cfngen/patterns/build_permissions.py",
        '    others: dict[str, Any] = {"Null": {key: "false"}}',
        '    others: dict[str, Any] = {"Null": {key: "true"}}',
        "tests/patterns/test_images.py::test_the_builder_overrides_nothing_of_the_project",
    ),
    Defect(
        "a queue takes messages without TLS",
        QUEUES,
        ', tls_only("sqs:*", arn)),',
        "),",
        "tests/test_house.py::test_queues_topics_and_buckets_take_nothing_without_tls",
    ),
    Defect(
        "an image is looked for under the name of another processor",
        "cfngen/patterns/image_stacks.py",
        "        Default=lambda o: parameter_name(o.image_template, o.architecture),\n"
        '        group="Image",\n',
        '        Default=lambda o: parameter_name(o.image_template, "arm64"),\n'
        '        group="Image",\n',
        "tests/patterns/test_image_stacks.py",
    ),
    Defect(
        "a stack is deployed before the image that it runs",
        "cfngen/deploy/script/planning.py",
        "{name: s.name for s in sources.values() for name in ssm_parameters_written(s)}",
        "{}",
        "tests/test_deploy_script.py",
    ),
    Defect(
        "a buildspec is as long as it likes",
        "cfngen/patterns/buildspec.py",
        "    if len(text) > MAX_CHARACTERS:",
        "    if False:",
        "tests/patterns/test_buildspec_size.py",
    ),
    # --- waivers of scanners ---
    Defect(
        "waivers are lost between a resource and the document",
        "cfngen/authoring/encoding.py",
        "        notes.waivers[path] = waivers\n",
        "        pass\n",
        "tests/authoring/test_waivers.py::test_waivers_travel_by_path",
    ),
    Defect(
        "the waivers of a carried template are lost",
        "cfngen/authoring/encoding.py",
        "for inner, waiver in value.waivers.items()}\n",
        "for inner, found in ()}\n",
        "tests/authoring/test_waivers.py::test_waivers_of_a_carried_template_go_with_it",
    ),
    Defect(
        "a file of waivers that are gone stays",
        "cfngen/project/waiver_files.py",
        "            if text is not None or path.exists():\n",
        "            if text is not None:\n",
        "tests/project/test_waiver_files.py::test_a_build_of_some_templates_leaves_the_files_of_others",
    ),
    Defect(
        "waivers are written among the templates that are deployed",
        "cfngen/project/waiver_files.py",
        "        if _resolved(folder).is_relative_to(_resolved(output)):\n",
        "        if folder == output:\n",
        "tests/project/test_waiver_files.py::test_no_waivers_are_written_where_templates_are",
    ),
    Defect(
        "a reason of the blueprint stands beside the pattern's, which scanners read first",
        "cfngen/authoring/waivers.py",
        "for waiver in waivers_of(thing) if waiver.rule not in rules]\n",
        "for waiver in waivers_of(thing)]\n",
        "tests/authoring/test_waivers.py::test_what_is_waived_is_returned_and_keeps_its_waivers",
    ),
    Defect(
        "a logical ID of a blueprint stands in a comment of the engine",
        "cfngen/patterns/logs.py",
        "# The retention periods CloudWatch Logs knows",
        "# MirrorRole: the retention periods CloudWatch Logs knows",
        "tests/project/test_waiver_files.py::test_the_engine_names_nothing_of_a_blueprint",
    ),
    Defect(
        "a waiver of a permission that is granted is left over",
        "blueprints/multi_region_pipeline/source.py",
        '            "documented:codecommit:GetRepository",\n',
        '            "documented:codecommit:GetRepository",\n'
        '            "documented:codecommit:GetBranch",\n',
        "tests/test_documented_permissions.py::test_no_waiver_is_left_over",
    ),
]
