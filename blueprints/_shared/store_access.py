"""What a role needs to read and write in the stores that pipelines use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from awacs import kms, s3
from troposphere import Ref, Sub

from cfngen import Parameters, allow, parameter, waive
from cfngen.authoring.iam import Statement
from cfngen.authoring.substitution import sub
from cfngen.patterns.stores import Kind, store_buckets, store_objects, stores_name

Stores = Literal["stack", "parameters"]

# What CodeBuild asks about a bucket before it uses it, and what CodePipeline does.
IDENTIFY = (s3.GetBucketAcl, s3.GetBucketLocation)
ASK = (*IDENTIFY, s3.GetBucketVersioning)
# What the roles of CodePipeline and of its actions do with objects (AWS pages "Manage the
# CodePipeline service role", "Amazon S3 deploy action reference").
TAKE = (s3.GetObject, s3.GetObjectTagging, s3.GetObjectVersion, s3.GetObjectVersionTagging)
GIVE = (s3.AbortMultipartUpload, *TAKE, s3.PutObject, s3.PutObjectAcl, s3.PutObjectTagging)
DEPLOY = (s3.AbortMultipartUpload, s3.PutObject, s3.PutObjectAcl, s3.PutObjectVersionAcl)
# Whatever its name, a bucket must be this account's.
OURS = {"StringEquals": {"aws:ResourceAccount": Ref("AWS::AccountId")}}

# A kind of things in all regions, or in one.
Place = Kind | tuple[Kind, str]


class StoreParameters(Parameters):
    """Which stores a service's roles may use: those of a stack, or buckets of the user's own."""

    StoresName = parameter(
        "Parameter StoresName of the artifact-stores stack.",
        group="Stores",
        **stores_name(lambda o: o.all_regions),
        when=lambda o: o.stores == "stack",
    )
    BucketPattern = parameter(
        "Pattern of the names of all buckets that the roles may use, with * for the parts"
        " that differ.",
        AllowedPattern=r"[a-z0-9*][a-z0-9.*-]{2,62}",
        ConstraintDescription="Enter the names of buckets with * for the parts that differ, such"
        " as acme-artifacts-*.",
        group="Stores",
        when=lambda o: o.stores == "parameters",
    )


@dataclass(frozen=True)
class StoreAccess:
    """Permissions on the stores of all regions.

    Attributes:
        service: the service whose packages they are about.
        stores: whether stores are those of the artifact_stores stack (parameter `StoresName`) or
            buckets that were there before (parameter `BucketPattern`).
        bucket_parameters: for buckets that were there before, the parameter that names the one in
            each region; needed only where a single region is named.
    """

    service: str
    stores: Stores
    bucket_parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        """Whether the buckets were there before, and S3's own key encrypts them."""
        return self.stores == "parameters"

    def key(self, region: str) -> Any:
        """Return the ARN of the key in a region, `*` for all: the id is the same in each."""
        if self.own:
            return None
        return Sub(
            f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/${{KeyId}}",
            # The long form, since a short tag right inside a short tag is no YAML.
            KeyId={"Fn::ImportValue": Sub("${StoresName}-KeyId")},
        )

    def may_act(
        self,
        takes: Sequence[Place] = (),
        gives: Sequence[Place] = (),
        deploys: Sequence[Place] = (),
    ) -> list[Statement]:
        """Allow what CodePipeline does with the role of an action, or with its own.

        Args:
            takes: where what the action takes is: kinds in all regions, or a kind and a region.
            gives: where it puts what it gives to other actions.
            deploys: where an action of S3 deploys to.
        """
        statements = [
            allow(
                *ASK,
                *actions,
                on=[where(*_place(p)) for p in places for where in (self._buckets, self._objects)],
                when=OURS,
            )
            for actions, places in ((TAKE, takes), (GIVE, gives), (DEPLOY, deploys))
            if places
        ]
        for statement in statements:
            waive(
                statement,
                "documented:s3:GetObject*",
                reason="A star hides what is granted; of what it stands for, the role has what the"
                " page on CodePipeline's own role names.",
            )
            self._waive_names(statement, (*takes, *gives, *deploys))
        uses = (
            kms.Decrypt,
            kms.DescribeKey,
            kms.Encrypt,
            kms.GenerateDataKey,
            kms.ReEncryptFrom,
            kms.ReEncryptTo,
        )
        use = self.may_use_key(*(uses if gives or deploys else uses[:2]))
        for statement in use:
            waive(
                statement,
                "documented:kms:GenerateDataKey*",
                "documented:kms:ReEncrypt*",
                reason="A star hides what is granted; the role has both halves of ReEncrypt, and of"
                " what makes data keys the one that S3 asks for.",
            )
        return [*statements, *use]

    def may(self, read: Sequence[Place] = (), write: Sequence[Place] = ()) -> list[Statement]:
        """Allow CodeBuild or CloudFormation to read, and to write, what pipelines hand on.

        Args:
            read: what may be read: kinds in all regions, or a kind and a region.
            write: what may be written, and read.
        """
        reading = s3.GetObject, s3.GetObjectVersion
        writing = s3.AbortMultipartUpload, *reading, s3.PutObject
        statements = [
            allow(*actions, on=[self._objects(*_place(place)) for place in places], when=OURS)
            for actions, places in ((reading, read), (writing, write))
            if places
        ]
        for statement in statements:
            self._waive_names(statement, (*read, *write))
        uses = (kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey) if write else (kms.Decrypt,)
        return [*statements, *self.may_use_key(*uses)]

    def may_use_key(self, *actions: Any) -> list[Statement]:
        """Allow using the key, in every region."""
        if self.own:
            return []
        use = waive(
            allow(*actions, on=self.key("*")),
            "cdk-nag:AwsSolutions-IAM5/kms:*:key/<KeyId>",
            reason="It is one multi-Region key with one id, and the star stands for the regions;"
            " the key's policy lets in roles below the paths of its services only.",
        )
        return [use]

    def may_identify(self, kind: Kind, region: str) -> Statement:
        """Allow asking about a bucket what CodeBuild asks."""
        return allow(*IDENTIFY, on=self._buckets(kind, region))

    def _waive_names(self, statement: Statement, places: Sequence[Place]) -> None:
        """Say why a statement has stars in the names of buckets and objects."""
        for kind, _ in map(_place, places):
            bucket = "<*>" if self.own else f"<StoresName>-{kind}-*"
            if kind == "packages":
                waive(
                    statement,
                    f"cdk-nag:AwsSolutions-IAM5/s3:{bucket}/{self.service}/*",
                    reason="The build chooses the names of packages, below the folder of its"
                    " service, in buckets that by condition are the account's own.",
                )
            else:
                waive(
                    statement,
                    f"cdk-nag:AwsSolutions-IAM5/s3:{bucket}",
                    reason="CodePipeline chooses the names of artifacts, and the star in a bucket's"
                    " stands for the regions; the buckets are the account's own by condition, their"
                    " policy lets in the roles of services only, and what is there expires.",
                )

    def _buckets(self, kind: Kind, region: str) -> Sub:
        if not self.own:
            return store_buckets(kind, region)
        name = f"${{{self.bucket_parameters[region]}}}" if region else "${BucketPattern}"
        return Sub(f"arn:${{AWS::Partition}}:s3:::{name}")

    def _objects(self, kind: Kind, region: str) -> Sub:
        below = f"{self.service}/" if kind == "packages" else ""
        if not self.own:
            return store_objects(kind, below, region)
        return sub(self._buckets(kind, region), f"/{below}*")


def _place(place: Place) -> tuple[Kind, str]:
    return place if isinstance(place, tuple) else (place, "")
