"""Processes that begin in a moment: forked from one that has loaded the product, which every start would load again.

All workers of a run share that one; it ends with the last of them. Whoever is about the start itself begins a process
as a user does.
"""

import atexit
import contextlib
import fcntl
import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from runpy import run_module
from typing import IO, Any

COMMANDS = ("serve", "worker", "kafka")
"""What a process finds loaded: these, which bring most of the product,"""
BESIDES = ("slack_sdk", "pytest")
"""and what modules of tests begin with."""
MOST_BYTES = 1 << 20
"""Of a request: arguments and environment."""


class WarmProcess:
    """A process of Python with these arguments (`-m module` or `-c code` first); of `subprocess.Popen` it has what tests use."""

    def __init__(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str] | None = None,
        stdout: int | IO[Any] = subprocess.DEVNULL,
        stderr: int | IO[Any] = subprocess.DEVNULL,
    ) -> None:
        self.returncode: int | None = None
        self.stdout, out = _output(stdout)
        self.stderr, errors = _output(stderr)
        self._connection = _connected(address())
        request = {
            "arguments": list(arguments),
            "environment": dict(os.environ if env is None else env),
            "folder": str(Path.cwd()),
        }
        socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], [out, errors])
        os.close(out)
        os.close(errors)
        self._said = self._connection.makefile("r", encoding="utf-8")
        self.pid = int(json.loads(self._said.readline())["pid"])

    def poll(self) -> int | None:
        """Return the exit code once it has ended; negative is the number of the signal that ended it."""
        return self.wait(0) if self.returncode is not None or _readable(self._connection, 0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return its exit code."""
        if self.returncode is None:
            if not _readable(self._connection, timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(json.loads(self._said.readline())["code"])
            self._said.close()
            self._connection.close()
        return self.returncode

    def said(self) -> tuple[str, str]:
        """Read what it writes until it ends, first what goes to the standard output."""
        texts = []
        for pipe in (self.stdout, self.stderr):
            texts.append(pipe.read() if pipe else "")
            if pipe:
                pipe.close()
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)


def _output(chosen: int | IO[Any]) -> tuple[IO[str] | None, int]:
    """What the test reads, and the number of the file that the process writes to."""
    if chosen == subprocess.PIPE:
        ours, theirs = os.pipe()
        return os.fdopen(ours, encoding="utf-8"), theirs
    if isinstance(chosen, int):
        return None, os.open(os.devnull, os.O_WRONLY)
    return None, os.dup(chosen.fileno())


def _readable(connection: socket.socket, timeout: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(timeout))


@contextmanager
def calling(function: Callable[..., None], *arguments: str | float) -> Iterator[str]:
    """The first line that a function of a module prints in a process of its own, which is killed in the end."""
    code = f"import json, sys; from {function.__module__} import {function.__name__} as f; f(*json.loads(sys.argv[1]))"
    process = WarmProcess(["-c", code, json.dumps(arguments)], stdout=subprocess.PIPE)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, f"{function.__name__} ended with {process.wait()} before it was ready"
        yield line.strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address() -> str:
    """Where processes are to be had in this run; the first who asks begins the one that they are forked from."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid():032}"
    path = Path(tempfile.gettempdir()) / f"warm-{run}"
    if path not in _KEPT_ALIVE:
        with Path(f"{path}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _begin(path)
            _KEPT_ALIVE[path] = _connected(str(path))
        atexit.register(_KEPT_ALIVE[path].close)
        atexit.register(Path(f"{path}.lock").unlink, missing_ok=True)
    return str(path)


_KEPT_ALIVE: dict[Path, socket.socket] = {}
"""One connection of this process for each, without which it would end."""


def _begin(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(128)
        command = [sys.executable, __file__, str(listener.fileno())]
        subprocess.run(command, pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, check=True)


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


class WarmServer:
    """Forks a process for each request; where the connection goes before it has ended, it is killed."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._connections: dict[socket.socket, int | None] = {}
        self._woken, waking = socket.socketpair()
        for end in (self._woken, waking):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._waking = waking
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)

    def serve(self) -> dict[str, Any] | None:
        """Return None at the end; in each forked process return what it is to run."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    connection, _ = self._listener.accept()
                    self._connections[connection] = None
                    self._selector.register(connection, selectors.EVENT_READ)
                elif key.fileobj is self._woken:
                    self._reap()
                elif isinstance(key.fileobj, socket.socket) and (request := self._take(key.fileobj)):
                    return request
            if not self._connections and not self._is_asked_again():
                return None

    def _is_asked_again(self) -> bool:
        """Return whether somebody came while the last one went; who comes later finds no address and begins another."""
        Path(self._listener.getsockname()).unlink(missing_ok=True)
        return _readable(self._listener, 0)

    def _take(self, connection: socket.socket) -> dict[str, Any] | None:
        """Read what came; return a request in the process that was forked for it, and nothing otherwise."""
        try:
            data, files, _, _ = socket.recv_fds(connection, MOST_BYTES, 2)
        except ConnectionResetError:  # it went before it had read all
            data, files = b"", []
        if not data:
            self._forget(connection)
            return None
        while not data.endswith(b"\n"):
            data += connection.recv(MOST_BYTES)
        request: dict[str, Any] = json.loads(data)
        process = os.fork()
        if process == 0:
            self._leave(request, files)
            return request
        for file in files:
            os.close(file)
        self._connections[connection] = process
        connection.sendall(json.dumps({"pid": process}).encode() + b"\n")
        return None

    def _leave(self, request: Mapping[str, Any], files: Sequence[int]) -> None:
        """Make a process of its own of what was forked."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, file in enumerate(files or [os.open(os.devnull, os.O_WRONLY)] * 2, start=1):
            os.dup2(file, number)
        for file in {*files, self._listener.fileno(), self._woken.fileno(), self._waking.fileno()}:
            os.close(file)
        for connection in self._connections:
            connection.close()
        self._selector.close()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                code = os.waitstatus_to_exitcode(ended[1])
                for connection in [one for one, process in self._connections.items() if process == ended[0]]:
                    self._connections[connection] = None
                    with contextlib.suppress(OSError):
                        connection.sendall(json.dumps({"code": code}).encode() + b"\n")

    def _forget(self, connection: socket.socket) -> None:
        process = self._connections.pop(connection)
        self._selector.unregister(connection)
        connection.close()
        if process is not None:
            os.kill(process, signal.SIGKILL)


def main(listener: str) -> None:
    """Load the product, then fork what is asked for until nobody is there who could ask; belong to no worker alone."""
    if os.fork():
        os._exit(0)
    os.setsid()
    entries = import_module("onrecall.cli.command_table").COMMANDS
    for name in (*(entry.module for entry in entries if entry.name in COMMANDS), *BESIDES):
        import_module(name)
    gc.collect()
    gc.freeze()
    request = WarmServer(socket.socket(fileno=int(listener))).serve()
    if request:
        _run(request["arguments"])


def _run(arguments: Sequence[str]) -> None:
    """Do what Python does when it is started with these arguments."""
    option, what, *rest = arguments
    sys.path[:0] = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder not in sys.path]
    sys.argv = [option, *rest]
    if option == "-m":
        run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main(sys.argv[1])
