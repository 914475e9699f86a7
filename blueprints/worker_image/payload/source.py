"""Repositories: a commit is fetched with git, as whoever may read it, and put into a zip."""

import os
import re
import subprocess
from pathlib import Path
from time import gmtime, strftime
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import DeferredRefreshableCredentials

env = os.environ
NEWEST_ONLY = env.get("NEWEST_ONLY")
GIT_SECONDS = int(env.get("GIT_SECONDS", 3600))  # after which a git that hangs is given up
# The password is in the environment, where neither `ps` nor a log shows it.
HELPER = (
    '!f() { test "$1" != get || printf "username=%s\\npassword=%s\\n" "$GIT_AS" "$GIT_WITH"; }; f'
)
GIT = ["git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]
GIT += ["-c", "credential.helper=", "-c", f"credential.helper={HELPER}"]
# What servers answer if no branch leads to a commit any more: git's, by either protocol, and JGit.
GONE = re.compile("not our ref|unadvertised object|want [0-9a-f]+ not valid")


class SkipError(Exception):
    """There is nothing to build."""


def assumed():
    """Return new credentials of the role in the account that has the repositories."""
    session = {"RoleArn": env["SOURCE_ROLE"], "RoleSessionName": "branch-builder"}
    got = boto3.client("sts").assume_role(**session)["Credentials"]
    keys = {"access_key": got["AccessKeyId"], "secret_key": got["SecretAccessKey"]}
    return {**keys, "token": got["SessionToken"], "expiry_time": got["Expiration"].isoformat()}


# Got when they are first asked for, and again only when they are about to expire.
if "SOURCE_ROLE" in env:
    credentials = DeferredRefreshableCredentials(assumed, "assume-role")
else:
    credentials = boto3.session.Session().get_credentials()


def sign_in(url):
    """Return variables for git, as `aws codecommit credential-helper` signs in at CodeCommit."""
    where = urlsplit(url)
    if not re.fullmatch(r"git-codecommit\..+", where.netloc):
        return {}
    keys = credentials.get_frozen_credentials()
    signer = SigV4Auth(keys, "codecommit", where.netloc.split(".")[1])
    request = AWSRequest(method="GIT", url=url)
    time = request.context["timestamp"] = strftime("%Y%m%dT%H%M%S", gmtime())
    asked = f"GIT\n{where.path}\n\nhost:{where.netloc}\n\nhost\n"
    signature = signer.signature(signer.string_to_sign(request, asked), request)
    user = f"{keys.access_key}%{keys.token}" if keys.token else keys.access_key
    return {"GIT_AS": user, "GIT_WITH": f"{time}Z{signature}"}


def git(*arguments, url=""):
    """Run git, signed in if it goes to a URL; return its output or raise its complaint."""
    how = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": GIT_SECONDS}
    ended = subprocess.run([*GIT, *arguments], env={**env, **sign_in(url)}, **how)
    if ended.returncode:
        said = os.fsdecode(ended.stderr).strip()[-1000:]
        raise RuntimeError(said or f"git ended with {ended.returncode}")
    return os.fsdecode(ended.stdout)


def check_newest(url, branch, commit):
    """Raise SkipError if a branch has moved on from a commit, or is gone."""
    ref = f"refs/heads/{branch}"
    listed = git("ls-remote", "--", url, ref, url=url).split("\n")
    tips = [line.split("\t")[0] for line in listed if line.endswith(f"\t{ref}")]
    if not tips:
        raise SkipError("the branch has been deleted")
    if tips[0] != commit:
        raise SkipError(f"the branch has moved on to {tips[0]}")


def fetch(folder, url, branch, commit):
    """Fetch a commit without its history; raise SkipError if the server refuses it as gone."""
    if NEWEST_ONLY:
        check_newest(url, branch, commit)
    git("init", "--quiet", "--bare", "--template=", "--", folder)
    fetched = f"--git-dir={folder}", "fetch", "--quiet", "--no-tags", "--depth=1"
    try:
        git(*fetched, "--", url, commit, url=url)
    except RuntimeError as why:
        if GONE.search(str(why)):
            raise SkipError(f"no branch leads to the commit any more: {why}") from None
        raise


def bundle(folder, commit):
    """Return a zip of what a checkout would have: all files, whatever their attributes say."""
    attributes = Path(folder, "info/attributes")
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* !export-ignore !export-subst\n")
    git(f"--git-dir={folder}", "archive", "--format=zip", f"--output={folder}/zip", commit)
    return f"{folder}/zip"
