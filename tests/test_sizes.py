"""What ships can be deployed without a bucket, and goes on being so after an update."""

from __future__ import annotations

import pytest
import sizes
from sizes import BUDGET, RESERVE

from cfngen.cloudformation.quotas import INLINE_LIMIT
from cfngen.project.manifest import load

# Shapes that `aws cloudformation deploy` does not take without a bucket; docs/sizes.md has their
# bytes. Each is told with `--s3-bucket` in its README. Another one has to be put here on purpose.
THROUGH_A_BUCKET = {
    'branch_builder|`image = "build"`',
    "branch_builder|everything",
    "branch_builder|ten repositories apart",
    "fargate_mirror|everything",
    'fargate_mirror|`image = "build"`',
}


@pytest.mark.parametrize("name", load(sizes.ROOT).templates)
def test_what_ships_keeps_room_for_what_comes(name: str) -> None:
    """4,096 bytes of the 51,200 are free, whatever is added next."""
    assert (RESERVE, BUDGET) == (4_096, 47_104)
    size = (sizes.ROOT / f"output/{name}.yaml").stat().st_size
    assert size <= BUDGET, f"{size - BUDGET:,} bytes too many: cut what can stand alone"


@pytest.mark.slow
def test_shapes_that_need_a_bucket_are_a_list() -> None:
    """No option takes a template over the limit without somebody having decided it."""
    large = {sizes.key(s) for s in sizes.all_shapes() if s.bytes > INLINE_LIMIT}
    assert large == THROUGH_A_BUCKET


@pytest.mark.slow
def test_the_page_tells_the_sizes_of_now() -> None:
    """`python tests/sizes.py` has been run."""
    assert sizes.PAGE.read_text() == sizes.page()


@pytest.mark.slow
def test_every_blueprint_is_on_the_page() -> None:
    """Ours, each with its defaults."""
    ours = {entry.blueprint.name for entry in load(sizes.ROOT).templates.values()}
    assert {size.blueprint for size in sizes.all_shapes()} == ours
