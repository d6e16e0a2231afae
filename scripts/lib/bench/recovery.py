"""What a supervisor does about an earlier one that was killed."""

from __future__ import annotations

import re
import subprocess
import time

from .engines import IMAGE, LIMITS
from .pools import Pool
from .samples import Row, interleave, series

ADOPTED = 30
LEAKED = 100


def measure(bench) -> list[Row]:
    """Adoption is measured from the start of the new program until every worker is ready again, with a task running on
    each third of them. Reaping is `acode gc` over containers that only have the labels, beside the engine's own program
    that is given the same number of the same containers at once."""
    engine = bench.engine
    adopted, leaked = ADOPTED // bench.scale, LEAKED // bench.scale

    def adoption() -> list[float]:
        return [adopt(bench, adopted)]

    def ours() -> list[float]:
        with Pool(bench.acode, engine, 1) as pool:
            installation = (pool.place / "s" / "installation-id").read_text().strip()
            labels = [
                "--label=acode.worker=true", "--label=acode.pool=bench", "--label=acode.worker.id=leaked",
                f"--label=acode.installation={installation}",
            ]  # fmt: skip
            leak(engine, leaked, labels)
            begun = time.perf_counter()
            printed = pool.run("gc").stdout
            elapsed = time.perf_counter() - begun
            if len(re.findall(r"^container .* removed ", printed, re.M)) != leaked:
                raise RuntimeError(f"gc did not remove {leaked} containers: {printed[-500:]}")
            return [elapsed]

    def theirs() -> list[float]:
        names = leak(engine, leaked, [])
        begun = time.perf_counter()
        # As many at once as acode: one program removes one after the other.
        removals = [
            engine.popen("rm", "-f", "-v", "-t", "0", *names[part::16], stdout=subprocess.DEVNULL)
            if engine.kind == "podman"
            else engine.popen("rm", "-f", "-v", *names[part::16], stdout=subprocess.DEVNULL)
            for part in range(16)
        ]
        for removal in removals:
            if removal.wait(300) != 0:
                raise RuntimeError("the engine's program could not remove its containers")
        return [time.perf_counter() - begun]

    taken = interleave(bench.rounds, {"adoption": adoption, "ours": ours, "theirs": theirs})
    mine, raw = series(taken["ours"]), series(taken["theirs"])
    back = series(taken["adoption"])
    ratio = mine.median / raw.median
    program = engine.program[0]
    return [
        Row(f"take over {adopted} workers of a killed supervisor", "s", back, {}, "≤ 3 s", back.median <= 3),
        Row(f"remove {leaked} leaked containers", "s", mine, {f"{program} rm -f, 16 at once": raw},
            "≤ 1.2× the engine's time", ratio <= 1.2, f"{ratio:.2f}×"),
    ]  # fmt: skip


def adopt(bench, count: int) -> float:
    """Seconds from the start of a supervisor until the workers of the killed one are all its own."""
    with Pool(bench.acode, bench.engine, count) as pool:
        before = {worker["containerID"] for worker in pool.workers()}
        for _ in range(count // 3):
            pool.submit("sleep", "600")
        pool.wait(lambda: pool.status().get("busy") == count // 3, 60, "its tasks to run", 0.05)
        pool.process.kill()
        pool.process.wait()
        begun = time.perf_counter()
        pool.process = subprocess.Popen(
            [pool.acode, "worker", "start", "--config", str(pool.config), "--shutdown-timeout", "0s"],
            env=pool.environment, stdin=subprocess.DEVNULL, stdout=pool.log, stderr=pool.log)  # fmt: skip
        pool.wait(lambda: pool.status().get("ready") == count, 60, "the workers to be taken over", 0.02)
        elapsed = time.perf_counter() - begun
        if {worker["containerID"] for worker in pool.workers()} != before:
            raise RuntimeError("other containers took the place of the killed supervisor's")
        return elapsed


def leak(engine, count: int, labels: list[str]) -> list[str]:
    """Starts containers that nobody owns and that heed no signal but SIGKILL; their ids."""
    return [
        engine.run("run", "-d", "--network=none", *LIMITS, *labels, "--entrypoint=/bin/sleep", IMAGE, "600").strip()
        for _ in range(count)
    ]
