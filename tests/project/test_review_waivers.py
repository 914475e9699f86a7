"""Files with waivers: what is refused, what is drafted, and what pruning leaves alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cfngen.errors import CfngenError
from cfngen.project.review_waivers.drafting import with_drafts
from cfngen.project.review_waivers.entries import MAX_WAIVERS, date_of, read_entries
from cfngen.project.review_waivers.pruning import without
from cfngen.review.waiver import Waiver

DIGEST = "0123456789abcdef0123456789abcdef"
ENTRY = {
    "code": "P101",
    "template": "shop",
    "resource": "Jobs",
    "reason": "the queue is empty",
    "owner": "alice",
    "until": "2026-12-31",
    "change": DIGEST,
}
WAIVER = Waiver("P101", "shop", "Jobs", "", "", "2026-12-31", DIGEST)


def problem(**fields: object) -> str:
    """Return what is wrong with an entry that has other fields; `None` takes one away."""
    entry = {key: value for key, value in {**ENTRY, **fields}.items() if value is not None}
    _, problems = read_entries([entry], "file")
    return "\n".join(problems)


def test_an_entry_is_read() -> None:
    """An entry that says everything is a waiver; a date of TOML is one as text is."""
    (waiver,), problems = read_entries([ENTRY], "file")
    assert not problems
    assert (waiver.reason, waiver.owner, waiver.until) == (
        "the queue is empty",
        "alice",
        "2026-12-31",
    )
    date = tomllib.loads("until = 2026-12-31")
    assert read_entries([ENTRY | date], "file") == ([waiver], [])


@pytest.mark.parametrize("key", sorted(ENTRY))
def test_nothing_may_be_missing(key: str) -> None:
    """Each key is needed, and nothing is taken for granted."""
    assert problem(**{key: None}).startswith(f"file[0].{key}: is missing")


@pytest.mark.parametrize("key", ["reason", "owner"])
@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\u2800 \u3164", "\n"])
def test_a_draft_is_filled_in(key: str, text: str) -> None:
    """Nothing to be seen is no reason, and no owner."""
    assert f"file[0].{key}: is empty" in problem(**{key: text})


@pytest.mark.parametrize("key", ["code", "template", "resource"])
@pytest.mark.parametrize("text", ["*", "sho*", "sho?"])
def test_a_pattern_is_too_broad(key: str, text: str) -> None:
    """One entry is about one finding: a pattern would also waive what comes later."""
    assert "is too broad" in problem(**{key: text})


def test_an_unknown_code_is_refused() -> None:
    """A code that no finding has would never match; neither can what nobody sees be waived."""
    assert "no code 'P110' that can be waived; did you mean" in problem(code="P110")
    assert "no code 'U102' that can be waived" in problem(code="U102")
    assert "no code '\u0420101'" in problem(code="\u0420101")  # with a Cyrillic letter


@pytest.mark.parametrize(
    "text",
    [
        "31.12.2026", "2026-12-1", "20261231", "2026-W53-4", "2026-02-30", "2026-12-31T00:00:00",
        "٢٠٢٦-12-31", " 2026-12-31", "2026-12-31\n", "9999999-01-01", "", 20261231, True, ["x"],
    ],
)  # fmt: skip
def test_a_date_has_one_form(text: object) -> None:
    """A day is YYYY-MM-DD, with the digits of ASCII: nothing else compares as a date does."""
    assert date_of(text) == ""
    assert "until: must be a date as YYYY-MM-DD" in problem(until=text)


def test_a_moment_is_no_day() -> None:
    """TOML's date with a time is refused: it would not be the same day everywhere."""
    assert "must be a date" in problem(**tomllib.loads("until = 2026-12-31T23:00:00Z"))


@pytest.mark.parametrize("text", ["", "0123", DIGEST.upper(), DIGEST + "0", f"{DIGEST[:-1]}g", 12])
def test_a_digest_is_whole(text: object) -> None:
    """The start of a digest would match more than one change."""
    assert "change: must be 32 hexadecimal digits" in problem(change=text)
    assert "after: must be 32 hexadecimal digits" in problem(after=text)


def test_doubles_are_refused() -> None:
    """Two entries for one change may have two dates, of which only one is looked after."""
    _, problems = read_entries([ENTRY, ENTRY | {"until": "2030-01-01"}], "file")
    assert problems == ["file[1]: waives the same as file[0]; keep one of them"]


def test_unknown_keys_are_refused() -> None:
    """A key that is misspelt is not left out in silence."""
    assert "resaon: unknown key; did you mean 'reason'?" in problem(resaon="x")


@pytest.mark.parametrize("table", [{}, "x", ["x"], [[]]])
def test_other_values_are_refused(table: object) -> None:
    """What is no list of tables is a mistake, not a crash."""
    assert read_entries(table, "file") == ([], ["file: must be a list of tables"])


