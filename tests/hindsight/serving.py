"""OnRecall served in a thread, for clients that need a real address."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from onrecall.bootstrap.status import StatusReport
from onrecall.http import create
from onrecall.pipeline import IncidentService
from onrecall.worker.worker import Worker


@contextmanager
def served(memory: IncidentService) -> Iterator[str]:
    report = StatusReport(version="0", state="ok", parts=[], counts={})
    app = create(memory, Worker(memory), lambda: report)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_keep_alive=120))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
