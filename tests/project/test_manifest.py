"""The manifest says which templates a project makes, and everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support.blueprint_package import BUCKET, SHAPES, cfngen, package, project, snapshot

from cfngen.errors import ManifestError
from cfngen.project import manifest

BROKEN = "import nowhere_to_be_found\n"
BARE = "def {name}(): ...\n"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Third-party blueprints, good and bad ones."""
    folder = tmp_path_factory.mktemp("manifest-site")
    texts = {"mani_bucket": BUCKET, "mani_shapes": SHAPES, "mani_broken": BROKEN, "mani_bare": BARE}
    package(folder, texts, distribution="mani-prints", module="mani_prints")
    return folder


@pytest.fixture(autouse=True)
def _installed(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)


def problems(tmp_path: Path, text: str, name: str = "cfngen.toml") -> list[str]:
    """Return what is wrong with a manifest."""
    with pytest.raises(ManifestError) as caught:
        manifest.load(project(tmp_path, text, name))
    return list(caught.value.problems)


# --- which templates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "prefix"), [("pyproject.toml", "tool.cfngen."), ("cfngen.toml", "")]
)
def test_both_files_hold_the_same_tables(tmp_path: Path, name: str, prefix: str) -> None:
    """`cfngen.toml` reads as `[tool.cfngen]` of `pyproject.toml`, without the prefix."""
    text = f"""
    [{prefix}templates.things]
    blueprint = "mani_shapes"
    options.cache = "efs"
    options.main = {{ size = 3 }}
    regions = ["us-east-1", "eu-west-1"]
    [{prefix}templates."a.b"]
    blueprint = "mani_bucket"
    """
    loaded = manifest.load(project(tmp_path, text, name))
    things = loaded.templates["things"]
    assert list(loaded.templates) == ["things", "a.b"]
    assert things.blueprint.name == "mani_shapes"
    assert things.table == {"cache": "efs", "main": {"size": 3}}
    assert (things.options.cache, things.options.main.size) == ("efs", 3)
    assert things.regions == ("us-east-1", "eu-west-1")
    assert things.file_name == "things.yaml"
    assert loaded.output == tmp_path / "output"
    assert loaded.source == name


def test_the_nearest_parent_wins(tmp_path: Path) -> None:
    """From a subfolder the nearest manifest counts; a pyproject.toml without our table is none."""
    project(tmp_path, '[tool.cfngen.templates.far]\nblueprint = "mani_bucket"', "pyproject.toml")
    inner = project(tmp_path / "a", '[templates.near]\nblueprint = "mani_bucket"')
    project(inner / "b", "[tool.other]\nx = 1", "pyproject.toml")
    deep = inner / "b/c"
    deep.mkdir()
    assert list(manifest.load(deep).templates) == ["near"]
    assert manifest.load(deep).output == inner / "output"
    assert manifest.find(deep).root == inner
    assert list(manifest.load(tmp_path).templates) == ["far"]


def test_without_a_manifest_every_blueprint_can_be_looked_at(tmp_path: Path) -> None:
    """No manifest, or one without templates: each blueprint with its defaults, marked as such."""
    loaded = manifest.load(tmp_path)
    assert loaded.templates["mani-bucket"].blueprint.name == "mani_bucket"
    assert loaded.templates["mani-shapes"].options is None
    assert loaded.output == tmp_path / "output"
    assert loaded.by_default
    only_output = manifest.load(project(tmp_path, 'output = "cfn/made"'))
    assert only_output.by_default
    assert list(only_output.templates) == list(loaded.templates)
    assert only_output.output == tmp_path / "cfn/made"
    empty = manifest.load(project(tmp_path, "[templates]"))
    assert (empty.templates, empty.by_default) == ({}, False)


def test_an_output_given_by_hand_counts(tmp_path: Path) -> None:
    """`--output` goes before what the manifest says, and may be anywhere."""
    where = tmp_path.parent / "elsewhere"
    assert manifest.load(project(tmp_path, 'output = "cfn"'), where).output == where


