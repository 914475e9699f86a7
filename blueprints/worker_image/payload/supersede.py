"""Stops the builds of a branch's older commits."""


def stop_older(codebuild, project, newest, repository, branch):
    """Stop what still builds a branch, but for the newest; return the builds, or what failed.

    A failure is no reason to start the newest once more.
    """
    wanted = {"REPOSITORY_NAME": repository, "BRANCH_NAME": branch}
    stopped = []
    try:
        ids = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
        for build in codebuild.batch_get_builds(ids=ids[:100])["builds"] if ids else ():
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
