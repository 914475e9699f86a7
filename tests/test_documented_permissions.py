"""Every role has what AWS documents that its use needs, or a waiver of it on role or statement."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from scanners.waivers import Placed, matches, placed
from support.pipelines import SHAPES, with_roles
from support.policy_evaluation import like, listed
from support.role_uses import READERS, Use, uses

from cfngen import synthesize
from cfngen.cloudformation.document import Document
from cfngen.cloudformation.schemas import is_custom
from cfngen.patterns import roles
from cfngen.project.registry import blueprints
from cfngen.testing import of_type, references, shapes, statements

TABLE = tomllib.loads((Path(__file__).parent / "documented_permissions.toml").read_text())
OURS = sorted(name for name, entry in blueprints().items() if entry.distribution == "cfngen")
PIPELINE, ROLES = "multi_region_pipeline", "deployment_roles"
KEYS = Path(__file__).parent / "emulator/plugin/documented.py"
DOCS = "https://docs.aws.amazon.com/"
# Assumed by our own programs, which call what they call; no page of AWS's says what that is.
OWN_PROGRAMS = {
    "branch_builder": {"WorkerImageVersionRole"},
    "branch_events": {"ReaderRole", "AnswerRole"},
    "fargate_mirror": {"MirrorImageVersionRole"},
    "mirror_destination": {"DestinationRole"},
    "mirror_image": {"MirrorImageVersionRole"},
    "mirror_program": {"MirrorProgramVersionRole"},
    "worker_image": {"WorkerImageVersionRole"},
}
# Whose policies name roles, which is no use of them.
POLICIES = re.compile(r"AWS::IAM::|AWS::KMS::Key$|.*Policy$")


class Omission(NamedTuple):
    """A documented permission that a role does not have."""

    blueprint: str
    role: str
    action: str
    row: str


class Shape(NamedTuple):
    """A template as data, and the waivers of documented permissions in it."""

    body: dict[str, Any]
    waivers: tuple[Placed, ...]

    def waives(self, omission: Omission) -> list[Placed]:
        """Return the waivers that are about an omission: on the role or on one of its policies."""
        places = {omission.role, *policies_of(self.body, omission.role)}
        rule = f"documented:{omission.action}"
        return [w for w in self.waivers if w.resource in places and matches(rule, w.waiver.rule)]


def as_shape(document: Document, roles: Document | None = None) -> Shape:
    """Return a template, with the roles that it imports."""
    body = document.body
    waivers = [*placed("", document), *(placed("", roles) if roles else ())]
    if roles:
        body = {"Resources": with_roles(body, roles.body)}
    return Shape(body, tuple(w for w in waivers if w.waiver.scanner == "documented"))


@functools.cache
def templates(name: str) -> list[Shape]:
    """Return a blueprint's templates; a pipeline's with the roles that it imports."""
    found = [shape.document for shape in shapes(blueprints()[name].load())]
    if name != PIPELINE:
        return [as_shape(document) for document in found]
    load = blueprints()[PIPELINE].load()
    found += [synthesize(load, options).document for options in SHAPES.values()]
    roles = synthesize(blueprints()[ROLES].load()).document
    return [as_shape(d, roles if "RolesStack" in d.body["Parameters"] else None) for d in found]


def bodies(name: str) -> list[dict[str, Any]]:
    """Return a blueprint's templates as data."""
    return [shape.body for shape in templates(name)]


def policies_of(body: dict[str, Any], role: str) -> list[str]:
    """Return the logical IDs of the policies that are resources of their own."""
    return [
        title
        for kind, key in (("RolePolicy", "RoleName"), ("Policy", "Roles"))
        for title, properties in of_type(body, f"AWS::IAM::{kind}").items()
        if role in references(properties.get(key))
    ]


