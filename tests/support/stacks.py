"""Small stacks of a few resources, for what CloudFormation and the services say to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Plain = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """A stack: what it is asked to be, and what went wrong with that.

    Attributes:
        client: of CloudFormation, for its region.
        name: the stack's.
    """

    client: Any
    name: str

    def create(self, resources: Plain, **sections: Plain) -> list[str]:
        """Create it, and return the reasons of what failed."""
        return self._asked("create", resources, sections)

    def update(self, resources: Plain, **sections: Plain) -> list[str]:
        """Update it, and return the reasons of what failed in this update."""
        return self._asked("update", resources, sections)

    def delete(self) -> list[str]:
        """Delete it, and return the reasons of what failed."""
        number = self._described()["StackId"]
        self.client.delete_stack(StackName=number)
        self.client.describe_stacks(StackName=number)
        return self._failures(number, "DELETE_IN_PROGRESS")

    def identity(self, title: str) -> str:
        """Return what a resource of it is called."""
        asked = {"StackName": self.name, "LogicalResourceId": title}
        found = self.client.describe_stack_resource(**asked)["StackResourceDetail"]
        return str(found["PhysicalResourceId"])

    def _asked(self, verb: str, resources: Plain, sections: Plain) -> list[str]:
        body = json.dumps({"Resources": resources, **sections})
        more = {"TemplateBody": body, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
        call = getattr(self.client, f"{verb}_stack")
        number = call(StackName=self.name, **more)["StackId"]
        self.client.describe_stacks(StackName=number)  # which waits until it is done
        return self._failures(number, f"{verb.upper()}_IN_PROGRESS")

    def _described(self) -> Plain:
        return dict(self.client.describe_stacks(StackName=self.name)["Stacks"][0])

    def _failures(self, number: str, begun: str) -> list[str]:
        """Return the reasons that events since the beginning of an operation have, newest first."""
        found = []
        for event in self.client.describe_stack_events(StackName=number)["StackEvents"]:
            itself = event["ResourceType"] == "AWS::CloudFormation::Stack"
            if itself and event["ResourceStatus"] == begun:
                break
            if "FAILED" in event["ResourceStatus"] or "ROLLBACK_IN_PROGRESS" in str(event):
                found.append(str(event.get("ResourceStatusReason")))
        return found


def kind(type_: str, /, **properties: Any) -> Plain:
    """Return a resource of a type."""
    return {"Type": type_, "Properties": properties}


def permissions(*statements: Plain) -> Plain:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, **change: Any) -> Plain:
    """Return a policy by which a service may assume a role, perhaps changed."""
    lets = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    who = {"Service": f"{service}.amazonaws.com"}
    return permissions({**lets, "Principal": who, **change})


ROLE = kind("AWS::IAM::Role", AssumeRolePolicyDocument=trust("lambda"))


def function(code: str, **more: Any) -> Plain:
    """Return a function of some code, which acts by the role `R` of its template."""
    about = {"Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": code}}
    role = {"Fn::GetAtt": ["R", "Arn"]}
    return kind("AWS::Lambda::Function", Role=role, **about, **more)