def test_a_huge_list_is_refused() -> None:
    """More waivers than anybody looks after are not read."""
    _, problems = read_entries([ENTRY] * (MAX_WAIVERS + 1), "file")
    assert problems == [f"file: 1,001 waivers, more than {MAX_WAIVERS:,}"]


@pytest.mark.parametrize(
    "text", ["a\nb", "a\u202eb", "a\u200bb", "a\x1b[2J", "x" * 2000], ids=ascii
)  # fmt: skip
def test_hidden_text_is_refused(text: str) -> None:
    """What turns text around or moves a terminal stands in no reason."""
    assert problem(reason=text)


@pytest.mark.parametrize("name", ["cfngen-waivers.toml", "cfngen.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", ["", "# why\n[x]\na = 1", "[x]\r\na = 1\r\n"])
def test_drafts_are_added(name: str, text: str) -> None:
    """What a file has stays, byte by byte; drafts come behind it, and are refused unfilled."""
    written = with_drafts(text, Path(name), [WAIVER, WAIVER])
    assert written.startswith(text)
    assert ("\r\n" in written) == ("\r\n" in text)
    table = tomllib.loads(written.replace("\r\n", "\n"))
    keys = {"cfngen.toml": "review", "pyproject.toml": "tool"}
    entries = table["waivers"] if name not in keys else table[keys[name]]
    entries = entries.get("cfngen", {}).get("review", {}) if "cfngen" in entries else entries
    entries = entries["waivers"] if isinstance(entries, dict) else entries
    assert [entry["change"] for entry in entries] == [DIGEST, DIGEST]
    assert read_entries(entries[:1], "file")[1][0] == (
        "file[0].reason: is empty; say it in a few words"
    )


@pytest.mark.parametrize("text", ["waivers = []\n", "waivers = 1\n", "x = [\n"])
def test_a_file_that_takes_no_drafts(text: str) -> None:
    """A list that is written in line cannot grow below: that is said, and nothing is written."""
    with pytest.raises(CfngenError, match="cannot take more waivers"):
        with_drafts(text, Path("cfngen-waivers.toml"), [WAIVER])


def test_hostile_names_are_quoted() -> None:
    """A name with quotes, line ends and what is not seen comes back as it was."""
    name = 'a"\n[[waivers]]\n\u202e\\\x7f😀'
    written = with_drafts(
        "", Path("w.toml"), [Waiver("P101", name, "Jobs", "", "", "2026-12-31", DIGEST)]
    )
    (entry,) = tomllib.loads(written)["waivers"]
    assert entry["template"] == name
    assert "\u202e" not in written


FILE = '''\
# The head of the file.
title = """
[[waivers]]
# no comment
"""

# about the first
[[waivers]]
code = "a" # why
text = \'\'\'
[[waivers]]
code = "x"
\'\'\'

[other] # between
list = [
  [1],
  # [[waivers]]
]

# about the second
  [[ "waivers" ]]
code = "b"

# about the third, of several
# lines
[[waivers]]
code = "c"
# the end
'''


def test_pruning_leaves_the_rest() -> None:
    """An entry goes with its comments; the order and the comments of the others stay."""
    first, second, third = (FILE.index(f"# about the {n}") for n in ("first", "second", "third"))
    other = FILE.index("[other]")
    assert without(FILE, ("waivers",), {0}) == FILE[:first] + FILE[other:]
    assert without(FILE, ("waivers",), {1}) == FILE[:second] + FILE[third:]
    assert without(FILE, ("waivers",), {2}) == FILE[:third]
    assert without(FILE, ("waivers",), ()) == FILE
    assert "waivers" not in tomllib.loads(without(FILE, ("waivers",), {0, 1, 2}))


def test_pruning_keeps_line_ends() -> None:
    """A file of Windows stays one."""
    text = FILE.replace("\n", "\r\n")
    assert without(text, ("waivers",), {1}) == without(FILE, ("waivers",), {1}).replace(
        "\n", "\r\n"
    )


def test_pruning_in_a_manifest() -> None:
    """Tables of tables are found by all their keys, and the table around them stays."""
    text = "[review]\nopaque = []\n[[review.waivers]]\na = 1\n[[x.waivers]]\na = 1\n"
    expected = "[review]\nopaque = []\n[[x.waivers]]\na = 1\n"
    assert without(text, ("review", "waivers"), {0}) == expected


@pytest.mark.parametrize(
    "text", ["waivers = [{a = 1}, {a = 2}]\n", "[[waivers]]\na = 1\n[waivers.b]\n[[waivers]]\n"]
)
def test_pruning_refuses_what_it_cannot_be_sure_of(text: str) -> None:
    """What is written otherwise is left to a person, with the numbers of the entries."""
    with pytest.raises(CfngenError, match=r"by hand the entries 0 \(from 0\)"):
        without(text, ("waivers",), {0})
