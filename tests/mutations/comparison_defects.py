"""Defects by which a review would be green that compared something else, or nothing."""

from __future__ import annotations

from defects import Defect

ARGUMENTS = "tests/project/revisions/test_arguments.py::"
PAIRING = "tests/project/revisions/test_pairing.py::"
EMPTINESS = "tests/project/revisions/test_emptiness.py::"
CORPUS = "tests/review/test_corpus.py::test_a_reviewer_is_told_what_is_expected"

COMPARISON_DEFECTS = [
    Defect(
        "templates in a folder below are not looked at",
        "cfngen/project/revisions/trees.py",
        "                    yield from self._walk(path)",
        "                    pass",
        f"{PAIRING}test_folders_are_walked",
    ),
    Defect(
        "a template's name goes without its suffix, so that one hides the other",
        "cfngen/project/revisions/pairing.py",
        "        alone = stems[short] == 1 and not taken[short]",
        "        alone = True",
        f"{PAIRING}test_files_of_one_stem_are_two_templates",
    ),
    Defect(
        "base is looked for where head's manifest says",
        "cfngen/project/revisions/arguments.py",
        "    projects = [project(tree, here) for tree in trees]",
        "    projects = [project(trees[1], here) for _ in trees]",
        f"{EMPTINESS}test_a_moved_output_folder_is_compared_and_reported",
    ),
    Defect(
        "a revision beside a folder is the project's output folder",
        "cfngen/project/revisions/arguments.py",
        "    path = given.path or (other.path if other else None) or here\n",
        '    path = given.path or here / "output"\n',
        f"{ARGUMENTS}test_a_folder_beside_a_revision_is_that_folder_in_it",
    ),
    Defect(
        "two sides without a template are compared",
        "cfngen/project/revisions/emptiness.py",
        "    if base.texts or head.texts:\n",
        "    if True:\n",
        f"{EMPTINESS}test_no_template_on_either_side_is_an_error",
    ),
    Defect(
        "a base that should have templates and has none is a first adoption",
        "cfngen/project/revisions/emptiness.py",
        "    if head.texts and not base.texts:\n",
        "    if False:\n",
        f"{EMPTINESS}test_a_base_that_should_have_templates_is_a_doubt",
    ),
    Defect(
        "links are followed",
        "cfngen/project/revisions/trees.py",
        "            if stat.S_ISLNK(mode):\n",
        "            if False:\n",
        f"{PAIRING}test_links_and_special_files_are_not_followed",
    ),
    Defect(
        "an escape in a key hides a template",
        "cfngen/project/revisions/recognition.py",
        ' and "\\\\" not in text',
        "",
        f"{PAIRING}test_what_is_a_template_is_decided_on_the_document",
    ),
    Defect(
        "a change accepts for itself what nobody can look into",
        "cfngen/project/revisions/__init__.py",
        "    accepted = _accepted(base)\n",
        "    accepted = _accepted(head)\n",
        f"{PAIRING}test_a_link_is_accepted_by_its_name",
    ),
    Defect(
        "nothing is said to change where a link could hide it",
        "cfngen/review/formats/verdict.py",
        "start = NOT_KNOWN if doubt else NO_UPDATE if heads else NOTHING",
        "start = NO_UPDATE if heads else NOTHING",
        "tests/review/test_printed.py::test_the_verdict_says_the_worst_first",
    ),
    Defect(
        "a folder that a change names after its base is the base",
        "cfngen/project/revisions/arguments.py",
        "    if all(map(repository.knows, names)):\n",
        "    if False:\n",
        f"{ARGUMENTS}test_a_folder_named_like_a_revision_is_no_base",
    ),
    Defect(
        "the folder that a project has left is not looked at",
        "cfngen/project/revisions/__init__.py",
        "unknowns=(*compared.unknowns, *left_behind(*locations))",
        "unknowns=compared.unknowns",
        f"{EMPTINESS}test_a_folder_that_the_project_has_left_hides_nothing",
    ),
    # --- the rules ---
    Defect(
        "stacks of a set that go are not reported",
        "cfngen/review/rules/data/D109_stack_instances_removed.py",
        "(gone := _places(old) - _places(new))",
        "(gone := _places(new) - _places(new))",
        CORPUS,
    ),
    Defect(
        "a retained table that leaves its stack is not reported",
        "cfngen/review/data_loss.py",
        '        stays = f", and is left behind, with {holds}, outside the stack"\n',
        "        return\n"
        '        stays = f", and is left behind, with {holds}, outside the stack"\n',
        CORPUS,
    ),
    Defect(
        "a firewall's default is not looked at",
        "cfngen/review/public_access/web_acls.py",
        "        level = BLOCKED if blocks else COUNTED\n",
        "        level = COUNTED\n",
        "tests/review/test_firewalls.py::test_what_is_blocked_no_more_is_told",
    ),
    Defect(
        "a full bucket is said to be deleted",
        "cfngen/review/compare/retention.py",
        "    if not schema.refuses_while_full:\n",
        "    if schema.refuses_while_full:\n",
        CORPUS,
    ),
    Defect(
        "an export that comes under a condition is not reported",
        "cfngen/review/exports.py",
        '    return new if old != new else ""\n',
        '    return ""\n',
        CORPUS,
    ),
    Defect(
        "a name that another template has is free",
        "cfngen/review/name_conflicts.py",
        " or _elsewhere(name, new, base, head)",
        "",
        CORPUS,
    ),
    Defect(
        "a firewall that is taken off is not looked at",
        "cfngen/review/public_access/protected_resources.py",
        "            yield guard.resource, guard.messages[0].format(guard.target)\n",
        "            pass\n",
        CORPUS,
    ),
    Defect(
        "a version that CloudFormation does not read is nothing",
        "cfngen/review/format_errors.py",
        "    if name in body and str(body[name]) != VERSION:\n",
        "    if False:\n",
        "tests/review/test_format_errors.py::test_a_wrong_version_is_no_review_of_nothing",
    ),
    # --- templates inside templates ---
    Defect(
        "the body of a stack set is not inspected",
        "cfngen/review/nested_templates.py",
        '    STACK_SET: "TemplateURL",\n',
        "",
        "tests/review/test_inside.py::test_a_key_that_is_opened_inside_of_a_stack_set_is_broadened",
    ),
    Defect(
        "a part that nobody can look into counts as nothing",
        "cfngen/review/opaque.py",
        "            findings.append(_finding(name, was, now))",
        "            same.append(name)",
        "tests/review/test_opaque.py::test_an_opaque_part_that_differs_is_unknown",
    ),
    Defect(
        "what the outer template passes is not known inside",
        "cfngen/review/nested_templates.py",
        "replace(side, parameters=values) if side else None",
        "replace(side, parameters={}) if side else None",
        "tests/review/test_passed.py::test_a_literal_that_is_passed_decides_conditions",
    ),
    # --- the manifest and the output folder ---
    Defect(
        "without a list of templates every blueprint is built",
        "cfngen/project/missing_manifest.py",
        "    if listed is None:\n",
        "    if listed is None and prune:\n",
        "tests/project/test_missing_manifest.py::test_commands_that_write_or_deploy_need_a_list",
    ),
    Defect(
        "a copy of a template beside it passes the check",
        "cfngen/commands/build.py",
        "    if stale or stale_waivers or strays:\n",
        "    if stale or stale_waivers:\n",
        "tests/commands/test_build.py::test_a_double_of_a_template_fails_the_check",
    ),
    # --- the integrations ---
    Defect(
        "a check without a list of concerns never fails",
        "integrations/review.sh",
        'if [ "$concerns" != none ]; then',
        'if [ -n "$concerns" ] && [ "$concerns" != none ]; then',
        "tests/integrations/test_gates.py::test_lists_of_concerns",
    ),
    Defect(
        "the note's token goes to an address without TLS",
        "integrations/gitlab/note.py",
        'if address.scheme != "https" and',
        'if address.scheme not in ("http", "https") and',
        "tests/integrations/test_gitlab.py::test_the_token_goes_by_tls_only",
    ),
    Defect(
        "what is unknown has no comment",
        "integrations/github/comment.py",
        ' and review.get("unknowns") == []',
        "",
        "tests/integrations/test_gates.py::test_when_there_is_a_comment",
    ),
    # --- strangers' text, and bugs ---
    Defect(
        "the name of a file moves the terminal",
        "cfngen/console/terminal.py",
        "_write(style(escape_controls(text), sys.stderr, **styles))",
        "_write(style(text, sys.stderr, **styles))",
        "tests/test_hostile.py::test_no_name_of_a_file_gets_out",
    ),
    Defect(
        "a bug of cfngen is told as a mistake of the author",
        "cfngen/authoring/mistakes.py",
        "    return not is_complaint(error) or (",
        "    return False and (",
        "tests/test_mistakes.py::test_a_bug_of_cfngen_is_no_mistake_of_the_author",
    ),
    Defect(
        "a reference to nothing is left to the linter",
        "cfngen/project/generate.py",
        "for place, problem in undeclared(document)",
        "for place, problem in ()",
        "tests/test_mistakes.py::test_several_references_are_told_at_once",
    ),
    Defect(
        "a bug exits as findings do",
        "cfngen/console/exits.py",
        "2, 70, 130",
        "2, 1, 130",
        "tests/commands/test_mistakes.py::test_a_bug_is_no_finding",
    ),
    Defect(
        "conditions are compared by the order of what they compare",
        "cfngen/cloudformation/conditions.py",
        '    return ",".join(sorted(map(canonical, operands)))',
        '    return ",".join(map(canonical, operands))',
        f"{CORPUS}[nothing/operands-swapped]",
    ),
    Defect(
        "a condition is what it is called",
        "cfngen/cloudformation/conditions.py",
        "        return self.names.get(name, name)",
        "        return name",
        f"{CORPUS}[nothing/condition-of-a-role-renamed]",
    ),
    Defect(
        "a lookup depends on every column of its mapping",
        "cfngen/cloudformation/mappings.py",
        "            if column == str(key) or (isinstance(column, Text) and key in others[name])",
        "            if True",
        f"{CORPUS}[data/mapping-gets-another-column]",
    ),
    Defect(
        "a lookup depends on no cell that it may come to",
        "cfngen/cloudformation/mappings.py",
        "    if canonical(cells) == canonical(others):",
        "    if True:",
        f"{CORPUS}[data/mapping-cell-that-is-read]",
    ),
    Defect(
        "a template can spell the word that its JSON is read with",
        "cfngen/cloudformation/placeholders.py",
        '    if "\\\\" not in literal:',
        "    if True:",
        "tests/review/test_powers.py::test_a_reference_cannot_be_forged_in_json",
    ),
    Defect(
        "two texts are one template, whatever their references are",
        "cfngen/review/pairs.py",
        "            and old.outer.marked == new.outer.marked",
        "",
        "tests/review/test_inside.py::test_a_reference_of_the_outer_template_is_no_text['ref0(Who)']",
    ),
]
