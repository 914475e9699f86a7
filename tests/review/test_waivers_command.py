"""`cfngen review` with waivers: whose count, what fails, what every format shows of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.reviews import FIRST, SECOND, git

from cfngen.cli import main

GATE = ("--fail-on", "data,replace,refused,unknown", "--date", "2026-12-01")
FILE = "cfngen-waivers.toml"
ENTRY = """\
code = "P101"
template = "shop"
resource = "Other"
reason = "later"
owner = "bob"
until = "2099-12-31"
change = "0123456789abcdef0123456789abcdef"
"""


class Project:
    """A repository whose base has one template, and a change of it in the working tree."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Make both."""
        self.folder, self.capsys = folder, capsys
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.write("output/shop.yaml", FIRST)
        self.commit()
        self.write("output/shop.yaml", SECOND)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> None:
        """Commit everything on the branch that is the base."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "x")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a review of the working tree; return its code and both streams."""
        code = main(["review", "main", *arguments])
        streams = self.capsys.readouterr()
        return code, streams.out, " ".join(streams.err.split())

    def draft(self) -> str:
        """Draft waivers for the change and fill them in; return them without a file."""
        assert self.run("--write-waivers", "--date", "2026-12-01")[0] == 0
        path = self.folder / FILE
        text = path.read_text().replace('reason = ""', 'reason = "moved before"')
        path.unlink()
        return text.replace('owner = ""', 'owner = "alice"')

    def put_in_base(self, text: str, name: str = FILE) -> None:
        """Let base have a file, and the working tree the change beside it."""
        self.write("output/shop.yaml", FIRST)
        self.write(name, text)
        self.commit()
        self.write("output/shop.yaml", SECOND)

    def digest(self, *arguments: str) -> str:
        """Return the digest that a review prints."""
        _, out, _ = self.run(*arguments)
        match = re.search(r"^review digest ([0-9a-f]{32}), as of \d{4}-\d\d-\d\d$", out, re.M)
        assert match
        return match[1]


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """A repository without a project of cfngen."""
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, capsys)


def test_a_waiver_of_base_is_for_the_gate_only(shop: Project) -> None:
    """The gate passes, the findings are shown with who accepts them, why and until when."""
    assert shop.run(*GATE)[0] == 1
    shop.put_in_base(shop.draft())
    code, out, err = shop.run(*GATE)
    assert (code, err) == (0, "")
    assert "Things" in out
    assert out.count("waived until 2026-12-31 by alice: moved before") == 2
    assert "2 findings waived" in out


def test_a_pull_request_does_not_waive_its_own_change(shop: Project) -> None:
    """A waiver that comes with the change is shown first and does not count."""
    shop.write(FILE, shop.draft())
    code, out, err = shop.run(*GATE)
    assert code == 1
    assert "failed because of --fail-on: data (shop/Things), replace (shop/Things)" in err
    assert out.splitlines()[2].startswith("proposed waiver: D102 of shop/Things until 2026-12-31")
    assert shop.run(*GATE, "--accept-new-waivers")[0] == 0


@pytest.mark.parametrize("place", ["cfngen.toml", "pyproject.toml", "output/cfngen-waivers.toml"])
def test_a_manifest_may_have_them(shop: Project, place: str) -> None:
    """Waivers stand in a manifest as well, or beside the templates: wherever, base decides."""
    keys = {"cfngen.toml": "review.waivers", "pyproject.toml": "tool.cfngen.review.waivers"}
    text = shop.draft().replace("[[waivers]]", f"[[{keys.get(place, 'waivers')}]]")
    shop.write(place, text)
    assert shop.run(*GATE)[0] == 1
    (shop.folder / place).unlink()
    shop.put_in_base(text, place)
    assert shop.run(*GATE)[0] == 0


def test_a_file_nearer_to_the_templates_hides_nothing(shop: Project) -> None:
    """What head puts in the way of base's waivers is head's alone: base is read as it stands."""
    shop.put_in_base(shop.draft())
    shop.write("output/cfngen-waivers.toml", "waivers = []\n")
    assert shop.run(*GATE)[0] == 0


