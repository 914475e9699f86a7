"""Blueprints of this house have one shape: a table of contents, and parts named alike."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.drawn import OURS, shapes
from support.folded import for_each

from cfngen.authoring.blueprint import NoOptions

ROOT = Path(__file__).parents[1] / "blueprints"
MAX_LINES = 40  # of a table of contents, without its docstring
FOLDERS = [ROOT / name for name in OURS]
MODULES = sorted(path for path in ROOT.glob("*/*.py") if path.name != "__init__.py")
each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
each_module = for_each(MODULES, name=lambda path: str(path.relative_to(ROOT)))


def contents(folder: Path) -> ast.FunctionDef:
    """Return the function that is the blueprint."""
    tree = ast.parse((folder / "blueprint.py").read_text())
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return function


def beyond_calls(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that are no calls, nor calls under a condition or for each of some."""
    for statement in statements:
        if isinstance(statement, ast.If | ast.For):
            yield from beyond_calls([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Return):
            if not isinstance(statement.value, ast.Name):
                yield statement
        elif not (
            isinstance(statement, ast.Assign | ast.Expr) and isinstance(statement.value, ast.Call)
        ):
            yield statement


@each_folder
def test_a_blueprint_reads_like_a_table_of_contents(folder: Path) -> None:
    """Its file holds one function, which is short and whose statements are calls."""
    function = contents(folder)
    assert function.name == folder.name
    body = function.body[1:]
    lines = (function.end_lineno or 0) - body[0].lineno + 1
    assert lines <= MAX_LINES, f"{lines} lines: move what they do into parts"
    assert [ast.unparse(statement) for statement in beyond_calls(body)] == []
    classes = [n for n in ast.parse((folder / "blueprint.py").read_text()).body
               if isinstance(n, ast.ClassDef)]  # fmt: skip
    assert not classes, "options are in options.py, parameters in parameters.py"


@each_folder
def test_a_blueprint_has_the_files_of_the_others(folder: Path) -> None:
    """A README; options and parameters, if there are any, in files of that name."""
    blueprint = OURS[folder.name].load()
    assert (folder / "README.md").is_file()
    has_options = blueprint.options_type is not NoOptions
    assert (folder / "options.py").is_file() == has_options
    if has_options:
        assert blueprint.options_type.__module__.endswith(f".{folder.name}.options")
        assert blueprint.options_type.__name__ == "Options"
    declares = any(shape.document.body.get("Parameters") for shape in shapes(OURS[folder.name]))
    # An image stack has the parameters of its pattern, and none of its own.
    from_pattern = "ImageStackParameters" in (folder / "blueprint.py").read_text()
    assert (folder / "parameters.py").is_file() == (declares and not from_pattern)


@each_module
def test_a_part_that_adds_to_a_template_is_called_so(path: Path) -> None:
    """Whatever takes `t` is a function `add_…`; nothing else holds a template."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(a.arg == "t" for a in node.args.args):
            assert node.args.args[0].arg == "t", f"{node.name}: `t` comes first"
            assert node.name.lstrip("_").startswith("add_"), f"{node.name} takes a template"
        if isinstance(node, ast.ClassDef):
            templates = [each for each in ast.walk(node) if isinstance(each, ast.AnnAssign)
                    and ast.unparse(each.annotation) == "Template"]  # fmt: skip
            assert not templates, f"{node.name} holds a template"
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) != "self.t", f"line {node.lineno} holds a template"


@each_module
def test_parameters_keep_their_type(path: Path) -> None:
    """No part takes them as `Any`, and no class of them is assembled when it runs."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            for argument in node.args.args:
                typed = ast.unparse(argument.annotation) if argument.annotation else ""
                assert argument.arg != "p" or typed not in ("", "Any"), f"{node.name}: p: Any"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "type":
            assert len(node.args) == 1, f"line {node.lineno} assembles a class"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            assert ast.unparse(node.args[0]) != "p", f"line {node.lineno} asks for it by its name"


@each_module
def test_options_say_what_does_not_go_together_by_a_method(path: Path) -> None:
    """None of ours raises ValueError from `__post_init__`."""
    assert "__post_init__" not in path.read_text()


def labels(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the console shows of a template, each text with what it is about."""
    for section in ("Parameters", "Outputs"):
        for name, thing in body.get(section, {}).items():
            yield f"{section}.{name}", thing.get("Description", "")
    for name, declared in body.get("Parameters", {}).items():
        if "ConstraintDescription" in declared:
            yield f"the constraint of {name}", declared["ConstraintDescription"]
    for name, rule in body.get("Rules", {}).items():
        for assertion in rule["Assertions"]:
            yield f"Rules.{name}", assertion.get("AssertDescription", "")
    for name, resource in body["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            yield name, resource["Properties"].get("AlarmDescription", "")


@each_folder
def test_what_the_console_shows_are_sentences(folder: Path) -> None:
    """What is shown begins with a capital and ends in a full stop, one sentence at a time.

    These are the descriptions of parameters, outputs and alarms, and what the console says of a
    value that a constraint or a rule refuses. A parameter that may be empty says what that means,
    and its constraint that it may be.
    """
    for shape in shapes(OURS[folder.name]):
        body = shape.document.body
        for name, text in labels(body):
            assert re.fullmatch(r"[A-Z](?s:.)*[^.]\.", text), f"{name}: {text!r}"
            assert ";" not in text, f"{name}: {text!r}: make it two sentences"
        for name, declared in body.get("Parameters", {}).items():
            if declared.get("Default") == "":
                assert "Leave empty" in declared["Description"], name
                constraint = declared.get("ConstraintDescription", "leave it empty")
                assert "leave it empty" in constraint, f"{name}: {constraint!r}"
