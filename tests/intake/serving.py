"""A server in a process of its own that may be killed, and a sender that goes on until everything is acknowledged."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import uvicorn

from onrecall.bootstrap.status import StatusReport
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.worker.worker import Worker
from warm_processes import calling

from .payloads import alert, body

AT_ONCE = 7


def serve(url: str) -> None:
    """Serve until killed, and print the port."""
    store = Storage.open(url)
    memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
    )
    app = create(memory, Worker(memory), lambda: StatusReport(state="ok", parts=[]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


@contextmanager
def killed_in_the_end(url: str) -> Iterator[str]:
    """A server, and the SIGKILL that ends it."""
    with calling(serve, url) as port:
        yield f"http://127.0.0.1:{port}"


class Sender:
    """Sends batch after batch, each until it is acknowledged, as Alertmanager does."""

    def __init__(self, threads: int) -> None:
        self.address: str | None = None
        self.acknowledged: set[int] = set()
        self.sent: set[int] = set()
        self._numbers = itertools.count()
        self._ending = threading.Event()
        self._given_up = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Send what is begun to its end, and no more."""
        self._ending.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, acknowledged: int) -> None:
        """Wait until there are so many."""
        deadline = time.monotonic() + 60
        while len(self.acknowledged) < acknowledged:
            assert time.monotonic() < deadline, "nothing was acknowledged for a minute"
            time.sleep(0.005)

    def give_up(self) -> None:
        """Send nothing more."""
        self._ending.set()
        self._given_up.set()

    def _run(self) -> None:
        with httpx.Client(timeout=10) as client:
            while not self._ending.is_set():
                first = next(self._numbers) * AT_ONCE
                self.sent.update(range(first, first + AT_ONCE))
                while not self._posted(client, first):
                    if self._given_up.wait(0.02):
                        return
                self.acknowledged.update(range(first, first + AT_ONCE))

    def _posted(self, client: httpx.Client, first: int) -> bool:
        message = body(*(alert(n) for n in range(first, first + AT_ONCE)))
        try:
            return client.post(f"{self.address}/api/v1/alerts/alertmanager", content=message).status_code == 202
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
