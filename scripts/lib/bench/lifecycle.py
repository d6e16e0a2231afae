"""How long workers take to come and to go."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from .engines import request
from .pools import Pool
from .samples import Row, interleave, series

GRACE = 1


def measure(bench) -> list[Row]:
    """Starts are those of one worker alone: create, start, until its agent is ready. The raw calls create the very same
    container, only that it waits instead of running the agent."""
    engine = bench.engine
    stops: list[list[float]] = []
    # The twin's mounts must exist as long as it does, so this pool lives through the whole measure.
    with Pool(bench.acode, engine, 1) as pool:
        body = twin(engine, pool.workers()[0]["containerID"])

        def ours() -> list[float]:
            times, ends = [], []
            for _ in range(4 // bench.scale):
                with Pool(bench.acode, engine, 4) as four:
                    time.sleep(1)
                    ends.append(four.stop())
                # Engines go on tidying up for a moment after they said that they are done.
                time.sleep(1)
                with Pool(bench.acode, engine, 1) as single:
                    times.append(single.counter("acode_worker_start_seconds_sum") * 1000)
            stops.append(ends)
            return times

        def raw() -> list[float]:
            times = []
            for index in range(4 // bench.scale):
                time.sleep(1)
                times.append(raw_start(engine, body, f"acode-bench-raw-{index}"))
            return times

        def engine_stop() -> list[float]:
            return [stop_four(engine) for _ in range(2 // bench.scale)]

        taken = interleave(bench.rounds, {"ours": ours, "raw": raw, "stop": engine_stop})
    with Pool(bench.acode, engine, 1, grace=f"{GRACE}s") as pool:
        cancels = [[cancel(pool, engine) for _ in range(4 // bench.scale)] for _ in range(bench.rounds)]
    mine, theirs = series(taken["ours"]), series(taken["raw"])
    ratio = mine.median / theirs.median
    ends, late = series(stops), series(cancels)
    program = engine.program[0]
    return [
        Row("worker start: create → agent ready", "ms", mine, {"curl: create + start": theirs},
            "≤ 1.15× the raw calls", ratio <= 1.15, f"{ratio:.2f}×"),
        Row("stop an idle pool of 4, containers removed", "s", ends,
            {f"{program} stop + rm of 4": series(taken["stop"])}, "≤ 1 s", ends.median <= 1),
        Row(f"cancel of a command that ignores SIGTERM, {GRACE} s of grace → nothing of it left", "s", late, {},
            f"≤ {GRACE + 0.2} s", late.median <= GRACE + 0.2),
    ]  # fmt: skip


def cancel(pool: Pool, engine) -> float:
    """Seconds from the call of `acode task cancel` until the agent has no child any more, or is gone itself."""
    pool.wait(lambda: pool.status().get("ready") == 1, 30, "its worker", 0.05)
    task = pool.submit("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
    pool.wait(lambda: any(one["state"] == "inProgress" and one["startedAt"] for one in pool.tasks(1)), 30, "a start")
    container = pool.workers()[0]["containerID"]
    agent = json.loads(request(engine.socket, "GET", f"/v1.41/containers/{container}/json"))["State"]["Pid"]
    begun = time.perf_counter()
    pool.run("task", "cancel", task)
    pool.wait(lambda: not children(agent), 30, "the end of a cancelled command")
    return time.perf_counter() - begun


def children(pid: int) -> str:
    """The pids of a process's children; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()
    except OSError:
        return ""


def twin(engine, container: str) -> bytes:
    """The request that creates a worker's container again, with another program in it."""
    told = json.loads(request(engine.socket, "GET", f"/v1.41/containers/{container}/json"))
    host = told["HostConfig"]
    kept = (
        "Memory", "MemorySwap", "NanoCpus", "PidsLimit", "ShmSize", "CapDrop", "SecurityOpt", "Ulimits",
        "RestartPolicy",
    )  # fmt: skip
    wanted = {key: host[key] for key in kept if host.get(key) is not None}
    # Podman gives the limits other names than it takes.
    for limit in wanted.get("Ulimits", []):
        limit["Name"] = limit["Name"].removeprefix("RLIMIT_").lower()
    wanted["Mounts"] = [
        {"Type": "tmpfs", "Target": mount["Destination"], "TmpfsOptions": {"SizeBytes": 64 << 20, "Mode": 0o1777}}
        if mount["Type"] == "tmpfs"
        else {"Type": "bind", "Source": mount["Source"], "Target": mount["Destination"], "ReadOnly": not mount["RW"]}
        for mount in told["Mounts"]
    ]
    config = told["Config"]
    return json.dumps({
        "Image": config["Image"], "User": config["User"], "Env": [one for one in config["Env"] if "=" in one],
        "WorkingDir": config["WorkingDir"], "Labels": {"bench": "raw"}, "Entrypoint": ["/bin/sleep"], "Cmd": ["600"],
        "StopSignal": "SIGKILL", "HostConfig": wanted,
    }).encode()  # fmt: skip


def raw_start(engine, body: bytes, name: str) -> float:
    """Milliseconds of create and start by one curl on one connection."""
    base = "http://localhost/v1.41/containers"
    begun = time.perf_counter()
    done = subprocess.run(
        ["curl", "-sS", "--fail-early", "-f", "--unix-socket", engine.socket, "-X", "POST", "-o", "/dev/null", "-H",
         "Content-Type: application/json", "--data-binary", "@-", f"{base}/create?name={name}", "--next", "-sS", "-f",
         "--unix-socket", engine.socket, "-X", "POST", "-o", "/dev/null", f"{base}/{name}/start"],
        input=body, capture_output=True, timeout=60, check=False)  # fmt: skip
    elapsed = (time.perf_counter() - begun) * 1000
    engine.remove([name])
    if done.returncode != 0:
        raise RuntimeError(f"curl: {done.stderr.decode()}")
    return elapsed


def stop_four(engine) -> float:
    """Seconds of the engine's program to stop four idle containers that heed SIGTERM, and to remove them."""
    held = engine.hold("acode-bench-stop", [], 4)
    begun = time.perf_counter()
    engine.run("stop", *held)
    engine.run("rm", *held)
    return time.perf_counter() - begun
