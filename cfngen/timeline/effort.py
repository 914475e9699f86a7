"""How much work a timeline would be: what no pipeline needs is refused, or left out, beforehand."""

from __future__ import annotations

from cfngen.errors import Problems
from cfngen.timeline.hours import Gate, openings
from cfngen.timeline.model import Model, Pipeline

# Stages that a push goes through, each as often as it is started, and pipelines that start each
# other in a row. CodePipeline has 50 stages in a pipeline (AWS page "CodePipeline quotas").
MAX_STAGES, MAX_CHAIN = 2_000, 100
MAX_OPENINGS = 1_000  # of all windows and schedules together, on one day
MAX_TRIALS = 2_000_000  # pushes of a year that come to a window as it closes, in each stage


def check_effort(model: Model, name: str) -> None:
    """Refuse pipelines that nobody could wait for.

    Args:
        model: the pipelines; none of them starts itself.
        name: what to call the template.

    Raises:
        Problems: a push goes through too many stages, or they open too often.
    """
    stages: dict[str, int] = {}
    chains: dict[str, int] = {}
    for pipeline in _children_first(model):
        children = [child for stage in pipeline.stages for child in stage.starts]
        chains[pipeline.id] = 1 + max((chains[child] for child in children), default=0)
        stages[pipeline.id] = len(pipeline.stages) + sum(stages[child] for child in children)
    if (count := sum(stages[root.id] for root in model.roots)) > MAX_STAGES:
        number = f"{count:,}" if count < 10**9 else "billions of"
        raise Problems([f"{name}: a push goes through {number} stages; at most {MAX_STAGES:,}"])
    if max(chains.values(), default=0) > MAX_CHAIN:
        raise Problems([f"{name}: more than {MAX_CHAIN} pipelines start each other in a row"])
    opened = sum(_opened(stage.gate) for p in model.pipelines.values() for stage in p.stages)
    if opened > MAX_OPENINGS:
        raise Problems(
            [f"{name}: its stages open or close {opened:,} times a day; at most {MAX_OPENINGS:,}"]
        )


def is_too_much(path: list[Gate]) -> bool:
    """Whether the longest wait on a way through gates would be too much to be looked for."""
    return len(path) * 366 * sum(map(_opened, path)) > MAX_TRIALS


def _opened(gate: Gate) -> int:
    """Return how often a gate opens or closes on one day, at most."""
    return sum(openings(cron) for cron, _ in gate.rules) + sum(
        len(switch.cron.hours) * len(switch.cron.minutes) for switch in gate.switches
    )


def _children_first(model: Model) -> list[Pipeline]:
    """Return pipelines after all that they start."""
    done: dict[str, Pipeline] = {}
    todo = list(model.pipelines)
    while todo:
        pipeline = model.pipelines[todo[-1]]
        left = [c for stage in pipeline.stages for c in stage.starts if c not in done]
        if left and pipeline.id not in done:
            todo += dict.fromkeys(left)
        else:
            done.setdefault(pipeline.id, pipeline)
            todo.pop()
    return list(done.values())
