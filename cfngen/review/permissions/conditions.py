"""Conditions of policies: which is the stricter one, and which keep strangers out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from cfngen.cloudformation.values import canonical, literal, shown
from cfngen.review.permissions.alternatives import (
    WHEN,
    Entry,
    When,
    branches,
    opaque,
    possible,
    texts,
)
from cfngen.review.permissions.glob import covers, wild

# Operators that are one.
SAME = {"arnequals": "arnlike", "arnnotequals": "arnnotlike"}
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
# Keys that say whose request it is, and that a stranger cannot make say something else.
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
WIDEST = {4: 8, 6: 16}  # a network with a shorter prefix is as good as everybody
MOST_PARTS = 64


def conditions(value: Any) -> Iterator[When]:
    """Yield the entries of a statement's `Condition`, for each branch of it."""
    for when, block in branches(value):
        if block is None:
            yield when
        elif isinstance(block, dict):
            yield from _variants(when, block)
        else:
            yield when | {_unknown(block)}


def _variants(when: When, block: dict[str, Any]) -> list[When]:
    """Return a block's entries, once for each of the values that a key may have."""
    found = [when]
    for name, keys in block.items():
        if not isinstance(keys, dict) or "Fn::If" in keys or name.startswith("Fn::"):
            found = [one | {_unknown({name: keys})} for one in found]
            continue
        for key, values in keys.items():
            each = [
                when if value is None and when else when | {_entry(name, key, value)}
                for when, value in branches(values)
            ]
            found = [one | more for one in found for more in each if possible(one | more)]
            if len(found) > MOST_PARTS:
                return [when | {_unknown(block)}]
    return found


def _entry(name: str, key: str, values: Any) -> Entry:
    operator = name.lower()
    qualifier, colon, rest = operator.rpartition(":")
    plain = rest.removesuffix("ifexists")
    operator = qualifier + colon + SAME.get(plain, plain) + rest[len(plain) :]
    found = texts(values)
    if plain == "bool" or plain.endswith("ignorecase"):
        found = tuple(text.lower() if literal(text) else text for text in found)
    return Entry(operator, key.lower(), frozenset(found), f"{name} {key}: {_listed(values)}")


def _listed(values: Any) -> str:
    return ", ".join(map(shown, texts(values)))


def _unknown(value: Any) -> Entry:
    text = canonical(value)
    return Entry("", "", frozenset({opaque(text)}), shown(value))


def described(entries: When) -> str:
    """Return conditions for a person: the policy's first, then the template's."""
    own = sorted(entry.written for entry in entries if entry.operator != WHEN)
    template = sorted(entry.written for entry in entries if entry.operator == WHEN)
    return "; ".join((*own, *template))


def no_stricter(mine: When, other: When) -> bool:
    """Whether every request that fulfils the other conditions fulfils these, as far as is known."""
    return all(any(_implied(entry, given) for given in other) for entry in mine)


def _implied(entry: Entry, given: Entry) -> bool:
    """Whether whatever fulfils `given` fulfils `entry`."""
    if entry == given:
        return True
    if entry.key != given.key:
        return False
    lax, lax_set, one = _parts(entry.operator)
    strict, strict_set, two = _parts(given.operator)
    if lax_set != strict_set or (strict and not lax):
        return False
    if one in NEGATIVE and two in NEGATIVE:
        one, two = NEGATIVE[one], NEGATIVE[two]
        return all(
            any(_matches(two, value, one, mine) for value in given.values) for mine in entry.values
        )
    if one in POSITIVE and two in POSITIVE:
        return bool(given.values) and all(
            any(_matches(one, mine, two, value) for mine in entry.values) for value in given.values
        )
    return one == two and entry.values == given.values


def _parts(operator: str) -> tuple[bool, str, str]:
    """Return whether a missing key will do, the set qualifier, and the operator itself."""
    qualifier, _, rest = operator.rpartition(":")
    plain = rest.removesuffix("ifexists")
    return plain != rest, qualifier, plain


