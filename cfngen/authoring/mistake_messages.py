"""Messages about a wrong line of a blueprint, and what was probably meant."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import linecache
import re
from collections.abc import Iterable
from types import FrameType, ModuleType, TracebackType
from typing import Any

import troposphere

from cfngen.authoring.parameters import Parameters
from cfngen.authoring.tracebacks import frames_of, is_complaint
from cfngen.errors import nearest

# What Python says of an argument that the caller and the function itself give.
TWICE = re.compile(r"got multiple values for keyword argument '(\w+)'")
# Sentences of Python's own that need no name of an exception in front of them.
SPEAKING = (NameError, ImportError)
SHOWN = 60  # characters of a value that is quoted


def message_of(
    error: BaseException, frames: list[TracebackType], place: TracebackType
) -> tuple[str, int]:
    """Return what is wrong, and the line of it if that is known better than by the frame, else 0.

    Args:
        error: the exception.
        frames: its frames, the innermost last.
        place: that of the author's line.
    """
    if message := _of_troposphere(error, frames):
        return message, _line_of_keyword(place, frames)
    if isinstance(error, NameError) and error.name:
        scope = {*place.tb_frame.f_locals, *place.tb_frame.f_globals, *dir(builtins)}
        return f"{error}{did_you_mean(error.name, scope)}", 0
    if isinstance(error, ImportError):
        return _of_import(error), 0
    if isinstance(error, AttributeError) and error.name:
        return _of_attribute(error), 0
    if isinstance(error, TypeError) and (twice := TWICE.search(str(error))):
        pattern = frames[-1].tb_frame.f_code.co_name
        return f"{pattern}() sets {twice[1]} itself; leave it out", 0
    if isinstance(error, TypeError) and frames[-1] is place and (call := _call(place)):
        message, line = _of_arguments(call, place.tb_frame)
        if message:
            return message, line
    if isinstance(error, SystemExit):
        return f"ends the program ({error!r}); a blueprint only returns a template", 0
    if frames[-1] is not place and is_complaint(error) and str(error):
        return str(error), 0
    return ": ".join(filter(None, (type(error).__name__, str(error)))), 0


def complaint_of(error: Exception) -> str:
    """Return what a check of troposphere, or one that was written like them, says of a resource.

    It is nothing for an exception that nobody raised on purpose.
    """
    if message := _of_troposphere(error, frames_of(error)):
        return message
    return str(error) if is_complaint(error) else ""


def syntax_message(error: SyntaxError) -> str:
    """Return what Python cannot read, with the line as it stands there."""
    text = (error.text or "").strip()
    return f"{error.msg}: {text}" if text else str(error.msg)


def did_you_mean(word: str | None, candidates: Iterable[str]) -> str:
    """Return `. Did you mean DisplayName?` for the nearest candidate, or nothing."""
    match = nearest(word or "", candidates)
    return f". Did you mean {match}?" if match else ""


def label(thing: troposphere.BaseAWSObject) -> str:
    """Return what a troposphere object is called: `Topic "Alerts"`, or `Environment`."""
    name = type(thing).__name__
    return f'{name} "{thing.title}"' if thing.title else name


# --- what troposphere complains of --------------------------------------------------------------


def _of_troposphere(error: BaseException, frames: list[TracebackType]) -> str:
    """Return what troposphere found wrong with one of its objects.

    Its sentences name types, not what is known: so the object is taken from its frame.
    """
    inside = [
        frame.tb_frame
        for frame in frames
        if isinstance(frame.tb_frame.f_locals.get("self"), troposphere.BaseAWSObject)
        and frame.tb_frame.f_globals.get("__name__", "").startswith("troposphere")
    ]
    if not inside:
        return ""
    thing = inside[-1].f_locals["self"]
    function = inside[-1].f_code.co_name
    if function == "validate_title":
        return f"{label(thing)}: a logical ID has letters and digits only"
    if function == "_validate_props":
        return f"{label(thing)} lacks the required property {inside[-1].f_locals['k']}"
    # In order: what was set, and inside it what is of the wrong type.
    setting = [frame for frame in inside if frame.f_code.co_name in ("__setattr__", "__getattr__")]
    name = setting[-1].f_locals["name"] if setting else ""
    if isinstance(error, AttributeError):
        if name in thing.propnames:
            return f"{label(thing)}: the property {name} is not set"
        names = [*thing.propnames, *thing.attributes]
        return f"{label(thing)} has no property {name}{did_you_mean(name, names)}"
    if not name:
        return f"{label(thing)}: {error}"
    expected = setting[-1].f_locals["expected_type"]
    if function == "_raise_type":
        value = inside[-1].f_locals["value"]
        must = f"must be {_expected(expected)}"
        if setting[-1].f_locals["value"] is not value:  # an item of a list
            must = f"{must}; one of its items is {_shown(value)}"
        else:
            must = f"{must}, got {_shown(value)}"
        return f"{label(thing)}: {name} {must}"
    value = _shown(setting[-1].f_locals["value"])
    text = str(error) or f"{value} is no {getattr(expected, '__name__', 'valid value')}"
    return f"{label(thing)}: {name}: {text}"


def _expected(kind: Any) -> str:
    """Return a type as troposphere writes it in `props`: a type, a tuple, a list of types."""
    if isinstance(kind, list):
        return f"a list of {' or '.join(item.__name__ for item in kind)}"
    if isinstance(kind, tuple):
        return " or ".join(item.__name__ for item in kind)
    return str(getattr(kind, "__name__", kind))


def _shown(value: Any) -> str:
    """Return a value and its type: `5 (int)`, or the type alone where the value is long."""
    if isinstance(value, troposphere.BaseAWSObject):
        return label(value)
    text = repr(value)
    kind = type(value).__name__
    return f"{text} ({kind})" if len(text) <= SHOWN and not text.startswith("<") else kind


# --- what Python complains of -------------------------------------------------------------------


def _of_import(error: ImportError) -> str:
    import sys

    module = sys.modules.get(error.name or "")
    wanted = getattr(error, "name_from", None)  # from Python 3.12 on
    if isinstance(error, ModuleNotFoundError) or module is None:
        return error.msg
    if not wanted:
        wanted = error.msg.partition("cannot import name '")[2].partition("'")[0]
    return f"{module.__name__} has no {wanted}{did_you_mean(wanted, dir(module))}"


def _of_attribute(error: AttributeError) -> str:
    thing, name = error.obj, error.name
    if isinstance(thing, ModuleType):
        what = f"{thing.__name__} has no {name}"
    elif isinstance(thing, Parameters):
        what = f"{type(thing).__name__} has no parameter {name}"
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        what = f"{type(thing).__name__} has no field {name}"
    else:
        kind = thing if isinstance(thing, type) else type(thing)
        what = f"{kind.__name__} has no attribute {name}"
    return f"{what}{did_you_mean(name, (n for n in dir(thing) if not n.startswith('_')))}"


def _of_arguments(call: ast.Call, frame: FrameType) -> tuple[str, int]:
    """Return the keyword that a function does not take, and its line; nothing if there is none."""
    try:
        function = _value(call.func, frame)
        parameters = inspect.signature(function).parameters
    except (AttributeError, KeyError, TypeError, ValueError):
        return "", 0
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return "", 0
    unknown = [word for word in call.keywords if word.arg and word.arg not in parameters]
    if not unknown:
        return "", 0
    name = ast.unparse(call.func)
    messages = [
        f"{name}() has no argument {word.arg}{did_you_mean(str(word.arg), parameters)}"
        for word in unknown
    ]
    return "; ".join(messages), unknown[0].value.lineno


def _value(node: ast.expr, frame: FrameType) -> Any:
    """Return what a name, or an attribute of one, stands for in a frame."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, frame), node.attr)
    if isinstance(node, ast.Name):
        return {**vars(builtins), **frame.f_globals, **frame.f_locals}[node.id]
    raise KeyError(ast.unparse(node))


def _line_of_keyword(place: TracebackType, frames: list[TracebackType]) -> int:
    """Return the line of the keyword that was being set when troposphere refused it, or 0."""
    call = _call(place)
    for frame in frames[frames.index(place) + 1 :]:
        if frame.tb_frame.f_code.co_name == "__setattr__" and call:
            name = frame.tb_frame.f_locals.get("name")
            for word in call.keywords:
                if word.arg == name:
                    return word.value.lineno
    return 0


def _call(frame: TracebackType) -> ast.Call | None:
    """Return the call that a frame stopped at, by its place in the source."""
    code = frame.tb_frame.f_code
    positions = list(code.co_positions())[frame.tb_lasti // 2]
    source = "".join(linecache.getlines(code.co_filename, frame.tb_frame.f_globals))
    try:
        tree = ast.parse(source)
    except SyntaxError:  # edited since it was imported
        return None
    return next(
        (
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == positions
        ),
        None,
    )
