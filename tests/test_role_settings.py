"""Paths, permissions boundaries and tags that an organization demands of every stack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.blueprint_package import cfngen, project

from cfngen import CfngenError, RoleSettings, synthesize
from cfngen.authoring.role_settings import NONE
from cfngen.errors import ManifestError
from cfngen.project import manifest, registry

SETTINGS = RoleSettings(path="/ci/", permissions_boundary="developer-boundary")
BOUNDARY = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/developer-boundary"}
INSTALLED = registry.search()[0]
BLUEPRINTS = sorted(INSTALLED)


def text_of(name: str, roles: RoleSettings = NONE) -> str:
    """Return a template as text."""
    return synthesize(INSTALLED[name].load(), roles=roles).text


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_every_role_of_every_blueprint_has_them(name: str) -> None:
    """Roles in templates that others carry included; no policy names a role by another path."""
    text = text_of(name, SETTINGS)
    roles = len(re.findall(r"Type: AWS::IAM::Role$", text, re.MULTILINE))
    assert text.count("PermissionsBoundary:") == roles
    assert len(re.findall(r"Path: '?/ci/", text)) == roles
    assert "Path: /cfngen/" not in text
    assert len(re.findall(r":role/(?!ci/|aws-service-role/|\[)", text)) == 0


def test_without_them_nothing_is_there() -> None:
    """A template says nothing about paths and boundaries unless somebody chose them."""
    text = text_of("fargate_mirror")
    assert "PermissionsBoundary" not in text
    assert "\n      Path:" not in text


def test_they_end_with_the_template() -> None:
    """What one template is made with does not reach the next."""
    with_settings = text_of("mirror_destination", SETTINGS)
    assert "PermissionsBoundary" in with_settings
    assert "PermissionsBoundary" not in text_of("mirror_destination")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (RoleSettings(path="ci"), "roles.path: 'ci' must begin and end with a slash"),
        (RoleSettings(path="/ci"), "roles.path: '/ci' must begin and end with a slash"),
        (RoleSettings(path="/" + "a" * 511 + "/"), "roles.path: has 513 characters"),
        (RoleSettings(permissions_boundary="a b"), "roles.permissions_boundary: 'a b' must be"),
        (
            RoleSettings(permissions_boundary="arn:aws:iam::1:policy/x"),
            "roles.permissions_boundary: 'arn:aws:iam::1:policy/x' must be",
        ),
    ],
)
def test_what_iam_would_refuse_is_refused(settings: RoleSettings, complaint: str) -> None:
    """Before a template is made."""
    with pytest.raises(CfngenError, match=re.escape(complaint)):
        text_of("mirror_destination", settings)


def test_an_arn_is_taken_as_it_is() -> None:
    """A boundary may be a policy of AWS's."""
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    text = text_of("mirror_destination", RoleSettings(permissions_boundary=arn))
    assert f"PermissionsBoundary: {arn}" in text


MANIFEST = """
tags = { Team = "build" }
[roles]
path = "/ci/"
permissions_boundary = "developer-boundary"
[templates.one]
blueprint = "mirror_destination"
[templates.two]
blueprint = "mirror_destination"
roles = { path = "/other/" }
tags = { Cost = "4 2" }
"""


def test_a_template_overrides_the_project_key_by_key(tmp_path: Path) -> None:
    """The tables of the project are for all templates; a template's own say what differs."""
    templates = manifest.load(project(tmp_path, MANIFEST)).templates
    assert (templates["one"].roles, templates["one"].tags) == (SETTINGS, {"Team": "build"})
    assert templates["two"].roles == RoleSettings("/other/", "developer-boundary")
    assert templates["two"].tags == {"Team": "build", "Cost": "4 2"}


def test_the_command_applies_both(tmp_path: Path) -> None:
    """Roles are in the template; tags are given to the stack as it is deployed."""
    where = project(tmp_path, MANIFEST)
    shown = cfngen("show", "two", cwd=where).stdout
    assert "Path: /other/" in shown
    assert "policy/developer-boundary" in shown
    assert "--tags Team=build 'Cost=4 2' \\" in cfngen("deploy-script", "two", cwd=where).stdout
    assert '"Cost": "4 2"' in cfngen("deploy-script", "two", "--format", "json", cwd=where).stdout


def test_everything_that_is_wrong_is_listed(tmp_path: Path) -> None:
    """Each with its table and key."""
    text = """
    tags = { "aws:x" = "1", "a=b" = "1", ok = 1, empty = "" }
    [roles]
    pth = "/ci/"
    path = "ci"
    [templates.one]
    blueprint = "mirror_destination"
    roles = "ci"
    tags = ["a"]
    """
    with pytest.raises(ManifestError) as caught:
        manifest.load(project(tmp_path, text))
    lines = "\n".join(caught.value.problems)
    assert lines.count("roles.path:") == 1, "a template reports nothing that it inherits"
    for part in (
        "pth: unknown key; did you mean 'path'?",
        "roles.path: 'ci' must begin and end with a slash",
        "roles: must be a table of texts",
        "tags: 'aws:x' cannot be a key",
        "tags: 'a=b' has a =",
        "tags.ok: must be text",
        "tags.empty: must be text",
        "tags: must be a table of texts",
    ):
        assert part in lines, lines