def test_names_for_completion_are_had_without_complaints(tmp_path: Path) -> None:
    """Completion knows the names in a manifest with mistakes, and with a broken blueprint."""
    text = '[templates.one]\nblueprint = "mani_broken"\noptions.x = 1\n[templates.two]\nx = 1'
    assert manifest.template_names(project(tmp_path / "a", text)) == ["one", "two"]
    assert "mani-bucket" in manifest.template_names(tmp_path)
    assert manifest.template_names(project(tmp_path / "b", "templates = 1"))
    assert manifest.template_names(project(tmp_path / "c", "[[["))


def test_names_that_are_not_there_are_told_together(tmp_path: Path) -> None:
    """Unknown templates get advice; a blueprint's name gets the templates made of it."""
    text = """
    [templates.things]
    blueprint = "mani_bucket"
    [templates.more]
    blueprint = "mani_bucket"
    """
    loaded = manifest.load(project(tmp_path, text))
    assert [entry.name for entry in loaded.select(("more", "more"))] == ["more"]
    with pytest.raises(ManifestError) as caught:
        loaded.select(("thigns", "mani_bucket", "more"))
    assert caught.value.problems == (
        "no template 'thigns' in cfngen.toml; did you mean 'things'? (available: things, more)",
        "'mani_bucket' is a blueprint; the templates made of it: things, more",
    )


# --- what the file says without blueprints ------------------------------------------------------


def test_a_manifest_is_found_wherever_its_files_are_read_from() -> None:
    """The nearest folder wins; a reader is asked for nothing above it, and its errors are told."""
    folders = [Path("/p/a/b"), Path("/p/a"), Path("/p")]
    files = {
        Path("/p/a/cfngen.toml"): b'output = "cfn"\n[templates]\n',
        Path("/p/pyproject.toml"): b"[tool.cfngen.templates.far]\n",
    }
    calls: list[Path] = []

    def reader(path: Path) -> bytes | None:
        calls.append(path)
        return files.get(path)

    place = manifest.find_in(folders, reader)
    assert (place.root, place.has_manifest) == (Path("/p/a"), True)
    assert manifest.output_directory(place) == Path("/p/a/cfn")
    assert manifest.listed_templates(place) == []
    assert calls == [
        folder / name for folder in folders[:2] for name in ("cfngen.toml", "pyproject.toml")
    ]
    assert manifest.listed_templates(manifest.find_in(folders[2:], reader)) == ["far"]

    def refuse(path: Path) -> bytes | None:
        raise OSError(5, "Input/output error", str(path))

    with pytest.raises(ManifestError, match=r"cfngen\.toml: cannot be read: Input/output error"):
        manifest.output_directory(manifest.find_in(folders, refuse))
    with pytest.raises(ValueError, match="no directory"):
        manifest.find_in([], reader)


def test_no_manifest_lists_nothing(tmp_path: Path) -> None:
    """No manifest, and one without that table, list `None`; an empty table lists no name."""
    place = manifest.find_in([tmp_path], lambda _: None)
    assert (place.root, place.has_manifest) == (tmp_path, False)
    assert manifest.listed_templates(place) is None
    assert manifest.output_directory(place) == tmp_path / "output"
    assert manifest.accepted_parts(place) == {}
    for text, listed in (
        ('output = "cfn"', None),
        ("", None),
        ("[templates]", []),
        ('[templates.b]\nblueprint = "gone"\n[templates.a]\nx = 1', ["b", "a"]),
    ):
        place = manifest.find(project(tmp_path, text))
        assert (place.has_manifest, manifest.listed_templates(place)) == (True, listed)


@pytest.mark.parametrize("text", ["templates = 1", "[[[", "templates = [1]"])
def test_a_file_that_is_not_understood_does_not_list_nothing(tmp_path: Path, text: str) -> None:
    """Whoever asks what is listed hears what is wrong, not that there is nothing."""
    with pytest.raises(ManifestError):
        manifest.listed_templates(manifest.find(project(tmp_path, text)))


