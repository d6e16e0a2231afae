"""acode and its peers, each driven by a program of its own with the same words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Pinned, so that numbers of different days can be compared.
PACKAGES = {"awa-pg": "0.6.9", "pgqueuer": "1.6.0", "procrastinate": "3.10.0"}
DRIVERS = ["asyncpg==0.32.0", "psycopg[binary,pool]==3.3.9", "uvloop==0.23.0"]
PEERS = {
    "awa": "awa-pg 0.6.9", "pgqueuer": "PgQueuer 1.6.0", "pgqueuer-tuned": "PgQueuer 1.6.0 tuned",
    "procrastinate": "Procrastinate 3.10.0",
}  # fmt: skip


def environment(directory: Path) -> Path:
    """A Python with the peers, made when it isn't there."""
    python = directory / "bin" / "python"
    wanted = [f"{name}=={version}" for name, version in PACKAGES.items()] + DRIVERS
    stamp = directory / "installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        print(f"bench: installing {', '.join(wanted)} in {directory}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True, stdout=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True, stdout=sys.stderr)
        stamp.write_text("\n".join(wanted))
    return python


@dataclass
class Report:
    """What one or several processes did together."""

    tasks: int
    seconds: float
    per_second: list[int]
    cpu: float

    @property
    def rate(self) -> float:
        return self.tasks / self.seconds if self.seconds else 0.0


class Contender:
    """A queue in a database. `line` is how its program is called; `place` is the option that names the database."""

    def __init__(self, name: str, line: list[str], place: str) -> None:
        self.name, self.line, self.place = name, line, place

    def start(self, mode: str, place: str, **options: object) -> subprocess.Popen:
        named = {f"--{name.replace('_', '-')}": value for name, value in options.items()}
        words = [name if value is True else f"{name}={value}" for name, value in named.items()]
        return subprocess.Popen(
            [*self.line, mode, self.place, place, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, mode: str, place: str, processes: int = 1, **options: object) -> list[dict]:
        """Runs so many at the same time, and returns what they printed."""
        before = os.times()
        running = [self.start(mode, place, **options) for _ in range(processes)]
        answers = []
        try:
            for process in running:
                out, error = process.communicate()
                if process.returncode:
                    raise SystemExit(f"bench: {self.name}: {mode} failed:\n{error[-2000:]}")
                answers.append(json.loads(out.splitlines()[-1]) if out.strip() else {})
        finally:
            # When one failed, or the whole is ended, nobody waits for the others.
            for process in running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        after = os.times()
        self.cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return answers

    def setup(self, place: str) -> None:
        self.run("setup", place)

    def rates(self, mode: str, place: str, processes: int = 1, **options: object) -> Report:
        answers = self.run(mode, place, processes, **options)
        longest = max(len(answer["perSecond"]) for answer in answers)
        series = [answer["perSecond"] + [0] * (longest - len(answer["perSecond"])) for answer in answers]
        return Report(
            sum(answer["tasks"] for answer in answers), max(answer["seconds"] for answer in answers),
            [sum(second) for second in zip(*series)], self.cpu)  # fmt: skip

    def waits(self, place: str, **options: object) -> list[float]:
        return self.run("latency", place, **options)[0]["milliseconds"]


class Acode(Contender):
    """The real store, in a process for each supervisor, without workers."""

    def __init__(self, program: str) -> None:
        super().__init__("acode", [program], "--store")

    def setup(self, place: str) -> None:
        self.run("submit", place, count=1)
        self.run("work", place, seconds=5)


def peers(python: Path) -> list[Contender]:
    script = str(Path(__file__).with_name("peer.py"))
    return [Peer(name, [str(python), script, name], "--url") for name in PEERS]


class Peer(Contender):
    """One of the others."""
