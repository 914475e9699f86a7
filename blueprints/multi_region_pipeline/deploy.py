"""The stages that deploy: approval, window, infrastructure, change set, execution, bake time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Sub
from troposphere.codepipeline import (
    Actions,
    BeforeEntryConditions,
    Condition,
    FailureConditions,
    RetryConfiguration,
    RuleDeclaration,
    Stages,
    SuccessConditions,
)
from troposphere.iam import Role

from cfngen import Template
from cfngen.patterns.pipelines import action, rule

from .._shared.deployers import CHANGE_SET, Deployer
from .._shared.store_access import StoreAccess
from .gates import Region, Step
from .options import Options
from .roles import PipelineRole, add_approval_role, add_deployers, add_watch_role
from .source import NAME as SOURCE

PACKAGE = "Package"


@dataclass(frozen=True)
class Deployment:
    """What all stages that deploy need."""

    options: Options
    topic: Any
    infrastructure: Deployer
    application: Deployer
    approves: Role | None
    watches: Role | None

    def stages(self, step: Step) -> list[Stages]:
        """Return the stage of a step, and before it the one in which somebody has to say yes."""
        return [*([self._approval(step)] if step.approval else []), self._stage(step)]

    def _approval(self, step: Step) -> Stages:
        places = ", ".join(f"{region.label} ({region.region})" for region in step.regions)
        question = f"Deploy {self.options.service} to {places}?"
        if step.window:
            question += f" It will then wait for its window, {step.window}."
        approve = action(
            "Approve",
            "Approval/Manual",
            role=self.approves,
            configuration={"NotificationArn": Ref(self.topic), "CustomData": question},
        )
        return Stages(Name=step.approval_stage, Actions=[approve])

    def _stage(self, step: Step) -> Stages:
        actions = [each for region in step.regions for each in self._actions(region)]
        ordered = sorted(actions, key=lambda each: each.RunOrder)
        conditions: dict[str, Any] = {}
        if rules := self._entry(step):
            entry = Condition(Result="FAIL", Rules=rules)
            conditions["BeforeEntry"] = BeforeEntryConditions(Conditions=[entry])
        failure = step.failure(self.options.on_failure)
        if baking := self._baking(step):
            result = "ROLLBACK" if failure == "rollback" else "FAIL"
            success = Condition(Result=result, Rules=baking)
            conditions["OnSuccess"] = SuccessConditions(Conditions=[success])
        if failure == "rollback":
            conditions["OnFailure"] = FailureConditions(Result="ROLLBACK")
        elif failure == "retry":
            again = RetryConfiguration(RetryMode="FAILED_ACTIONS")
            conditions["OnFailure"] = FailureConditions(Result="RETRY", RetryConfiguration=again)
        return Stages(Name=step.stage, **conditions, Actions=ordered)

    def _actions(self, region: Region) -> list[Actions]:
        """Return what the article does in each region, in this order."""
        capabilities = ",".join(self.options.capabilities)
        change = {"StackName": self.application.stack, "ChangeSetName": CHANGE_SET}
        return [
            self._deploy(
                f"{region.label}-infrastructure",
                region,
                1,
                self.infrastructure,
                takes=SOURCE,
                ActionMode="CREATE_UPDATE",
                StackName=self.infrastructure.stack,
                TemplatePath=Sub(f"{SOURCE}::${{InfrastructureTemplate}}"),
                Capabilities=capabilities,
                RoleArn=self.infrastructure.execution_role,
            ),
            self._deploy(
                f"{region.label}-change-set",
                region,
                2,
                self.application,
                takes=PACKAGE,
                ActionMode="CHANGE_SET_REPLACE",
                **change,
                TemplatePath=f"{PACKAGE}::{region.label}.yaml",
                Capabilities=capabilities,
                RoleArn=self.application.execution_role,
            ),
            self._deploy(
                f"{region.label}-execute",
                region,
                3,
                self.application,
                ActionMode="CHANGE_SET_EXECUTE",
                **change,
            ),
        ]

    def _deploy(
        self,
        name: str,
        region: Region,
        order: int,
        deployer: Deployer,
        takes: str = "",
        **configuration: Any,
    ) -> Actions:
        return action(
            name,
            "Deploy/CloudFormation",
            role=deployer.action_role,
            region=region.region,
            order=order,
            takes=[takes] if takes else [],
            configuration=configuration,
        )

    def _entry(self, step: Step) -> list[RuleDeclaration]:
        rules = self._quiet(step, "entry_alarms", None)
        if step.window and self.options.windows == "rule":
            home = self.options.home
            rules.append(rule("window", "DeploymentWindow", step.window.rule(), region=home))
        return rules

    def _baking(self, step: Step) -> list[RuleDeclaration]:
        return self._quiet(step, "alarms", step.bake_minutes)

    def _quiet(self, step: Step, which: Any, minutes: int | None) -> list[RuleDeclaration]:
        """Return rules that hold while alarms are quiet."""
        wait = {"WaitTime": str(minutes)} if minutes else {}
        return [
            rule(
                f"{region.label}-{number}",
                "CloudWatchAlarm",
                {"AlarmName": name, **wait},
                region=region.region,
                role=self.watches,
            )
            for number, (region, name) in enumerate(step.alarms(which), start=1)
        ]


def add_deployment(
    t: Template, options: Options, pipeline: PipelineRole, access: StoreAccess, topic: Any
) -> Deployment:
    """Add the roles that deploying takes, and return what the stages need."""
    steps: Sequence[Step] = options.steps
    alarmed = any(step.alarms("alarms") or step.alarms("entry_alarms") for step in steps)
    infrastructure, application = add_deployers(t, pipeline, access)
    return Deployment(
        options,
        topic,
        infrastructure,
        application,
        add_approval_role(t, pipeline, topic) if any(step.approval for step in steps) else None,
        add_watch_role(t, pipeline) if alarmed else None,
    )
