"""Everything cfngen can complain about, without imports of its own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    AnyError = TypeVar("AnyError", bound="CfngenError")


class CfngenError(Exception):
    """A mistake a user can mend: the message says where, what, and what now.

    `problems` are the lines of a message that has several; any other is one line.
    """

    problems: tuple[str, ...] = ()


class Problems(CfngenError):  # noqa: N818 - it is several of them
    """Several mistakes found in one go, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep the problems in the order they were found."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ManifestError(Problems):
    """The table of templates, or the options in it, cannot be used."""


class BlueprintError(CfngenError):
    """A blueprint cannot be found, or is not written as one."""


class LogicalIdError(CfngenError, ValueError):
    """A logical ID that something else in the template has.

    A `ValueError` as well, since that is what troposphere raises for a duplicate.
    """


class ParameterError(BlueprintError):
    """A blueprint reads a parameter that its template does not have with the options given."""


class PayloadError(CfngenError):
    """A file meant to run in AWS cannot be embedded as it stands."""


class PolicyError(CfngenError):
    """A policy statement says more, or less, than a reviewer may be shown."""


class PipelineError(Problems):
    """A pipeline that CodePipeline would refuse, or that would not do what it seems to."""


class RenderError(CfngenError):
    """A template cannot be written as YAML that means the same."""


class LintError(CfngenError):
    """The linter itself could not run."""


class WriteError(CfngenError):
    """The output directory cannot take the templates; it was left as it was."""


def several(kind: type[AnyError], problems: Iterable[str]) -> AnyError:
    """Return an error of a kind that lists several mistakes, one line each."""
    lines = tuple(problems)
    error = kind("\n".join(lines))
    error.problems = lines
    return error


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the candidate that is most like a word, or nothing."""
    from difflib import get_close_matches  # only mistakes pay for it

    matches = get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""
