"""Proves that a stage on which everything went wrong is as it must be."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.engines import request

from .stage import POOL, Stage

# An attempt that ended in one of these ended for the task, too.
FINAL = {"succeeded", "failed"}
# What trouble does to an attempt; the task then runs again.
REPEATED = {"worker_lost", "worker_unavailable", "interrupted", "lease_lost", None}


def problems(stage: Stage) -> list[str]:
    """Everything that is not as it must be; the supervisor has ended."""
    found = []
    # Each asks a command or two.
    with ThreadPoolExecutor(4) as workers:
        for task, words in zip(stage.ids, workers.map(lambda task: of_task(stage, task), stage.ids)):
            found += [f"task {task}: {each}" for each in words]
    return found + of_engine(stage) + of_host(stage)


def of_task(stage: Stage, task: str) -> list[str]:
    details = json.loads(stage.run("task", "show", "--json", task))
    number, lines, code, secrets, outputs = map(int, details["name"].split(":"))
    wanted = ("error", "failed") if code else ("complete", "succeeded")
    found = []
    if (details["state"], details["outcome"]) != wanted:
        found.append(f"is {details['state']}, {details['outcome']}: {details['reason']}")
    outcomes = [attempt["outcome"] for attempt in details["attempts"]]
    if sum(outcome in FINAL for outcome in outcomes) != 1 or any(o not in FINAL | REPEATED for o in outcomes):
        found.append(f"its attempts ended as {outcomes}")
    kinds = [event["kind"] for event in json.loads(stage.run("task", "events", "--json", task))]
    ends = [kind for kind in kinds if kind in ("completed", "failed", "dead_lettered")]
    if not ends or "completed" in ends[:-1] or (not code and ends != ["completed"]):
        found.append(f"its timeline ends {len(ends)} times: {kinds}")
    found += of_logs([Path(attempt["log"]) for attempt in details["attempts"]], written(lines, secrets), bool(outputs))
    if outputs and not code:
        found += of_file(stage.state / "outputs" / task / "number", f"{number}\n")
    return found


def written(lines: int, secrets: int) -> bytes:
    """What a task's command writes, as it may be kept."""
    texts = [f"line {number}" for number in range(1, lines + 1)] + ["[secret chaos]"] * secrets
    return "".join(f"{text}\n" for text in texts).encode()


def of_logs(logs: list[Path], whole: bytes, has_outputs: bool) -> list[str]:
    """Every attempt's log is the beginning of what it wrote, but for marked gaps; that of the last is all of it."""
    found, reached = [], [0]
    for log in logs:
        end, problem = follow(log.read_bytes() if log.exists() else b"", whole)
        found += [f"{log}: {problem}"] if problem else []
        reached.append(end)
    # One whose files were complete already, as an attempt left them whose end nobody recorded, is not run again.
    is_whole = reached[-1] == len(whole) or (has_outputs and reached[-1] == 0 and max(reached) == len(whole))
    if not found and logs and not is_whole:
        found.append(f"its last log ends after {reached[-1]} bytes of {len(whole)}, marked gaps included")
    return found


MARK = re.compile(rb"\[acode: (\d+) bytes of output are missing here")


def follow(log: bytes, whole: bytes) -> tuple[int, str | None]:
    """How much of what was written a log accounts for, and where it differs from that. An entry `F` ends a line."""
    at = 0
    for line in log.split(b"\n"):
        entry = line.split(b" ", 3)
        if len(entry) < 4:
            continue
        _, stream, kind, text = entry
        if stream == b"stderr":
            if mark := MARK.match(text):
                at += int(mark[1])
            elif text:
                return at, f"it has an error {text[:200]!r}"
            continue
        text += b"\n" if kind == b"F" else b""
        if whole[at:at + len(text)] != text:
            return at, f"after {at} bytes it has {text[:60]!r} and not {whole[at:at + 60]!r}"
        at += len(text)
    return at, f"it has {at} bytes of {len(whole)}, marked gaps included" if at > len(whole) else None


def of_file(path: Path, wanted: str) -> list[str]:
    text = path.read_text() if path.exists() else None
    return [] if text == wanted else [f"{path} holds {text!r} and not {wanted!r}"]


def of_engine(stage: Stage) -> list[str]:
    found = [f"a container is left: {each['Names']} {each['Status']}" for each in stage.containers()]
    volumes = json.loads(request(stage.socket, "GET", "/volumes"))["Volumes"] or []
    networks = json.loads(request(stage.socket, "GET", "/networks"))
    for kind, things in (("volume", volumes), ("network", networks)):
        ours = [each["Name"] for each in things if (each.get("Labels") or {}).get("acode.pool") == POOL]
        found += [f"a {kind} is left: {name}" for name in ours]
    return found


def of_host(stage: Stage) -> list[str]:
    found = []
    installation = stage.state / "installation-id"
    # Where secrets are when the runtime directory is on a disk.
    memory = Path("/dev/shm", f"acode-{os.geteuid()}", read(installation).decode().strip() or "none")
    for root in (stage.runtime, stage.state / "workers", memory):
        for path in sorted(root.rglob("*")):
            # What a pool keeps: its lock.
            if path.is_dir() and path.name in ("w", POOL) or path.name.endswith(".lock") or path.name == "lock":
                continue
            found.append(f"a file is left: {path}")
    found += [f"the secret is in {path}" for path in sorted(stage.state.rglob("*")) if holds(path, stage.secret)]
    place = str(stage.place).encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            words = read(process / "cmdline")
            if place in words or place in read(process / "environ"):
                found.append(f"a process is left: {process.name} {words[:200]!r}")
    return found


def holds(path: Path, secret: str) -> bool:
    return path.is_file() and secret.encode() in path.read_bytes()


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