def test_an_approved_digest_accepts_what_was_shown(shop: Project) -> None:
    """`--expect` with the digest of the review that proposed waivers lets them count."""
    shop.write(FILE, shop.draft())
    digest = shop.digest(*GATE)
    code, out, err = shop.run(*GATE, "--expect", digest)
    assert (code, err) == (0, "")
    assert "waived by a new waiver" in out
    assert digest in out
    shop.write("output/shop.yaml", SECOND + "# more\n")
    code, _, err = shop.run(*GATE, "--expect", digest)
    assert code == 1
    assert "not the review that was approved" in err
    assert "failed because of --fail-on" in err


def test_an_approval_of_another_day_is_named(shop: Project) -> None:
    """Whoever runs the gate on the next day is told which day was approved."""
    digest = shop.digest("--date", "2026-12-01")
    assert shop.run("--date", "2026-12-01", "--expect", digest)[0] == 0
    code, _, err = shop.run("--date", "2026-12-02", "--expect", digest)
    assert code == 1
    assert "approved as of 2026-12-01: pass --date 2026-12-01" in err


def test_an_approval_is_of_one_change(shop: Project) -> None:
    """An approval does not waive findings, and no other change has its digest."""
    digest = shop.digest(*GATE)
    assert shop.run(*GATE, "--expect", digest)[0] == 1
    shop.write("output/shop.yaml", SECOND.replace("second", "third"))
    assert shop.run("--date", "2026-12-01", "--expect", digest)[0] == 1


def test_a_change_that_went_on_is_not_waived(shop: Project) -> None:
    """The waiver of one name is not that of the next."""
    shop.put_in_base(shop.draft())
    shop.write("output/shop.yaml", SECOND.replace("second", "third"))
    code, out, _ = shop.run(*GATE)
    assert code == 1
    assert "2 waivers match no finding here" in out


def test_a_template_does_not_take_the_name_of_another(shop: Project) -> None:
    """A template that is renamed to match is none that a waiver is about."""
    waivers = shop.draft()
    git(shop.folder, "mv", "--force", "output/shop.yaml", "output/store.yaml")
    shop.write("output/store.yaml", FIRST)
    shop.write(FILE, waivers)
    shop.commit()
    (shop.folder / "output/store.yaml").rename(shop.folder / "output/shop.yaml")
    shop.write("output/shop.yaml", SECOND)
    code, out, _ = shop.run(*GATE)
    assert "is output/shop.yaml now" in out or "shop.yaml now" in out
    assert code == 1


def test_expired_waivers_fail(shop: Project) -> None:
    """After its day a waiver does not count, and fails until it is taken out."""
    text = shop.draft()
    shop.put_in_base(text)
    late = ("--date", "2027-01-01")
    code, out, err = shop.run(*late)
    assert code == 1
    assert "failed because of expired waivers: shop/Things (2026-12-31)" in err
    assert "no longer waived, since 2026-12-31" in out
    (shop.folder / FILE).unlink()
    assert shop.run(*late)[0] == 0
    assert shop.run(*late, "--fail-on", "data")[0] == 1


def test_spent_waivers_do_not_fail(shop: Project) -> None:
    """Once base contains the change its waivers are spent: that is said, even after their day."""
    shop.write(FILE, shop.draft())
    shop.commit()
    code, out, err = shop.run("--fail-on", "data", "--date", "2030-01-01")
    assert (code, err) == (0, "")
    assert "spent waiver: D102 of shop/Things" in out


def test_mistakes_of_head_are_refused(shop: Project) -> None:
    """A draft that is not filled in, a link, what is no TOML: exit 2, with the file."""
    shop.run("--write-waivers")
    code, out, err = shop.run(*GATE)
    assert (code, out) == (2, "")
    assert f"{FILE}: waivers[0].reason: is empty" in err
    path = shop.folder / FILE
    for text, problem in (
        ("a = = 1", ":1:5: not TOML"),
        ("[", "not TOML"),
        ("waivers = 1", "must be a list of tables"),
    ):
        path.write_text(text)
        code, _, err = shop.run()
        assert code == 2
        assert problem in err
    path.write_bytes(b"\xff")
    assert shop.run()[0] == 2
    path.write_text("#" * 1_000_001)
    assert "larger than 1,000,000 bytes" in shop.run()[2]
    path.unlink()
    path.symlink_to("elsewhere.toml")
    assert "a symlink, or too large" in shop.run()[2]


