"""What a plain troposphere script does: the same resources, and troposphere's own `to_yaml`.

By itself it prints one template. With `--pairs N` it times, in this one process and in turns,
cfngen's way from resources to text and troposphere's, and prints the pairs as JSON, in seconds.
With `--render-only`, cfngen's way begins with the plain data, where troposphere's still begins with
the resources.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable
from time import perf_counter

import troposphere
from cfngen_blueprints.backlog_proxy.blueprint import backlog_proxy


def main() -> None:
    """Print the template, or the timings of both ways to its text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, metavar="N", help="time N renders of each kind")
    parser.add_argument("--render-only", action="store_true", help="start from plain data")
    wanted = parser.parse_args()
    template = backlog_proxy()
    if not wanted.pairs:
        print(troposphere.Template.to_yaml(template))
        return
    from cfngen import render

    document = template.document()

    def ours() -> str:
        return render(document if wanted.render_only else template.document())

    def theirs() -> str:
        return str(troposphere.Template.to_yaml(template))

    seconds(ours), seconds(theirs)  # the first of each fills caches
    print(json.dumps([(seconds(ours), seconds(theirs)) for _ in range(wanted.pairs)]))


def seconds(work: Callable[[], str]) -> float:
    """Time one call, starting without garbage that somebody else made."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    main()
