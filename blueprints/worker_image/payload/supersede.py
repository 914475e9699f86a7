"""Stops the builds of a branch's older commits."""

import time

LOOKS = 4  # at builds until the newest shows: an answer that lacks it may lack older ones, too
PAGES = 10  # of 100 builds


def stop_older(codebuild, project, newest, repository, branch):
    """Stop what still builds a branch, but for the newest; return the builds, or what failed.

    A failure is no reason to start the newest once more.
    """
    wanted = {"REPOSITORY_NAME": repository, "BRANCH_NAME": branch}
    stopped = []
    try:
        for build in builds_at_work(codebuild, project, newest):
            told = {
                v["name"]: v["value"] for v in build["environment"].get("environmentVariables", ())
            }
            if build["id"] != newest and wanted.items() <= told.items():
                codebuild.stop_build(id=build["id"])
                stopped.append({"build": build["id"]})
    except Exception as why:
        stopped.append({"reason": f"{type(why).__name__}: {why}"})
    return stopped


def builds_at_work(codebuild, project, newest):
    """Yield a project's builds that have not ended, once CodeBuild knows the newest.

    It looks through older ones until a whole page has ended.
    """
    for look in range(LOOKS):
        time.sleep(look)
        builds, more = page(codebuild, project)
        if newest in [build["id"] for build in builds]:
            break
    for _ in range(PAGES):
        at_work = [build for build in builds if build["buildStatus"] == "IN_PROGRESS"]
        yield from at_work
        if not at_work or not more:
            return
        builds, more = page(codebuild, project, nextToken=more)
    raise RuntimeError(f"only the newest {PAGES * 100} builds of {project} were looked at")


def page(codebuild, project, **after):
    """Return up to 100 of a project's builds, newest first, and the token of the next page."""
    listed = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING", **after)
    ids = listed["ids"]
    found = codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else []
    return found, listed.get("nextToken")
