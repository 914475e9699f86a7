"""One test about each row of a table: where there are hundreds, pytest's own work costs most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def for_each(
    cases: Iterable[T], name: Callable[[T], str] = str
) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """Make one test of a test of one case: it fails for every case at once, and names each.

    For claims that take milliseconds; `pytest.mark.parametrize` does the rest, as a test of its own
    costs pytest about as much.

    Example:
        >>> @for_each([1, 2, -3])
        ... def test_positive(number: int) -> None:
        ...     "Every number is."
        ...     assert number > 0
        >>> test_positive()
        Traceback (most recent call last):
        ...
        AssertionError: -3: AssertionError

    """
    table = tuple(cases)

    def decorated(test: Callable[[T], None]) -> Callable[[], None]:
        def folded() -> None:
            assert table, "there is no case"
            failed = []
            for case in table:
                try:
                    test(case)
                except Exception as error:  # whatever a test of its own would fail of
                    failed.append(f"{name(case)}: {type(error).__name__}: {error}".rstrip(": "))
            if failed:
                raise AssertionError("\n".join(failed))

        folded.__name__, folded.__doc__ = test.__name__, test.__doc__
        folded.__qualname__, folded.__module__ = test.__qualname__, test.__module__
        return folded

    return decorated