def test_mistakes_of_base_can_be_mended(shop: Project) -> None:
    """A base whose waivers are wrong waives nothing, and the change that mends it is reviewed."""
    text = shop.draft()
    shop.put_in_base(text.replace("alice", ""))
    shop.write(FILE, text)
    code, out, err = shop.run(*GATE)
    assert code == 1
    assert "failed because of --fail-on" in err
    assert "no waiver of main counts: main: cfngen-waivers.toml: waivers[0].owner: is empty" in (
        " ".join(out.split())
    )


def test_one_file_for_both_sides_proves_nothing(shop: Project) -> None:
    """Two directories of one checkout have one file: nobody knows that it stood in base."""
    text = shop.draft()
    for name, template in (("old", FIRST), ("new", SECOND)):
        shop.write(f"{name}/shop.yaml", template)
    shop.write(FILE, text)
    assert main(["review", "./old", "./new", *GATE]) == 1
    assert "proposed waiver" in shop.capsys.readouterr().out
    (shop.folder / FILE).unlink()
    shop.write("old/cfngen-waivers.toml", text)
    assert main(["review", "./old", "./new", *GATE]) == 0


@pytest.mark.parametrize("date", ["01.12.2026", "20261201", "2026-13-01", "today", ""])
def test_a_date_has_one_form(shop: Project, date: str) -> None:
    """Whatever is no day as YYYY-MM-DD is a mistake."""
    code, _, err = shop.run("--date", date)
    assert code == 2
    assert "is not a date as YYYY-MM-DD" in err


@pytest.mark.parametrize("digest", ["", "0123", "z" * 32, "0" * 33])
def test_a_part_of_a_digest_is_refused(shop: Project, digest: str) -> None:
    """A variable that is unset, or a prefix, approves nothing."""
    assert shop.run("--expect", digest)[0] == 2


def test_drafts_say_all_but_why(shop: Project) -> None:
    """A draft is for each finding that has no waiver; a second run adds none."""
    text = shop.draft()
    assert text.count("[[waivers]]") == 2
    assert "until = 2026-12-31" in text
    shop.write(FILE, text)
    code, _, err = shop.run("--write-waivers")
    assert code == 0
    assert "nothing was written" in err
    assert (shop.folder / FILE).read_text() == text
    # One that has expired is renewed where it stands: beside it, another would be a double.
    shop.put_in_base(text)
    late = ("--write-waivers", "--date", "2027-01-01")
    assert "nothing was written" in shop.run(*late)[2]
    (shop.folder / FILE).unlink()
    assert "2 waivers drafted" in shop.run(*late)[2]


def test_a_revision_is_not_taken_for_a_file(shop: Project) -> None:
    """`--write-waivers main` would swallow BASE: only a .toml file is one."""
    assert main(["review", "--write-waivers", "main", "main"]) == 2
    assert "write the option behind BASE and HEAD" in shop.capsys.readouterr().err
    assert not (shop.folder / "main").exists()


def test_every_format_shows_them(shop: Project) -> None:
    """Who, why and until when stand in each format, with the digest of the review."""
    shop.put_in_base(shop.draft())
    digest = shop.digest(*GATE)
    for output_format in ("text", "markdown", "html", "json", "sarif"):
        code, out, _ = shop.run(*GATE, "--format", output_format, "--no-blueprints")
        assert code == 0
        assert digest in out, output_format
        for part in ("2026-12-31", "alice", "moved before", "Things"):
            assert part in out, (output_format, part)


