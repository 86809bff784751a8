"""A real Hindsight server with the PostgreSQL that it embeds, in processes of their own, offline."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ENVIRONMENT = Path(__file__).parents[2] / ".venv-hindsight"
NOT_THERE = "no Hindsight server is installed: run `make hindsight-setup`"
KEY = "key-of-the-test-server"
START_SECONDS = 120
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def installed() -> bool:
    return (ENVIRONMENT / "stamp").exists()


class RealHindsight:
    """A server that can be killed and started again over the same database."""

    def __init__(self, database: str, embeddings: str, folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "hindsight.log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "HINDSIGHT_API_DATABASE_URL": database,
            "HINDSIGHT_API_LLM_PROVIDER": "none",
            "HINDSIGHT_API_RETAIN_EXTRACTION_MODE": "chunks",
            "HINDSIGHT_API_ENABLE_OBSERVATIONS": "false",
            "HINDSIGHT_API_EMBEDDINGS_PROVIDER": "openai",
            "HINDSIGHT_API_EMBEDDINGS_OPENAI_BASE_URL": embeddings,
            "HINDSIGHT_API_EMBEDDINGS_OPENAI_API_KEY": "none",
            "HINDSIGHT_API_EMBEDDINGS_OPENAI_MODEL": "all-MiniLM-L6-v2",
            "HINDSIGHT_API_RERANKER_PROVIDER": "rrf",
            "HINDSIGHT_API_TENANT_EXTENSION": "hindsight_api.extensions.builtin.tenant:ApiKeyTenantExtension",
            "HINDSIGHT_API_TENANT_API_KEY": KEY,
        }
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [ENVIRONMENT / "bin/hindsight-api", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            if self._answers():
                return
            time.sleep(0.1)
        raise AssertionError(f"it did not start within {START_SECONDS} s: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def documents(self, bank: str) -> dict[str, dict]:
        """What a bank holds, asked without OnRecall."""
        headers = {"authorization": f"Bearer {KEY}"}
        answer = httpx.get(f"{self.url}/v1/default/banks/{bank}/documents?limit=5000", headers=headers, timeout=60)
        if answer.status_code == 404:
            return {}
        items = answer.raise_for_status().json()["items"]
        document_by_id = {item["id"]: item for item in items}
        assert len(document_by_id) == len(items)
        return document_by_id

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def database() -> Iterator[str]:
    """The URL of Hindsight's own embedded PostgreSQL. It refuses to run as root, so there it runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="onrecall-pg0-"))
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    program = folder / "pg0"
    shutil.copy(next(ENVIRONMENT.glob("lib/*/site-packages/pg0/bin/pg0")), program)
    user_options = {}
    if os.getuid() == 0:
        shutil.chown(home, "nobody", "nogroup")
        user_options = {"user": "nobody", "group": "nogroup", "extra_groups": []}

    def pg0(*arguments: str) -> None:
        environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
        finished = subprocess.run(
            [program, *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **user_options,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr

    port = str(_free_port())
    pg0("start", "--name", "onrecall", "--port", port, *(word for setting in FAST for word in ("-c", setting)))
    try:
        yield f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres"
    finally:
        pg0("drop", "--name", "onrecall", "--force")
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
