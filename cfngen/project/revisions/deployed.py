"""Templates as `aws cloudformation get-template` prints them: what is deployed, as a file."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from cfngen.cloudformation.read import read
from cfngen.errors import RenderError

BODY = "TemplateBody"
KEYS = frozenset((BODY, "StagesAvailable", "ResponseMetadata"))  # the last is what SDKs add
# As the command prints it with `--output yaml`.
YAML_BODY = re.compile(rf"^{BODY}:", re.MULTILINE)
TRANSFORM = re.compile(r'^Transform:|"Transform"\s*:', re.MULTILINE)
# What stands before a template that is an object, so that its lines stay those of the file.
BEFORE_BODY = re.compile(
    rf'\s*\{{\s*(?:"StagesAvailable"\s*:\s*\[[^\]\[{{}}]*\]\s*,\s*)?"{BODY}"\s*:\s*(?=\{{)'
)


def template_printed(text: str) -> str | None:
    r"""Return the template in what get-template prints; `None` for any other text.

    It is an object with the template as a text or an object in it, or that text alone, as with
    `--query TemplateBody`.

    >>> template_printed('{"TemplateBody": "Resources: {}\\n", "StagesAvailable": ["Original"]}')
    'Resources: {}\n'
    >>> template_printed('"Resources: {}"'), template_printed("Resources: {}")
    ('Resources: {}', None)
    """
    start = text.lstrip()[:1]
    if start == '"':
        with suppress(ValueError):
            whole = json.loads(text)
            return whole if isinstance(whole, str) else None
        return None
    if BODY not in text or not (start == "{" or YAML_BODY.search(text)):
        return None
    try:
        whole = read(text)
    except RenderError:
        return None
    if not isinstance(whole, dict) or not whole.keys() <= KEYS:
        return None
    body = whole.get(BODY)
    if isinstance(body, dict):
        return _written(text) or json.dumps(body, indent=4)
    return body if isinstance(body, str) else None


def _written(text: str) -> str:
    """Return an object as it is written, on its own lines; empty if it is not known where."""
    before = BEFORE_BODY.match(text)
    if before is None:
        return ""
    try:
        end = json.JSONDecoder().raw_decode(text, before.end())[1]
    except (ValueError, RecursionError):  # YAML in braces
        return ""
    return "\n" * text.count("\n", 0, before.end()) + text[before.end() : end]


def as_printed(text: str, printed: str) -> str:
    """Return a text with `?` for letters outside of ASCII, if `printed` may have lost such.

    So get-template prints them. What is no letter or sign, such as a line separator, is left as it
    is: it may be one that hides something.

    >>> as_printed("Description: Größe", "Description: Gr??e")
    'Description: Gr??e'
    >>> as_printed("Description: Größe", "Description: size")
    'Description: Größe'
    """
    if text.isascii() or not printed.isascii() or "?" not in printed:
        return text
    # One for each, as in
    # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1220
    return "".join(c if c.isascii() or not c.isprintable() else "?" for c in text)


def lacks_transform(printed: str, text: str) -> bool:
    """Whether a template has a transform, and the deployed one may be what it has made."""
    return "Transform" not in printed and TRANSFORM.search(text) is not None
