"""A container engine: its API on a Unix socket, and its own program for comparison."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time

IMAGE = "docker.io/library/acode-test:1"
# What acode gives a worker by default, so that both sides do the same work.
LIMITS = [
    "--cpus=1", "--memory=512m", "--memory-swap=512m", "--pids-limit=100", "--cap-drop=ALL",
    "--security-opt=no-new-privileges", "--user=1000:1000",
]  # fmt: skip


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float = 60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def clean_environment() -> dict[str, str]:
    """This program's environment without anybody's choice of engine or settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("ACODE_", "DOCKER_", "CONTAINER"))}


def request(path: str, method: str, target: str, connection: UnixConnection | None = None) -> bytes:
    """One request; an answer that is no success is an error."""
    link = connection or UnixConnection(path)
    link.request(method, target)
    answer = link.getresponse()
    body = answer.read()
    if connection is None:
        link.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {target}: {answer.status} {body[:300].decode(errors='replace')}")
    return body


class Engine:
    """One of the engines scripts/engines starts."""

    def __init__(self, kind: str, directory: str):
        self.kind = kind
        self.socket = f"{directory}/{kind}.sock"
        self.environment = clean_environment()
        if kind == "docker":
            self.program = ["docker"]
            self.environment["DOCKER_HOST"] = f"unix://{self.socket}"
            # Without a home of its own it would read somebody's contexts and plugins.
            self.environment["DOCKER_CONFIG"] = f"{directory}/docker-cli"
        else:
            self.program = ["podman"]
            for name in ("containers", "storage", "registries"):
                variable = "CONTAINERS_CONF" if name == "containers" else f"CONTAINERS_{name.upper()}_CONF"
                self.environment[variable] = f"{directory}/podman/{name}.conf"

    @property
    def version(self) -> str:
        return json.loads(request(self.socket, "GET", "/version"))["Version"]

    def popen(self, *arguments: str, **options) -> subprocess.Popen:
        return subprocess.Popen([*self.program, *arguments], env=self.environment, **options)

    def run(self, *arguments: str) -> str:
        """Runs the engine's program to its end and returns what it printed."""
        done = subprocess.run(
            [*self.program, *arguments], env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join([*self.program, *arguments])}: {done.returncode} {done.stderr.strip()}")
        return done.stdout

    def timed(self, *arguments: str) -> float:
        """How long that took, in seconds."""
        begun = time.perf_counter()
        self.run(*arguments)
        return time.perf_counter() - begun

    def hold(self, name: str, mounts: list[str], count: int) -> list[str]:
        """Starts containers that do nothing but wait, and end at once when asked to."""
        names = [f"{name}-{index}" for index in range(count)]
        for each in names:
            self.run("run", "--detach", f"--name={each}", *LIMITS, *mounts, IMAGE, "sh", "-c",
                     "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done")  # fmt: skip
        return names

    def remove(self, names: list[str]) -> None:
        """Removes containers, whatever they do."""
        command = [*self.program, "rm", "--force", *names]
        subprocess.run(command, env=self.environment, capture_output=True, timeout=120, check=False)

