"""`scripts/bench queue`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from .. import report
from . import embedded
from .contenders import PEERS, Acode, environment, peers
from .measures import FULL, QUICK, Bench, all_measures
from .server import SETTINGS, Server

ROOT = Path(__file__).resolve().parents[4]
MEASURES = ["submit", "work", "whole", "large", "latency", "backlog", "pinned", "images", "churn", "sqlite"]


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench queue",
        description="Measures the durable queue beside awa-pg, PgQueuer and Procrastinate on a PostgreSQL server of its "
        "own that flushes every commit, in turns, and in SQLite beside a bare loop of the same transactions. No "
        "processes are run: a supervisor is a process that claims tasks and completes them at once. Prints a Markdown "
        "table; all numbers go to bench-results/ as JSON. Exits with 1 when a number misses what it must be. The full "
        "run takes an hour or more.",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs; not for publishing")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each measure (default: 3, with --quick 1)")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long work lasts (default: 60, with --quick 6)")
    parser.add_argument("--only", action="append", choices=MEASURES, help="only this measure; may be repeated")
    parser.add_argument("--beside", action="append", choices=[*PEERS, "nobody"], help="only this peer; may be repeated")
    parser.add_argument("--program", metavar="PATH", help="the driver; by default the release build is made")
    parser.add_argument("--python", metavar="DIR", default=str(ROOT / ".build" / "bench-peers"),
                        help="where the peers are installed (default: .build/bench-peers)")  # fmt: skip
    return parser.parse_args(words)


def build() -> str:
    subprocess.run(["swift", "build", "-c", "release", "--product", "acode-queue-bench"], cwd=ROOT, check=True,
                   stdout=sys.stderr)  # fmt: skip
    return str(ROOT / ".build" / "release" / "acode-queue-bench")


def main(words: list[str]) -> int:
    options = arguments(words)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    acode = Acode(os.path.abspath(options.program) if options.program else build())
    wanted = options.beside or list(PEERS)
    others = [] if wanted == ["nobody"] else [
        one for one in peers(environment(Path(options.python).absolute())) if one.name in wanted]  # fmt: skip
    plan = QUICK if options.quick else FULL
    plan = replace(plan, rounds=options.rounds or plan.rounds, steady=options.seconds or plan.steady)
    names = options.only or MEASURES
    where, rows, server = report.machine(), [], None
    for name in names:
        print(f"bench: queue: {name}", file=sys.stderr, flush=True)
        if name == "sqlite":
            rows += embedded.measure(acode, plan.rounds)
            continue
        # One server for each measure, so that what one leaves behind doesn't slow down the next.
        with Server() as server:
            rows += all_measures(Bench(server, acode, others, plan))[name]()
    version = f"PostgreSQL {server.version}" if server else "SQLite"
    settings = ", ".join(f"{name} {value}" for name, value in SETTINGS.items())
    print(f"\n{heading(version, where, plan.rounds, settings)}\n\n{report.table(rows)}\n", flush=True)
    engine = SimpleNamespace(kind="queue", version=version)
    file = report.save(ROOT / "bench-results", engine, where, rows, settings, not options.program)
    print(f"bench: all numbers are in {file}", file=sys.stderr)
    return 0 if all(row.holds is not False for row in rows) else 1


def heading(version: str, where: dict, rounds: int, settings: str) -> str:
    return (
        f"{version} ({settings}), {where['cores']} cores ({where['cpu']}), Linux {where['kernel']}; load "
        f"{where['loadBefore']} before. Median of {rounds} interleaved rounds (lowest–highest)."
    )
