"""How many commands that do nothing get through four containers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from .engines import IMAGE, LIMITS
from .pools import Pool
from .samples import Row, interleave, series


def measure(bench) -> list[Row]:
    """From the start of `acode task submit --file` until the last task has ended and is recorded."""
    engine = bench.engine
    with Pool(bench.acode, engine, 4) as pool:
        held = engine.hold("acode-bench-exec", [], 4)
        try:
            with ThreadPoolExecutor(4) as threads:

                def ours() -> list[float]:
                    return [through_queue(pool, 2000 // bench.scale)]

                def run() -> list[float]:
                    command = ["run", "--rm", *LIMITS, IMAGE, "true"]
                    return [four_at_a_time(threads, 40 // bench.scale, lambda _: engine.run(*command))]

                def execute() -> list[float]:
                    count = 100 // bench.scale
                    return [four_at_a_time(threads, count, lambda index: engine.run("exec", held[index % 4], "true"))]

                ours()
                taken = interleave(bench.rounds, {"ours": ours, "run": run, "exec": execute})
        finally:
            engine.remove(held)
    program = engine.program[0]
    beside = {f"{program} run": series(taken["run"]), f"{program} exec": series(taken["exec"])}
    ours_series = series(taken["ours"])
    ratio = ours_series.median / beside[f"{program} exec"].median
    return [
        Row("no-op tasks through 4 workers", "tasks/s", ours_series, beside, "≥ 300/s and ≥ 20× exec",
            ours_series.median >= 300 and ratio >= 20, f"{ratio:.1f}× {program} exec")
    ]  # fmt: skip


def through_queue(pool: Pool, count: int) -> float:
    before = pool.counter('acode_tasks_completed_total{outcome="succeeded"}')
    begun = time.perf_counter()
    pool.submit_many([{"command": ["true"]}] * count)
    pool.wait(
        lambda: pool.counter('acode_tasks_completed_total{outcome="succeeded"}') >= before + count
        and pool.status().get("busy") == 0,
        120, f"{count} tasks", 0.05)  # fmt: skip
    return count / (time.perf_counter() - begun)


def four_at_a_time(threads: ThreadPoolExecutor, count: int, act) -> float:
    begun = time.perf_counter()
    list(threads.map(act, range(count)))
    return count / (time.perf_counter() - begun)
