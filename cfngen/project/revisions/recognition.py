"""Recognizes templates by their content, not by their name."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Collection

import yaml

from cfngen.project.revisions.deployed import template_printed

# By any of these at its top a document is a template, if perhaps a broken one.
KEYS = frozenset(("Resources", "AWSTemplateFormatVersion", "Fn::Transform", "<<"))
TRANSFORM = "Transform"  # without any of the others
# A line that can only be a template's: nothing of YAML reaches over it but a text in quotes.
PLAIN = re.compile(r"^Resources: *(?:#.*)?\r?$", re.MULTILINE)
MAX_DOCUMENTS = 1000


class Document(enum.Enum):
    """What is in a file."""

    TEMPLATE = "a template"
    BEGINNING = "a template, by its beginning"  # what follows was not looked at
    OTHER = "not a template"
    MACRO_OUTPUT = "not a template, unless a transform turns it into one"
    BROKEN = "not YAML"  # and might be a template if it were
    BINARY = "not UTF-8"


def recognized(contents: bytes, *, closely: bool = True) -> Document:
    """Return what is in a file, by its top-level keys, however they are written.

    What `aws cloudformation get-template` prints is the template that it has in it.
    If not `closely`, a file with a line as templates have it is taken for one, broken or not; else
    one whose beginning is that of a template, which may be broken behind it.
    """
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Document.BINARY
    # Every key has its letters in the text, or an escape for them.
    if not any(key in text for key in (*KEYS, TRANSFORM)) and "\\" not in text:
        return Document.OTHER
    printed = template_printed(text)
    if printed is not None:
        text = printed
    if not closely and PLAIN.search(text) and text.lstrip()[:1] not in ("'", '"', "{", "["):
        return Document.TEMPLATE
    if text.lstrip()[:1] == "{":
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            pass  # YAML in braces, or a mistake
        else:
            return _by_keys(whole.keys())
    start = PLAIN.search(text)
    # A text in quotes that is still open there, or a bracket, would go on over what follows.
    if start and _by_nodes(text[: start.end()]) is Document.TEMPLATE:
        return Document.BEGINNING
    return _by_nodes(text)


def _by_keys(keys: Collection[str]) -> Document:
    if not KEYS.isdisjoint(keys):
        return Document.TEMPLATE
    return Document.MACRO_OUTPUT if TRANSFORM in keys else Document.OTHER


def _by_nodes(text: str) -> Document:
    """Look at YAML's events only, so that what our reader refuses is recognized as well."""
    keys: set[str] = set()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = documents = 0
    is_key = anything = False  # whether a key comes next, and whether nobody can say
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > MAX_DOCUMENTS:
                    return Document.OTHER
                is_key = True
            elif isinstance(event, yaml.CollectionStartEvent):
                anything = anything or (depth == 1 and is_key)  # a key that is no plain value
                depth += 1
                # The first thing in the mapping at the top is a key again.
                is_key = depth == 1 and isinstance(event, yaml.MappingStartEvent)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                is_key = depth == 1
            elif depth == 1 and isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                if isinstance(event, yaml.AliasEvent):
                    keys |= KEYS if is_key or anything else set()  # it could be any of them
                elif is_key or anything:
                    keys.add(event.value)
                is_key = not is_key
    except (yaml.YAMLError, ValueError, RecursionError):
        return Document.BROKEN
    return _by_keys(keys)