@pytest.mark.parametrize("put", [lambda p: p.symlink_to("gone.toml"), os.mkfifo])
def test_a_link_to_nowhere_or_a_fifo_is_not_taken_for_no_manifest(
    tmp_path: Path, put: Callable[[Path], object]
) -> None:
    """Neither hides the project, nor is waited for."""
    project(tmp_path, '[templates.far]\nblueprint = "mani_bucket"')
    (tmp_path / "a").mkdir()
    put(tmp_path / "a/cfngen.toml")
    with pytest.raises(
        ManifestError, match=r"cannot be read: (a symlink to gone|not a regular file)"
    ):
        manifest.load(tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "prefix"), [("pyproject.toml", "tool.cfngen."), ("cfngen.toml", "")]
)
def test_parts_that_a_review_accepts_have_reasons(tmp_path: Path, name: str, prefix: str) -> None:
    """Names and reasons are had without a blueprint, in the order in which they are written."""
    text = f"""
    [{prefix}review]
    opaque = [
        {{ name = "shop/Network", reason = "the network team reviews it" }},
        {{ name = " shop/Macro ", reason = " a macro of ours, 日本 " }},
    ]
    [{prefix}templates.a]
    blueprint = "mani_bucket"
    """
    place = manifest.find(project(tmp_path, text, name))
    accepted = {
        "shop/Network": "the network team reviews it",
        "shop/Macro": "a macro of ours, 日本",
    }
    assert list(manifest.accepted_parts(place).items()) == list(accepted.items())
    assert list(manifest.read(place).templates) == ["a"]


ACCEPTED = """
[[review.opaque]]
name = "shop/Network"
reason = "fine"
[[review.opaque]]
nmae = "shop/Other"
reason = ""
[[review.opaque]]
name = "shop/Network"
reason = "two\\nlines"
[[review.opaque]]
name = 3
reason = "\\u202Eback"
[[review.opaque]]
[review]
opque = 1
"""


def test_mistakes_about_accepted_parts_are_told_together(tmp_path: Path) -> None:
    """Misspelt keys, missing reasons and doubles, with file, table and key, by both readers."""
    text = ACCEPTED.replace("[review]\nopque", "[review.opque]\nx")
    expected = [
        "cfngen.toml: [review] opque: unknown key; did you mean 'opaque'? (known: opaque,",
        "cfngen.toml: [review] opaque[1].nmae: unknown key; did you mean 'name'? (known: name,",
        'cfngen.toml: [review] opaque[1].name: must be text on one line, such as "shop/Network"',
        "cfngen.toml: [review] opaque[1].reason: must be text on one line, such as",
        "cfngen.toml: [review] opaque[2].reason: must be text on one line",
        "cfngen.toml: [review] opaque[2].name: 'shop/Network' is listed already: opaque[0]",
        "cfngen.toml: [review] opaque[3].name: must be text on one line",
        "cfngen.toml: [review] opaque[3].reason: must be text on one line",
        "cfngen.toml: [review] opaque[4].name: must be text on one line",
        "cfngen.toml: [review] opaque[4].reason: must be text on one line",
    ]
    with pytest.raises(ManifestError) as caught:
        manifest.accepted_parts(manifest.find(project(tmp_path, text)))
    lines = list(caught.value.problems)
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))
    assert problems(tmp_path, text) == lines


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("review = 1", "cfngen.toml: review: must be a table"),
        ('review.opaque = ["shop/Network"]', "cfngen.toml: [review] opaque: must be a list of"),
        ('review.opaque = { name = "a" }', "cfngen.toml: [review] opaque: must be a list of"),
    ],
)
def test_accepted_parts_are_a_list_of_tables(tmp_path: Path, text: str, problem: str) -> None:
    """Other shapes are refused with an example, and nothing is accepted."""
    (line,) = problems(tmp_path, text)
    assert line.startswith(problem)
    with pytest.raises(ManifestError):
        manifest.accepted_parts(manifest.find(tmp_path))


# --- what is wrong ------------------------------------------------------------------------------

