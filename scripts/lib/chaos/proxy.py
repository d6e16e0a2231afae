"""A Unix socket in front of an engine's that goes wrong on demand."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time


class Proxy:
    """Passes bytes both ways. `cut` breaks what is open; `hang`, `refuse` and `delay` last until `heal`."""

    def __init__(self, path: str, upstream: str):
        self.path = path
        self.upstream = upstream
        self.lock = threading.Lock()
        self.open: set[socket.socket] = set()
        self.passes = threading.Event()
        self.passes.set()
        self.pause = 0.0
        self.listener: socket.socket | None = None
        self.listen()

    def listen(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.path)
        listener.listen(128)
        self.listener = listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                server.connect(self.upstream)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.open |= {client, server}
            threading.Thread(target=self.join, args=(client, server), daemon=True).start()

    def join(self, client: socket.socket, server: socket.socket) -> None:
        """Carries both ways until both have ended; then nothing of the connection is left."""
        back = threading.Thread(target=self.carry, args=(server, client), daemon=True)
        back.start()
        self.carry(client, server)
        back.join()
        self.end(client, server)

    def carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.passes.wait()
                if self.pause:
                    time.sleep(self.pause)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.end(source, sink)

    def end(self, *ends: socket.socket) -> None:
        for each in ends:
            with self.lock:
                self.open.discard(each)
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self) -> None:
        with self.lock:
            ends = list(self.open)
        self.end(*ends)

    def hang(self) -> None:
        self.passes.clear()

    def delay(self, seconds: float) -> None:
        self.pause = seconds

    def refuse(self) -> None:
        """Nobody listens any more; the socket stays, as a dead daemon leaves it."""
        if self.listener:
            # Wakes the thread that accepts, which `close` alone does not.
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.cut()

    def heal(self) -> None:
        self.pause = 0.0
        self.passes.set()
        if self.listener is None:
            self.listen()

    def close(self) -> None:
        self.heal()
        self.refuse()
