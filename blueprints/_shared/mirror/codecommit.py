"""CodeCommit: its API, and its rules."""

import re

from git import run
from log import redact

MAX_NAME = 256  # characters of a branch; user guide, "Quotas"
# The user, if any, is the AWS profile to go by.
ADDRESS = re.compile(
    r"(?:https://(?:([^/@]+)@)?git-codecommit\.|codecommit::)([a-z0-9-]+)"
    r"(?:\.amazonaws\.com(?:\.cn)?/v1/repos/|://(?:([^/@]+)@)?)([\w.-]+)"
)


def place(url):
    """Return region and name of a repository in CodeCommit, None for others."""
    known = ADDRESS.fullmatch(url)
    return (known[2], known[4]) if known else None


def codecommit(url, command, *arguments):
    """Run a command of CodeCommit on a repository; return its error message."""
    known = ADDRESS.fullmatch(url)
    if not known:
        return "not in CodeCommit"
    user, region, profile, name = known.groups()
    where = [f"--region={region}", f"--repository-name={name}"]
    where += [f"--profile={p}" for p in (user, profile) if p]
    status, _, err = run("aws", "codecommit", command, *where, *arguments)
    return (redact(err) or "aws failed") if status else ""


def untaken(url, refs):
    """Return the branches that CodeCommit does not take, each with the reason."""
    names = {r: r[11:] for r in refs if place(url) and r.startswith("refs/heads/")}
    reasons = {}
    for ref, name in names.items():
        if re.fullmatch("[0-9a-fA-F]{40}", name):
            reasons[ref] = "CodeCommit takes no branch whose name is 40 hexadecimal digits"
        elif len(name) > MAX_NAME:
            reasons[ref] = f"CodeCommit takes no branch whose name is over {MAX_NAME} characters"
    return reasons