EVERYTHING = """
outptu = "x"
output = "../x"
[lost]
blueprint = "mani_bucket"
[templates.unknown-keys]
blueprint = "mani_bucket"
regoins = []
"odd key" = 1
[templates.unknown-blueprint]
blueprint = "mani_bukcet"
[templates.no-blueprint]
[templates.types]
blueprint = 3
options = 4
regions = "us-east-1"
[templates.regions]
blueprint = "mani_bucket"
regions = ["us-eats-1", "eu-west-1", "mars"]
[templates.Regions]
blueprint = "mani_bucket"
[templates.options]
blueprint = "mani_shapes"
options = { cahe = "s3", count = "1", main = { kind = "publik" }, zones = [{ siez = 1 }] }
[templates.values]
blueprint = "mani_shapes"
options.count = 10
[templates.bare]
blueprint = "mani_bare"
options.x = 1
[templates.broken]
blueprint = "mani_broken"
options.x = 1
[templates]
no-table = 1
"../up" = { blueprint = "mani_bucket" }
"/root" = { blueprint = "mani_bucket" }
"a/b" = { blueprint = "mani_bucket" }
"" = { blueprint = "mani_bucket" }
".hidden" = { blueprint = "mani_bucket" }
"nul\\u0000" = { blueprint = "mani_bucket" }
"""


def test_what_comes_after_what_is_kept(tmp_path: Path) -> None:
    """In the order in which it is written, each name once; names may be listed further down."""
    text = """
    [templates.app]
    blueprint = "mani_bucket"
    after = ["net", "logs", "net"]
    [templates.net]
    blueprint = "mani_bucket"
    [templates.logs]
    blueprint = "mani_bucket"
    after = ["net"]
    """
    loaded = manifest.load(project(tmp_path, text)).templates
    assert {n: entry.after for n, entry in loaded.items()} == {
        "app": ("net", "logs"),
        "net": (),
        "logs": ("net",),
    }


def test_an_account_is_words_for_people(tmp_path: Path) -> None:
    """A few of them on one line, and anything else is told."""
    head = '[templates.{}]\nblueprint = "mani_bucket"\naccount = {}\n'
    good = head.format("a", '" the other one "') + '[templates.b]\nblueprint = "mani_bucket"\n'
    loaded = manifest.load(project(tmp_path / "good", good)).templates
    assert {n: entry.account for n, entry in loaded.items()} == {"a": "the other one", "b": ""}
    wrong = ['""', "123456789012", '"a\\nb"', '["a"]', f'"{"x" * 101}"']
    text = "".join(head.format(f"t{n}", value) for n, value in enumerate(wrong))
    told = problems(tmp_path / "bad", text)
    assert len(told) == len(wrong)
    assert all("account: must be a few words for people" in problem for problem in told)


def test_what_comes_after_nothing_or_itself_is_told(tmp_path: Path) -> None:
    """Unknown names, wrong types and circles, together."""
    text = """
    [templates.app]
    blueprint = "mani_bucket"
    after = ["ent", "app"]
    [templates.net]
    blueprint = "mani_bucket"
    after = "app"
    [templates.other]
    blueprint = "mani_bucket"
    after = [1]
    """
    kind = 'after: must be a list of templates, such as ["build-network"]'
    assert problems(tmp_path, text) == [
        f"cfngen.toml: [templates.net] {kind}",
        f"cfngen.toml: [templates.other] {kind}",
        "cfngen.toml: [templates.app] after: no template 'ent'; did you mean 'net'?",
        "cfngen.toml: [templates.app] after: circular dependency: app after app",
    ]
    circle = "".join(
        f'[templates.{name}]\nblueprint = "mani_bucket"\nafter = ["{before}"]\n'
        for name, before in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))
    )
    (problem,) = problems(tmp_path, circle)
    assert "circular dependency: " in problem
    names = problem.rpartition(": ")[2].split(" after ")
    assert (names[0], names[-1]) in {("a", "a"), ("b", "b"), ("c", "c")}
    steps = {"a": "b", "b": "c", "c": "a"}
    assert all(steps[name] == before for name, before in pairwise(names))


