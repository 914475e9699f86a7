"""The roles that the builder assumes in this account."""

from awacs import codecommit
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Role

from cfngen import Template, allow
from cfngen.authoring.substitution import sub
from cfngen.patterns import role_for_stack

from .options import Options

REPOSITORY = "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:%s"


def add_roles(t: Template, options: Options) -> None:
    """Add the role that reads repositories and, if wanted, the one that answers pull requests."""
    names = options.repositories or ("${Repositories}",)
    repositories = [Sub(REPOSITORY % name) for name in names]
    builder = ("${BuilderAccount}", "${BuilderStack}")
    reader = t.add(
        role_for_stack(
            "ReaderRole", *builder, "WorkerRole", allow(codecommit.GitPull, on=repositories)
        ),
        reason="Assumed by the builder's workers: they may pull.",
    )
    t.output(
        "ReaderRole",
        GetAtt(reader, "Arn"),
        "ARN of the role that pulls. Enter it as SourceRole of the branch builder's stack.",
    )
    if options.pull_requests:
        answers = allow(
            codecommit.GetPullRequest,
            codecommit.ListPullRequests,
            codecommit.PostCommentForPullRequest,
            codecommit.UpdatePullRequestApprovalState,
            on=repositories,
        )
        answerer = t.add(
            role_for_stack("AnswerRole", *builder, "AnswerRole", answers),
            reason="Assumed by the builder's function that tells pull requests how builds ended.",
        )
        t.output(
            "AnswerRole",
            GetAtt(answerer, "Arn"),
            "ARN of the role that comments on pull requests. Enter it as SourceAnswerRole of the"
            " branch builder's stack.",
        )
        t.output(
            "ApprovalPoolMember",
            approval_pool_member(answerer),
            "Member of an approval rule's pool for which approvals of builds count.",
        )


def approval_pool_member(role: Role) -> Sub:
    """Return how a pool of an approval rule names whoever has assumed a role.

    Source: AWS page "Create an approval rule for a pull request".
    """
    arn = "arn:${AWS::Partition}:sts::${AWS::AccountId}:assumed-role/"
    return sub(arn, Ref(role), "/*")
