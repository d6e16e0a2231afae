"""How fast a command's output comes through."""

from __future__ import annotations

import json
import os
import subprocess
import time

from .engines import IMAGE, LIMITS
from .pools import Pool
from .samples import Row, interleave, series

LINE = "The quick brown fox jumps over the lazy dog, again and again, until the pipe is full."


def measure(bench) -> list[Row]:
    """Both sides keep a complete log of it, and somebody reads all of it at the other end of a pipe; the time counts
    from the first byte to the last."""
    engine = bench.engine
    size = (256 << 20) // bench.scale
    command = ["sh", "-c", f"yes '{LINE}' | head -c {size}"]
    with Pool(bench.acode, engine, 1, log_cap="1GiB") as pool:

        def ours() -> list[float]:
            wait = [pool.acode, "task", "submit", "--wait", "--config", str(pool.config), "--"]
            return [rate(size, [*wait, *command], pool.environment)]

        def alone() -> list[float]:
            # Nobody reads along, so this is what worker, supervisor and log take.
            task = pool.submit(*command)
            pool.run("task", "wait", task)
            usage = next(one for one in pool.tasks(5) if one["id"] == task)
            if usage["state"] != "complete":
                raise RuntimeError(f"unexpected task: {usage}")
            return [size / 1e6 / seconds_of(pool, task)]

        def run() -> list[float]:
            return [rate(size, [*engine.program, "run", "--rm", *LIMITS, IMAGE, *command], engine.environment)]

        taken = interleave(bench.rounds, {"ours": ours, "alone": alone, "run": run})
    beside = {f"{engine.program[0]} run": series(taken["run"])}
    piped = series(taken["ours"])
    ratio = piped.median / beside[f"{engine.program[0]} run"].median
    return [
        Row("output of a task, piped to a reader", "MB/s", piped, beside, "≥ 1× run", ratio >= 1, f"{ratio:.2f}×"),
        Row("output of a task, to its log only", "MB/s", series(taken["alone"]), beside),
    ]  # fmt: skip


def rate(size: int, command: list[str], environment: dict[str, str]) -> float:
    """MB per second out of a program's standard output, which must be complete."""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        descriptor = process.stdout.fileno()
        total = len(os.read(descriptor, 1 << 16))
        begun = time.perf_counter()
        first = total
        while chunk := os.read(descriptor, 1 << 20):
            total += len(chunk)
            last = time.perf_counter()
    if total != size:
        raise RuntimeError(f"{command[0]} printed {total} of {size} bytes")
    return (total - first) / 1e6 / (last - begun)


def seconds_of(pool: Pool, task: str) -> float:
    """How long the command of a finished task ran; it waits while its output is not taken."""
    told = json.loads(pool.run("task", "show", "--json", task).stdout)
    return told["attempts"][0]["usage"]["wallSeconds"]