def test_everything_wrong_is_told_in_one_go(tmp_path: Path) -> None:
    """Every kind of mistake in one file is told at once, each with file, table and key."""
    told = problems(tmp_path, EVERYTHING)
    expected = [
        (
            "",
            "outptu: unknown key; did you mean 'output'? (known: templates, output,",
        ),
        ("", "lost: unknown key; did you mean [templates.lost]?"),
        (" [templates.unknown-keys]", "regoins: unknown key; did you mean 'regions'?"),
        (" [templates.unknown-keys]", '"odd key": unknown key (known:'),
        (
            " [templates.unknown-blueprint]",
            "blueprint: no blueprint 'mani_bukcet'; did you mean 'mani_bucket'?",
        ),
        (" [templates.no-blueprint]", "blueprint: must name one"),
        (" [templates.types]", "blueprint: must name one, as text"),
        (" [templates.types]", "options: must be a table"),
        (" [templates.types]", "regions: must be a list of names, such as"),
        (" [templates.regions]", "regions: no AWS region 'us-eats-1'; did you mean 'us-east-1'?"),
        (" [templates.regions]", "regions: no AWS region 'mars'"),
        (" [templates.Regions]", "is the same file as 'regions' where case does not count"),
        (" [templates.options]", "options.cahe: unknown option; did you mean 'cache'?"),
        (" [templates.options]", 'options.count: must be a valid integer, got "1"'),
        (" [templates.options]", "options.main.kind: must be 'public' or 'private', got"),
        (" [templates.options]", "options.zones[0].siez: unknown option; did you mean 'size'?"),
        (" [templates.values]", "options.count: at most 9"),
        (" [templates.bare]", "blueprint: "),
        (" [templates.no-table]", "must be a table, such as"),
        (' [templates."../up"]', "'../up' cannot name a file in the output directory"),
        (' [templates."/root"]', "'/root' cannot name a file"),
        (' [templates."a/b"]', "'a/b' cannot name a file"),
        (' [templates.""]', "'' cannot name a file"),
        (' [templates.".hidden"]', "'.hidden' cannot name a file"),
        (r' [templates."nul\u0000"]', r"'nul\x00' cannot name a file"),
        ("", "output: '../x' is outside the project; only --output may be"),
        (" [templates.broken]", "options: not checked, since the blueprint mani_broken of"),
    ]
    wanted = {f"cfngen.toml:{table} {what}" for table, what in expected}
    assert len(told) == len(wanted)
    assert not {start for start in wanted if not any(line.startswith(start) for line in told)}
    assert not {line for line in told if not any(line.startswith(start) for start in wanted)}
    assert any("mani_bare is not decorated with @blueprint" in line for line in told)
    assert any("No module named 'nowhere_to_be_found'" in line for line in told)
    assert all(line.isprintable() for line in told)


