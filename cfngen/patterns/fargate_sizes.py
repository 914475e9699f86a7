"""The task sizes that Fargate has."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["size_problems"]

# Memory in MiB for each size of CPU (AWS page "Amazon ECS task definition parameters for Fargate").
SIZES: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
ARCHITECTURES = {"arm64": "ARM64", "x86_64": "X86_64"}


def size_problems(*, cpu: int, memory: int, ephemeral_storage: int) -> list[str]:
    """Return what is wrong with a task's size, each with what would be right.

    Args:
        cpu: CPU units, 1024 to a processor.
        memory: MiB.
        ephemeral_storage: GiB, of which 20 are free.
    """
    problems = []
    if cpu not in SIZES:
        problems.append(f"cpu = {cpu}: Fargate has {', '.join(map(str, SIZES))}")
    elif memory not in SIZES[cpu]:
        valid = ", ".join(map(str, SIZES[cpu]))
        problems.append(f"memory = {memory}: with cpu = {cpu}, Fargate has {valid}")
    if not 20 <= ephemeral_storage <= 200:
        problems.append(f"ephemeral_storage = {ephemeral_storage}: Fargate has 20 to 200 GiB")
    return problems
