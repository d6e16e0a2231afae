"""The measures in SQLite, beside a bare loop of the same transactions."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from ..samples import Row, interleave, series
from .contenders import Acode

COUNT = 20_000


def measure(acode: Acode, rounds: int) -> list[Row]:
    """Claims and completions, 100 at once and one by one; each is on the disk before the next."""
    rows = []
    for batch, count, goal in [(100, COUNT, 100_000), (1, COUNT // 5, 4_000)]:

        def ours(batch: int = batch, count: int = count) -> list[float]:
            with Filled(acode, count) as path:
                return [acode.rates("work", path, batch=batch, seconds=60).rate]

        def bare(batch: int = batch, count: int = count) -> list[float]:
            with Filled(acode, count) as path:
                return [count / loop(path, batch)]

        taken = interleave(rounds, {"ours": ours, "bare": bare})
        one, other = series(taken["ours"]), series(taken["bare"])
        ratio = other.median / one.median
        name = "one by one" if batch == 1 else f"{batch} at once"
        reached = "reached" if one.median >= goal else "missed"
        rows.append(Row(f"SQLite: claim to completion, {name}", "tasks/s", one, {"bare loop": other}, "≤ 1.3× slower",
                        ratio <= 1.3, f"{ratio:.2f}× slower, goal ≥ {goal} {reached}"))  # fmt: skip
    return rows


class Filled:
    """A file with so many tasks, made by acode."""

    def __init__(self, acode: Acode, count: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="acode-bench-sqlite-"))
        self.path = str(self.directory / "state" / "acode.sqlite")
        acode.rates("submit", self.path, batch=1000, count=count)

    def __enter__(self) -> str:
        return self.path

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def loop(path: str, batch: int) -> float:
    """The seconds that the same rows take without anything around them: no specification is read, nothing is decided."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    begun = time.perf_counter()
    while True:
        now = int(time.time() * 1000)
        # A claim needn't outlive a loss of power, an end must.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        found = [row[0] for row in database.execute(
            "SELECT seq FROM task_state INDEXED BY task_ready WHERE state = 'enqueued' AND queue = 'default' AND "
            "container = 0 AND (image IS NULL) = 1 ORDER BY priority DESC, seq LIMIT ?", (batch,))]  # fmt: skip
        if not found:
            database.execute("ROLLBACK")
            break
        for seq in found:
            database.execute(
                "UPDATE task_state SET state = 'inProgress', attempt = attempt + 1, deliveries = deliveries + 1, "
                "progress = NULL, worker = NULL, started_at = NULL WHERE seq = ?", (seq,))  # fmt: skip
            database.execute("SELECT id, spec, created_at FROM task WHERE seq = ?", (seq,)).fetchone()
            database.execute("INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until) "
                             "VALUES (?, ?, 1, 's', 'bench', ?)", (seq, random.getrandbits(63), now))  # fmt: skip
            database.execute("INSERT INTO attempt (task_seq, attempt, supervisor, host, claimed_at) "
                             "VALUES (?, 1, 's', 'bench', ?)", (seq, now))  # fmt: skip
            tell(database, seq, "claimed", "attempt 1 claimed by bench", now)
        count(database, "enqueued", "inProgress", len(found))
        database.execute("COMMIT")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        for seq in found:
            database.execute("SELECT token, attempt FROM lease WHERE task_seq = ?", (seq,)).fetchone()
            database.execute("DELETE FROM lease WHERE task_seq = ?", (seq,))
            database.execute("UPDATE attempt SET finished_at = ?, outcome = 'succeeded', exit_code = 0, reason = 'exit 0' "
                             "WHERE task_seq = ? AND attempt = 1", (now, seq))  # fmt: skip
            database.execute("UPDATE task_state SET state = 'complete', outcome = 'succeeded', exit_code = 0, "
                             "reason = 'exit 0', finished_at = ? WHERE seq = ?", (now, seq))  # fmt: skip
            tell(database, seq, "completed", "exit 0", now)
        count(database, "inProgress", "complete", len(found))
        database.execute("COMMIT")
    spent = time.perf_counter() - begun
    database.close()
    return spent


def tell(database: sqlite3.Connection, seq: int, kind: str, message: str, now: int) -> None:
    database.execute("INSERT INTO event (task_seq, attempt, kind, message, at) VALUES (?, 1, ?, ?, ?)",
                     (seq, kind, message, now))  # fmt: skip


def count(database: sqlite3.Connection, before: str, after: str, tasks: int) -> None:
    for state, change in ((before, -tasks), (after, tasks)):
        database.execute(
            "INSERT INTO queue_count (queue, state, count) VALUES ('default', ?, ?) "
            "ON CONFLICT (queue, state) DO UPDATE SET count = count + excluded.count", (state, change))  # fmt: skip
