"""Programs and templates agree on the names of environment variables, in every shape.

No list of ours is kept here: what a program reads is taken from its text, what it is given from the
template. What AWS sets, and what programs of others read, is listed with the page that says so.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.mirror_program import published
from support.shapes_of_ours import Shape, all_shapes, image, readme
from support.variables import UnclearError, Use, named, of_buildspec, of_files, of_python, of_shell

from cfngen.testing import references

# Set by the service itself: AWS pages "Defined runtime environment variables" (Lambda),
# "Environment variables in build environments" (CodeBuild) and "Amazon ECS container metadata".
SET_BY_AWS = {
    "function": {"AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME"},
    "build": {"AWS_REGION", "CODEBUILD_BUILD_ID", "CODEBUILD_SRC_DIR", "CODEBUILD_BUILD_ARN",
              "CODEBUILD_START_TIME",
              "CODEBUILD_BUILD_SUCCEEDING", "BASH_REMATCH"},
    "container": {"AWS_REGION", "ECS_CONTAINER_METADATA_URI_V4"},
}  # fmt: skip
# Read by programs that ours start, or by libraries that they use.
READ_BY_OTHERS = {
    "AWS_CONFIG_FILE": "AWS CLI user guide, Configuring environment variables",
    "AWS_MAX_ATTEMPTS": "AWS SDKs reference guide, Retry behavior",
    "AWS_PROFILE": "AWS CLI user guide, Configuring environment variables",
    "AWS_RETRY_MODE": "AWS SDKs reference guide, Retry behavior",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "Docker, Build variables",
    "GIT_SSH_COMMAND": "man page git",
    "GIT_TERMINAL_PROMPT": "man page git",
    "HOME": "man page environ",
    "LC_ALL": "man page locale",
    "SSH_AGENT_PID": "man page ssh-agent",
    "SSH_AUTH_SOCK": "man page ssh-agent",
    "TMPDIR": "man page environ",
}


@dataclass(frozen=True)
class Carried:
    """A program that a template carries, or names, with what the template gives it.

    Attributes:
        kind: `function`, `build` or `container`.
        shape: the template.
        name: the logical ID of what runs it.
        use: what the program does; without it, the program is the user's.
        given: what the template sets.
    """

    kind: str
    shape: Shape
    name: str
    use: Use | None
    given: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.name} of {self.shape}"


def pairs(listed: list[dict[str, Any]] | None) -> set[str]:
    """Return the names in a list of variables."""
    return {pair["Name"] for pair in listed or ()}


def overrides(shape: Shape, target: str) -> set[str]:
    """Return the variables that rules fill in when they start a task or a build."""
    return {
        name
        for rule in shape.of_type("Events::Rule").values()
        for there in rule["Targets"]
        if target in references(there) and "InputTransformer" in there
        for name in named(there["InputTransformer"]["InputTemplate"])
    }


def carried(shape: Shape) -> Iterator[Carried]:
    """Yield what a template runs."""
    for name, function in shape.of_type("Lambda::Function").items():
        given = set(function.get("Environment", {}).get("Variables", {}))
        yield Carried("function", shape, name, of_python(function["Code"]["ZipFile"]), given)
    for name, project in shape.of_type("CodeBuild::Project").items():
        spec = project["Source"]["BuildSpec"]
        ours = isinstance(spec, str) and "phases:" in spec
        given = pairs(project["Environment"].get("EnvironmentVariables")) | overrides(shape, name)
        use = of_buildspec(spec) if ours else None
        if use and project["Source"].get("Location") == {"Ref": "ProgramParameter"}:
            program = of_files(published())
            program.needed -= use.given
            use |= program
        yield Carried("build", shape, name, use, given)
    for name, task in shape.of_type("ECS::TaskDefinition").items():
        for container in task["ContainerDefinitions"]:
            given = pairs(container.get("Environment")) | pairs(container.get("Secrets"))
            given |= overrides(shape, name)
            yield Carried("container", shape, name, of_files(image(shape, container)), given)


@functools.cache
def everything() -> tuple[Carried, ...]:
    """Return what all templates run."""
    return tuple(one for shape in all_shapes() for one in carried(shape))


def handed(shape: Shape) -> set[str]:
    """Return what programs of a template hand to tasks and builds that they start."""
    return {
        name
        for one in everything()
        if one.shape is shape and one.use and one.kind != "build"
        for name in one.use.given | one.use.compared
    }


def test_there_are_programs_of_every_kind_to_look_at() -> None:
    """Nothing below is true only because nothing was found."""
    assert {one.kind for one in everything()} == {"function", "build", "container"}
    assert len({one.shape.blueprint for one in everything()}) >= 6


def test_what_a_program_needs_is_set() -> None:
    """A variable without which a program fails is set by the template that carries it."""
    for one in everything():
        if one.use:
            lacking = one.use.needed - one.given - one.use.given - SET_BY_AWS[one.kind]
            lacking -= handed(one.shape) if one.kind == "container" else set()
            assert not lacking, f"{one}: nothing sets {sorted(lacking)}"


def test_what_is_set_is_read() -> None:
    """A variable that a template sets is read by the program, or by one that it starts.

    Where the program is the user's, such as the buildspec in a repository, the README is the
    contract: it names the variable.
    """
    for one in everything():
        unread = one.given - set(READ_BY_OTHERS)
        if one.use:
            unread -= one.use.read
        else:
            unread = {name for name in unread if not documented(one.shape.blueprint, name)}
        assert not unread, f"{one}: nothing reads {sorted(unread)}"


def documented(blueprint: str, name: str) -> bool:
    """Whether the README speaks of a variable, or of its kind: `LABEL_X` for one for each label."""
    kinds = re.findall(r"`LABEL_(\w+)`", readme(blueprint))
    return name.endswith(tuple(f"_{kind}" for kind in kinds)) or bool(
        re.search(rf"[`$]{name}\b", readme(blueprint))
    )


def test_what_programs_hand_on_is_read() -> None:
    """A variable that a program sets is read by itself, by what it starts, or by the user's build.

    The same holds for the variables of builds that a program compares.
    """
    for shape in all_shapes():
        programs = [one for one in everything() if one.shape is shape and one.use]
        read = {name for one in programs if one.use for name in one.use.read}
        for one in programs:
            assert one.use
            names = (one.use.given | one.use.compared) - read - set(READ_BY_OTHERS)
            unread = {name for name in names if not documented(shape.blueprint, name)}
            assert not unread, f"{one}: nothing reads {sorted(unread)}"


def test_what_a_program_can_do_without_is_set_in_some_shape() -> None:
    """A variable that nothing stands in for is for some option: some template sets it."""
    asked: dict[tuple[str, str], set[str]] = defaultdict(set)
    given: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in everything():
        if one.use:
            key = (one.kind, one.name.removesuffix("Task"))
            asked[key] |= one.use.optional
            given[key] |= one.given | one.use.given | SET_BY_AWS[one.kind] | handed(one.shape)
    # A program that several blueprints carry need not be used by each in all of its ways.
    of_all = {name for names in given.values() for name in names}
    for key, names in asked.items():
        assert not names - of_all, f"{key}: nothing ever sets {sorted(names - of_all)}"


def test_what_a_method_s_mapping_reads_is_set_by_its_stage() -> None:
    """A stage of an API has each variable that its mapping templates read, and no other."""
    seen = False
    for shape in all_shapes():
        read = set(re.findall(r"stageVariables\.(\w+)", shape.drawn.text))
        given = {
            name
            for stage in shape.of_type("ApiGateway::Stage").values()
            for name in stage.get("Variables", {})
        }
        assert read == given, shape
        seen = seen or bool(read)
    assert seen


# --- the reader itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nos.environ['A']", Use(needed={"A"})),
        ("import os\nenv = os.environ\nenv.get('A')", Use(optional={"A"})),
        ("import os\nenv = os.environ\nenv.get('A', '')", Use(optional={"A"})),
        ("import os\nos.environ.get('A', 3)", Use(preset={"A"})),
        ("import os\nos.environ.get('A') or 3", Use(preset={"A"})),
        ("import os\nos.getenv('A')", Use(optional={"A"})),
        ("import os\nif 'A' in os.environ: os.environ['A']", Use(optional={"A"})),
        ("import os\nenv = os.environ\nenv.keys() & {'A', 'B'}", Use(optional={"A", "B"})),
        ("import os\nfor k in ('A', 'B'): os.environ[k]", Use(needed={"A", "B"})),
        (
            "import os\nenv = os.environ\ndef n(name, d): return env.get(name) or d\nn('A', 1)",
            Use(preset={"A"}),
        ),
        ("import os\nos.environ.update(A='1')", Use(given={"A"})),
        ("s = {}\nfor k in ('A', 'B'): s[f'X_{k}'] = 1", Use(given={"X_A", "X_B"})),
        ("v = {'A_B': 1}", Use(given={"A_B"})),
        ("t = {v['name']: v['value'] for v in x}\nt.get('A')", Use(compared={"A"})),
        ("HELPER = 'printf %s \"$A_B\"'", Use(optional={"A_B"})),
    ],
)
def test_the_reader_follows_python(text: str, expected: Use) -> None:
    """Each way in which our programs get at a variable is understood."""
    assert of_python(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ[name()]",
        "import os\nprint(os.environ)",
        "import os\nenv = os.environ\nenv.items()",
        "import os\nfor k in keys: os.environ[k]",
    ],
)
def test_the_reader_refuses_what_it_cannot_follow(text: str) -> None:
    """What cannot be told is an error, not nothing."""
    with pytest.raises(UnclearError):
        of_python(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('echo "$A" ${B}', Use(needed={"A", "B"})),
        ("echo '$A' # $B", Use(needed={"B"})),
        ("# $A\necho", Use()),
        ('export A="${A:-x}"\necho', Use(preset={"A"}, given={"A"})),
        ('test "${A:-}"', Use(optional={"A"})),
        ('A="${A//x/}"\necho $A', Use(needed={"A"})),
        ("A=1\necho $A", Use()),
        ("export A=1", Use(given={"A"})),
        ("for A in x; do echo $A; done", Use()),
        ('echo "${A:-${B:-x}}"', Use(preset={"A", "B"})),
    ],
)
def test_the_reader_follows_shell(text: str, expected: Use) -> None:
    """Each way in which our commands get at a variable is understood."""
    assert of_shell(text) == expected
