"""Fills in the mapping templates of API Gateway that our templates have, and no others.

Of the Velocity Template Language (AWS page "Mapping template transformations for REST APIs in API
Gateway") this knows stage variables, the time of the request, one variable that is set to it, and
the two methods of a Java string that are called on it. Everything else is refused, so that no
template passes here that nobody has looked at. What a method does not find Velocity writes as it
stands, and a condition on it is false; `methods=False` is an API Gateway that lets none be called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SET = re.compile(r'#set\(\$time = "\$context\.requestTimeEpoch"\)\n')
CONDITION = re.compile(r'#if\(\$time\.matches\("([^"]*)"\)\)(.*?)#end', re.DOTALL)
PART = re.compile(r"\$time\.substring\((\d+), (\d+)\)")


def mapped(
    template: str, variables: Mapping[str, str], milliseconds: int, *, methods: bool = True
) -> str:
    """Return what is sent for a request at a time.

    Args:
        template: the mapping template.
        variables: the stage's variables.
        milliseconds: the time of the request, since 1970.
        methods: whether methods of strings can be called.

    Raises:
        ValueError: the template has something that is not known here.
    """
    time = str(milliseconds)
    filled, times = SET.subn("", template)
    if times:
        filled = CONDITION.sub(
            lambda found: found[2] if methods and re.fullmatch(found[1], time) else "", filled
        )
        filled = PART.sub(lambda found: time[int(found[1]) : int(found[2])], filled)
    filled = re.sub(r"\$stageVariables\.(\w+)", lambda found: variables[found[1]], filled)
    if re.search(r"[$#]\w", filled):
        raise ValueError(f"not a template that is known here: {template}")
    return filled
