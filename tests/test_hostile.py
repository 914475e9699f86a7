"""Nothing of a stranger's moves a terminal or forges a line, whatever is asked of it.

One corpus (`support.hostile`) goes through all commands, formats and streams.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.blueprint_package import BUCKET, SHAPES, package, project
from support.hostile import (
    EVERYTHING,
    HIDDEN,
    TEXTS,
    UNTYPED,
    check_stream,
    pipelines,
    template,
    written,
)

from cfngen.cli import main
from cfngen.escaping import escape_log_commands
from cfngen.linting import processes
from cfngen.linting.lint import Linter

PUSH = ("--push", "2026-11-24T10:00Z")
FINDINGS = ("text", "json", "sarif", "junit", "github")
REVIEWS = ("text", "markdown", "json", "sarif", "html")
TIMELINES = ("text", "json", "mermaid", "svg")
# Halves of pairs, which JSON can say and cfn-lint cannot read: it would find nothing else.
NO_YAML = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
ALL = {**TEXTS, "everything": EVERYTHING}
each_text = pytest.mark.parametrize("text", ALL.values(), ids=ALL)
some_texts = pytest.mark.parametrize(
    "text", [EVERYTHING, TEXTS["command"]], ids=["everything", "command"]
)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blueprints of a third party."""
    folder = tmp_path_factory.mktemp("hostile-site")
    blueprints = {"hostile_bucket": BUCKET, "hostile_shapes": SHAPES}
    package(folder, blueprints, distribution="hostile-prints", module="hostile_prints")
    return folder


@pytest.fixture
def run(
    site: Path,
    linter: Linter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Run:
    """Return the command, in a project of its own; what it prints is held to be clean."""

    class Shared(contextlib.AbstractContextManager["Shared"]):
        def __init__(self, root: Path, **_: object) -> None:
            self.root = root

        def __exit__(self, *exception: object) -> None:
            """Keep the rules."""

        def lint(self, jobs: list[processes.Job]) -> list[object]:
            return [linter.lint(*job) for job in jobs]

    monkeypatch.setattr(processes, "Linters", Shared)
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(
        project(tmp_path / "project", '[templates.one]\nblueprint = "hostile_bucket"')
    )
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)

    def ended(*arguments: str) -> Ended:
        code = main(arguments)
        printed = [stream.decode("utf-8") for stream in capfdbinary.readouterr()]
        found = Ended(code, *printed)
        assert code in (0, 1, 2), found.err
        for stream in printed:
            # A template is printed as it is, and what runs in AWS may well print for a log.
            check_stream(escape_log_commands(stream) if arguments[0] == "show" else stream)
        return found

    return ended


def test_the_corpus_would_be_noticed() -> None:
    """Each text that has something to hide or to order is refused by the check itself."""
    harmless = {"plain", "percent", "markup", "very long"}
    for name, text in TEXTS.items():
        with contextlib.nullcontext() if name in harmless else pytest.raises(AssertionError):
            check_stream(text)


def test_every_character_is_looked_for() -> None:
    """What the code spells out is what these tests hold to be hidden."""
    from cfngen.escaping import INVISIBLE

    every = [chr(number) for number in range(0x110000)]
    assert [c for c in every if INVISIBLE.search(c)] == [c for c in every if HIDDEN.search(c)]


# --- what stands in a template ------------------------------------------------------------------


@pytest.fixture
def file(run: Run) -> Path:
    """Where a stranger's template is."""
    return Path("theirs.json")


