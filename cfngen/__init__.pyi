# The public names of the package and their modules, for `__init__.py` and for type checkers.

from cfngen.authoring.blueprint import Blueprint as Blueprint
from cfngen.authoring.blueprint import blueprint as blueprint
from cfngen.authoring.declarations import first_of as first_of
from cfngen.authoring.declarations import parameter as parameter
from cfngen.authoring.declarations import parameter_map as parameter_map
from cfngen.authoring.iam import Statement as Statement
from cfngen.authoring.iam import allow as allow
from cfngen.authoring.iam import deny as deny
from cfngen.authoring.iam import policy_document as policy_document
from cfngen.authoring.iam import trust as trust
from cfngen.authoring.options import option as option
from cfngen.authoring.parameters import Parameters as Parameters
from cfngen.authoring.payload import Payload as Payload
from cfngen.authoring.payload import Payloads as Payloads
from cfngen.authoring.role_settings import RoleSettings as RoleSettings
from cfngen.authoring.template import Template as Template
from cfngen.authoring.waivers import waive as waive
from cfngen.cloudformation.document import Waiver as Waiver
from cfngen.cloudformation.read import read as read
from cfngen.cloudformation.render import render as render
from cfngen.errors import CfngenError as CfngenError
from cfngen.linting.lint import Finding as Finding
from cfngen.project.generate import Generated as Generated
from cfngen.project.generate import generate as generate
from cfngen.project.generate import synthesize as synthesize

# Earlier names, which warn for one release.
draw = synthesize
