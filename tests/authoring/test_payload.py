"""Payloads are embedded byte for byte, or refused where they are read."""

import pytest

from cfngen import Payloads
from cfngen.authoring.payload import checked
from cfngen.errors import PayloadError


def test_good_text_comes_back_as_it_is() -> None:
    """Nothing is substituted, trimmed or added."""
    text = 'echo "${NOT_OURS}" $(id) {{ none }} 日本 😀\n\n  indented\n'
    assert checked(text.encode(), "x") == text


@pytest.mark.parametrize(
    ("raw", "place", "what"),
    [
        (b"a\nb \nc\n", "run.sh:2", "trailing space"),
        (b"a\n\tb\n", "run.sh:2", "tab"),
        (b"a\r\nb\n", "run.sh:1", "carriage return"),
        (b"a\n\xff\n", "run.sh:2", "UTF-8"),
        (b"\xef\xbb\xbfa\n", "run.sh:1", "byte order mark"),
        (b"a", "run.sh", "exactly one newline"),
        (b"a\n\n", "run.sh", "exactly one newline"),
        (b"", "run.sh", "empty"),
        (b"  \n", "run.sh", "empty"),
    ],
)
def test_what_yaml_would_make_unreadable_is_refused(raw: bytes, place: str, what: str) -> None:
    """The message names the file, the line and the offence."""
    with pytest.raises(PayloadError) as caught:
        checked(raw, "run.sh")
    assert any(place in line and what in line for line in str(caught.value).splitlines())


def test_all_offences_are_told_at_once() -> None:
    """Nobody mends a file line by line."""
    with pytest.raises(PayloadError) as caught:
        checked(b"a \n\tb\nc\r\n", "f")
    assert len(str(caught.value).splitlines()) == 3


def test_a_payload_knows_its_name() -> None:
    """The text is a str that remembers its file."""
    payload = Payloads("cfngen_blueprints.backlog_proxy")["authorizer.py"]
    assert payload.name == "authorizer.py"
    assert isinstance(payload, str)


def test_a_missing_payload_is_told_with_the_nearest_name() -> None:
    """A misspelt file name is answered with what is there."""
    with pytest.raises(
        PayloadError, match=r"authorizr\.py: no such payload; did you mean 'authorizer"
    ):
        Payloads("cfngen_blueprints.backlog_proxy")["authorizr.py"]


def test_payloads_need_a_package() -> None:
    """A blueprint run as a script has no payloads to find."""
    with pytest.raises(PayloadError, match="part of a package"):
        Payloads(None)
