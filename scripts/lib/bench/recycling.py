"""How long a command waits when every task gets a container of its own."""

from __future__ import annotations

import time

from .engines import IMAGE, LIMITS
from .latency import stamped, submissions
from .pools import Pool
from .samples import Row, interleave, percentile, series

SPARES = 2


def measure(bench) -> list[Row]:
    """One task at a time, each when the spares are ready again: the pace that the engine can follow. The pace itself is
    in the last row: from the start of one task to the moment the next may come."""
    mount = [{"source": str(bench.tools), "target": "/bench", "readOnly": True}]
    volume = [f"--volume={bench.tools}:/bench:ro"]
    engine = bench.engine
    paces: list[list[float]] = []
    settings = {"recycle": "always", "spares": SPARES}
    with Pool(bench.acode, engine, 1, mount, workers=settings, spares=SPARES) as pool:

        def ours() -> list[float]:
            taken, paces_now = [], []
            for _ in range(20 // bench.scale):
                begun = time.perf_counter()
                taken += submissions(pool, bench.tools, 1)[0]
                pool.wait(lambda: pool.status().get("ready") == 1 + SPARES, 60, "the next spare", 0.02)
                paces_now.append((time.perf_counter() - begun) * 1000)
            paces.append(paces_now)
            return taken

        def run() -> list[float]:
            return [
                stamped(engine, "run", "--rm", *LIMITS, *volume, IMAGE, "/bench/stamp") for _ in range(8 // bench.scale)
            ]

        taken = interleave(bench.rounds, {"ours": ours, "run": run})
    program = f"{engine.program[0]} run"
    ours = series(taken["ours"])
    late = series(taken["ours"], lambda values: percentile(values, 99))
    beside = {program: series(taken["run"])}
    ratio = beside[program].median / ours.median
    return [
        Row("recycle: always, submit committed → command runs, p50", "ms", ours, beside, "≤ 50 ms", ours.median <= 50,
            f"{ratio:.0f}× below {program}"),
        Row("recycle: always, submit committed → command runs, p99", "ms", late, {}),
        Row("recycle: always, a task and its worker's successor", "ms", series(paces), {}),
    ]  # fmt: skip
