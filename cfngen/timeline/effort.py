"""How much work a timeline would be: what no pipeline needs is refused, or left out, beforehand."""

from __future__ import annotations

from cfngen.errors import Problems
from cfngen.timeline.hours import Gate, openings
from cfngen.timeline.model import Model, Pipeline

# Stages that a push goes through, each as often as it is started, and pipelines that start each
# other in a row. CodePipeline has 50 stages in a pipeline (AWS page "CodePipeline quotas").
MOST_STAGES, LONGEST_ROW = 2_000, 100
MOST_OPENINGS = 1_000  # of all windows and schedules together, on one day
MOST_TRIALS = 2_000_000  # pushes of a year that come to a window as it closes, in each stage


def check_effort(found: Model, name: str) -> None:
    """Refuse pipelines that nobody could wait for.

    Args:
        found: the pipelines; none of them starts itself.
        name: what to call the template.

    Raises:
        Problems: a push goes through too many stages, or they open too often.
    """
    stages: dict[str, int] = {}
    rows: dict[str, int] = {}
    for pipeline in _children_first(found):
        children = [child for stage in pipeline.stages for child in stage.starts]
        rows[pipeline.id] = 1 + max((rows[child] for child in children), default=0)
        stages[pipeline.id] = len(pipeline.stages) + sum(stages[child] for child in children)
    if (count := sum(stages[root.id] for root in found.roots)) > MOST_STAGES:
        what = f"{count:,}" if count < 10**9 else "billions of"
        raise Problems([f"{name}: a push goes through {what} stages; at most {MOST_STAGES:,}"])
    if max(rows.values(), default=0) > LONGEST_ROW:
        raise Problems([f"{name}: more than {LONGEST_ROW} pipelines start each other in a row"])
    opened = sum(_opened(stage.gate) for p in found.pipelines.values() for stage in p.stages)
    if opened > MOST_OPENINGS:
        raise Problems(
            [f"{name}: its stages open or close {opened:,} times a day; at most {MOST_OPENINGS:,}"]
        )


def is_too_much(path: list[Gate]) -> bool:
    """Whether the longest wait on a way through gates would be too much to be looked for."""
    return len(path) * 366 * sum(map(_opened, path)) > MOST_TRIALS


def _opened(gate: Gate) -> int:
    """Return how often a gate opens or closes on one day, at most."""
    return sum(openings(cron) for cron, _ in gate.rules) + sum(
        len(switch.cron.hours) * len(switch.cron.minutes) for switch in gate.switches
    )


def _children_first(found: Model) -> list[Pipeline]:
    """Return pipelines after all that they start."""
    done: dict[str, Pipeline] = {}
    todo = list(found.pipelines)
    while todo:
        pipeline = found.pipelines[todo[-1]]
        left = [c for stage in pipeline.stages for c in stage.starts if c not in done]
        if left and pipeline.id not in done:
            todo += dict.fromkeys(left)
        else:
            done.setdefault(pipeline.id, pipeline)
            todo.pop()
    return list(done.values())
