"""Proves that a stage on which everything went wrong is as it must be."""

from __future__ import annotations

import json
import os
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
    for task in stage.ids:
        found += [f"task {task}: {words}" for words in of_task(stage, task)]
    return found + of_engine(stage) + of_host(stage)


def of_task(stage: Stage, task: str) -> list[str]:
    details = json.loads(stage.run("task", "show", "--json", task))
    _, lines, code, secrets = map(int, details["name"].split(":"))
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
    if details["attempts"]:
        found += of_output(Path(details["attempts"][-1]["log"]), lines, bool(secrets))
    return found


def of_output(log: Path, lines: int, has_secret: bool) -> list[str]:
    """Each line once and in order, or a mark where some are missing."""
    if not log.exists():
        return [f"it has no log {log}"]
    texts = lines_of(log.read_text(errors="replace"))
    if any("are missing here" in text for text in texts):
        numbers = [int(text[5:]) for text in texts if text.startswith("line ") and text[5:].isdigit()]
        return [] if numbers == sorted(set(numbers)) else ["its output has lines twice or out of order"]
    wanted = [f"line {number}" for number in range(1, lines + 1)] + (["[secret chaos]"] if has_secret else [])
    if texts != wanted:
        shorter = min(len(texts), len(wanted))
        differs = next((i for i in range(shorter) if texts[i] != wanted[i]), shorter)
        found = f"{len(texts)} lines of {len(wanted)}, other from line {differs + 1} on: {texts[differs:differs + 2]}"
        return [f"its output is not what it wrote: {found}"]
    return []


def lines_of(log: str) -> list[str]:
    """The lines of standard output; an entry `P` is the beginning of one that goes on in the next entry."""
    texts, begun = [], ""
    for line in log.split("\n"):
        entry = line.split(" ", 3)
        if len(entry) == 4 and entry[1] == "stdout":
            begun += entry[3]
            if entry[2] == "F":
                texts.append(begun)
                begun = ""
    return [*texts, begun] if begun else texts


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
    for root in (stage.runtime, stage.state / "workers"):
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
