"""Reviews made by hand: one of everything, one of hostile text, one that is huge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfngen.cloudformation.document import Origin
from cfngen.cloudformation.evidence import Evidence
from cfngen.cloudformation.text import Text, reference
from cfngen.review.formats import format_review
from cfngen.review.model import (
    MISSING,
    Certainty,
    Concern,
    Detail,
    Effect,
    EntryChange,
    Exposure,
    Extent,
    Fate,
    Finding,
    Grant,
    Kind,
    LeftOut,
    PayloadChange,
    PermissionChange,
    PolicyKind,
    ResourceChange,
    Review,
    Scope,
    Side,
    StackReview,
)

WILL, MAY = Certainty.WILL, Certainty.MAY
HOOK = Exposure("Hook", "POST /backlog asks nobody who they are", opened=True)

DIFF = """\
--- Mirror/buildspec.yml
+++ Mirror/buildspec.yml
@@ -3,7 +3,7 @@
 phases:
   build:
     commands:
-      - git push --mirror "$DESTINATION"
+      - git push --prune "$DESTINATION" '+refs/heads/*:refs/heads/*'
+      - echo '```'
 cache:
   paths:
     - mirror.git/**/*
"""


def ref(name: str) -> Text:
    """Return a reference as a resolved value has it."""
    return reference(name)


def mirror() -> StackReview:
    """Return a stack with one of everything."""
    repository, filesystem = "AWS::CodeCommit::Repository", "AWS::EFS::FileSystem"
    origin = "blueprints/backlog_proxy/blueprint.py"
    return StackReview(
        name="backlog-proxy-efs",
        kind=Kind.CHANGED,
        file="output/backlog-proxy-efs.yaml",
        findings=(
            Finding(
                Concern.BROADEN,
                WILL,
                "MirrorRole",
                "may do more than before: codecommit:GitPush on every repository",
                line=140,
                origin=Origin(origin, 71),
            ),
            Finding(Concern.BROADEN, WILL, "Hook", HOOK.description, line=190, exposure=HOOK),
            Finding(
                Concern.REPLACE,
                WILL,
                "CacheFiles",
                "is replaced, for PerformanceMode changes",
                (create_only(filesystem, "PerformanceMode"),),
                path="PerformanceMode",
                line=88,
                origin=Origin(origin, 52),
            ),
            Finding(
                Concern.REPLACE,
                MAY,
                "MountTarget",
                "may be replaced with CacheFiles, which it refers to",
                (create_only("AWS::EFS::MountTarget", "FileSystemId"),),
                path="FileSystemId",
                line=101,
            ),
            Finding(
                Concern.DATA,
                WILL,
                "CacheFiles",
                "is stateful and is deleted after its replacement is there;"
                " UpdateReplacePolicy: Retain or Snapshot keeps it",
                line=88,
                origin=Origin(origin, 52),
            ),
            Finding(
                Concern.REFUSED,
                WILL,
                "Repository",
                "has a name of its own and must be replaced, which CloudFormation refuses",
                (create_only(repository, "RepositoryName"),),
                path="RepositoryName",
                line=31,
                origin=Origin(origin, 40),
            ),
            Finding(
                Concern.REFUSED,
                MAY,
                "OldLog",
                "is exported under a name that stacks of mirror-destination import",
                section="Outputs",
                line=212,
                side=Side.BASE,
            ),
        ),
        resources=(
            ResourceChange(
                "Repository",
                repository,
                Kind.CHANGED,
                WILL,
                (create_only(repository, "RepositoryName"),),
                (
                    Detail(
                        "RepositoryName",
                        "shop",
                        "shop-mirror",
                        WILL,
                        create_only(repository, "RepositoryName"),
                    ),
                ),
                line=31,
                origin=Origin(origin, 40),
            ),
            ResourceChange(
                "CacheFiles",
                filesystem,
                Kind.CHANGED,
                WILL,
                properties=(
                    Detail("PerformanceMode", MISSING, "maxIO", WILL),
                    Detail("FileSystemTags[Name].Value", f"{ref('AWS::StackName')}-cache", MISSING),
                ),
                attributes=(Detail("UpdateReplacePolicy", "Retain", "Delete"),),
                line=88,
                origin=Origin(origin, 52),
            ),
            ResourceChange(
                "MountTarget",
                "AWS::EFS::MountTarget",
                Kind.AFFECTED,
                MAY,
                properties=(
                    Detail(
                        "FileSystemId",
                        ref("CacheFiles"),
                        ref("CacheFiles"),
                        MAY,
                        note="refers to CacheFiles, which will be replaced",
                        follows=("CacheFiles",),
                    ),
                ),
                line=101,
                follows=("CacheFiles",),
            ),
            ResourceChange("Alarm", "AWS::CloudWatch::Alarm", Kind.ADDED, line=180),
            ResourceChange("OldLog", "AWS::Logs::LogGroup", Kind.REMOVED, line=60),
            ResourceChange(
                "Cache",
                "AWS::S3::Bucket",
                Kind.REMOVED,
                line=70,
                note="leaves the stack and stays in the account (DeletionPolicy: Retain)",
                fate=Fate.RETAINED,
            ),
            ResourceChange(
                "Start",
                "AWS::Lambda::Alias",
                Kind.CHANGED,
                type_before="AWS::Lambda::Function",
                line=75,
            ),
            ResourceChange(
                "Mirror",
                "AWS::CodeBuild::Project",
                Kind.CHANGED,
                properties=(
                    Detail("Source.BuildSpec", "a", "b", payload="Mirror/buildspec.yml"),
                    Detail("Environment.EnvironmentVariables[CACHE].Value", "s3", "efs"),
                    Detail("TimeoutInMinutes", 10, 60, note="per build"),
                    Detail(
                        "VpcConfig",
                        MISSING,
                        {
                            "VpcId": ref("Vpc"),
                            "Subnets": [ref("SubnetA"), ref("SubnetB")],
                            "SecurityGroupIds": [ref("Group.GroupId")],
                        },
                    ),
                ),
                line=120,
            ),
            ResourceChange(
                "MirrorRole",
                "AWS::IAM::Role",
                Kind.CHANGED,
                properties=(
                    Detail(
                        "Policies[Mirror].PolicyDocument.Statement[0].Action",
                        ["codecommit:GitPull", "s3:GetObject"],
                        ["codecommit:GitPull", "codecommit:GitPush"],
                    ),
                ),
                line=140,
            ),
            ResourceChange(
                "Hook", "AWS::ApiGateway::Method", Kind.AFFECTED, type_before="", line=190
            ),
        ),
        entries=(
            EntryChange(
                "Parameters",
                "LogDays",
                Kind.CHANGED,
                (Detail("Default", 30, 90),),
                note="running stacks keep their current value",
                line=12,
            ),
            EntryChange("Outputs", "MirrorLog", Kind.REMOVED, line=212),
            EntryChange("Conditions", "HasCache", Kind.ADDED, (Detail("", MISSING, True),)),
        ),
        permissions=(
            PermissionChange(
                "MirrorRole",
                PolicyKind.PERMISSIONS,
                Extent.MIXED,
                gained=(
                    Grant(Effect.ALLOW, "MirrorRole", ("codecommit:Git*",), "*", "", 6),
                    Grant(
                        Effect.ALLOW,
                        "MirrorRole",
                        ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
                        "${CacheFiles.Arn}",
                        "if Bool elasticfilesystem:AccessedViaMountTarget is true",
                        2,
                    ),
                ),
                lost=(
                    Grant(Effect.ALLOW, "MirrorRole", ("s3:GetObject",), "${Cache.Arn}/*", count=1),
                    Grant(Effect.DENY, "MirrorRole", ("s3:*",), "*", count=160),
                ),
                resources=("MirrorRole",),
            ),
            PermissionChange("Repository", PolicyKind.RESOURCE, Extent.SAME),
        ),
        exposures=(
            HOOK,
            Exposure("Group", "port 22 from 0.0.0.0/0", opened=False),
        ),
        payloads=(PayloadChange("Mirror/buildspec.yml", "Mirror", "Source.BuildSpec", DIFF),),
        references=(
            ("Mirror", "MirrorRole"),
            ("Mirror", "Repository"),
            ("MirrorRole", "Repository"),
            ("MountTarget", "CacheFiles"),
            ("Mirror", "CacheFiles"),
            ("Alarm", "Mirror"),
            ("Hook", "Mirror"),
        ),
        notes=("The template is over 51,200 bytes now; deploy it with --s3-bucket.",),
    )


def everything() -> Review:
    """Return a review with one of everything."""
    calm = StackReview(
        "build-network",
        Kind.CHANGED,
        "output/build-network.yaml",
        resources=(
            ResourceChange(
                "Address",
                "AWS::EC2::EIP",
                Kind.CHANGED,
                properties=(Detail("Tags[Name].Value", "a", "b"),),
                line=9,
            ),
        ),
    )
    new = StackReview(
        "branch-events",
        Kind.ADDED,
        "output/branch-events.yaml",
        findings=(
            Finding(Concern.BROADEN, WILL, "Rule", "events may start what it targets", line=8),
        ),
        resources=(ResourceChange("Rule", "AWS::Events::Rule", Kind.ADDED, line=8),),
        entries=(
            EntryChange("Parameters", "Account", Kind.ADDED, (Detail("Type", MISSING, "String"),)),
            EntryChange(
                "Outputs", "RuleArn", Kind.ADDED, (Detail("Export.Name", MISSING, "events-rule"),)
            ),
        ),
        permissions=(
            PermissionChange(
                "Rule",
                PolicyKind.RESOURCE,
                Extent.BROADENED,
                gained=(Grant(Effect.ALLOW, "events.amazonaws.com", ("sqs:SendMessage",), "Rule"),),
            ),
        ),
    )
    gone = StackReview(
        "git-backup",
        Kind.REMOVED,
        "output/git-backup.yaml",
        resources=(
            ResourceChange("Task", "AWS::ECS::TaskDefinition", Kind.REMOVED, line=9),
            ResourceChange(
                "Backups",
                "AWS::S3::Bucket",
                Kind.REMOVED,
                line=20,
                note="leaves the stack and stays in the account (DeletionPolicy: Retain)",
                fate=Fate.RETAINED,
            ),
        ),
        entries=(
            EntryChange(
                "Parameters", "Days", Kind.REMOVED, (Detail("Type", "Number", MISSING),), line=3
            ),
        ),
    )
    left = (LeftOut("output/README.md", Side.BOTH, "no template"),)
    scope = Scope(
        12,
        left,
        ("shop/Network",),
        (("shop/Macro", "ours, and tested"),),
        ("the output directory was cfn/ and is output/ now",),
    )
    stacks = (mirror(), calm, new, gone)
    return Review("main", "HEAD", stacks, unchanged=10, scope=scope)


def one(concern: Concern, certainty: Certainty) -> Review:
    """Return a review with nothing but one finding."""
    finding = Finding(concern, certainty, "Thing", "needs a look", line=3)
    stack = StackReview("stack", Kind.CHANGED, "stack.yaml", findings=(finding,))
    return Review("main", "HEAD", (stack,), scope=Scope(1))


NOTHING = Review("main", "HEAD", (), unchanged=14, scope=Scope(14))


def unseen() -> Review:
    """Return a review of which a link could hide a change."""
    finding = Finding(Concern.UNKNOWN, MAY, "output/shop.yaml", "is a link", section="")
    return Review("main", "HEAD", (), unchanged=3, scope=Scope(3), unknowns=(finding,))


SAMPLES = {"text": "everything.txt", "markdown": "everything.md"}

HOSTILE = (
    "</details></summary></script><script>alert(1)</script>",
    "<!-- cfngen review --> --> <img src=x onerror=alert(1)>",
    "`code` ``` ~~~ | cell | **bold** _em_ [link](javascript:alert(1)) ![i](http://evil.test/x)",
    "\n\n# Heading\n```\nbroken out\n```\n</details>\n| a | b |\n|---|---|\n@everyone",
    "@octocat #123 octo/repo#7 GH-12 https://evil.test www.evil.test me@evil.test !5 $x$ $$y$$",
    "\x1b[31mred\x1b]8;;http://evil.test\x07 \x00\x7f\x9b \u202eevil\u202c \u200b\ufeff\ud800 \r\n",
    '"]:::x\nend\nclick n0 "javascript:alert(1)"; subgraph "x',
    "\\ \\| \\` &amp; &#64; &lt;b&gt; %%{init: {}}%% 日本語 e\u0301 🎉",
    "- | a \\| b & c",
    "x" * 3000,
    "`" * 40,
    "",
)


def create_only(type_: str, name: str) -> Evidence:
    """Return that a schema lists a property as one that cannot be changed in place."""
    return Evidence(type_, "createOnlyProperties", f"/properties/{name}")


def hostile(text: str) -> Review:
    """Return a review in which every text is one that somebody made to break out."""
    origin = Origin(text, 12)
    reasons = (Evidence(text, text, f"/properties/{text}", text), Evidence(page=text))
    finding = Finding(Concern.REFUSED, WILL, text, text, reasons, text, text, 3, Side.BASE, origin)
    details = (
        Detail(text, text, text + "!", WILL, reasons[0], text),
        Detail(text, MISSING, {text: [text, None, 1.5, float("nan"), True]}, MAY),
        Detail(text, [text], MISSING, payload=text),
    )
    grant = Grant(Effect.ALLOW, text, (text, text), text, text, 5)
    everywhere: dict[str, Any] = {
        "findings": (
            *(
                Finding(concern, certainty, text, text, reasons, line=4, origin=origin)
                for concern in Concern
                for certainty in (WILL, MAY)
            ),
            finding,
        ),
        "resources": (
            ResourceChange(
                text, text, Kind.CHANGED, WILL, reasons, details, details, text, 5, origin
            ),
            ResourceChange(f"{text}2", text, Kind.ADDED, properties=details),
        ),
        "entries": (EntryChange(text, text, Kind.CHANGED, details, text, 3, origin),),
        "permissions": (
            PermissionChange(text, PolicyKind.BOUNDARY, Extent.MIXED, (grant,), (grant,), (text,)),
        ),
        "exposures": (Exposure(text, text, opened=True),),
        "payloads": (
            PayloadChange(text, text, text, f"--- a\n+++ b\n@@ -1 +1 @@\n-{text}\n+{text}"),
        ),
        "references": ((text, f"{text}2"), (f"{text}2", text)),
        "notes": (text,),
    }
    stacks = tuple(
        StackReview(name, Kind.CHANGED, text, **everywhere) for name in (text, f"{text}b")
    )
    left = tuple(LeftOut(text, side, text) for side in Side)
    unknown = Finding(Concern.UNKNOWN, MAY, text, text, section="")
    scope = Scope(3, left, (text,), ((text, text),), (text,))
    return Review(text, text, stacks, 1, scope, (unknown,))


def huge(stacks: int = 300) -> Review:
    """Return a review of so many stacks that no comment holds it."""
    found = mirror()
    return Review(
        "main",
        "HEAD",
        tuple(
            StackReview(
                f"{found.name}-{number:03}",
                found.kind,
                found.file,
                found.findings,
                found.resources,
                found.entries,
                found.permissions,
                found.exposures,
                found.payloads,
                found.references,
            )
            for number in range(stacks)
        ),
    )


def write_samples() -> None:
    """Write what the formats for people make of everything, to be read and compared."""
    for form, name in SAMPLES.items():
        (Path(__file__).parent / "printed" / name).write_text(format_review(everything(), form))


if __name__ == "__main__":
    write_samples()
