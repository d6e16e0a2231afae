"""The measures in PostgreSQL: each contender in turn in a database of its own, all on one server."""

from __future__ import annotations

from dataclasses import dataclass

from ..samples import Row, Series, interleave, percentile, series
from .contenders import PEERS, Acode, Contender, Report
from .server import Server

# Tasks a second at most, to know how many must wait so that work lasts.
EXPECTED = {"acode": 50000, "awa": 12000, "pgqueuer": 9000, "pgqueuer-tuned": 24000, "procrastinate": 1000}


@dataclass
class Plan:
    """How much of everything."""

    rounds: int
    steady: float
    submitting: float
    waits: int
    backlog: int
    churn: int


FULL = Plan(rounds=3, steady=60, submitting=10, waits=1000, backlog=1_000_000, churn=1_000_000)
QUICK = Plan(rounds=1, steady=6, submitting=3, waits=100, backlog=50_000, churn=50_000)


class Bench:
    """One server, acode and its peers."""

    def __init__(self, server: Server, acode: Acode, peers: list[Contender], plan: Plan) -> None:
        self.server, self.acode, self.peers, self.plan = server, acode, peers, plan
        self.usage: dict[str, list[tuple[float, float, float]]] = {}

    @property
    def all(self) -> list[Contender]:
        return [self.acode, *self.peers]

    def fresh(self, one: Contender) -> str:
        """A new database with the contender's tables."""
        name = "bench_" + one.name.replace("-", "_")
        self.server.make(name)
        place = self.server.url(name)
        one.setup(place)
        return place

    def turns(self, take) -> dict[str, list[list[float]]]:
        """Takes a number of each in turn, as often as there are rounds."""
        return interleave(self.plan.rounds, {one.name: lambda one=one: [take(one)] for one in self.all})

    def beside(
        self, measure: str, unit: str, taken: dict, goal: float, better: str = "more", beside: list | None = None,
        twice: bool = False,
    ) -> Row:
        """acode must be ahead of every peer; the goals are told in the note, `twice` being one."""
        ours = series(taken["acode"])
        others = {PEERS[one.name]: series(taken[one.name]) for one in (self.peers if beside is None else beside)}
        note, holds = "", None
        if others:
            medians = [one.median for one in others.values()]
            best = max(medians) if better == "more" else min(medians)
            ratio = ours.median / best if better == "more" else best / ours.median
            holds, note = ratio > 1, f"{ratio:.2f}× the best"
        reached = ours.median >= goal if better == "more" else ours.median <= goal
        if twice and holds is not None:
            note += f", goal ≥ 2× {'reached' if ratio >= 2 else 'missed'}"
        if goal:
            note += f"{', ' if note else ''}goal {'≥' if better == 'more' else '≤'} {goal:g} {'reached' if reached else 'missed'}"
        return Row(measure, unit, ours, others, "ahead of all" if others else "", holds, note)

    # Each measure.

    def submit(self, batch: int, payload: int, goal: float) -> Row:
        def take(one: Contender) -> float:
            place = self.fresh(one)
            return one.rates("submit", place, batch=batch, seconds=self.plan.submitting, payload=payload).rate

        name = "submit one by one" if batch == 1 else f"submit {batch} at once"
        return self.beside(f"{name}, {payload} B", "tasks/s", self.turns(take), goal)

    def worked(
        self, one: Contender, place: str, supervisors: int, payload: int = 200, has_run: bool = False
    ) -> Report:
        """Claims to completions from a backlog that lasts."""
        count = int(EXPECTED[one.name] * self.plan.steady)
        # A task is done long before the next checkpoint, as a rule: none comes between its submission and its end, or the
        # server would write whole pages to its log the first time it touches them.
        self.server.query(place.rsplit("/", 1)[1], "CHECKPOINT")
        one.rates("submit", place, batch=1000, producers=2, count=count, payload=payload)
        self.server.query(place.rsplit("/", 1)[1], "VACUUM ANALYZE")
        options = {"batch": 200, "loops": 2 if supervisors == 1 else 1} if one is self.acode else {}
        options |= {"has_run": True} if has_run else {}
        log, cpu = self.server.usage()
        report = one.rates("work", place, supervisors, seconds=self.plan.steady, **options)
        after = self.server.usage()
        tasks = max(report.tasks, 1)
        key = f"{one.name} {supervisors} {payload}{' told' if has_run else ''}"
        self.usage.setdefault(key, []).append(
            ((after[0] - log) / tasks, (after[1] - cpu) / tasks * 1e6, report.cpu / tasks * 1e6))
        return report

    def work(self, supervisors: int, payload: int = 200) -> list[Row]:
        fading: list[list[float]] = []

        def take(one: Contender) -> float:
            report = self.worked(one, self.fresh(one), supervisors, payload)
            part = max(1, len(report.per_second) // 4)
            if one is self.acode and len(report.per_second) >= 4:
                fading.append([sum(report.per_second[-part:]) / max(1, sum(report.per_second[:part]))])
            return report.rate

        what = f"claim to completion, {supervisors} supervisor{'s' if supervisors > 1 else ''}, {payload} B"
        rows = [self.beside(what, "tasks/s", self.turns(take), 25000, twice=True)]
        for place, (name, unit, goal) in enumerate(
            [("log of the server", "B/task", 600), ("CPU time of the server", "µs/task", 0),
             ("CPU time of the supervisors", "µs/task", 0)]):  # fmt: skip
            taken = {
                one.name: [[each[place]] for each in self.usage[f"{one.name} {supervisors} {payload}"]] for one in self.all
            }
            rows.append(self.beside(f"— {name}", unit, taken, goal, better="less"))
        if fading:
            rows.append(Row("— last quarter of the time beside the first", "×", series(fading), must="≥ 0.8",
                            holds=series(fading).median >= 0.8))  # fmt: skip
        return rows

    def whole(self) -> list[Row]:
        """acode alone, with all that the end of a command says."""
        report = [self.worked(self.acode, self.fresh(self.acode), 1, has_run=True) for _ in range(self.plan.rounds)]
        used = self.usage["acode 1 200 told"]
        what = "claim to completion, ends tell of worker, start and usage"
        return [self.beside(what, "tasks/s", {"acode": [[each.rate] for each in report]}, 25000, beside=[]),
                self.beside("— log of the server", "B/task", {"acode": [[each[0]] for each in used]}, 0, "less", [])]  # fmt: skip

    def latency(self) -> list[Row]:
        def take(one: Contender) -> list[float]:
            # Enough of the slowest to have a 99th of a hundred.
            return one.waits(self.fresh(one), count=self.plan.waits)

        taken = interleave(self.plan.rounds, {one.name: lambda one=one: take(one) for one in self.all})
        rows = []
        for percent, goal in [(50, 1.5), (99, 3.0)]:
            reduced = {name: [[percentile(values, percent)] for values in rounds] for name, rounds in taken.items()}
            rows.append(self.beside(f"submitted to claimed, p{percent}", "ms", reduced, goal, better="less"))
        return rows

    def under(self, name: str, must: float, prepare, claim_only: bool = False, **hard_tasks: int) -> Row:
        """How much slower acode claims and completes so many tasks under a condition than without it, in turns."""
        only = {"claim_only": True} if claim_only else {}
        count = 40_000
        ratios = []
        for _ in range(self.plan.rounds):
            rates = []
            for hard in (False, True):
                place = self.fresh(self.acode)
                release = prepare(place) if hard else lambda: None
                self.acode.rates("submit", place, batch=1000, count=count, **hard_tasks if hard else {})
                self.server.query("postgres", "CHECKPOINT")
                # The oldest go first, so what is claimed is the backlog's.
                rates.append(self.acode.rates("work", place, batch=100, count=count, **only).rate)
                release()
            ratios.append([rates[0] / max(rates[1], 1e-9)])
        taken = series(ratios)
        return Row(name, "× slower", taken, must=f"≤ {must}", holds=taken.median <= must)

    def backlog(self) -> Row:
        def prepare(place: str):
            self.acode.rates("submit", place, batch=1000, producers=2, count=self.plan.backlog)
            return lambda: None

        return self.under(f"claim with {self.plan.backlog:,} tasks waiting", 1.5, prepare, claim_only=True)

    def pinned(self) -> Row:
        def prepare(place: str):
            process = self.server.pin(place.rsplit("/", 1)[1])

            def release() -> None:
                process.stdin.close()
                process.wait()

            return release

        return self.under("claim to completion while a transaction keeps dead rows", 3, prepare)

    def images(self) -> Row:
        return self.under("claim to completion of tasks of 50 images", 1.5, lambda _: lambda: None, images=50)

    def churn(self) -> list[Row]:
        """Tasks come, go and are forgotten, as retention has it; no table may wear out. A million is an hour's worth at 278
        tasks a second."""
        passing, growth = [], []
        for _ in range(self.plan.rounds):
            place = self.fresh(self.acode)
            name = place.rsplit("/", 1)[1]
            done, first = 0, 0.0
            while done < self.plan.churn:
                self.acode.rates("submit", place, batch=500, count=20_000)
                done += self.acode.rates("work", place, batch=100, seconds=60).tasks
                self.acode.rates("prune", place)
                if not first or done <= self.plan.churn // 5:
                    first = self.megabytes(name, "true")
            passing.append([self.megabytes(name, "relname IN ('ready', 'scheduled', 'lease', 'count_delta', 'change')")])
            growth.append([self.megabytes(name, "true") / first])
        small, all_tables = series(passing), series(growth)
        count = f"{self.plan.churn:,}"
        return [
            Row(f"tables of what is under way after {count} tasks", "MB", small, must="≤ 64", holds=small.median <= 64),
            Row(f"all tables after {count} tasks, 20,000 at a time, beside those after a fifth", "× larger", all_tables,
                must="≤ 1.5", holds=all_tables.median <= 1.5),
        ]  # fmt: skip

    def megabytes(self, database: str, which: str) -> float:
        """The size of tables with their indexes."""
        return int(self.server.query(database, f"""
            SELECT sum(pg_total_relation_size(oid)) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'acode'::regnamespace AND {which}
        """)) / 1e6  # fmt: skip


def all_measures(bench: Bench) -> dict:
    """The measures by name; each returns rows."""
    return {
        "submit": lambda: [
            bench.submit(1, 200, 0), bench.submit(1000, 200, 100_000), bench.submit(1000, 1500, 0)],
        "work": lambda: bench.work(1) + bench.work(4),
        "whole": bench.whole,
        "large": lambda: bench.work(1, 1500),
        "latency": bench.latency,
        "backlog": lambda: [bench.backlog()],
        "pinned": lambda: [bench.pinned()],
        "images": lambda: [bench.images()],
        "churn": bench.churn,
    }  # fmt: skip
