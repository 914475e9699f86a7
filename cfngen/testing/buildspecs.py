"""Runs a buildspec's own commands the way CodeBuild does."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# In CodeBuild's order, whatever the order in the file.
PHASES = ("install", "pre_build", "build", "post_build")

# The keys that are imitated: of the buildspec itself, and of its parts.
_KEYS = {
    "": {"version", "env", "phases", "cache", "artifacts"},
    "env": {"shell", "variables", "parameter-store", "secrets-manager"},
    "phases": set(PHASES),
    "cache": {"paths"},
    "artifacts": {"files", "base-directory"},
}

# What CodeBuild puts around a command: the state of the shell that it keeps is its exported
# variables and its working directory.
_AROUND = """\
. "{state}/variables"
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
cd -- "$(cat "{state}/directory")" || exit
{command}
__status=$?
export -p > "{state}/variables"
pwd > "{state}/directory"
exit "$__status"
"""


@dataclass(frozen=True)
class BuildRun:
    """How a build ended.

    Attributes:
        status: exit status of the first command that failed, 0 if none did.
        output: what the commands wrote to stdout and stderr, in order.
        phase: name of the phase that failed first, or None; `upload_artifacts` if the buildspec
            has artifacts and the build made none of them.
        artifacts: what CodeBuild would upload, as paths below `artifacts: base-directory`.

    """

    status: int
    output: str
    phase: str | None
    artifacts: tuple[str, ...] = ()


def run_buildspec(
    text: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    phases: Collection[str] | None = None,
    timeout: float = 120,
) -> BuildRun:
    """Run the commands of a buildspec, unchanged, the way CodeBuild does.

    The phases run in CodeBuild's order. A phase ends at its first command that fails; its
    `finally` block runs all the same. After a failed `install` or `pre_build` nothing follows;
    `post_build` follows `build` even if that failed. Each command gets a new shell with the
    exported variables and the working directory of the one before: functions, shell options, the
    umask and the removal of a variable do not last. Source: "Build phase transitions" and
    "Shells and commands in build environments" in the CodeBuild user guide, and the scripts its
    agent writes.

    Every key that is not imitated is refused. These are, beside `phases`:

    * `env`: `shell`, `variables`; `parameter-store` and `secrets-manager`, whose values `env` must
      have, as no store is asked. `git-credential-helper` is refused: what it sets up is a program
      of CodeBuild's own that nobody else has. A buildspec whose git signs in by a helper that it
      configures itself can be run here.
    * `runtime-versions` of `install`: PATH in `env` must have the runtimes, whatever is asked for.
    * `cache: paths`: the cache is always empty, as in a project's first build, and what a build
      leaves there is not kept.
    * `artifacts`: `files` and `base-directory`. As with CodeBuild, a build whose patterns match
      nothing fails; they are collected also after a failed `build`.

    Args:
        text: the buildspec, version 0.2.
        cwd: the source directory, where the first command starts.
        env: all of the environment (nothing is inherited). It wins over the buildspec's
            `env: variables`, as a project's does. `CODEBUILD_SRC_DIR` and
            `CODEBUILD_BUILD_SUCCEEDING` are added.
        phases: names of the phases to run; None for all.
        timeout: seconds that one command may take.

    Raises:
        ValueError: the buildspec asks for something that is not imitated here.
        subprocess.TimeoutExpired: a command took longer; it was killed.

    """
    spec: dict[str, Any] = yaml.safe_load(text)
    _refuse(spec)
    shell, variables = _environment(spec, env)
    variables["CODEBUILD_SRC_DIR"] = str(cwd)
    ran = [name for name in PHASES if name in spec["phases"]]
    ran = [name for name in ran if phases is None or name in phases]
    status, failed = 0, None
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "output").open("w+") as output:
        state = Path(folder)
        (state / "variables").touch()
        (state / "directory").write_text(f"{cwd}\n")
        for name in ran:
            if failed and not (name == "post_build" and failed == "build"):
                break
            phase = _phase(spec, name)
            for commands in (phase.get("commands", []), phase.get("finally", [])):
                for command in commands:
                    script = _AROUND.format(
                        state=state, succeeding=0 if failed else 1, command=command.rstrip("\n")
                    )
                    code = _run([shell, "-c", script], variables, output.fileno(), timeout)
                    if code:
                        status, failed = (status, failed) if failed else (code, name)
                        break
        artifacts: tuple[str, ...] = ()
        if "artifacts" in spec and phases is None and failed in (None, "build", "post_build"):
            artifacts = _artifacts(spec["artifacts"], cwd)
            if not artifacts and not failed:
                status, failed = 1, "upload_artifacts"
        output.seek(0)
        return BuildRun(status, output.read(), failed, artifacts)


def _refuse(spec: dict[str, Any]) -> None:
    """Raise ValueError for keys that are not imitated."""
    for section, imitated in _KEYS.items():
        keys = set((spec.get(section) or {}) if section else spec)
        if unknown := sorted(map(str, keys - imitated)):
            where = f" of {section}" if section else ""
            raise ValueError(f"run_buildspec: does not imitate {', '.join(unknown)}{where}")


def _artifacts(section: dict[str, Any], cwd: Path) -> tuple[str, ...]:
    """Return the files that are artifacts, sorted, as paths below their base."""
    base = cwd / section.get("base-directory", ".")
    # CodeBuild's `**/*` is every file at any depth, as is pathlib's.
    artifacts = {
        path.relative_to(base).as_posix()
        for pattern in section["files"]
        for path in base.glob(pattern)
        if path.is_file()
    }
    return tuple(sorted(artifacts))


def _environment(spec: dict[str, Any], env: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the shell and the variables that a buildspec's commands get."""
    environment: dict[str, Any] = spec.get("env") or {}
    shell = str(environment.get("shell", "sh"))
    if str(spec.get("version")) != "0.2" or shell not in ("bash", "sh"):
        raise ValueError("run_buildspec: imitates version 0.2 with the shell bash or sh")
    secret = [*environment.get("parameter-store", {}), *environment.get("secrets-manager", {})]
    missing = [name for name in secret if name not in env]
    if missing:
        raise ValueError(f"run_buildspec: env must say {', '.join(missing)}: no store is asked")
    defaults = {name: str(value) for name, value in environment.get("variables", {}).items()}
    return shell, {**defaults, **env}


def _phase(spec: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one phase, if all it asks for is imitated."""
    phase: dict[str, Any] = spec["phases"][name] or {}
    imitated = {"commands", "finally", *(["runtime-versions"] if name == "install" else [])}
    unknown = sorted(set(phase) - imitated)
    if unknown:
        raise ValueError(f"run_buildspec: does not imitate {', '.join(unknown)} of phase {name}")
    return phase


def _run(command: list[str], env: dict[str, str], output: int, timeout: float) -> int:
    """Run one command in a session of its own, so that a timeout ends all of it."""
    process = subprocess.Popen(  # noqa: S603 - running the payload is the purpose
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
