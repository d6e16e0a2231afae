"""A supervisor with its pool, in directories of its own, used as people use it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .engines import IMAGE, Engine, clean_environment, request


class Pool:
    """`acode worker start` with `count` container workers; a context manager that leaves nothing behind."""

    def __init__(
        self, acode: str, engine: Engine, count: int, mounts: list[dict] | None = None, log_cap: str = "64MiB",
        grace: str = "10s", workers: dict | None = None, spares: int = 0,
    ):  # fmt: skip
        self.acode = acode
        self.engine = engine
        self.count = count
        self.spares = spares
        self.place = Path(tempfile.mkdtemp(prefix="acode-bench-"))
        self.control = str(self.place / "r" / "bench" / "control.sock")
        settings = {
            "workers": {
                "mode": "docker", "count": count, "pool": "bench", "fallback": False,
                "stopTimeout": grace, **(workers or {}),
                "docker": {"socket": engine.socket, "image": IMAGE, "pullPolicy": "never", "mounts": mounts or []},
            },
            "logs": {"maxBytesPerAttempt": log_cap, "level": "warning"},
            "state": {"dir": str(self.place / "s"), "runtimeDir": str(self.place / "r")},
        }  # fmt: skip
        self.config = self.place / "acode.yaml"
        self.config.write_text(json.dumps(settings))
        self.environment = clean_environment()

    def __enter__(self) -> Pool:
        self.log = (self.place / "supervisor.log").open("w")
        self.process = subprocess.Popen(
            [self.acode, "worker", "start", "--config", str(self.config)],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)  # fmt: skip
        # Seldom, because whoever asks takes from the time of who answers.
        try:
            self.wait(lambda: self.status().get("ready") == self.count + self.spares, 30 + 5 * self.count, "its workers", 0.05)
        except BaseException:
            # Nobody calls `__exit__` of what was never entered.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        try:
            self.stop()
        finally:
            self.log.close()
            shutil.rmtree(self.place, ignore_errors=True)

    def stop(self) -> float:
        """Ends it gracefully; how long that took, in seconds."""
        begun = time.perf_counter()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("the supervisor did not end within a minute") from None
        return time.perf_counter() - begun

    def wait(self, condition, seconds: float, what: str, pause: float = 0.01) -> None:
        """Waits for a condition, at most so long, and not at all when the supervisor has died."""
        limit = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > limit:
                words = (self.place / "supervisor.log").read_text()[-2000:]
                raise RuntimeError(f"waited in vain for {what}; the supervisor said: {words}")
            time.sleep(pause)

    def status(self) -> dict:
        """What the supervisor says about itself; empty while it does not answer."""
        try:
            return json.loads(request(self.control, "GET", "/v1/status"))
        except (OSError, RuntimeError):
            return {}

    def workers(self) -> list[dict]:
        return json.loads(request(self.control, "GET", "/v1/workers"))

    def counter(self, name: str) -> float:
        """A number of /metrics, over all of its labels."""
        text = request(self.control, "GET", "/metrics").decode()
        found = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? ([-+.e0-9]+)$", text, re.M)
        return sum(map(float, found))

    def run(self, *arguments: str, environment: dict | None = None) -> subprocess.CompletedProcess:
        """Runs a command of acode against this pool."""
        line = [*arguments]
        at = line.index("--") if "--" in line else len(line)
        line[at:at] = ["--config", str(self.config)]
        return subprocess.run(
            [self.acode, *line], env={**self.environment, **(environment or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=600, check=True)  # fmt: skip

    def submit(self, *command: str, environment: dict | None = None) -> str:
        """Puts one task into the queue; its id."""
        return self.run("task", "submit", "--quiet", "--", *command, environment=environment).stdout.strip()

    def submit_many(self, tasks: list[dict]) -> list[str]:
        """Puts many into it by file; their ids."""
        file = self.place / "tasks.json"
        file.write_text(json.dumps({"tasks": tasks}))
        return self.run("task", "submit", "--quiet", "--file", str(file)).stdout.split()

    def tasks(self, limit: int) -> list[dict]:
        return json.loads(self.run("task", "list", "--json", "--limit", str(limit)).stdout)

    def output(self, task: str) -> str:
        """The output of a task's first attempt, out of its log: lines of time, stream, tag and text."""
        lines = (self.place / "s" / "logs" / task / "1.log").read_text().splitlines()
        return "\n".join(line.split(" ", 3)[3] for line in lines)

    def settle(self, task: str | None = None) -> None:
        """Waits until nothing runs, and the task has had its turn."""
        log = self.place / "s" / "logs" / (task or "") / "1.log"
        self.wait(
            lambda: (not task or log.exists() and log.stat().st_size > 0) and self.status().get("busy") == 0,
            120, "the end of its tasks")  # fmt: skip
