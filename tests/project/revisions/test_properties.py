"""What holds of any two folders: a change of meaning is never told as nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.projects import Project

from cfngen.errors import CfngenError
from cfngen.project.reviews import review_of
from cfngen.project.revisions import pair
from cfngen.review.formats import FORMATS, format_review

FOLDERS = st.sampled_from(["", "net/", "net/deep/", "other/"])
STEMS = st.sampled_from(["shop", "db", "shop.template", "x y", "ünï"])
SUFFIXES = st.sampled_from([".yaml", ".yml", ".json", ".template", ".YAML", ".txt", ""])
PATHS = st.builds("{}{}{}".format, FOLDERS, STEMS, SUFFIXES)
CLAIMS = ("Nothing changes", "nothing changes")


def body(size: int) -> dict[str, object]:
    """Return a template with a table, which a change of its name replaces, and more."""
    more = {f"Topic{n}": {"Type": "AWS::SNS::Topic"} for n in range(size)}
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}
    return {"Resources": {"Table": table, **more}}


def as_yaml(data: dict[str, object]) -> str:
    """Write a template as people do."""
    return yaml.safe_dump(data, sort_keys=False)


def as_json(data: dict[str, object]) -> str:
    """Write a template as tools do."""
    return json.dumps(data, indent=1)


def escaped(data: dict[str, object]) -> str:
    """Write a template whose first key is spelt with an escape."""
    return as_yaml(data).replace("Resources:", '"\\x52esources":', 1)


def with_marks(data: dict[str, object]) -> str:
    """Write a template with a byte order mark and the line ends of Windows."""
    return "\ufeff" + as_yaml(data).replace("\n", "\r\n")


WRITTEN = st.sampled_from([as_yaml, as_json, escaped, with_marks])
MOVES = st.sampled_from(["stay", "copy", "suffix", "folder", "name", "link", "twice"])


def claims(base: str, head: str, here: Path) -> list[str]:
    """Return the formats in which a review claims that nothing changes."""
    try:
        review = review_of(pair(base, head, here))
    except CfngenError:
        return []  # refused: nobody is told that all is well
    return [
        form for form in FORMATS if any(claim in format_review(review, form) for claim in CLAIMS)
    ]


def moved(folder: Path, path: str, how: str, before: str, after: str) -> None:
    """Change a template, and hide the change the way an attacker might."""
    file = folder / path
    file.write_text(after, newline="")
    if how == "copy":
        (file.parent / f"{file.stem}.copy.yml").write_text(before, newline="")
        twin = file.with_suffix(".yml" if file.suffix != ".yml" else ".json")
        if not twin.exists():
            twin.write_text(before, newline="")
    elif how == "suffix":
        file.rename(file.with_name(f"{file.name}.template"))
    elif how == "folder":
        (folder / "elsewhere").mkdir(exist_ok=True)
        file.rename(folder / "elsewhere" / file.name)
    elif how == "name":
        file.rename(file.with_name(f"renamed{file.suffix}"))
    elif how == "twice":
        shutil.copy(file, file.with_name(f"one{file.suffix}"))
        file.rename(file.with_name(f"two{file.suffix}"))
    elif how == "link":
        shutil.move(file, folder.parent / "outside")
        file.symlink_to(folder.parent / "outside")


@pytest.mark.slow  # a repository for each example
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(PATHS, WRITTEN, st.integers(0, 12)),
        min_size=1,
        max_size=4,
        unique_by=lambda t: t[0].lower(),
    ),
    st.integers(0, 3),
    WRITTEN,
    MOVES,
    st.booleans(),
)
def test_no_change_of_meaning_is_nothing(
    tmp_path_factory: pytest.TempPathFactory, files, chosen, written, how, in_git
) -> None:
    """Wherever a template lies, however it is written and moved, its change is never "nothing"."""
    project = tmp_path_factory.mktemp("project")
    folder = project / "cfn"
    for path, write, size in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if (folder / path).exists():
            return  # a folder of that name
        (folder / path).write_text(write(body(size)), newline="")
    (folder / "README.md").write_text("# no template\n")
    path, write, size = files[chosen % len(files)]
    repository = Project(project) if in_git else None
    if repository:
        repository.commit("before")
    else:
        shutil.copytree(folder, project / "old")
    changed = body(size)
    changed["Resources"]["Table"]["Properties"]["TableName"] = "other"  # type: ignore[index]
    before = (folder / path).read_bytes().decode()
    moved(folder, path, how, before, written(changed))
    if repository:
        repository.commit("after")
        assert claims("before:cfn", "after:cfn", project) == []
        assert claims("before", str(folder), project) == []
    else:
        assert claims(str(project / "old"), str(folder), project) == []
