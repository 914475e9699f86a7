"""The API of a forge: what is sent, that a token goes to its own server only, and what is refused.

It needs nothing but Python.
"""

from __future__ import annotations

import email.utils
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit

PAGE = 100
DEFAULT_WAIT = 60  # where a forge does not say how long
RESETS = ("X-RateLimit-Reset", "RateLimit-Reset")  # in seconds of the epoch


class ForgeError(Exception):
    """The forge refuses.

    Attributes:
        status: HTTP's, or 0 if it is none of them.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status


class UnavailableError(ForgeError):
    """The forge cannot be reached, is down or wants to be asked later; it may do what it was asked.

    Attributes:
        wait: seconds until it may be asked again, if it says so.
    """

    def __init__(self, message: str, status: int = 0, wait: float | None = None) -> None:
        """Say why."""
        super().__init__(message, status)
        self.wait = wait


class SomebodyElsesError(ForgeError):
    """The comment is not this token's to write anew."""


def required(environment: Mapping[str, str], name: str) -> str:
    """Return a variable.

    Raises:
        ValueError: it is not set or empty.
    """
    if not environment.get(name):
        raise ValueError(f"{name} is not set")
    return environment[name]


def secure(name: str, url: str) -> str:
    """Return the URL that a variable has, if a token may be sent there.

    Raises:
        ValueError: what is sent there could be read on the way.
    """
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname != "127.0.0.1":
        raise ValueError(f"{name} is not https: {address.scheme or 'no scheme'}")
    return url.rstrip("/")


@dataclass(frozen=True)
class Api:
    """A REST API.

    Attributes:
        url: where it is.
        token: a header, which is not sent on to where an answer redirects.
        headers: those of each request.
        query: what is in the query of each request; with it, no redirection is followed.
        is_form: whether a form is sent, not JSON.
    """

    url: str
    token: tuple[str, str] | None = None
    headers: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    is_form: bool = False

    def call(
        self,
        method: str,
        path: str,
        sent: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Any:
        """Send a request and return what is answered.

        Raises:
            ForgeError: it is refused.
            UnavailableError: it cannot be sent, or the forge is down or busy.
        """
        words = urlencode({**(query or {}), **(self.query or {})})
        data = urlencode(sent) if sent and self.is_form else json.dumps(sent)
        kind = "application/x-www-form-urlencoded" if self.is_form else "application/json"
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            f"{self.url}{path}{'?' if words else ''}{words}",
            data=data.encode() if sent else None,
            method=method,
            headers={"Content-Type": kind, "User-Agent": "cfngen-review", **(self.headers or {})},
        )
        if self.token:
            request.add_unredirected_header(*self.token)
        handlers = [_NoRedirect()] if self.query else []
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, ValueError) as error:  # a URLError is an OSError; a proxy's page no JSON
            reason = str(getattr(error, "reason", error))
            raise UnavailableError(reason) from None

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """Yield what a list has, page by page as far as it is wanted."""
        page, count = 0, PAGE
        while count == PAGE:
            page += 1
            answer = self.call("GET", path, query={**query, "per_page": PAGE, "page": page})
            count = len(answer)
            yield from answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection, since the address that it names could get the key."""

    def redirect_request(self, *_: Any) -> None:
        """Return no other request, so that the answer is an error."""


def _refusal(error: urllib.error.HTTPError) -> ForgeError:
    """Return an answer as an error, in the forge's words where it says something."""
    try:
        answer = json.load(error)
        words = answer.get("message") or answer["errors"][0]["message"]
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        words = error.reason
    message = f"{error.code} {words}"
    if error.code == 429:
        return UnavailableError(message, error.code, _wait(error.headers))
    return (UnavailableError if error.code >= 500 else ForgeError)(message, error.code)


def _wait(headers: Message) -> float:
    """Return the seconds after which a busy forge may be asked again.

    Its own clock counts, if it says what time it is.
    """
    try:
        now = email.utils.parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        now = time.time()
    resets = [value for name in RESETS if (value := headers.get(name, "")).isdecimal()]
    if resets:
        return max(int(resets[0]) - now, 0) + 1  # so that its second is over
    after = headers.get("Retry-After", "")
    return float(after) if after.isdecimal() else DEFAULT_WAIT