def granted(body: dict[str, Any], role: str) -> set[str]:
    """Return the actions that a role's policies allow, whatever on and when."""
    found: list[Any] = [body["Resources"][role]["Properties"].get("Policies", [])]
    resources = (body["Resources"][title] for title in policies_of(body, role))
    found += [resource["Properties"]["PolicyDocument"] for resource in resources]
    return {
        action
        for _, statement in statements(found)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


def omissions(name: str, body: dict[str, Any]) -> Iterator[Omission]:
    """Yield what the roles of a template lack."""
    for use in uses(body):
        has = granted(body, use.role)
        for action in (*TABLE[use.row]["actions"], *use.actions):
            if not any(like(action, pattern, case=False) for pattern in has):
                yield Omission(name, use.role, action, use.row)


@functools.cache
def omitted(name: str) -> list[tuple[Omission, tuple[Placed, ...]]]:
    """Return what the roles of a blueprint's templates lack, with the waivers that are about it."""
    return [
        (omission, tuple(shape.waives(omission)))
        for shape in templates(name)
        for omission in omissions(name, shape.body)
    ]


@functools.cache
def every_use() -> list[tuple[str, Use]]:
    """Return each use of a role, with the blueprint that it is in."""
    return [(name, use) for name in OURS for body in bodies(name) for use in uses(body)]


@pytest.mark.parametrize("name", OURS)
def test_a_role_has_what_aws_documents_or_a_waiver(name: str) -> None:
    """For each use of each role in each shape, by the page that the table names."""
    left = dict.fromkeys(omission for omission, waivers in omitted(name) if not waivers)
    assert not left, "\n".join(
        f"{o.role}: {o.row} needs {o.action} ({TABLE[o.row]['page']}): grant it, or write"
        f" waive(…, 'documented:{o.action}', reason=…) where the role or its statement is made"
        for o in left
    )


def test_no_waiver_is_left_over() -> None:
    """What is granted takes its waiver with it."""
    every = [waiver for name in OURS for shape in templates(name) for waiver in shape.waivers]
    used = {w.declaration for name in OURS for _, waivers in omitted(name) for w in waivers}
    over = {w.declaration: w for w in every if w.declaration not in used}
    assert every
    assert not over, "\n".join(map(str, over.values()))


def test_the_table_has_a_row_for_each_use_and_no_other() -> None:
    """A provider, a source or a target that is new needs its page read first."""
    used = {use.row for _, use in every_use()}
    assert used - set(TABLE) == set()
    assert set(TABLE) - used == set()


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_a_row_names_its_page_and_when_it_was_read(row: dict[str, Any]) -> None:
    """One of AWS's own, and actions as policies write them."""
    assert set(row) - {"note"} == {"page", "date", "actions"}
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", row["page"])
    assert isinstance(row["date"], date)
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z*]+", action) for action in row["actions"])
    assert row["actions"] or row["note"]


@pytest.mark.parametrize("name", OURS)
def test_every_role_and_every_reference_to_one_is_checked(name: str) -> None:
    """A role that no row is about would have been passed over in silence."""
    checked: set[str] = set()
    roles: set[str] = set()
    for body in bodies(name):
        here = set(of_type(body, "AWS::IAM::Role"))
        roles |= here
        checked |= {use.role for use in uses(body)}
        for title, resource in body["Resources"].items():
            kind = resource["Type"]
            if is_custom(kind):  # which hand it to our own function
                continue
            if here & references(resource.get("Properties")) and not POLICIES.match(kind):
                assert kind in READERS, f"{title}: nothing reads which role a {kind} has"
    if name == ROLES:  # used by pipelines, together with which they are checked
        checked |= {use.role for body in bodies(PIPELINE) for use in uses(body)}
    assert roles - checked == OWN_PROGRAMS.get(name, set())


@pytest.mark.parametrize(
    ("role", "action", "row"),
    [
        ("SourceRole", "s3:PutObjectAcl", "CodePipeline artifacts given"),
        ("SourceRole", "codestar-connections:UseConnection",
         "CodePipeline action Source/CodeStarSourceConnection"),
        ("PipelineRole", "sts:AssumeRole", "CodePipeline role of an action"),
        ("BuildRole", "logs:PutLogEvents", "CodeBuild logs"),
        ("WindowRole", "codepipeline:DisableStageTransition", "Scheduler target"),
        ("WindowRole", "sqs:SendMessage", "Scheduler dead-letter queue"),
    ],
)  # fmt: skip
def test_a_permission_that_is_taken_away_is_missed(role: str, action: str, row: str) -> None:
    """So that silence means something."""
    body = synthesize(blueprints()[PIPELINE].load(), SHAPES["windows"]).document.body
    policies = [body["Resources"][role]["Properties"].get("Policies", [])]
    policies += [p["PolicyDocument"] for p in of_type(body, "AWS::IAM::RolePolicy").values()]
    for _, statement in statements(policies):
        kept = [one for one in listed(statement["Action"]) if one != action]
        statement["Action"] = kept or "none:None"
    assert Omission(PIPELINE, role, action, row) in omissions(PIPELINE, body)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the table of condition keys that the emulator answers by."""
    monkeypatch.setenv("MINISTACK_ACCOUNT_ID", "123456789012")
    spec = importlib.util.spec_from_file_location("documented", KEYS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "documented", module)  # for its dataclass
    spec.loader.exec_module(module)
    return module


def test_trust_policies_ask_for_the_account_where_the_service_sends_it(keys: Any) -> None:
    """No more than that, or the role is of no use; and no less, but for StackSets' own roles."""
    sending = {
        principal.removesuffix(".amazonaws.com")
        for principal, sends in keys.TO_ROLES.items()
        if sends.account and not sends.only_for
    }
    assert sending == roles.SENDS_SOURCE_ACCOUNT


def test_what_a_service_sends_is_on_a_page_that_roles_name(keys: Any) -> None:
    """Of AWS's own, read; a page of trust policies is named where those are made."""
    named = Path(roles.__file__).read_text()
    for principal, sends in [*keys.TO_ROLES.items(), *keys.TO_RESOURCES.items()]:
        assert re.fullmatch(rf"{DOCS}\S+\.html", sends.page), principal
        assert date.fromisoformat(sends.read)
    for service in roles.SENDS_SOURCE_ACCOUNT:
        sends = keys.TO_ROLES[f"{service}.amazonaws.com"]
        page = sends.page.removeprefix(DOCS)
        assert re.search(rf"#   {service} +{re.escape(page)}", named) or sends.inference, service
