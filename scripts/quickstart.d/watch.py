#!/usr/bin/env python3
"""Shows tasks and workers while tasks run, then how each task ended. Exits with 0 when all ended as expected.

usage: watch.py ACODE CONFIG OUTCOMES SUPERVISOR_PID ID...
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime

ENDED = {"complete", "error", "cancelled", "resolvedManually"}
LIMIT = 300


class Watch:
    def __init__(self, acode: str, config: str, outcomes: str, supervisor: str, ids: list[str]):
        self.acode, self.config, self.ids = acode, config, ids
        self.supervisor = int(supervisor)
        with open(outcomes, encoding="utf-8") as file:
            self.expected = dict(line.split() for line in file if line.strip())
        self.is_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.drawn = 0
        self.seen: dict[str, str] = {}
        self.begun = time.monotonic()

    def ask(self, *command: str) -> list[dict]:
        line = [self.acode, *command, "--json", "--config", self.config]
        done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else []

    def tasks(self) -> list[dict]:
        mine = {task["id"]: task for task in self.ask("task", "list", "--limit", "1000")}
        return [mine[one] for one in self.ids if one in mine]

    def run(self) -> int:
        while True:
            tasks = self.tasks()
            if self.is_terminal:
                self.draw(tasks, self.ask("worker", "list"))
            else:
                self.tell(tasks)
            if tasks and all(task["state"] in ENDED for task in tasks):
                break
            if not os.path.exists(f"/proc/{self.supervisor}"):
                return self.fail("the supervisor has ended")
            if time.monotonic() - self.begun > LIMIT:
                return self.fail(f"not done after {LIMIT} s")
            time.sleep(0.25)
        self.clear()
        return self.summary(tasks)

    def fail(self, words: str) -> int:
        print(f"quickstart: error: {words}", file=sys.stderr)
        return 1

    # While they run

    def clear(self) -> None:
        if self.drawn:
            sys.stdout.write(f"\x1b[{self.drawn}A\x1b[J")
            self.drawn = 0

    def draw(self, tasks: list[dict], workers: list[dict]) -> None:
        names = {task["id"]: task["name"] for task in tasks}
        lines = [f"{'worker':<14} {'status':<13} task"]
        for worker in workers:
            place = (worker["containerID"] or "process")[:12]
            lines.append(f"{place:<14} {worker['status']:<13} {names.get(worker['task'], '')}")
        lines += ["", f"{'task':<24} {'state':<12} {'outcome':<14} {'seconds':>7}"]
        for task in tasks:
            lines.append(f"{task['name']:<24} {task['state']:<12} {task['outcome'] or '':<14} {seconds(task):>7}")
        size = shutil.get_terminal_size()
        lines = [line[: size.columns - 1].rstrip() for line in lines[: size.lines - 2]]
        self.clear()
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        self.drawn = len(lines)

    def tell(self, tasks: list[dict]) -> None:
        for task in tasks:
            words = f"{task['state']} {task['outcome'] or ''}".strip() if task["state"] in ENDED else task["state"]
            if self.seen.get(task["id"]) != words and (task["state"] in ENDED or task["state"] == "inProgress"):
                print(f"{time.monotonic() - self.begun:6.1f} s  {task['name']:<24} {words}", flush=True)
            self.seen[task["id"]] = words

    # At the end

    def summary(self, tasks: list[dict]) -> int:
        rows = [("task", "outcome", "code", "tries", "seconds", "reason")]
        surprises = []
        for task in tasks:
            code = "" if task["exitCode"] is None else str(task["exitCode"])
            reason = task["reason"] or ""
            rows.append((task["name"], task["outcome"] or "", code, str(task["attempt"]), seconds(task), reason))
            if self.expected.get(task["name"]) != task["outcome"]:
                surprises.append(task["name"])
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        print()
        for row in rows:
            cells = [text.ljust(width) for text, width in zip(row[:2], widths)]
            cells += [text.rjust(width) for text, width in zip(row[2:5], widths[2:])]
            print("  ".join([*cells, row[5]]).rstrip())
        print()
        if surprises:
            return self.fail(f"ended otherwise than expected: {', '.join(surprises)}")
        print(f"All {len(tasks)} tasks ended as they should.")
        return 0


def seconds(task: dict) -> str:
    """How long it has run, or ran."""
    if not task["startedAt"]:
        return ""
    begin = moment(task["startedAt"])
    end = moment(task["finishedAt"]) if task["finishedAt"] else time.time()
    return f"{max(0.0, end - begin):.1f}"


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    try:
        sys.exit(Watch(*sys.argv[1:5], sys.argv[5:]).run())
    except KeyboardInterrupt:
        sys.exit(130)
