"""What a supervisor costs while it does nothing, and what measuring its workers costs."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from .engines import UnixConnection, request
from .latency import submissions
from .pools import Pool
from .samples import Row, interleave, percentile, series

WORKERS = 30


def measure(bench) -> list[Row]:
    """Resident memory is that of the supervisor's process (VmRSS)."""
    engine = bench.engine
    mount = [{"source": str(bench.tools), "target": "/bench", "readOnly": True}]
    idle_four: list[list[float]] = []
    for _ in range(bench.rounds):
        with Pool(bench.acode, engine, 4) as pool:
            time.sleep(12 // bench.scale)
            idle_four.append([resident(pool.process.pid)])
    with Pool(bench.acode, engine, WORKERS, mount) as pool:
        api = EngineStats(engine, [worker["containerID"] for worker in pool.workers()])
        agents = agent_pids(engine, pool)
        agent_cpu: list[list[float]] = []

        def idle() -> list[float]:
            own, theirs = cpu_share([[pool.process.pid], agents], 30 // bench.scale)
            agent_cpu.append([theirs])
            return [own]

        def rounds_of_stats() -> list[float]:
            before = [pool.counter(f"acode_stats_round_seconds_{part}") for part in ("sum", "count")]
            time.sleep(11)
            after = [pool.counter(f"acode_stats_round_seconds_{part}") for part in ("sum", "count")]
            return [(after[0] - before[0]) / (after[1] - before[1]) * 1000]

        taken = interleave(bench.rounds, {"idle": idle, "stats": rounds_of_stats, "api": api.take})
        late = [submissions(pool, bench.tools, 40 // bench.scale)[0] for _ in range(bench.rounds)]
        busy = [[value] for value in busy_memory(pool, bench)]
    return rows(idle_four, busy, taken, agent_cpu, late)


def rows(idle_four, busy, taken, agent_cpu, late) -> list[Row]:
    mine, theirs = series(taken["stats"]), series(taken["api"])
    ratio = mine.median / theirs.median
    four, thirty, idle = series(idle_four), series(busy), series(taken["idle"])
    return [
        Row(f"a stats round of {WORKERS} containers", "ms", mine, {"engine API, in parallel": theirs}, "≤ 1.1× and ≤ 50 ms",
            ratio <= 1.1 and mine.median <= 50, f"{ratio:.3f}×"),
        Row(f"submit committed → command runs in an idle pool of {WORKERS}, p50", "ms", series(late)),
        Row(f"submit committed → command runs in an idle pool of {WORKERS}, p99", "ms",
            series(late, lambda values: percentile(values, 99))),
        Row("resident memory, idle pool of 4", "MiB", four, {}, "≤ 50 MiB", four.median <= 50),
        Row(f"resident memory, {WORKERS} busy", "MiB", thirty, {}, "≤ 80 MiB", thirty.median <= 80),
        Row(f"CPU of an idle pool of {WORKERS}, supervisor", "% of a core", idle, {}, "≤ 1 %", idle.median <= 1),
        Row(f"CPU of an idle pool of {WORKERS}, its agents together", "% of a core", series(agent_cpu)),
    ]  # fmt: skip


class EngineStats:
    """The engine's own answer to the same question, asked for all containers at once on open connections."""

    def __init__(self, engine, containers: list[str]):
        self.engine = engine
        self.links = [(UnixConnection(engine.socket), one) for one in containers]
        self.threads = ThreadPoolExecutor(len(containers))

    def take(self) -> list[float]:
        self.ask()
        return [self.ask() for _ in range(3)]

    def ask(self) -> float:
        begun = time.perf_counter()
        if self.engine.kind == "podman":
            # One call for all of them: Podman's faster way.
            names = "&".join(f"containers={one}" for _, one in self.links)
            path = f"/v4.0.0/libpod/containers/stats?stream=false&{names}"
            told = json.loads(request(self.engine.socket, "GET", path))
            if len(told["Stats"]) != len(self.links):
                raise RuntimeError(f"stats of {len(told['Stats'])} containers instead of {len(self.links)}")
        else:
            list(self.threads.map(self.one, self.links))
        return (time.perf_counter() - begun) * 1000

    def one(self, link) -> dict:
        connection, container = link
        path = f"/v1.41/containers/{container}/stats?stream=false&one-shot=true"
        return json.loads(request(self.engine.socket, "GET", path, connection))


def busy_memory(pool: Pool, bench) -> list[float]:
    """Memory while every worker runs a task that prints ten lines a second."""
    command = ["sh", "-c", "for i in $(seq 1 600); do echo line $i of a task that goes on for a while; sleep 0.1; done"]
    tasks = pool.submit_many([{"command": command}] * WORKERS)
    pool.wait(lambda: pool.status().get("busy") == WORKERS, 60, "30 busy workers")
    values = []
    for _ in range(bench.rounds):
        time.sleep(5)
        values.append(resident(pool.process.pid))
    pool.run("task", "cancel", *tasks)
    pool.settle()
    return values


def resident(pid: int) -> float:
    """Resident memory in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def cpu_share(groups: list[list[int]], seconds: float) -> list[float]:
    """Percent of one core that each group of processes used over the next seconds."""

    def ticks(pid: int) -> int:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    begun = time.perf_counter()
    before = [sum(map(ticks, group)) for group in groups]
    time.sleep(seconds)
    after = [sum(map(ticks, group)) for group in groups]
    elapsed = time.perf_counter() - begun
    return [(b - a) / os.sysconf("SC_CLK_TCK") / elapsed * 100 for a, b in zip(before, after)]


def agent_pids(engine, pool: Pool) -> list[int]:
    return [
        json.loads(request(engine.socket, "GET", f"/v1.41/containers/{worker['containerID']}/json"))["State"]["Pid"]
        for worker in pool.workers()
    ]
