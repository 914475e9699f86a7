"""One pipeline for all regions, or one at home that starts one for each."""

import json
from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Sub
from troposphere.codepipeline import Actions, Pipeline, Stages

from cfngen import Template
from cfngen.patterns.pipelines import action, pipeline
from cfngen.patterns.windows import closed

from .deploy import PACKAGE, Deployment
from .gates import Step
from .options import Options
from .roles import Roles
from .source import NAME as SOURCE
from .source import triggers
from .storage import Storage

HANDED_OVER = (SOURCE, PACKAGE)
UNVERIFIED = """\
NOT VERIFIED: AWS does not say whether an execution waits for the rule DeploymentWindow or fails.
Watch the first one; `aws codepipeline override-stage-condition` lets it through by hand."""


@dataclass(frozen=True)
class Layout:
    """What pipelines are made of: `first` are the stages in which the service is built."""

    t: Template
    options: Options
    roles: Roles
    storage: Storage
    deploys: Deployment
    first: list[Stages]

    def add(self) -> dict[str, Pipeline]:
        """Add the pipelines; return the one that a push starts as `""`, and each step's by name."""
        return self._one_for_each_region() if self.options.separate else self._one_for_all()

    def _one_for_all(self) -> dict[str, Pipeline]:
        steps = self.options.steps
        made = self.t.add(
            self._pipeline(
                "Pipeline",
                Ref("AWS::StackName"),
                [*self.first, *(stage for step in steps for stage in self.deploys.stages(step))],
                steps,
                depends=self.roles.seal().title,
                **triggers(self.options),
            ),
            reason=self._remark,
        )
        return {"": made} | {step.name: made for step in steps}

    def _one_for_each_region(self) -> dict[str, Pipeline]:
        roles = self.roles
        hand_over, start, take_over = roles.hand_over(), roles.start_regions(), roles.take_over()
        depends = roles.seal().title
        made = {
            step.name: self._pipeline(
                f"Pipeline{step.title}",
                Sub(f"${{AWS::StackName}}-{step.name}"),
                [
                    Stages(Name="Source", Actions=self._sources(take_over)),
                    *self.deploys.stages(step),
                ],
                [step],
                depends=depends,
            )
            for step in self.options.steps
        }
        starts = [
            action(
                f"Start-{name}",
                "Invoke/CodePipeline",
                role=start,
                configuration={"PipelineName": Ref(region), "SourceRevisions": self._revisions()},
            )
            for name, region in made.items()
        ]
        home = self.t.add(
            self._pipeline(
                "Pipeline",
                Ref("AWS::StackName"),
                [
                    *self.first,
                    Stages(Name="Store", Actions=self._stores(hand_over)),
                    Stages(Name="Start", Actions=starts),
                ],
                [],
                depends=depends,
                **triggers(self.options),
            ),
            reason=(
                "Builds, stores what came of it under the execution's id, and starts the others."
            ),
        )
        for region in made.values():
            self.t.add(region, reason=self._remark)
        return {"": home, **made}

    def _pipeline(
        self,
        title: str,
        name: Any,
        stages: list[Stages],
        steps: list[Step],
        *,
        depends: str,
        **more: Any,
    ) -> Pipeline:
        """Return a pipeline that deploys in some steps, closed before those with a schedule."""
        by_schedule = self.options.windows == "scheduler"
        shut = [closed(step.stage, step.window) for step in steps if step.window and by_schedule]
        return pipeline(
            title,
            DependsOn=depends,
            Name=name,
            role=self.roles.pipeline,
            stores=self.storage.stores(*(r.region for step in steps for r in step.regions)),
            stages=stages,
            mode=self.options.execution_mode,
            shut=shut,
            **more,
        )

    def _stores(self, role: Any) -> list[Actions]:
        """Return the actions that store what was fetched and built."""
        return [
            action(
                f"Store{name}",
                "Deploy/S3",
                role=role,
                takes=[name],
                configuration={
                    "BucketName": self._bucket,
                    "Extract": "false",
                    "ObjectKey": self._key(name),
                },
            )
            for name in HANDED_OVER
        ]

    def _sources(self, role: Any) -> list[Actions]:
        """Return the actions that fetch it again: what exactly, they are told at each start."""
        return [
            action(
                name,
                "Source/S3",
                role=role,
                gives=[name],
                configuration={
                    "S3Bucket": self._bucket,
                    "S3ObjectKey": self._key(name, execution="none"),
                    "AllowOverrideForS3ObjectKey": "true",
                    "PollForSourceChanges": "false",
                },
            )
            for name in HANDED_OVER
        ]

    def _revisions(self) -> str:
        """Return what those actions are told."""
        kind = "S3_OBJECT_KEY"
        return json.dumps(
            [
                {"actionName": name, "revisionType": kind, "revisionValue": self._key(name)}
                for name in HANDED_OVER
            ]
        )

    def _key(self, name: str, execution: str = "#{codepipeline.PipelineExecutionId}") -> str:
        return f"{self.options.service}/{execution}/{name.lower()}.zip"

    @property
    def _bucket(self) -> Any:
        return self.storage.bucket("packages", self.options.home)

    @property
    def _remark(self) -> str:
        by_rule = self.options.windowed and self.options.windows == "rule"
        return UNVERIFIED if by_rule else ""
