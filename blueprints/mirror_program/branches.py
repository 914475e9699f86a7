"""The parameter that says which branches are mirrored."""

from cfngen import parameter

# What stands in the name of a branch (git-check-ref-format), commas and stars left out.
CHARACTER = r"[^\s,*~^:?\[\\]"
# With at most one *, as in git's refspecs. What else git refuses, the program tells.
BRANCH = rf"({CHARACTER}+(\*{CHARACTER}*)?|\*{CHARACTER}*)"
# Lambda keeps 4 KB of environment for a function, all variables together.
MAX_LENGTH = 500


def branches_parameter() -> parameter:
    """Return the parameter for the program's `MIRROR_BRANCHES`: branches, separated by commas."""
    return parameter(
        "Branches to mirror, separated by commas, such as main,release/*. Leave empty for all.",
        Default="",
        AllowedPattern=rf"|{BRANCH}(, ?{BRANCH})*",
        MaxLength=MAX_LENGTH,
        ConstraintDescription="Enter at most 500 characters: names of branches separated by commas,"
        " each with at most one *, which stands for any characters, or leave it empty.",
    )
