"""Stops the builds of a branch's older commits."""

import time

LOOKS = 4  # at builds until the newest shows: an answer that lacks it may lack older ones, too


def stop_older(codebuild, project, newest, repository, branch):
    """Stop what still builds a branch, but for the newest; return the builds, or what failed.

    A failure is no reason to start the newest once more.
    """
    wanted = {"REPOSITORY_NAME": repository, "BRANCH_NAME": branch}
    stopped = []
    try:
        for build in builds_of(codebuild, project, newest):
            told = {
                v["name"]: v["value"] for v in build["environment"].get("environmentVariables", ())
            }
            running = build["buildStatus"] == "IN_PROGRESS" and build["id"] != newest
            if running and wanted.items() <= told.items():
                codebuild.stop_build(id=build["id"])
                stopped.append({"build": build["id"]})
    except Exception as why:
        stopped.append({"reason": f"{type(why).__name__}: {why}"})
    return stopped


def builds_of(codebuild, project, newest):
    """Return a project's last 100 builds, as soon as CodeBuild knows the newest."""
    for look in range(LOOKS):
        time.sleep(look)
        ids = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
        builds = codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else []
        if newest in [build["id"] for build in builds]:
            break
    return builds
