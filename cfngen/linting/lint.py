"""Lint the text of one template by cfn-lint, with our rules beside its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cfngen.cloudformation.read import check
from cfngen.errors import LintError, RenderError, did_you_mean

if TYPE_CHECKING:
    from cfngen.cloudformation.document import Origin

ERROR, WARNING, INFORMATIONAL = "error", "warning", "informational"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing the linter says about a template.

    `line` and `column` count from 1 in the template. `section` and `name` say what it is about
    (`Resources`, `BuildRole`), both empty for the template as a whole. `origin` is the line of
    the blueprint that added it, `None` for a template that was read from disk; findings that
    differ only in it are equal.
    """

    template: str
    line: int
    column: int
    rule: str
    severity: str
    message: str
    section: str = ""
    name: str = ""
    origin: Origin | None = field(default=None, compare=False)


class Linter:
    """cfn-lint with its rules loaded once; loading takes the better part of a second.

    Honours `.cfnlintrc` of the working directory and of the home directory, as the command does.
    What the file names as `append_rules` is Python, and is run.
    """

    def __init__(self, *, append_rules: bool = True) -> None:
        """Load cfn-lint, the rules that its configuration names, and ours.

        Args:
            append_rules: whether to run the rules that the configuration appends.

        Raises:
            LintError: the configuration file, or a custom rule in it, cannot be used.
        """
        import logging

        from cfnlint.config import ConfigMixIn
        from cfnlint.decode.decode import decode_str
        from cfnlint.exceptions import CfnLintExitException, ConfigFileError
        from cfnlint.helpers import REGIONS
        from cfnlint.runner import Runner, run_template_by_data
        from yaml import YAMLError

        from cfngen.linting.rules.cfn_lint import rules

        # What cfn-lint logs of a template that it cannot read is among its findings, too.
        logging.getLogger("cfnlint").addHandler(logging.NullHandler())
        self._append_rules = append_rules
        self._config = ConfigMixIn
        self._decode = decode_str
        self._run = run_template_by_data
        self._regions = frozenset(REGIONS)
        self._failures = (CfnLintExitException, ConfigFileError, ValueError, YAMLError)
        try:
            self._rules = Runner(self._settings(())).rules
            # Those that `.cfnlintrc` appends by itself, for plain cfn-lint, are there already.
            self._rules.extend([rule for rule in rules() if rule.id not in self._rules])
        except self._failures as error:
            raise LintError(f"cfn-lint cannot start: {error}; look at .cfnlintrc") from None

    def lint(self, text: str, template: str, regions: tuple[str, ...] = ()) -> list[Finding]:
        """Return what cfn-lint says of a text by its rules and `cfngen.linting.rules`, sorted.

        Args:
            text: the template.
            template: what to call it in the findings, such as `output/backlog-proxy.yaml`.
            regions: the regions to lint for; without any, those of `.cfnlintrc`, or us-east-1.

        Raises:
            LintError: no region is called so, or cfn-lint would not come to an end.
        """
        try:
            check(text)
        except RenderError as error:
            raise LintError(f"{template}: {error}") from None
        settings = self._settings(regions)
        with _without_region():
            if unknown := [r for r in settings.regions if r not in self._regions]:
                first = f"no AWS region {unknown[0]!r}{did_you_mean(unknown[0], self._regions)}"
                raise LintError(f"{template}: {first}; look at `regions` in .cfnlintrc")
            body, matches = self._decode(text)
            if matches:
                ignored = any("E0000".startswith(rule) for rule in settings.ignore_checks)
                matches = [m for m in matches if not (ignored and m.rule.id == "E0000")]
            else:
                try:
                    matches = list(self._run(body, settings, self._rules))
                except self._failures as error:
                    return [_failure(template, f"cfn-lint failed: {error}")]
                except Exception as error:
                    what = f"{type(error).__name__}: {error}"
                    return [_failure(template, f"cfn-lint has a bug: {what}")]
        return sorted(_finding(match, template) for match in matches)

    def _settings(self, regions: tuple[str, ...]) -> Any:
        # `templates` keeps cfn-lint from looking for those that .cfnlintrc may list.
        settings = self._config([], templates=[], regions=list(regions))
        if not self._append_rules:
            settings.file_args.pop("append_rules", None)
        return settings


def trace(findings: list[Finding], origins: dict[tuple[str, str], Origin]) -> list[Finding]:
    """Return the findings with the blueprint's line that added what each is about."""
    return [replace(f, origin=origins.get((f.section, f.name), f.origin)) for f in findings]


def _failure(template: str, message: str) -> Finding:
    """Return that a template could not be linted, as cfn-lint says it of a rule that fails.

    The findings of other templates are not lost with it.
    """
    return Finding(
        template=template,
        line=1,
        column=1,
        rule="E0002",
        severity="error",
        message=f"{message}; nothing else is known of this template",
        section="",
        name="",
    )


def _finding(match: Any, template: str) -> Finding:
    path = [str(step) for step in getattr(match, "path", None) or ()]
    about = (path[0], path[1]) if len(path) > 1 else ("", "")
    return Finding(
        template=template,
        line=match.linenumber,
        column=match.columnnumber,
        rule=match.rule.id,
        severity=match.rule.severity,
        message=match.message,
        section=about[0],
        name=about[1],
    )


@contextmanager
def _without_region() -> Iterator[None]:
    """Hide the user's region: cfn-lint would lint for it, and findings depend on the region."""
    hidden = {k: os.environ.pop(k) for k in ("AWS_REGION", "AWS_DEFAULT_REGION") if k in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
