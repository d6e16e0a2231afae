"""One engine, one pool in directories of its own, and everything that can be done to them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.engines import IMAGE, clean_environment, request

from .proxy import Proxy

HERE = Path(__file__).resolve().parents[2]
POOL = "chaos"


class Stage:
    """A context manager that leaves nothing behind, whatever happened on it."""

    def __init__(self, acode: str, kind: str, store: str, seed: int):
        self.acode = acode
        self.kind = kind
        self.store = store
        self.random = random.Random(f"{seed}-{kind}")
        self.place = Path(tempfile.mkdtemp(prefix="acode-chaos-"))
        self.engines = f"/tmp/acode-chaos-e-{os.getpid()}-{kind[0]}"
        self.socket = f"{self.engines}/{kind}.sock"
        self.state = self.place / "s"
        self.runtime = self.place / "r"
        self.secret = f"chaos-{self.random.getrandbits(96):024x}"
        self.environment = clean_environment()
        self.process: subprocess.Popen | None = None
        self.proxy: Proxy | None = None
        self.ids: list[str] = []
        # What went wrong with the product while things went wrong.
        self.wrong: list[str] = []
        self.troubles = {**self.TROUBLE, **(self.STORE_TROUBLE if self.has_server else {})}
        # Each kind of trouble comes once before chance decides.
        self.first = list(self.troubles)
        self.random.shuffle(self.first)
        self.begun = time.monotonic()

    def __enter__(self) -> Stage:
        os.chmod(self.place, 0o755)
        try:
            self.control("start")
            if self.has_server:
                self.control("start", "postgres")
            self.proxy = Proxy(str(self.place / "engine.sock"), self.socket)
            self.configure()
            self.log = (self.place / "supervisor.log").open("a")
            if self.has_server:
                self.run("db", "migrate")
            self.start()
        except BaseException:
            # Nobody calls `__exit__` of what was never entered.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        try:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.proxy:
                self.proxy.close()
        finally:
            try:
                self.control("stop")
            finally:
                shutil.rmtree(self.place, ignore_errors=True)
                if self.has_server:
                    self.control("stop", "postgres")

    def configure(self) -> None:
        (self.place / "secret").write_text(self.secret)
        settings = {
            "workers": {
                "mode": "docker", "count": 3, "pool": POOL, "shutdownTimeout": "2s",
                "docker": {
                    "socket": self.proxy.path, "image": IMAGE, "pullPolicy": "never",
                    "restart": {"maxRestarts": 1000, "backoff": "100ms", "maxBackoff": "1s"},
                    "outage": {"checkInterval": "500ms", "keepLeases": "20s", "fallbackAfter": "2s"},
                },
            },
            "queue": {"lease": "12s", "heartbeat": "3s", "sweepInterval": "2s", "maxDeliveries": 100},
            "secrets": {"chaos": {"file": str(self.place / "secret")}},
            "state": {"dir": str(self.state), "runtimeDir": str(self.runtime)},
            **({"store": {"url": self.url(), "timeout": "5s"}} if self.has_server else {}),
        }  # fmt: skip
        self.config = self.place / "acode.yaml"
        self.config.write_text(json.dumps(settings))

    def say(self, words: str) -> None:
        print(f"chaos: {self.kind}: {time.monotonic() - self.begun:6.1f} s: {words}", file=sys.stderr, flush=True)

    # The engine and the store

    @property
    def has_server(self) -> bool:
        return self.store == "postgresql"

    def control(self, verb: str, what: str | None = None) -> str:
        """`scripts/engines VERB` for the engine of this stage, or for `what`; what it prints."""
        environment = {**os.environ, "ACODE_ENGINES_DIR": self.engines}
        done = subprocess.run(
            [str(HERE / "engines"), verb, what or self.kind], env=environment, capture_output=True, text=True,
            timeout=240, check=False)  # fmt: skip
        if done.returncode != 0:
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            raise RuntimeError(f"scripts/engines {verb} {what or self.kind}: {said}")
        return done.stdout

    def url(self) -> str:
        """How to reach the store's server; a line for a shell has it."""
        [line] = [line for line in self.control("env", "postgres").splitlines() if "ACODE_TEST_POSTGRES=" in line]
        return shlex.split(line)[1].partition("=")[2]

    def ask(self, method: str, target: str):
        """The engine itself, past the proxy."""
        body = request(self.socket, method, target)
        return json.loads(body) if body.strip() else None

    def containers(self) -> list[dict]:
        filters = json.dumps({"label": [f"acode.pool={POOL}"]}).replace('"', "%22").replace(" ", "")
        return self.ask("GET", f"/containers/json?all=1&filters={filters}")

    # The supervisor

    def start(self, *flags: str, fallback: bool | None = None) -> None:
        """Every third one may fall back to local processes: at its start for good, later while the engine is away."""
        may_fall_back = self.random.random() < 0.33 if fallback is None else fallback
        self.process = subprocess.Popen(
            [self.acode, "worker", "start", "--config", str(self.config), *flags,
             *([] if may_fall_back else ["--no-fallback"])], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)  # fmt: skip

    def ensure_supervisor(self) -> None:
        """Starts another when there is none; one that can't start while its engine is away is started again."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def end_supervisor(self, number: int, limit: float = 60) -> int:
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(number)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the supervisor did not end within {limit:.0f} s of signal {number}") from None

    def run(self, *arguments: str) -> str:
        """A command of acode; its standard output."""
        at = arguments.index("--") if "--" in arguments else len(arguments)
        line = [*arguments[:at], "--config", str(self.config), *arguments[at:]]
        done = subprocess.run(
            [self.acode, *line], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False)  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"acode {' '.join(arguments)}: {done.returncode} {done.stderr.strip()}")
        return done.stdout

    def submit(self, count: int) -> None:
        """Tasks that number their lines; every fifth ends with code 3, every fourth prints a secret, every third leaves
        a file, and every second is for containers only."""
        tasks = []
        for _ in range(count):
            number = len(self.ids) + len(tasks)
            lines = self.random.choice([10, 100, 2000])
            pause = self.random.choice([0, 0, 0.3, 1.5])
            code = 3 if number % 5 == 4 else 0
            secrets = ["chaos"] if number % 4 == 3 else []
            script = f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; "
            script += f"[ $((i % {max(1, lines // 4)})) -ne 0 ] || sleep {pause}; done; "
            script += "cat $ACODE_SECRETS_DIR/chaos; echo; " if secrets else ""
            outputs = ["number"] if number % 3 == 1 else []
            script += f"echo {number} > $ACODE_OUTPUT_DIR/number; " if outputs else ""
            tasks.append(
                {"name": f"{number}:{lines}:{code}:{len(secrets)}:{len(outputs)}",
                 "command": ["sh", "-c", f"{script}exit {code}"], "secrets": secrets, "outputs": outputs,
                 **({"isolation": "container"} if number % 2 else {})})  # fmt: skip
        file = self.place / "tasks.json"
        file.write_text(json.dumps({"tasks": tasks}))
        self.ids += self.run("task", "submit", "--quiet", "--file", str(file)).split()

    def tasks(self) -> list[dict]:
        return json.loads(self.run("task", "list", "--json", "--limit", "5000"))

    # Trouble. Each returns with everything as it was, but for what it has destroyed.

    def kill_supervisor(self) -> None:
        self.end_supervisor(signal.SIGKILL)
        time.sleep(self.random.uniform(0, 2))

    def stop_supervisor(self) -> None:
        self.end_supervisor(signal.SIGTERM)

    def hand_over(self) -> None:
        """Another supervisor takes this one's place; one that can't leaves it in peace."""
        old = self.process
        if old is None or old.poll() is not None:
            return
        self.start("--handoff", "--handoff-timeout", "10s")
        limit = time.monotonic() + 60
        while old.poll() is None:
            if self.process.poll() is not None:
                self.say(f"not handed over, code {self.process.returncode}")
                self.process = old
                return
            if time.monotonic() > limit:
                self.wrong.append("a handover was neither done nor refused within 60 s")
                old.kill()
            time.sleep(0.05)
        if old.returncode != 0:
            self.wrong.append(f"a supervisor that handed over ended with {old.returncode}")

    def victim(self) -> str | None:
        with contextlib.suppress(OSError, RuntimeError):
            running = [each["Id"] for each in self.containers() if each["State"] == "running"]
            return self.random.choice(sorted(running)) if running else None
        return None

    def kill_agent(self) -> None:
        if container := self.victim():
            with contextlib.suppress(OSError, RuntimeError):
                pid = self.ask("GET", f"/containers/{container}/json")["State"]["Pid"]
                if pid:
                    os.kill(pid, signal.SIGKILL)

    def kill_container(self) -> None:
        if container := self.victim():
            with contextlib.suppress(OSError, RuntimeError):
                self.ask("POST", f"/containers/{container}/kill")

    def remove_container(self) -> None:
        if container := self.victim():
            with contextlib.suppress(OSError, RuntimeError):
                self.ask("DELETE", f"/containers/{container}?force=1")

    def cut_streams(self) -> None:
        self.proxy.cut()

    def refuse(self) -> None:
        self.proxy.refuse()
        time.sleep(self.random.uniform(0.2, 3))
        self.proxy.heal()

    def hang(self) -> None:
        self.proxy.hang()
        time.sleep(self.random.uniform(0.5, 8))
        self.proxy.heal()

    def slow(self) -> None:
        self.proxy.delay(self.random.uniform(0.05, 0.5))
        time.sleep(self.random.uniform(1, 4))
        self.proxy.heal()

    def restart_engine(self) -> None:
        self.control("restart")

    def kill_engine(self) -> None:
        self.control("kill")
        time.sleep(self.random.uniform(0, 3))
        self.control("start")

    def pause_engine(self) -> None:
        self.control("pause")
        time.sleep(self.random.uniform(0.5, 6))
        self.control("resume")

    def restart_store(self) -> None:
        self.control("restart", "postgres")

    def kill_store(self) -> None:
        self.control("kill", "postgres")
        time.sleep(self.random.uniform(0, 5))
        self.control("start", "postgres")

    def pause_store(self) -> None:
        self.control("pause", "postgres")
        time.sleep(self.random.uniform(0.5, 8))
        self.control("resume", "postgres")

    STORE_TROUBLE = {restart_store: 2, kill_store: 2, pause_store: 2}
    TROUBLE = {
        kill_supervisor: 3, stop_supervisor: 2, hand_over: 3, kill_agent: 4, kill_container: 3, remove_container: 2,
        cut_streams: 4, refuse: 3, hang: 2, slow: 2, restart_engine: 1, kill_engine: 1, pause_engine: 1,
    }  # fmt: skip

    def trouble(self) -> None:
        """One thing goes wrong."""
        kinds = list(self.troubles)
        chance = self.random.choices(kinds, [self.troubles[kind] for kind in kinds])[0]
        what = self.first.pop() if self.first else chance
        self.say(what.__name__.replace("_", " "))
        what(self)
