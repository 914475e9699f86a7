"""Whatever a payload starts or waits for ends, be it that the other side hangs.

What runs in a function or a build is ended by these; a task has no such limit, so that its programs
limit each thing they start. That the limits work is shown where the programs are run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.shapes_of_ours import ROOT, all_shapes, image

PROGRAMS = sorted(
    path
    for folder in ("blueprints/*/payload", "blueprints/_shared/*", "cfngen/patterns/payload")
    for path in ROOT.glob(f"{folder}/*.py")
)
# Which argument says after how many seconds a call gives up, by place or by the name `timeout`.
# Source: Python's library reference, subprocess, urllib.request and socket.
LIMITED: dict[str, int | None] = {
    "subprocess.run": None,
    "subprocess.call": None,
    "subprocess.check_call": None,
    "subprocess.check_output": None,
    "urlopen": 2,
    "urllib.request.urlopen": 2,
    "socket.create_connection": 1,
}
# Methods of what was started, and of threads' events.
WAITS = {"wait": 0, "communicate": 1}
ENDLESS = {"os.popen", "os.system", "os.spawnvp", "os.waitpid", "subprocess.getoutput"}


def unlimited(text: str) -> list[str]:
    """Return the calls of a program that could last for ever, as they are written.

    A program that has the kernel send it SIGALRM, and does something about it, is under a limit as
    a whole.
    """
    tree = ast.parse(text)
    if under_an_alarm(tree):
        return []
    return [
        f"line {call.lineno}: {ast.unparse(call)}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and endless(tree, call)
    ]


def under_an_alarm(tree: ast.AST) -> bool:
    """Whether a program sets an alarm, and handles it."""
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    alarms = [call for call in calls if call.startswith("signal.alarm(")]
    handled = [call for call in calls if call.startswith("signal.signal(signal.SIGALRM, ")]
    return bool(alarms and handled and "signal.alarm(0)" not in alarms)


def endless(tree: ast.AST, call: ast.Call) -> bool:
    """Whether a call starts something, or waits for it, and has no limit."""
    name = ast.unparse(call.func)
    if name in ENDLESS:
        return True
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in LIMITED:
        place = LIMITED[name]
    elif method in WAITS:
        place = WAITS[method]
    else:
        return False
    by_place = [] if place is None else call.args[place : place + 1]
    by_name = [word.value for word in call.keywords if word.arg == "timeout"]
    for word in call.keywords:
        if word.arg is None:  # **how
            by_name += in_literals(tree, ast.unparse(word.value))
    limits = by_place + by_name
    return not limits or all(
        isinstance(limit, ast.Constant) and limit.value is None for limit in limits
    )


def in_literals(tree: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield the `timeout` of each dictionary that is written down under a name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        pairs = zip(node.value.keys, node.value.values, strict=True)
        if name in map(ast.unparse, node.targets):
            yield from (value for key, value in pairs if key and ast.unparse(key) == "'timeout'")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_what_a_program_starts_has_a_time_limit(path: Path) -> None:
    """No call that starts a program, waits for one or for the network, may last for ever.

    The files of a directory of `_shared` are modules of one program.
    """
    modules = path.parent.glob("*.py") if path.parent.parent.name == "_shared" else [path]
    if not any(under_an_alarm(ast.parse(module.read_text())) for module in modules):
        assert not unlimited(path.read_text())


def test_there_are_calls_to_look_at() -> None:
    """The programs do start others: the test above is about something."""
    texts = "".join(path.read_text() for path in PROGRAMS)
    assert texts.count("subprocess.run(") >= 4
    assert texts.count("urlopen(") >= 1


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(['git'])",
        "subprocess.run(['git'], timeout=None)",
        "subprocess.check_output(command)",
        "how = {'check': True}\nsubprocess.run(command, **how)",
        "child = subprocess.Popen(['git'])\nchild.wait()",
        "child.communicate()",
        "os.system('git gc')",
        "with os.popen('aws') as listed: pass",
        "urlopen(request)",
        "signal.alarm(5)\nsubprocess.run(['git'])",
        "signal.signal(signal.SIGALRM, stop)\nsignal.alarm(0)\nsubprocess.run(['git'])",
    ],
)
def test_a_call_without_a_limit_is_seen(text: str) -> None:
    """However it is written."""
    assert unlimited(text)


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(['git'], timeout=5)",
        "how = {'timeout': 5}\nsubprocess.run(command, **how)",
        "child.wait(5)",
        "done.wait(timeout=5)",
        "urlopen(request, None, 5)",
        "signal.signal(signal.SIGALRM, stop)\nsignal.alarm(5)\nsubprocess.run(['git'])",
        "run(['git'])",
    ],
)
def test_a_call_with_a_limit_is_let_be(text: str) -> None:
    """However it is written."""
    assert not unlimited(text)


def test_functions_and_builds_are_ended() -> None:
    """Each has a limit of its own, within what the service takes.

    Source: AWS pages "Lambda quotas" and "Quotas for AWS CodeBuild".
    """
    seen = set()
    for shape in all_shapes():
        for name, function in shape.of_type("Lambda::Function").items():
            assert 0 < number(shape.body, function["Timeout"]) <= 900, f"{name} of {shape}"
            seen.add("function")
        for name, project in shape.of_type("CodeBuild::Project").items():
            assert 5 <= number(shape.body, project["TimeoutInMinutes"]) <= 2160, f"{name}: {shape}"
            assert 5 <= number(shape.body, project["QueuedTimeoutInMinutes"]) <= 480, name
            seen.add("build")
    assert seen == {"function", "build"}


def number(body: dict[str, Any], value: Any) -> float:
    """Return a number, or the greatest that a parameter takes."""
    if isinstance(value, dict):
        declared = body["Parameters"][value["Ref"]]
        return float(declared.get("MaxValue") or max(declared["AllowedValues"]))
    return float(value)


def test_a_task_sets_the_alarm_of_its_programs() -> None:
    """A program that is under an alarm as a whole learns after how many seconds it rings.

    Nothing else ends a task: ECS knows no longest time for one.
    """
    seen = 0
    for shape in all_shapes():
        for task in shape.of_type("ECS::TaskDefinition").values():
            (container,) = task["ContainerDefinitions"]
            given = {one["Name"]: one["Value"] for one in container["Environment"]}
            files = {n: text for n, text in image(shape, container).items() if n.endswith(".py")}
            for name, text in files.items():
                if under_an_alarm(tree := ast.parse(text)):
                    (variable,) = alarm_variables(tree, ast.parse("\n".join(files.values())))
                    assert int(given[variable]) > 0, f"{name} of {shape}"
                    seen += 1
    assert seen


def alarm_variables(tree: ast.AST, whole: ast.AST) -> set[str]:
    """Return the names in what a program hands to `signal.alarm`, wherever that is assigned.

    Args:
        tree: the module that sets the alarm.
        whole: all modules of the program.
    """
    handed = {
        ast.unparse(node.args[0]).removeprefix("settings.")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "signal.alarm"
    }
    return {
        part.value
        for node in ast.walk(whole)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in handed
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
