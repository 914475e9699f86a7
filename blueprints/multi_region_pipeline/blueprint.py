"""Build once, deploy to many regions, each in its own hours."""

from troposphere import Ref

from cfngen import Template, blueprint

from .._shared.services import add_home_rule
from .build import add_build, add_build_stages
from .deploy import add_deployment
from .layouts import add_pipelines
from .notify import add_rules, add_topic
from .options import Options
from .parameters import Params
from .roles import add_own_role, add_source_role
from .source import add_start
from .storage import Storage
from .windows import add_windows


@blueprint
def multi_region_pipeline(options: Options) -> Template:
    """Build once and deploy to many regions, each in its own hours."""
    t = Template()
    p = t.declare(Params, options)
    add_home_rule(t, options.home)
    storage = Storage(options)
    role = add_own_role(t, options)
    source_role = add_source_role(t, p, options, role, storage.access)
    topic = add_topic(t, p)
    project = add_build(t, p, options, role, storage)
    build_stages = add_build_stages(t, p, options, role, source_role, project)
    deployment = add_deployment(t, options, role, storage.access, topic.topic)
    pipelines = add_pipelines(t, options, role, storage, deployment, build_stages)
    add_start(t, p, options, topic)
    if options.scheduled:
        add_windows(t, options, pipelines, topic)
    add_rules(t, options, topic)
    t.output("Pipeline", Ref(pipelines[""]), "Name of the pipeline.")
    t.output("NotifyTopic", Ref(topic.topic), "ARN of the topic for failures and approvals.")
    return t
