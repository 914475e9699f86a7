"""A review as text, markdown, JSON, SARIF or HTML: pure functions from values to text.

Each module in `outputs` is a format. The modules beside it are what they share.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from cfngen.review.formats import outputs
from cfngen.review.formats.options import GITHUB as GITHUB
from cfngen.review.formats.options import Options, plain
from cfngen.review.model import Review

DEFAULT = "text"
# The names of the formats, the default one first; none of them is imported.
FORMATS = (
    DEFAULT,
    *sorted({module.name for module in pkgutil.iter_modules(outputs.__path__)} - {DEFAULT}),
)


def format_review(
    review: Review,
    output_format: str,
    style: Callable[..., str] = plain,
    *,
    limit: int = GITHUB,
    width: int = 100,
    version: str = "",
    details: bool = False,
) -> str:
    """Return a review in the format of a name; `Options` says what the arguments are.

    Raises:
        ValueError: there is no such format.
    """
    if output_format not in FORMATS:
        msg = f"no format {output_format!r}; there are {', '.join(FORMATS)}"
        raise ValueError(msg)
    # Each format is imported when it is asked for.
    module = import_module(f"{outputs.__name__}.{output_format}")
    options = Options(style, limit, width, version, details)
    text: str = module.render(review, options)
    return text
