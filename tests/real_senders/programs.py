"""Real Prometheus, real Alertmanager and a real OnRecall, each a process of its own on a free port."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(arrived: Callable[[], object], seconds: float, what: str) -> object:
    """What `arrived` says once it says something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if said := arrived():
            return said
        time.sleep(0.2)
    raise AssertionError(f"after {seconds:g} s still not: {what}")


class Program:
    """A process that can be killed and started again; what it says goes to a file."""

    def __init__(
        self, command: Sequence[str], log: Path, health: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._log, self._health = list(command), log, health
        self._environment = dict(os.environ) | dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(self._command, stdout=out, stderr=out, env=self._environment)
        wait_for(self._healthy, 60, f"{self._command[0]} answers; its log is {self._log}")

    def kill(self) -> None:
        """The power goes out."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process = None

    def _healthy(self) -> bool:
        assert self._process is None or self._process.poll() is None, self._log.read_text()[-3000:]
        try:
            return httpx.get(self._health, timeout=2).status_code == 200
        except httpx.TransportError:
            return False


class Metrics:
    """Gauges that Prometheus scrapes and the test turns."""

    def __init__(self, host: str) -> None:
        self._values: dict[str, float] = {}
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self.target = f"{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def set(self, name: str, value: float, **labels: str) -> None:
        said = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
        self._values[f"{name}{{{said}}}"] = value

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        metrics = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = "".join(f"{name} {value:g}\n" for name, value in metrics._values.items()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def onrecall(folder: Path, port: int) -> Program:
    environment = {
        "ONRECALL_DATA_DIR": str(folder / "data"),
        "ONRECALL_GROUP_WAIT_SECONDS": "1",
        "ONRECALL_GROUP_INTERVAL_SECONDS": "5",
        "ONRECALL_RESOLVE_TIMEOUT_SECONDS": "2",
    }
    command = [sys.executable, "-c", "from onrecall.cli.main import main; main()", "serve", "--port", str(port)]
    return Program(command, folder / "onrecall.log", f"http://127.0.0.1:{port}/readyz", environment)


def alertmanager(folder: Path, port: int, webhook: str) -> Program:
    config = folder / "alertmanager.yml"
    config.write_text(
        f"""
route:
  receiver: onrecall
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 4s
receivers:
  - name: onrecall
    webhook_configs:
      - url: {webhook}
        send_resolved: true
"""
    )
    command = [
        str(ALERTMANAGER),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    return Program(command, folder / "alertmanager.log", f"http://127.0.0.1:{port}/-/ready")


def prometheus(folder: Path, port: int, services: Mapping[str, str], alertmanagers: Sequence[str]) -> Program:
    (folder / "rules.yml").write_text(RULES)
    config = folder / "prometheus.yml"
    jobs = "\n".join(
        f"  - job_name: {name}\n    static_configs:\n      - targets: ['{target}']\n        labels: {{service: {name}}}"
        for name, target in services.items()
    )
    targets = "\n".join(f"      - targets: ['{one}']" for one in alertmanagers)
    config.write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
{jobs}
alerting:
  alertmanagers:
  - static_configs:
{targets}
"""
    )
    command = [
        str(PROMETHEUS),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=10s",
    ]
    return Program(command, folder / "prometheus.log", f"http://127.0.0.1:{port}/-/ready")


RULES = """
groups:
  - name: shop
    rules:
      - alert: PostgresConnectionsExhausted
        expr: pool_in_use_ratio > 0.95
        labels: {severity: critical}
        annotations:
          summary: "connection pool of {{ $labels.service }} is exhausted"
          description: "{{ $value }} of the connections are in use; logins fail with 503."
      - alert: DiskFull
        expr: disk_used_ratio > 0.9
        labels: {severity: warning}
        annotations:
          summary: "disk of {{ $labels.service }} is nearly full"
"""