def ways(*names: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands that read a template's file, in all their formats."""
    forms = {
        "lint": [("lint", "FILE", "--format", form) for form in FINDINGS],
        "review": [
            ("review", *pair, "--details", "--fail-on", "data", "--format", form)
            for form in REVIEWS
            for pair in (
                ("harmless.json", "FILE"),
                ("FILE", "harmless.json"),
                ("FILE", "other.json"),
            )
        ],
        "deploy-role": [
            ("deploy-role", "FILE", "--skip-unknown", "--explain", "--format", form)
            for form in ("yaml", "json")
        ]
        + [("deploy-role", "FILE")],
        "timeline": [("timeline", "FILE", *PUSH, "--format", form) for form in TIMELINES],
    }
    for name in names:
        yield from forms[name]


@pytest.mark.slow
@each_text
@pytest.mark.parametrize("command", ["lint", "review", "deploy-role", "timeline"])
def test_no_text_of_a_template_gets_out(run: Run, file: Path, command: str, text: str) -> None:
    """In all places of a template, through all commands that read one, in all their formats."""
    check_template(run, file, command, text)


@some_texts
@pytest.mark.parametrize("command", ["lint", "review", "deploy-role", "timeline"])
def test_no_text_of_a_template_gets_out_at_all(
    run: Run, file: Path, command: str, text: str
) -> None:
    """All of the corpus in one text, in all places of a template."""
    check_template(run, file, command, text)


def check_template(run: Run, file: Path, command: str, text: str) -> None:
    """Put a text into all places of a template, and ask a command about it."""
    Path("harmless.json").write_text('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')
    Path("other.json").write_text(written(template(f"{text}2")))
    make = pipelines if command == "timeline" else template
    text = NO_YAML.sub("", text) if command == "lint" else text
    file.write_text(written(make(text)))
    for way in ways(command):
        ended = run(*(str(file) if word == "FILE" else word for word in way))
        if way[-1] in ("json", "sarif") and ended.code < 2:
            json.loads(ended.out)


@some_texts
def test_machines_get_what_was_there(run: Run, file: Path, text: str) -> None:
    """JSON escapes what is hidden, and loses nothing of it."""
    file.write_text(written(pipelines(text)))
    ended = run("timeline", str(file), *PUSH, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert text in [name["name"] for name in found["pipelines"]]
    text = NO_YAML.sub("", text)
    file.write_text(written({"Resources": {text: {"Type": "AWS::SNS::Topic"}}}))
    findings = json.loads(run("lint", str(file), "--format", "json").out)
    assert text in [finding["name"] for finding in findings]


# --- what files and folders are called ----------------------------------------------------------


def names() -> dict[str, str]:
    """Return the texts that a file can be called."""
    return {
        name: text.replace("/", "|")
        for name, text in TEXTS.items()
        if not UNTYPED.search(text) and len(text) < 200
    }


@pytest.mark.slow  # a second for each name
@pytest.mark.parametrize("name", names().values(), ids=names())
def test_no_name_of_a_file_gets_out(run: Run, name: str) -> None:
    """Whether there is such a file, whether it is a template, or no such thing at all."""
    good, bad = Path(f"{name}.json"), Path(f"{name}.yaml")
    good.write_text('{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"B": 1}}}}')
    bad.write_text("Resources: [\n")
    Path("before.json").write_text('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')
    for file in (str(good), str(bad), f"gone-{name}.yaml", f"{name}/"):
        for form in FINDINGS:
            run("lint", file, "--format", form)
        for form in REVIEWS:
            run("review", "before.json", file, "--format", form)
        run("review", file, file)
        run("review", file)
        run("deploy-role", file)
        run("timeline", file, *PUSH)
        run("deploy-script", file)
        run("show", file)
    run("review", "before.json", str(good), "--write", f"text=./{name}.txt")
    run("review", "before.json", str(good), "--fail-on", "data,refused,replace,broaden")
    run("deploy-script", "--parameters-file", f"{name}.json")
    run("lint", str(Path(name, "a.yaml")))


@pytest.mark.parametrize("name", names().values(), ids=names())
def test_no_name_in_a_folder_gets_out(run: Run, name: str) -> None:
    """A folder of files that are no templates, or broken, or links, on either side."""
    for side, text in (("before", "Resources: {}\n"), ("after", "Resources: {A: {Type: B}}\n")):
        inner = Path(side, name)
        inner.mkdir(parents=True)
        (inner / f"{name}.yaml").write_text(text)
        Path(side, f"{name}.json").write_text(text)
        Path(side, f"other{name}.yaml").write_text("no: template\n")
        Path(side, f"link{name}.yaml").symlink_to(name)
    for form in REVIEWS:
        run("review", "before", "after", "--format", form)
    Path("after", f"broken{name}.yaml").write_text("Resources: [\n")
    run("review", "before", "after")
    run("review", "before/" + name, "after")


# --- what is asked ------------------------------------------------------------------------------


@each_text
def test_no_argument_gets_out(run: Run, text: str) -> None:
    """Commands, options, values and names that there are not."""
    text = UNTYPED.sub("", text)
    Path("a.json").write_text('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')
    for arguments in (
        [text],
        [f"--{text}"],
        ["show", text],
        ["schema", text],
        ["build", text, "--check"],
        ["deploy-script", text],
        ["deploy-script", "--bucket", text],
        ["deploy-script", "--format", text],
        ["deploy-role", text],
        ["deploy-role", "a.json", "--region", text],
        ["deploy-role", "a.json", "--account", text],
        ["deploy-role", "a.json", "--stack-name", text],
        ["deploy-role", "a.json", "--parameter", text],
        ["timeline", "a.json", "--push", text],
        ["timeline", "a.json", "--build", text],
        ["review", text],
        ["review", text, text],
        ["review", f"{text}...{text}"],
        ["review", f"{text}:a.json", "a.json"],
        ["review", "a.json", "a.json", "--fail-on", text],
        ["review", "a.json", "a.json", "--write", text],
        ["review", "a.json", "a.json", "--format", text],
        ["completion", text],
        ["lint", "--format", text],
    ):
        assert run(*arguments).code in (0, 2)


# --- what stands in a manifest ------------------------------------------------------------------

ASKING = [
    ("list",),
    ("list", "--format", "json"),
    ("build", "--check"),
    ("build",),
    ("build", "--check", "--format", "github"),
    ("deploy-script",),
    ("deploy-script", "--format", "json"),
    ("lint",),
    ("show", "one"),
    ("deploy-role", "one"),
    ("timeline", "one", *PUSH),
    ("review", "output", "output"),
]


def manifests(text: str) -> Iterator[str]:
    """Yield manifests that have a text in one of their places."""
    text = text.encode("utf-8", "ignore").decode()  # TOML has no halves of pairs
    quoted = json.dumps(text)
    one = '[templates.one]\nblueprint = "hostile_bucket"\n'
    shapes = '[templates.one]\nblueprint = "hostile_shapes"\n'
    yield f'[templates.{quoted}]\nblueprint = "hostile_bucket"\n'
    yield f"[templates.one]\nblueprint = {quoted}\n"
    yield f"{one}options.{quoted} = 1\n"
    yield f"{shapes}options.cache = {quoted}\n"
    yield f"{shapes}options.label = {quoted}\n"
    yield f"{one}account = {quoted}\n"
    yield f"{one}after = [{quoted}]\n"
    yield f"{one}regions = [{quoted}]\n"
    yield f"{one}{quoted} = 1\n"
    yield f"output = {quoted}\n{one}"
    yield f"{quoted} = 1\n{one}"
    yield f"{one}# {text}\n"


@pytest.mark.slow
@each_text
def test_no_text_of_a_manifest_gets_out(run: Run, text: str) -> None:
    """In all places of a manifest, through all commands that read one."""
    check_manifest(run, text)


def test_no_text_of_a_manifest_gets_out_at_all(run: Run) -> None:
    """All of the corpus in one text, in all places of a manifest."""
    check_manifest(run, EVERYTHING)


def check_manifest(run: Run, text: str) -> None:
    """Put a text into all places of a manifest, and ask every command about it."""
    for manifest in manifests(text):
        Path("cfngen.toml").write_bytes(manifest.encode())
        for arguments in ASKING:
            run(*arguments)


@pytest.mark.slow
@each_text
def test_no_text_on_the_disk_gets_out(run: Run, text: str) -> None:
    """A check shows what somebody has written into a template of ours, made visible."""
    check_disk(run, text)


@some_texts
def test_no_text_on_the_disk_gets_out_at_all(run: Run, text: str) -> None:
    """All of the corpus in one text, in a template of ours."""
    check_disk(run, text)


def check_disk(run: Run, text: str) -> None:
    """Write a text into a template of ours, and ask whether it is current."""
    assert run("build").code == 0
    made = Path("output/one.yaml")
    made.write_bytes(made.read_bytes() + f"# a\n{text}\n".encode("utf-8", "replace"))
    assert run("build", "--check").code == 1
    assert run("build", "--check", "--format", "json").code == 1
    assert run("build").code == 2