def test_sarif_has_suppressions(shop: Project) -> None:
    """A waived result is suppressed, one whose waiver is proposed is under review."""
    text = shop.draft()
    shop.write(FILE, text)
    arguments = (*GATE, "--format", "sarif", "--no-blueprints")
    for status in ("underReview", "accepted"):
        results = json.loads(shop.run(*arguments)[1])["runs"][0]["results"]
        assert [r["suppressions"][0]["status"] for r in results] == [status, status]
        assert results[0]["suppressions"][0]["justification"] == "moved before"
        if status == "underReview":
            shop.put_in_base(text)
    late = (*arguments, "--date", "2027-01-01")
    results = json.loads(shop.run(*late)[1])["runs"][0]["results"]
    assert not any("suppressions" in result for result in results)


def test_json_has_them_as_data(shop: Project) -> None:
    """Programs find the waiver at the finding, its state, and the digest."""
    shop.write(FILE, shop.draft())
    data = json.loads(shop.run(*GATE, "--format", "json")[1])
    assert [waiver["state"] for waiver in data["waivers"]] == ["proposed", "proposed"]
    assert data["date"] == "2026-12-01"
    waiver = data["stacks"][0]["findings"][0]["waiver"]
    assert (waiver["owner"], waiver["side"], waiver["until"]) == ("alice", "head", "2026-12-31")


def test_hostile_waivers_are_escaped(shop: Project) -> None:
    """A reason with markup or an order for a log is shown as what it is, in every format."""
    text = shop.draft().replace("moved before", "<script>x</script> | ::error::x [a](http://b.c)")
    shop.write(FILE, text)
    for output_format in ("text", "markdown", "html", "json", "sarif"):
        _, out, _ = shop.run(*GATE, "--format", output_format, "--no-blueprints")
        assert " ::error::" not in out, output_format
        if output_format in ("markdown", "html"):
            assert "<script>" not in out, output_format
    _, out, _ = shop.run(*GATE, "--format", "markdown")
    assert "[a](http" not in out


def test_a_comment_with_many_waivers_stays_below_its_limit(shop: Project) -> None:
    """Head cannot push the findings out of a comment by proposing waivers."""
    text = shop.draft()
    entry = text[text.index("[[waivers]]") :].partition("[[waivers]]\n")[2].partition("\n\n")[0]
    many = "".join(
        f"[[waivers]]\n{entry}\n".replace('"Things"', f'"A{n}"').replace("moved", "x" * 900)
        for n in range(600)
    )
    shop.write(FILE, many)
    for limit in ("1000", "10000", "65536"):
        _, out, _ = shop.run(*GATE, "--format", "markdown", "--limit", limit)
        assert len(out) < int(limit)
        assert "Things" in out
        assert "review digest" in out


def test_drafts_go_where_they_are_read(
    shop: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Beside waivers that there are, or where a review of this head looks for some."""
    shop.write("cfngen.toml", "[templates]\n\n[[review.waivers]]\n" + ENTRY)
    assert shop.run("--write-waivers")[0] == 0
    assert (shop.folder / "cfngen.toml").read_text().count("[[review.waivers]]") == 3
    assert not (shop.folder / FILE).exists()
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    (old / "shop.yaml").write_text(FIRST)
    (new / "shop.yaml").write_text(SECOND)
    assert main(["review", str(old), str(new), "--write-waivers"]) == 0
    assert (new / FILE).read_text().count("[[waivers]]") == 2


def test_a_waiver_counts_against_what_is_deployed_if_accepted(shop: Project) -> None:
    """Waivers of a download's folder do not count, nor do head's by themselves."""
    waivers = shop.draft()
    shop.write(FILE, waivers)
    shop.write("deployed/cfngen-waivers.toml", waivers)
    shop.write("deployed/shop.json", json.dumps({"TemplateBody": FIRST}))
    arguments = ["review", "deployed", "output", *GATE]
    assert main(arguments) == 1
    assert "proposed waiver: D102 of shop/Things" in shop.capsys.readouterr().out
    shop.commit()
    assert main(["review", "deployed", "HEAD:output", *GATE]) == 1
    assert main([*arguments, "--accept-new-waivers"]) == 0
