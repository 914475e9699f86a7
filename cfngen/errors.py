"""Everything cfngen can complain about, without imports of its own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    AnyError = TypeVar("AnyError", bound="CfngenError")


class CfngenError(Exception):
    """A mistake a user can mend: the message says where, what, and what now.

    Attributes:
        problems: the lines of a message that has several; any other is one line.
        file: the file of the blueprint whose mistake it is; empty where it is no blueprint's.
        line: the line in it, from 1.
    """

    problems: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


class Problems(CfngenError):  # noqa: N818 - it is several of them
    """Several mistakes found in one go, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep the problems in the order they were found."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ManifestError(Problems):
    """The table of templates, or the options in it, cannot be used."""


class BlueprintError(CfngenError):
    """A blueprint cannot be found, is not written as one, or has a mistake.

    `file` and `line` say where a mistake is, and the exception that Python or troposphere raised
    for it is the cause (`__cause__`).
    """


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


class PatternError(CfngenError):
    """A pattern was given something that AWS would refuse, or that would not do what it seems to.

    Attributes:
        pattern: the function, such as `log_group`.
        title: the logical ID that it was given.
        argument: the argument that has to change.
    """

    def __init__(self, pattern: str, title: str, argument: str, problem: str) -> None:
        """Say whose argument is wrong, and what would be right."""
        super().__init__(f"{pattern}({title!r}): {argument}: {problem}")
        self.pattern, self.title, self.argument = pattern, title, argument


class WaiverError(CfngenError):
    """A finding of a scanner is waived without a rule or a reason."""


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
    """Return `; did you mean 'x'?` for the nearest candidate, or nothing."""
    match = nearest(word, candidates)
    return f"; did you mean {match!r}?" if match else ""


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is most like a word, or nothing if none is.

    >>> nearest("DisplayNam", ["TopicName", "DisplayName"])
    'DisplayName'
    """
    from difflib import get_close_matches  # only mistakes pay for it

    return next(iter(get_close_matches(word, sorted(candidates), n=1, cutoff=0.6)), "")
