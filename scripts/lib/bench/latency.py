"""How long a command waits for its first instruction."""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path

from .engines import IMAGE, LIMITS
from .pools import Pool
from .samples import Row, Series, interleave, percentile, series


def measure(bench) -> list[Row]:
    """The command reads the clock as its only act, whoever starts it, so the end is the same for all of them, and a
    little later than the moment the agent reports."""
    mount = [{"source": str(bench.tools), "target": "/bench", "readOnly": True}]
    volume = [f"--volume={bench.tools}:/bench:ro"]
    engine = bench.engine
    with Pool(bench.acode, engine, 4, mount) as pool:
        held = engine.hold("acode-bench-exec", volume, 1)
        whole: list[list[float]] = []
        try:

            def ours() -> list[float]:
                from_commit, from_program = submissions(pool, bench.tools, 60 // bench.scale)
                whole.append(from_program)
                return from_commit

            def run() -> list[float]:
                return [
                    stamped(engine, "run", "--rm", *LIMITS, *volume, IMAGE, "/bench/stamp")
                    for _ in range(12 // bench.scale)
                ]

            def execute() -> list[float]:
                return [stamped(engine, "exec", held[0], "/bench/stamp") for _ in range(24 // bench.scale)]

            ours(), whole.clear()  # the first tasks meet cold workers
            taken = interleave(bench.rounds, {"ours": ours, "run": run, "exec": execute})
        finally:
            engine.remove(held)
    return rows(engine.program[0], taken, whole)


def rows(program: str, taken: dict[str, list[list[float]]], whole: list[list[float]]) -> list[Row]:
    """p50 and p99 from the commit on, and p50 from the start of the program that submits."""

    def sides(reduce) -> tuple[Series, dict[str, Series]]:
        return series(taken["ours"], reduce), {
            f"{program} run": series(taken["run"], reduce), f"{program} exec": series(taken["exec"], reduce)
        }  # fmt: skip

    def p99(values: list[float]) -> float:
        return percentile(values, 99)

    ours, beside = sides(statistics.median)
    ratio = beside[f"{program} run"].median / ours.median
    late, late_beside = sides(p99)
    return [
        Row("submit committed → command runs, p50", "ms", ours, beside, "≤ 5 ms and ≥ 50× below run",
            ours.median <= 5 and ratio >= 50, f"{ratio:.0f}× below {program} run"),
        Row("submit committed → command runs, p99", "ms", late, late_beside),
        Row("`acode task submit` called → command runs, p50", "ms", series(whole), beside),
    ]  # fmt: skip


def submissions(pool: Pool, tools: Path, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each task's commit, and from the start of the program that submitted it, to its command."""
    commits = tools / "commits"
    environment = {"LD_PRELOAD": str(tools / "commit.so"), "BENCH_COMMITS": str(commits)}
    from_commit, from_program = [], []
    for _ in range(count):
        commits.unlink(missing_ok=True)
        begun = time.time_ns()
        task = pool.submit("/bench/stamp", environment=environment)
        pool.settle(task)
        ran = int(pool.output(task))
        committed = int(commits.read_text().split()[-1])
        from_commit.append((ran - committed) / 1e6)
        from_program.append((ran - begun) / 1e6)
    return from_commit, from_program


def stamped(engine, *arguments: str) -> float:
    """Milliseconds from the start of the engine's program to the command's first act."""
    begun = time.time_ns()
    with engine.popen(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out, err = process.communicate(timeout=120)
    if process.returncode != 0:
        raise RuntimeError(f"{arguments}: {process.returncode} {err}")
    return (int(out) - begun) / 1e6
