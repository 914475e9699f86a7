"""Conditions of policies: which is the stricter one, and which keep out the public."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from cfngen.cloudformation import text as texts
from cfngen.cloudformation.glob import covers, wild
from cfngen.cloudformation.text import AnyText, Text
from cfngen.cloudformation.values import opaque, shown
from cfngen.review.alternatives import (
    TEMPLATE_CONDITION,
    Condition,
    Term,
    flattened_texts,
    if_alternatives,
    is_satisfiable,
)

# Operators that are one.
EQUIVALENT = {"arnequals": "arnlike", "arnnotequals": "arnnotlike"}
# Each with the operator that matches values as it does, where a key must be one of several.
POSITIVE = {
    "stringequals", "stringequalsignorecase", "stringlike", "arnlike", "bool", "binaryequals",
    "numericequals", "dateequals", "ipaddress",
}  # fmt: skip
NEGATIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}
# Keys that identify the caller, and that an outsider cannot forge.
RESTRICTING = {
    "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount",
    "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid",
    "aws:vpceorgpaths", "aws:sourceip", "aws:vpcsourceip", "aws:userid",
    "aws:principalisawsservice",
    "aws:principalservicename", "aws:ec2instancesourcevpc", "kms:calleraccount",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "lambda:eventsourcetoken",
    "elasticfilesystem:accessedviamounttarget",
}  # fmt: skip
ANY_ARN = ("aws:sourcearn", "aws:principalarn", "s3:dataaccesspointarn", "aws:sourcevpcarn")
MIN_PREFIX = {4: 8, 6: 16}  # a network with a shorter prefix is as good as everybody
MAX_PARTS = 64


def conditions(value: Any) -> Iterator[Condition]:
    """Yield the terms of a statement's `Condition`, for each alternative of it."""
    for when, block in if_alternatives(value):
        if block is None:
            yield when
        elif isinstance(block, dict):
            yield from _variants(when, block)
        else:
            yield when | {_unknown(block)}


def _variants(when: Condition, block: dict[str, Any]) -> list[Condition]:
    """Return the terms of a block, once for each alternative of its values."""
    variants = [when]
    for name, keys in block.items():
        if not isinstance(keys, dict) or "Fn::If" in keys or name.startswith("Fn::"):
            variants = [variant | {_unknown({name: keys})} for variant in variants]
            continue
        for key, values in keys.items():
            each = [
                when if value is None and when else when | {_entry(name, key, value)}
                for when, value in if_alternatives(values)
            ]
            variants = [
                variant | more
                for variant in variants
                for more in each
                if is_satisfiable(variant | more)
            ]
            if len(variants) > MAX_PARTS:
                return [when | {_unknown(block)}]
    return variants


def _entry(name: str, key: str, values: Any) -> Term:
    operator = name.lower()
    qualifier, colon, rest = operator.rpartition(":")
    plain = rest.removesuffix("ifexists")
    operator = qualifier + colon + EQUIVALENT.get(plain, plain) + rest[len(plain) :]
    normalized = flattened_texts(values)
    if plain == "bool" or plain.endswith("ignorecase"):
        normalized = tuple(text.lower() if isinstance(text, str) else text for text in normalized)
    description = f"{name} {key}: {_listed(values)}"
    return Term(operator, key.lower(), frozenset(normalized), description, (name, key))


def _listed(values: Any) -> str:
    return ", ".join(map(shown, flattened_texts(values)))


def _unknown(value: Any) -> Term:
    return Term("", "", frozenset({opaque(value)}), shown(value))


def describe(entries: Condition) -> str:
    """Return conditions for a reader: the policy's first, then the template's."""
    own = sorted(entry.description for entry in entries if entry.operator != TEMPLATE_CONDITION)
    template = sorted(
        entry.description for entry in entries if entry.operator == TEMPLATE_CONDITION
    )
    return "; ".join((*own, *template))


def template_terms(entries: Condition) -> Condition:
    """Return the conditions that are the template's."""
    return frozenset(entry for entry in entries if entry.operator == TEMPLATE_CONDITION)


def is_no_stricter(condition: Condition, other: Condition) -> bool:
    """Whether every request that fulfils `other` certainly fulfils `condition`.

    >>> def read(value):
    ...     return next(conditions({"StringLike": {"aws:PrincipalArn": value}}))
    >>> is_no_stricter(read("arn:aws:iam::*"), read("arn:aws:iam::1:role/a"))
    True
    >>> is_no_stricter(read("arn:aws:iam::1:role/a"), read("arn:aws:iam::*"))
    False
    """
    return all(any(_implied(entry, given) for given in other) for entry in condition)


def _implied(entry: Term, given: Term) -> bool:
    """Whether every request that fulfils `given` fulfils `entry`."""
    if entry == given:
        return True
    if entry.key != given.key:
        return False
    lax, lax_set, lax_operator = operator_parts(entry.operator)
    strict, strict_set, strict_operator = operator_parts(given.operator)
    if lax_set != strict_set or (strict and not lax):
        return False
    if lax_operator in NEGATIVE and strict_operator in NEGATIVE:
        lax_operator, strict_operator = NEGATIVE[lax_operator], NEGATIVE[strict_operator]
        return all(
            any(matches(strict_operator, value, lax_operator, excluded) for value in given.values)
            for excluded in entry.values
        )
    if lax_operator in POSITIVE and strict_operator in POSITIVE:
        return bool(given.values) and all(
            any(
                matches(lax_operator, excluded, strict_operator, value) for excluded in entry.values
            )
            for value in given.values
        )
    return lax_operator == strict_operator and entry.values == given.values