def test_tables_of_pyproject_are_named_in_full(tmp_path: Path) -> None:
    """In `pyproject.toml` the tables are told with their prefix."""
    text = '[tool.cfngen.templates.one]\nblueprint = "mani_bucket"\nx = 1\n[tool.cfngen]\ny = 1\n'
    assert [
        line.partition(": unknown")[0] for line in problems(tmp_path, text, "pyproject.toml")
    ] == [
        "pyproject.toml: [tool.cfngen] y",
        "pyproject.toml: [tool.cfngen.templates.one] x",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"[templates.a]\n[templates.a]\n", "cfngen.toml:2:13: not TOML: Cannot declare"),
        (b"[templates.a]\r\nblueprint = \r\n", "cfngen.toml:2:13: not TOML: Invalid value"),
        (b"x = '", "cfngen.toml: not TOML: "),
        (b"ok = 1\n# caf\xe9\n", "cfngen.toml:2: not UTF-8; save the file as UTF-8"),
        (b"x = " + b"[" * 9999, "cfngen.toml: not TOML: nested too deeply"),
        (b"x = " + b"1" * 9999, "cfngen.toml: not TOML: Exceeds the limit"),
        (b"templates = 1", "cfngen.toml: templates: must be tables, one for each template"),
        (b'output = "/tmp"', "cfngen.toml: output: '/tmp' is outside the project"),
        (b'output = ""', 'cfngen.toml: output: must be a directory below the project, got ""'),
        (b'output = "\\u0000"', "cfngen.toml: output: must be a directory below the project, got"),
        (b"output = 1979-05-27", "cfngen.toml: output: must be a directory below the project, got"),
    ],
)
def test_a_file_that_is_no_manifest_is_told_with_its_line(
    tmp_path: Path, text: bytes, problem: str
) -> None:
    """Broken TOML, doubled tables, other encodings and wrong types never show a traceback."""
    (tmp_path / "cfngen.toml").write_bytes(text)
    with pytest.raises(ManifestError) as caught:
        manifest.load(tmp_path)
    (told,) = caught.value.problems
    assert told.startswith(problem)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A manifest that is a folder, or a link in a circle, is named with the reason."""
    (tmp_path / "a/cfngen.toml").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/pyproject.toml").symlink_to("pyproject.toml")
    for folder, why in (("a", "Is a directory"), ("b", "Too many levels of symbolic links")):
        with pytest.raises(ManifestError, match=f"{folder}/.*toml: cannot be read: {why}"):
            manifest.load(tmp_path / folder)


def test_two_manifests_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    """pyproject.toml and cfngen.toml together are refused, and the mistakes of both are told."""
    project(tmp_path, "[tool.cfngen.templates.a]", "pyproject.toml")
    told = problems(tmp_path, "[templates.b]")
    assert told == [
        (
            "pyproject.toml: [tool.cfngen] is a second table of templates beside cfngen.toml;"
            " keep one of them"
        ),
        "pyproject.toml: [tool.cfngen.templates.a] blueprint: must name one",
        "cfngen.toml: [templates.b] blueprint: must name one",
    ]


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nother = 1", "[[tool]]", ""])
def test_a_pyproject_of_others_is_no_manifest(tmp_path: Path, text: str) -> None:
    """A pyproject.toml without a table of ours does not make a project."""
    assert manifest.load(project(tmp_path, text, "pyproject.toml")).source.startswith("the inst")


def test_our_table_must_be_one(tmp_path: Path) -> None:
    """`tool.cfngen = 3` is a message."""
    told = problems(tmp_path, "[tool]\ncfngen = 3", "pyproject.toml")
    assert told == ["pyproject.toml: [tool.cfngen] must be a table"]


def test_a_broken_blueprint_stops_only_those_who_build_it(tmp_path: Path) -> None:
    """Options of a blueprint that cannot be imported are left for the build of that template."""
    text = """
    [templates.bad]
    blueprint = "mani_broken"
    options.x = 1
    [templates.good]
    blueprint = "mani_bucket"
    """
    assert list(manifest.load(project(tmp_path, text)).templates) == ["bad", "good"]


def test_what_the_registry_finds_wrong_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dangling entry points and doubles are told together with the manifest's mistakes."""
    package(tmp_path / "s", {}, distribution="gone", module="gone", entry_point="not_there")
    monkeypatch.syspath_prepend(tmp_path / "s")
    told = problems(tmp_path, "[templates.a]\nblueprint = 1")
    assert [line.partition(":")[0] for line in told] == ["cfngen.toml", "gone"]


@pytest.mark.parametrize("command", [["list"], ["show", "one"], ["build"], ["build", "--check"]])
def test_a_bad_manifest_ends_with_2_and_touches_nothing(
    tmp_path: Path, site: Path, command: list[str]
) -> None:
    """Each command tells all mistakes on stderr, without a traceback, and leaves output/ alone."""
    root = project(tmp_path / "p", EVERYTHING)
    (root / "output").mkdir()
    (root / "output/one.yaml").write_text("mine\n")
    before = snapshot(root)
    done = cfngen(*command, cwd=root, sites=(site,))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 27
    assert all(line.startswith("error: cfngen.toml: ") for line in done.stderr.splitlines())
    assert snapshot(root) == before
