"""The conditions of a template: whether they hold, and what they say, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from cfngen.cloudformation.text import digest
from cfngen.cloudformation.values import canonical, is_known, readable, scalar

MAX_DEPTH = 100  # conditions that refer to conditions
MAX_MEANING = 1000  # characters of what a condition or mapping says, for those who depend on it
JOINED = ("Fn::And", "Fn::Or")  # whose operands have no order
Shape = tuple[str, frozenset[str]]  # an operator and its operands


class Conditions:
    """What the conditions of one template say.

    `changed` names those that say something else on the other side of a review. `names` has what
    those are called here that both sides have, by their own names: two conditions are one if they
    say the same.
    """

    def __init__(
        self,
        definitions: Mapping[str, Any],
        resolve: Callable[[Any], Any],
        changed: Collection[str] = (),
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the definitions, as plain data; `resolve` works out the values in them."""
        self.names = names or {}
        self.definitions = {
            **{self.names[name]: definitions[name] for name in definitions if name in self.names},
            **definitions,
        }
        self.changed = changed
        self._resolve = resolve
        self._truths: dict[str, bool | None] = {}
        self._shapes: dict[str, Shape] = {}
        self._texts: dict[str, str] = {}

    def name(self, name: str) -> str:
        """Return what a condition is called on both sides."""
        return self.names.get(name, name)

    def described(self, name: str) -> str:
        """Return the name of a condition; with its meaning, if that differs between the sides."""
        if name in self.names or name not in self.changed:
            return self.name(name)
        if name not in self._texts:
            definition = self._resolve(self.definitions.get(name))
            self._texts[name] = short_text(self._written(definition))
        return f"{name} (now {self._texts[name]})"

    def _written(self, value: Any, depth: int = 0) -> Any:
        """Return a definition with those that it refers to in it, if they say something else."""
        if isinstance(value, dict):
            name = value.get("Condition")
            if isinstance(name, str) and name in self.changed and depth < MAX_DEPTH:
                return {"Condition": self.described(name)}
            return {key: self._written(item, depth + 1) for key, item in value.items()}
        return (
            [self._written(item, depth + 1) for item in value] if isinstance(value, list) else value
        )

    def meaning(self, name: str) -> str:
        """Return a text that is the same for conditions that say the same.

        The order of what is compared or joined does not count, nor do names of other conditions.
        """
        return _text(self._shape({"Condition": name}))

    def _shape(self, value: Any, depth: int = 0) -> Shape:
        truth = self.truth(value, depth)
        if truth is not None or depth > MAX_DEPTH:
            return str(truth), frozenset()
        if not isinstance(value, dict) or len(value) != 1:
            return "", frozenset((canonical(value),))
        ((name, argument),) = value.items()
        if name == "Condition" and isinstance(argument, str):
            return self._named(argument, depth)
        operands = argument if isinstance(argument, list) else []
        if name == "Fn::Equals" and len(operands) == 2:
            return name, frozenset((_pair(operands),))
        if name == "Fn::Not" and len(operands) == 1:
            operator, inner = self._shape(operands[0], depth + 1)
            if operator == name and len(inner) == 1:  # twice
                return "", inner
            return name, frozenset((_text((operator, inner)),))
        if name in JOINED and operands:
            return self._joined(name, operands, depth)
        return "", frozenset((canonical(value),))

    def _joined(self, name: str, operands: list[Any], depth: int) -> Shape:
        inner: set[str] = set()
        for operator, texts in (self._shape(operand, depth + 1) for operand in operands):
            inner |= texts if operator == name else {_text((operator, texts))}
        return (name if len(inner) > 1 else ""), frozenset(inner)

    def _named(self, name: str, depth: int) -> Shape:
        if name not in self._shapes:
            self._shapes[name] = "", frozenset((f"condition {name}",))  # for one of itself
            if name in self.definitions:
                self._shapes[name] = self._shape(self._resolve(self.definitions[name]), depth + 1)
        return self._shapes[name]

    def truth(self, condition: Any, depth: int = 0) -> bool | None:
        """Return whether a condition holds; `None` if that is known only at deploy time."""
        if isinstance(condition, str):
            if condition not in self._truths:
                self._truths[condition] = None  # for one that refers to itself
                definition = self.definitions.get(condition)
                if definition is not None and depth < MAX_DEPTH:
                    self._truths[condition] = self.truth(definition, depth + 1)
            return self._truths[condition]
        if not isinstance(condition, dict) or len(condition) != 1:
            return None
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self.truth(argument, depth + 1)
        if name == "Fn::Equals":
            return equal(argument, self._resolve)
        parts = argument if isinstance(argument, list) else []
        truths = [self.truth(part, depth + 1) for part in parts]
        if name == "Fn::Not" and len(truths) == 1:
            return None if truths[0] is None else not truths[0]
        if name == "Fn::And":
            return False if False in truths else None if None in truths else True
        if name == "Fn::Or":
            return True if True in truths else None if None in truths else False
        return None


def equal(argument: Any, resolve: Callable[[Any], Any]) -> bool | None:
    """Return what `Fn::Equals` comes to, `None` if that is known only at deploy time."""
    if isinstance(argument, list) and len(argument) == 2:
        left, right = map(resolve, argument)
        if is_known(left) and is_known(right):
            return scalar(left) == scalar(right)
    return None


def short_text(value: Any) -> str:
    """Return a resolved value as text; with a digest in place of the rest if it is long."""
    text = json.dumps(readable(value), sort_keys=True, ensure_ascii=False, default=str)
    if len(text) > MAX_MEANING:
        text = f"{text[:100]}… {digest(text)}"
    return text


def _pair(operands: list[Any]) -> str:
    return ",".join(sorted(map(canonical, operands)))


def _text(shape: Shape) -> str:
    operator, operands = shape
    if not operator and len(operands) == 1:
        return next(iter(operands))
    text = f"{operator}({';'.join(sorted(operands))})"
    return text if len(text) <= MAX_MEANING else f"{operator} {digest(text)}"
