"""Tells git and AWS's command how to prove themselves where the task's own role is not enough."""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

env = os.environ
CONFIG_SECONDS = int(env.get("CONFIG_SECONDS", 60))  # for git to write down a setting
# A credential helper in shell: the password is in no file and on no command line.
TELL = r"""!f() { test "$1" != get || printf 'username=%s\npassword=%s\n' \
"$SOURCE_USER" "$SOURCE_PASSWORD"; }; f"""
SSH = (
    "ssh -F /dev/null -i '{0}/key' -o UserKnownHostsFile='{0}/known_hosts' -o IdentitiesOnly=yes"
    " -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20"
    " -o ServerAliveInterval=15 -o ServerAliveCountMax=8"
)


def sign_in():
    """Use AWS_PROFILES, for the destinations that name one, and SOURCE_SECRET.

    The secret is a private SSH key if there are SOURCE_HOST_KEYS, or else a token or JSON with
    username and password. The user name of a token is the one in SOURCE_URL, or one that GitHub
    and GitLab take.
    """
    if "AWS_PROFILES" in env:
        Path(env["AWS_CONFIG_FILE"]).write_text(env["AWS_PROFILES"])
    for there in map(urlsplit, env["DESTINATION_URLS"].split()):
        if there.username:
            ask(there.netloc, f"!aws --profile {there.username} codecommit credential-helper $@")
    if "SOURCE_SECRET" not in env:
        return
    secret = env.pop("SOURCE_SECRET").replace("\r", "").strip()
    home = Path(env["HOME"])
    if env.get("SOURCE_HOST_KEYS"):
        (home / "key").touch(0o600)
        (home / "key").write_text(secret + "\n")
        (home / "known_hosts").write_text(env["SOURCE_HOST_KEYS"] + "\n")
        env["GIT_SSH_COMMAND"] = SSH.format(home)
    else:
        give(secret, urlsplit(env["SOURCE_URL"]))


def give(secret, source):
    """Give a source, and no other host, a user name and a password."""
    user, password = unquote(source.username or "x-access-token"), secret
    if secret.startswith("{"):
        user, password = (
            str(json.loads(secret).get(key) or "") for key in ("username", "password")
        )
    if not re.fullmatch("[!-~]+", user) or not re.fullmatch("[!-~]+", password):
        raise ValueError("the secret is neither a token nor JSON with username and password")
    env["SOURCE_USER"], env["SOURCE_PASSWORD"] = user, password
    ask(source.netloc, TELL)


def ask(host, helper):
    """Have git ask one credential helper about a host, and no other one."""
    settings = [(f"credential.https://{host}.helper", value) for value in ("", helper)]
    if "@" in host:  # or else curl tries the user by itself, with no password
        settings.append((f"http.https://{host}.emptyAuth", "true"))
    for pair in settings:
        command = ["git", "config", "--global", "--add", *pair]
        subprocess.run(command, check=True, timeout=CONFIG_SECONDS)
