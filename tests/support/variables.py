"""Which environment variables a program reads, and which it hands on: by its text alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
# A parameter of the shell, and what stands in for it: ${X:-default}.
EXPANSION = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]*)(:?[-=](?=[^}]))?|([A-Z][A-Z0-9_]*))")
OPTIONAL = re.compile(r"\$\{([A-Z][A-Z0-9_]*):?-\}")
ASSIGNMENT = re.compile(
    r"(?:^|[\s;&|(])(?:for |read |read -r )?([A-Z][A-Z0-9_]*)(?:=| in |$)", re.M
)
AGENT = {"SSH_AGENT_PID", "SSH_AUTH_SOCK"}  # of what `ssh-agent -s` prints (its man page)
CARRIED = re.compile(r"^cat > ([\w.-]+) <<'(\w+)'\n(.*?)^\2$", re.M | re.S)


class UnclearError(Exception):
    """A variable is read, and the text does not say which."""


@dataclass
class Use:
    """What a program does with variables.

    Attributes:
        needed: read as they are; without them the program fails.
        optional: read if they are there, and nothing stands in for them.
        preset: read, with a value that stands in for them.
        given: set for itself, or handed to programs that it starts.
        compared: names of variables of other programs' that it looks for.
    """

    needed: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    preset: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)

    @property
    def read(self) -> set[str]:
        """All that it reads."""
        return self.needed | self.optional | self.preset

    def __or__(self, other: Use) -> Use:
        """Return what two programs do that run one another."""
        return Use(
            self.needed | other.needed,
            self.optional | other.optional,
            self.preset | other.preset,
            self.given | other.given,
            self.compared | other.compared,
        ).settled()

    def settled(self) -> Use:
        """What a program asks for before it reads it, it does not need."""
        self.needed -= self.optional | self.preset
        self.optional -= self.preset
        return self


# --- Python ------------------------------------------------------------------------------------


def of_python(text: str) -> Use:
    """Return what a program in Python does with its environment.

    `os.environ` and names that stand for it are followed through subscripts, `get`, `pop`, `in`,
    `update` and `keys() &`, names of variables through loops over literals, f-strings and the
    arguments of functions of the same file. Dictionaries whose keys are all in capitals are
    environments that are handed on; `{v["name"]: v["value"] ...}` is the environment of a build.

    Raises:
        UnclearError: a variable's name cannot be followed, or the environment is used otherwise.
    """
    return _Reader(ast.parse(text)).use.settled()


class _Reader:
    def __init__(self, tree: ast.Module) -> None:
        self.tree, self.use = tree, Use()
        self.parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        self.names = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and self._environ(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.builds = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and _of_build(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if self._environ(node) or (
                isinstance(node, ast.Name)
                and node.id in self.names
                and isinstance(node.ctx, ast.Load)
            ):
                self._used(node)
            elif isinstance(node, ast.Name) and node.id in self.builds:
                self._compared(node)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "os.getenv":
                self._got(node)
            elif isinstance(node, ast.Dict):
                self._handed(node)
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                if not self._is_environment(node.value):
                    self._stored(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = {a or b for a, _, b in EXPANSION.findall(node.value)}
                self.use.optional |= {name for name in found if NAME.fullmatch(name)}

    def _environ(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "environ"
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )

    def _is_environment(self, node: ast.AST) -> bool:
        return self._environ(node) or (isinstance(node, ast.Name) and node.id in self.names)

    def _used(self, node: ast.AST) -> None:
        """Note one place where the environment stands."""
        above = self.parents[node]
        if isinstance(above, ast.Assign) and above.value is node:
            return  # another name for it
        if isinstance(above, ast.Subscript):
            names = self._resolved(above.slice)
            (self.use.needed if isinstance(above.ctx, ast.Load) else self.use.given).update(names)
        elif isinstance(above, ast.Compare) and isinstance(above.ops[0], ast.In | ast.NotIn):
            self.use.optional |= self._resolved(above.left)
        elif isinstance(above, ast.Attribute) and isinstance(self.parents[above], ast.Call):
            self._called(above.attr, self.parents[above])
        elif isinstance(above, ast.Dict) and above.keys[above.values.index(node)] is None:
            return  # all of it, handed to a program that is started
        else:
            raise UnclearError(f"line {node.lineno}: {ast.unparse(above)}")  # type: ignore[attr-defined]

    def _called(self, method: str, call: Any) -> None:
        if method == "get":
            self._got(call)
        elif method == "pop":
            self.use.needed |= self._resolved(call.args[0])
        elif method == "setdefault":
            self.use.given |= self._resolved(call.args[0])
        elif method == "update" and not call.args:
            self.use.given |= {str(word.arg) for word in call.keywords}
        elif method == "keys" and isinstance(both := self.parents[call], ast.BinOp):
            for element in both.right.elts:  # type: ignore[attr-defined]
                self.use.optional |= self._resolved(element)
        else:
            raise UnclearError(f"line {call.lineno}: {ast.unparse(call)}")

    def _got(self, call: Any) -> None:
        """Note a `get`, and whether something true stands in for what is not there."""
        names, above = self._resolved(call.args[0]), self.parents[call]
        default = call.args[1] if len(call.args) > 1 else None
        if isinstance(above, ast.BoolOp) and isinstance(above.op, ast.Or):
            default = above.values[1]
        empty = default is None or (
            isinstance(default, ast.Constant) and default.value in ("", None)
        )
        (self.use.optional if empty else self.use.preset).update(names)

    def _compared(self, node: ast.Name) -> None:
        above = self.parents[node]
        call = self.parents.get(above)
        if isinstance(above, ast.Attribute) and above.attr == "get" and isinstance(call, ast.Call):
            self.use.compared |= self._resolved(call.args[0])
        elif isinstance(above, ast.Subscript):
            self.use.compared |= self._resolved(above.slice)

    def _handed(self, node: ast.Dict) -> None:
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if keys and all(isinstance(key, str) and NAME.fullmatch(key) for key in keys):
            self.use.given.update(map(str, keys))

    def _stored(self, node: ast.Subscript) -> None:
        try:
            names = self._resolved(node.slice)
        except UnclearError:
            return  # no environment
        if names and all(NAME.fullmatch(name) for name in names):
            self.use.given |= names

    def _resolved(self, node: ast.AST) -> set[str]:
        """Return the texts that an expression may have."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.JoinedStr):
            texts = {""}
            for part in node.values:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                texts = {text + more for text in texts for more in self._resolved(inner)}
            return texts
        if isinstance(node, ast.Name):
            return self._bound(node)
        raise UnclearError(f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)}")

    def _bound(self, node: ast.Name) -> set[str]:
        """Return what a name stands for: an item of literals, or an argument."""
        above: ast.AST | None = node
        while above := self.parents.get(above):  # type: ignore[arg-type]
            loops = [above] if isinstance(above, ast.For) else getattr(above, "generators", [])
            for loop in loops:
                if isinstance(loop.target, ast.Name) and loop.target.id == node.id:
                    if not isinstance(loop.iter, ast.Tuple | ast.List | ast.Set):
                        raise UnclearError(f"line {node.lineno}: {ast.unparse(loop.iter)}")
                    return {text for item in loop.iter.elts for text in self._resolved(item)}
            if isinstance(above, ast.FunctionDef):
                places = [argument.arg for argument in above.args.args]
                if node.id in places:
                    return self._arguments(above.name, node.id, places.index(node.id))
        raise UnclearError(f"line {node.lineno}: {node.id}")

    def _arguments(self, function: str, name: str, place: int) -> set[str]:
        found: set[str] = set()
        for call in ast.walk(self.tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == function:
                words = {word.arg: word.value for word in call.keywords}
                found |= self._resolved(words[name] if name in words else call.args[place])
        return found


def _of_build(node: ast.AST) -> bool:
    """Whether an expression is the environment of a build, by name."""
    if not isinstance(node, ast.DictComp):
        return False
    return (ast.unparse(node.key)[-8:], ast.unparse(node.value)[-9:]) == ("['name']", "['value']")


# --- shell, and what buildspecs, Dockerfiles and mapping templates have of it -------------------


def of_shell(text: str) -> Use:
    """Return what commands of a shell do with variables in capitals, which others set or read.

    What stands in single quotes is text, and what is assigned further up is not asked for.
    """
    bare = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    bare = re.sub(r"'[^']*'", "''", bare)
    assigned: dict[str, int] = {}
    for match in ASSIGNMENT.finditer(bare):
        # What is on the line of an assignment is read before it, in a loop after it.
        loop = match[0].endswith(" in ")
        end = match.end() if loop else (bare + "\n").index("\n", match.end())
        assigned.setdefault(match[1], end)
    use = Use(given=set(assigned))
    for match in EXPANSION.finditer(bare):
        name = match[1] or match[3]
        if match.start() >= assigned.get(name, len(bare)):
            use.given.discard(name)  # its own
        elif OPTIONAL.match(bare, match.start()):
            use.optional.add(name)
        else:
            (use.preset if match[2] else use.needed).add(name)
    if "ssh-agent -s" in text:
        use.needed -= AGENT
    return use.settled()


def of_buildspec(text: str) -> Use:
    """Return what a buildspec does, with the programs that it carries, in the order of phases."""
    spec: dict[str, Any] = yaml.safe_load(text)
    variables = set((spec.get("env") or {}).get("variables") or {})
    carried, shell = Use(), ""
    for name in ("install", "pre_build", "build", "post_build"):
        phase = spec["phases"].get(name) or {}
        for command in [*(phase.get("commands") or []), *(phase.get("finally") or [])]:
            for file, _, content in CARRIED.findall(command):
                carried |= of_program(file, content)
            shell += CARRIED.sub("", command) + "\n"
    own = of_shell(shell)
    own.needed -= variables
    carried.needed -= own.given
    own |= carried
    own.given |= variables
    return own


def of_dockerfile(text: str) -> Use:
    """Return what a Dockerfile sets for what runs in the image."""
    lines = text.replace("\\\n", " ").splitlines()
    words = [word for line in lines if line.startswith("ENV ") for word in line.split()[1:]]
    return Use(given={word.partition("=")[0] for word in words})


def of_program(name: str, text: str) -> Use:
    """Return what a file does, by its name."""
    if name == "Dockerfile":
        return of_dockerfile(text)
    if name.endswith(".py"):
        return of_python(text)
    if name.endswith(".sh"):
        return of_shell(text)
    raise UnclearError(f"{name}: neither Python nor shell")


def of_files(files: dict[str, str]) -> Use:
    """Return what an image's files do, which run one another."""
    use = Use()
    for name, text in files.items():
        use |= of_program(name, text)
    return use


def named(value: Any) -> Iterator[str]:
    """Yield the names of variables that a piece of JSON in a template overrides."""
    yield from re.findall(r'"name": "([A-Z][A-Z0-9_]*)"', str(value))
