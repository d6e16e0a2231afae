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
        found = database.execute(
            "SELECT seq, priority FROM ready WHERE queue = 'default' AND container = 0 AND unnamed = 1 AND "
            "(expire_at IS NULL OR expire_at > ?) ORDER BY priority DESC, seq LIMIT ?", (now, batch)).fetchall()  # fmt: skip
        if not found:
            database.execute("ROLLBACK")
            break
        number = following(database)
        leases = []
        for place, (seq, priority) in enumerate(found):
            database.execute(TASK, (seq,)).fetchone()
            database.execute("DELETE FROM ready WHERE queue = 'default' AND container = 0 AND unnamed = 1 AND "
                             "priority = ? AND seq = ?", (priority, seq))  # fmt: skip
            token = random.getrandbits(63)
            database.execute(
                "INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until, queue, deliveries, "
                "claimed_at, claimed_seq) VALUES (?, ?, 1, ?, 'bench', ?, 'default', 1, ?, ?)",
                (seq, token, SUPERVISOR, now + 30_000, now, number + place))  # fmt: skip
            leases.append((seq, token))
        count(database, "enqueued", "inProgress", len(found), number)
        database.execute("COMMIT")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        number = following(database)
        for place, lease in enumerate(leases):
            row = database.execute("SELECT attempt, supervisor, host, claimed_at, claimed_seq, token, deliveries "
                                   "FROM lease WHERE task_seq = ? AND token = ?", lease).fetchone()  # fmt: skip
            database.execute("DELETE FROM lease WHERE task_seq = ?", lease[:1])
            database.execute(
                "UPDATE task_state SET state = 'complete', outcome = 'succeeded', exit_code = 0, reason = 'exit 0', "
                "finished_at = ?, ended_seq = ?, attempt = ?, supervisor = ?, host = ?, claimed_at = ?, claimed_seq = ?, "
                "ended_token = ?, deliveries = ? WHERE seq = ?", (now, number + place, *row, lease[0]))  # fmt: skip
        count(database, "inProgress", "complete", len(found), number)
        database.execute("COMMIT")
    spent = time.perf_counter() - begun
    database.close()
    return spent


SUPERVISOR = "01890a5d-ac96-774b-bcce-b302099a8057"
TASK = "SELECT t.id, t.spec, t.created_at, s.attempt FROM task_state s CROSS JOIN task t ON t.seq = s.seq WHERE s.seq = ?"


def following(database: sqlite3.Connection) -> int:
    """The next number of the timelines."""
    return database.execute("SELECT count + 1 FROM queue_count WHERE queue = '' AND state = 'sequence'").fetchone()[0]


def count(database: sqlite3.Connection, before: str, after: str, tasks: int, number: int) -> None:
    """How many tasks are in each state now, and the number given last."""
    for state, change in ((before, -tasks), (after, tasks)):
        database.execute(
            "INSERT INTO queue_count (queue, state, count) VALUES ('default', ?, ?) "
            "ON CONFLICT (queue, state) DO UPDATE SET count = count + excluded.count", (state, change))  # fmt: skip
    database.execute("INSERT OR REPLACE INTO queue_count VALUES ('', 'sequence', ?)", (number + tasks - 1,))