def operator_parts(operator: str) -> tuple[bool, str, str]:
    """Return whether a missing key is accepted, the set qualifier, and the operator itself."""
    qualifier, _, rest = operator.rpartition(":")
    plain = rest.removesuffix("ifexists")
    return plain != rest, qualifier, plain


def matches(operator: str, pattern: AnyText, other: str, value: AnyText) -> bool:
    """Whether a value of one operator matches all that a value of another one matches."""
    if other == "stringequals" and operator != other and wild(value):
        return operator == "stringlike" and pattern == "*"  # a star that means itself
    if operator == "stringlike" and other in ("stringlike", "stringequals"):
        return covers(pattern, value)
    if operator == "arnlike" and other in ("arnlike", "stringequals"):
        return _like_arn(pattern, value)
    if operator == other == "ipaddress":
        return pattern == value or within(pattern, value)
    if (operator, other) == ("stringequals", "stringlike"):
        return pattern == value and isinstance(value, str) and not wild(value)
    return operator == other and pattern == value


def _like_arn(pattern: AnyText, value: AnyText) -> bool:
    """Whether one ARN pattern matches another; a `*` matches within its segment only."""
    segments, other_segments = _segments(pattern), _segments(value)
    if len(segments) != 6 or len(other_segments) != 6:
        return pattern in ("*", value)
    return all(map(covers, segments, other_segments))


def within(outer: AnyText, inner: AnyText) -> bool:
    """Whether one CIDR block contains another.

    >>> within("10.0.0.0/8", "10.1.0.0/16"), within("10.1.0.0/16", "10.0.0.0/8")
    (True, False)
    """
    outer_network, inner_network = network(outer), network(inner)
    if (
        outer_network is None
        or inner_network is None
        or outer_network.version != inner_network.version
    ):
        return False
    return int(outer_network.network_address) <= int(inner_network.network_address) and int(
        outer_network.broadcast_address
    ) >= int(inner_network.broadcast_address)


def network(text: AnyText) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return a CIDR block as a network, `None` if it is not one."""
    if isinstance(text, Text):
        return None
    with suppress(ValueError):
        return ipaddress.ip_network(text.strip(), strict=False)
    return None


def is_internet_wide(text: AnyText) -> bool:
    """Whether a CIDR block contains (nearly) the whole internet, or half of it.

    >>> is_internet_wide("0.0.0.0/0"), is_internet_wide("10.0.0.0/8")
    (True, False)
    """
    block = network(text)
    return block is not None and block.prefixlen < MIN_PREFIX[block.version]


def restricts(entries: Condition, *, keys: tuple[str, ...] = ()) -> bool:
    """Whether conditions keep the public out; `keys` are endings of further keys that do."""
    return any(
        (entry.key in RESTRICTING or entry.key.endswith(keys or ("\0",))) and _binds(entry)
        for entry in entries
    )


def _binds(entry: Term) -> bool:
    missing, of_set, operator = operator_parts(entry.operator)
    if missing or of_set == "forallvalues" or operator not in POSITIVE:
        return False
    if operator == "bool":
        return entry.values == {"true"}
    if operator == "ipaddress":
        return not any(map(is_internet_wide, entry.values))
    if operator in ("stringlike", "arnlike"):
        return all(_bound(entry.key, value) for value in entry.values)
    return True


def _bound(key: str, value: AnyText) -> bool:
    """Whether a pattern names an owner: an account, or at least how a name begins."""
    if key not in ANY_ARN:
        return not value.startswith(("*", "?"))
    parts = _segments(value)
    if len(parts) < 6:
        return not value.startswith(("*", "?", "arn:*"))
    if parts[4]:
        return not parts[4].startswith(("*", "?"))
    return not parts[5].startswith(("*", "?"))


def _segments(arn: AnyText) -> list[AnyText]:
    """Return the segments of an ARN; colons within references do not count."""
    return texts.split(arn, ":", 5)


def split(entries: Condition) -> list[Condition]:
    """Return conditions with one value for each key; together they allow what the whole allows.

    >>> whole = next(conditions({"StringEquals": {"aws:SourceAccount": ["1", "2"]}}))
    >>> [sorted(*(term.values for term in part)) for part in split(whole)]
    [['1'], ['2']]
    """
    parts: list[Condition] = [frozenset()]
    for entry in sorted(entries, key=lambda entry: (entry.operator, entry.key)):
        _, of_set, operator = operator_parts(entry.operator)
        values = [entry.values]
        if operator in POSITIVE and of_set != "forallvalues":
            values = [frozenset({value}) for value in sorted(entry.values)] or values
        if len(parts) * len(values) > MAX_PARTS:
            return [entries]
        parts = [
            part | {Term(entry.operator, entry.key, subset, entry.description)}
            for part in parts
            for subset in values
        ]
    return parts
