"""When each stage of a pipeline's template would run; reads a template, knows no blueprint."""

from cfngen.timeline.forecast import timeline
from cfngen.timeline.formats.choice import format_timeline
from cfngen.timeline.model import Durations
from cfngen.timeline.simulation import Timeline

__all__ = ["Durations", "Timeline", "format_timeline", "timeline"]
