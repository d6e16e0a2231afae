"""One of acode's peers, driven as its documentation says. Runs in the venv in which they are installed, and prints JSON.

Prefetching, batching and pools are each library's own; handlers do nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass


class Pace:
    """Counts what was done in each second."""

    def __init__(self) -> None:
        self.start = self.last = time.perf_counter()
        self.counts: list[int] = []

    def add(self, tasks: int) -> None:
        self.last = time.perf_counter()
        second = int(self.last - self.start)
        while len(self.counts) <= second:
            self.counts.append(0)
        self.counts[second] += tasks

    @property
    def tasks(self) -> int:
        return sum(self.counts)

    def report(self) -> dict:
        return {"tasks": self.tasks, "seconds": self.last - self.start, "perSecond": self.counts[:-1]}


@dataclass
class Load:
    """An argument of every task, so that it is as large as it must be."""

    x: str


class PgQueuer:
    """PgQueuer on asyncpg. As it comes, or with larger batches and without its table's flush to the disk left out."""

    def __init__(self, url: str, payload: int, tuned: bool) -> None:
        self.url, self.payload, self.tuned = url, b"x" * payload, tuned

    async def connect(self):
        import asyncpg
        from pgqueuer.db import AsyncpgDriver

        return AsyncpgDriver(await asyncpg.connect(self.url))

    async def setup(self) -> None:
        from pgqueuer.queries import Queries

        await Queries(await self.connect()).install()

    async def producer(self):
        from pgqueuer.queries import Queries

        queries = Queries(await self.connect())

        async def submit(count: int) -> None:
            if count == 1:
                await queries.enqueue("task", self.payload)
            else:
                await queries.enqueue(["task"] * count, [self.payload] * count, [0] * count)

        return submit

    async def work(self, handled):
        from datetime import timedelta

        from pgqueuer.qm import QueueManager
        from pgqueuer.queries import Queries

        manager = QueueManager(Queries(await self.connect()))

        @manager.entrypoint("task")
        async def task(_) -> None:
            handled()

        batch = 250 if self.tuned else 10
        running = asyncio.create_task(manager.run(batch_size=batch, dequeue_timeout=timedelta(seconds=5)))

        async def stop() -> None:
            manager.shutdown.set()
            await running

        return stop


class Procrastinate:
    """Procrastinate on psycopg, with 20 tasks at a time, because one at a time is its default."""

    def __init__(self, url: str, payload: int) -> None:
        import procrastinate

        self.payload = "x" * payload
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=8))
        self.handled = lambda: None

        @self.app.task(name="task", pass_context=False)
        async def task(x: str) -> None:
            self.handled()

        self.task = task

    async def setup(self) -> None:
        await self.app.open_async()
        await self.app.schema_manager.apply_schema_async()

    async def producer(self):
        await self.app.open_async()

        async def submit(count: int) -> None:
            if count == 1:
                await self.task.defer_async(x=self.payload)
            else:
                await self.task.batch_defer_async(*[{"x": self.payload}] * count)

        return submit

    async def work(self, handled):
        await self.app.open_async()
        self.handled = handled
        worker = asyncio.create_task(
            self.app.run_worker_async(concurrency=20, install_signal_handlers=False, update_heartbeat_interval=10)
        )

        async def stop() -> None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

        return stop


class Awa:
    """awa-pg with its own storage engine and COPY for batches."""

    def __init__(self, url: str, payload: int) -> None:
        import awa

        self.awa = awa
        self.load = Load("x" * payload)
        self.client = awa.AsyncClient(url)

    async def setup(self) -> None:
        await self.client.migrate()
        await self.client.install_queue_storage()

    async def producer(self):
        @self.client.task(Load, queue="default")
        async def task(_) -> None:
            pass

        async def submit(count: int) -> None:
            if count == 1:
                await self.client.insert(self.load, queue="default")
            else:
                await self.client.enqueue_many_copy([self.load] * count, queue="default")

        return submit

    async def work(self, handled):
        @self.client.task(Load, queue="default")
        async def task(_) -> None:
            handled()

        await self.client.start([("default", 256)])

        async def stop() -> None:
            await self.client.shutdown()

        return stop


def contender(name: str, url: str, payload: int):
    if name == "awa":
        return Awa(url, payload)
    if name == "procrastinate":
        return Procrastinate(url, payload)
    return PgQueuer(url, payload, tuned=name == "pgqueuer-tuned")


async def submit(peer, options: argparse.Namespace) -> dict:
    producers = [await peer.producer() for _ in range(options.producers)]
    pace = Pace()

    async def produce(one, share: int) -> None:
        while share > 0 and time.perf_counter() - pace.start < options.seconds:
            count = min(options.batch, share)
            await one(count)
            pace.add(count)
            share -= count

    share = options.count // options.producers or 1 << 60
    await asyncio.gather(*(produce(one, share) for one in producers))
    return pace.report()


async def work(peer, options: argparse.Namespace) -> dict:
    """Until the time is over, or nothing has come for a while."""
    pace = Pace()
    stop = await peer.work(lambda: pace.add(1))
    while time.perf_counter() - pace.start < options.seconds:
        await asyncio.sleep(0.1)
        if pace.tasks >= (options.count or 1 << 60) or (pace.tasks and time.perf_counter() - pace.last > 2):
            break
    report = pace.report()
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(stop(), 10)
    return report


async def latency(peer, options: argparse.Namespace) -> dict:
    """From before the submission until the handler is called."""
    arrived: asyncio.Queue[float] = asyncio.Queue()
    producer = await peer.producer()
    stop = await peer.work(lambda: arrived.put_nowait(time.perf_counter()))
    await asyncio.sleep(1)
    waits = []
    for number in range(options.count + 10):
        begun = time.perf_counter()
        await producer(1)
        wait = await asyncio.wait_for(arrived.get(), 60) - begun
        # The first ones prepare statements.
        if number >= 10:
            waits.append(wait * 1000)
        await asyncio.sleep(options.pause / 1000)
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(stop(), 10)
    return {"milliseconds": waits}


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["awa", "pgqueuer", "pgqueuer-tuned", "procrastinate"])
    parser.add_argument("mode", choices=["setup", "submit", "work", "latency"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--producers", type=int, default=1)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--payload", type=int, default=200)
    parser.add_argument("--pause", type=int, default=10)
    options = parser.parse_args()
    peer = contender(options.peer, options.url, options.payload)
    if options.mode == "setup":
        await peer.setup()
        report = {}
    else:
        report = await {"submit": submit, "work": work, "latency": latency}[options.mode](peer, options)
    print(json.dumps(report), flush=True)
    # Libraries keep threads and connections that have nothing more to say.
    import os

    os._exit(0)


if __name__ == "__main__":
    with suppress(ImportError):
        import uvloop

        uvloop.install()
    asyncio.run(main())
