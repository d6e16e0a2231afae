"""A PostgreSQL server for measuring: of its own, and as safe as one in production."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# What is not PostgreSQL's default. Nothing of it makes a commit less durable: it is flushed before a caller hears of it.
SETTINGS = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
    "max_connections": "200", "max_wal_size": "16GB", "checkpoint_timeout": "15min", "autovacuum_naptime": "10s",
}  # fmt: skip


def programs() -> Path:
    """Where the newest server is; Debian keeps it out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4].split(".")[0]))
    if found:
        return found[-1].parent
    postgres = shutil.which("postgres")
    if not postgres:
        raise SystemExit("bench: there is no PostgreSQL server; `scripts/setup` installs one")
    return Path(postgres).resolve().parent


class Server:
    """Runs from `with` to its end; everything it had is removed then."""

    def __init__(self) -> None:
        self.programs = programs()
        self.place = Path(tempfile.mkdtemp(prefix="acode-bench-postgres-"))
        self.password = secrets.token_urlsafe(18)
        # The server refuses to run as root.
        self.owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]

    def __enter__(self) -> Server:
        # For whoever is started with a `url`: an argument with the password could be seen by everybody on this machine.
        os.environ["PGPASSWORD"] = self.password
        secret = self.place / "password"
        secret.write_text(self.password)
        if self.owner:
            shutil.chown(self.place, "postgres", "postgres")
            shutil.chown(secret, "postgres", "postgres")
        data = self.place / "data"
        subprocess.run(
            [*self.owner, self.programs / "initdb", "-D", data, "-U", "bench", "--auth=scram-sha-256", "--encoding=UTF8",
             "--locale=C", f"--pwfile={secret}"], check=True, stdout=subprocess.DEVNULL, cwd="/")  # fmt: skip
        with (data / "postgresql.conf").open("a") as file:
            settings = {**SETTINGS, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
            file.write("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        self.log = (self.place / "log").open("wb")
        self.process = subprocess.Popen(
            [*self.owner, self.programs / "postgres", "-D", data, "-p", str(self.port)], stdout=self.log,
            stderr=self.log, cwd="/")  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                self.version = self.query("postgres", "SHOW server_version")
                return self
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit("bench: PostgreSQL does not start:\n" + (self.place / "log").read_text()) from None
                time.sleep(0.1)

    def __exit__(self, *_) -> None:
        self.process.send_signal(2)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://bench@127.0.0.1:{self.port}/{database}"

    def psql(self, database: str) -> tuple[list[str], dict[str, str]]:
        """How psql is called; with the password where nobody sees it, not even in an error."""
        line = [str(self.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        return [*line, "-U", "bench", "-d", database], dict(os.environ)

    def query(self, database: str, sql: str) -> str:
        """Runs statements and returns what the last one printed, without titles."""
        line, environment = self.psql(database)
        return subprocess.run(
            line, env=environment, input=sql, check=True, capture_output=True, text=True).stdout.strip()  # fmt: skip

    def make(self, database: str) -> None:
        self.drop(database)
        self.query("postgres", f'CREATE DATABASE "{database}"')

    def drop(self, database: str) -> None:
        self.query("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def pin(self, database: str) -> subprocess.Popen:
        """A transaction that sees the database as it is now until the process is ended; rows die, and can't be removed."""
        line, environment = self.psql(database)
        process = subprocess.Popen(line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;\n")
        process.stdin.flush()
        process.stdout.readline()
        return process

    def usage(self) -> tuple[int, float]:
        """Bytes of log written so far, and seconds of CPU time used by all of its processes, ended ones included."""
        log = int(self.query("postgres", "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))
        ticks = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(entry.name) == self.process.pid:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == self.process.pid:
                ticks += sum(map(int, fields[11:13]))
        return log, ticks / os.sysconf("SC_CLK_TCK")