def _matches(operator: str, pattern: str, other: str, value: str) -> bool:
    """Whether a value of one operator is fulfilled by all that fulfils a value of another."""
    if other == "stringequals" and operator != other and wild(value):
        return operator == "stringlike" and pattern == "*"  # a star that means itself
    if operator == "stringlike" and other in ("stringlike", "stringequals"):
        return covers(pattern, value)
    if operator == "arnlike" and other in ("arnlike", "stringequals"):
        return _like_arn(pattern, value)
    if operator == other == "ipaddress":
        return pattern == value or within(pattern, value)
    if (operator, other) == ("stringequals", "stringlike"):
        return pattern == value and literal(value) and not wild(value)
    return operator == other and pattern == value


def _like_arn(pattern: str, value: str) -> bool:
    """Whether one ARN has the other in it; a `*` matches within its part only."""
    mine, others = _segments(pattern), _segments(value)
    if len(mine) != 6 or len(others) != 6:
        return pattern in ("*", value)
    return all(map(covers, mine, others))


def within(outer: str, inner: str) -> bool:
    """Whether one CIDR block is a part of another."""
    one, two = network(outer), network(inner)
    if one is None or two is None or one.version != two.version:
        return False
    return int(one.network_address) <= int(two.network_address) and int(
        one.broadcast_address
    ) >= int(two.broadcast_address)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return a network written as CIDR, `None` if it is none."""
    with suppress(ValueError):
        return ipaddress.ip_network(text.strip(), strict=False)
    return None


def wide(text: str) -> bool:
    """Whether a CIDR block has (nearly) the whole internet in it, or half of it."""
    found = network(text)
    return found is not None and found.prefixlen < WIDEST[found.version]


def restricts(entries: When, *, keys: tuple[str, ...] = ()) -> bool:
    """Whether conditions keep strangers out; `keys` are endings of further keys that do."""
    return any(
        (entry.key in RESTRICTING or entry.key.endswith(keys or ("\0",))) and _binds(entry)
        for entry in entries
    )


def _binds(entry: Entry) -> bool:
    missing, of_set, operator = _parts(entry.operator)
    if missing or of_set == "forallvalues" or operator not in POSITIVE:
        return False
    if operator == "bool":
        return entry.values == {"true"}
    if operator == "ipaddress":
        return not any(map(wide, entry.values))
    if operator in ("stringlike", "arnlike"):
        return all(_bound(entry.key, value) for value in entry.values)
    return True


def _bound(key: str, value: str) -> bool:
    """Whether a pattern says whose: an account, or at least how a name begins."""
    if key not in ANY_ARN:
        return not value.startswith(("*", "?"))
    parts = _segments(value)
    if len(parts) < 6:
        return not value.startswith(("*", "?", "arn:*"))
    if parts[4]:
        return not parts[4].startswith(("*", "?"))
    return not parts[5].startswith(("*", "?"))


def _segments(arn: str) -> list[str]:
    """Cut an ARN at its colons, not at those within references."""
    parts, depth = [""], 0
    for char in arn:
        depth += (char == "\ue000") - (char == "\ue001")
        if char == ":" and not depth and len(parts) < 6:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def split(entries: When) -> list[When]:
    """Return conditions one value at a time: together they allow what the whole does."""
    parts: list[When] = [frozenset()]
    for entry in sorted(entries, key=lambda entry: (entry.operator, entry.key)):
        _, of_set, operator = _parts(entry.operator)
        values = [entry.values]
        if operator in POSITIVE and of_set != "forallvalues":
            values = [frozenset({value}) for value in sorted(entry.values)] or values
        if len(parts) * len(values) > MOST_PARTS:
            return [entries]
        parts = [
            part | {Entry(entry.operator, entry.key, one, entry.written)}
            for part in parts
            for one in values
        ]
    return parts
