"""A small Hindsight server in this process that can be told to fail: refuse keys, hang, answer nonsense."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "the-right-key"


class Twin:
    """Banks with documents; `calls` counts what was asked of it."""

    def __init__(self) -> None:
        self.banks: dict[str, dict[str, dict]] = {}
        self.modes: dict[str, str | None] = {}
        self.calls: list[tuple[str, str]] = []
        self.questions: list[str] = []
        self.key: str | None = KEY
        self.status: int | None = None
        self.scores: dict[str, list[float | None]] = {}
        self.garbage = False
        self.asked = threading.Event()
        self.hanging = threading.Event()
        self.hanging.set()  # cleared: requests wait
        self.retained_at_once: list[int] = []
        twin = self

        class Handler(_Handler):
            owner = twin

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.hanging.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict, body: dict | None) -> tuple[int, object]:
        if path in ("/health", "/version"):
            return 200, {"status": "healthy", "api_version": "1.1.0", "features": FEATURES}
        match = re.fullmatch(r"/v1/default/banks/([^/]+)(/.*)?", path)
        bank, subpath = unquote(match[1]), match[2] or ""
        if method == "PUT" and not subpath:
            self.modes[bank] = body.get("retain_extraction_mode")
            self.banks.setdefault(bank, {})
            return 200, {"bank_id": bank, "name": bank, "mission": "", "disposition": DISPOSITION}
        if bank not in self.banks:
            return 404, {"detail": f"Bank '{bank}' not found"}
        documents = self.banks[bank]
        if subpath == "/config":
            return 200, {"bank_id": bank, "config": {"retain_extraction_mode": self.modes.get(bank)}, "overrides": {}}
        if subpath == "/memories":
            return self._retain(bank, body)
        if subpath == "/memories/recall":
            self.questions.append(body["query"])
            return 200, {"results": list(self._results(documents))}
        if subpath == "/documents":
            start, limit = int(query["offset"][0]), int(query["limit"][0])
            items = list(documents.values())[start : start + limit]
            return 200, {"items": items, "total": len(documents), "limit": limit, "offset": start}
        name = unquote(subpath.removeprefix("/documents/"))
        if name not in documents:
            return 404, {"detail": "Document not found"}
        if method == "DELETE":
            del documents[name]
            return 200, {"success": True, "message": "", "document_id": name, "memory_units_deleted": 1}
        return 200, documents[name]

    def store(self, bank: str, name: str, text: str, metadata: dict | None = None, event_date: str | None = None):
        """Put a document there, as another program would."""
        self.banks.setdefault(bank, {})[name] = {
            "id": name, "bank_id": bank, "original_text": text, "content_hash": str(hash(text)), "text_length": len(text),
            "created_at": "2026-05-01T00:00:00+00:00", "updated_at": "2026-05-01T00:00:00+00:00", "tags": [],
            "document_metadata": metadata, "memory_unit_count": 1,
            "retain_params": {"metadata": metadata, "event_date": event_date},
        }  # fmt: skip

    def _retain(self, bank: str, body: dict) -> tuple[int, object]:
        names = [item["document_id"] for item in body["items"]]
        assert len(set(names)) == len(names), "a document twice in one batch is glued together"
        self.retained_at_once.append(len(names))
        for item in body["items"]:
            assert all(isinstance(value, str) for value in item["metadata"].values())
            self.store(bank, item["document_id"], item["content"], item["metadata"], item["timestamp"])
        return 200, {"success": True, "bank_id": bank, "items_count": len(names), "async": False}

    def _results(self, documents):
        for name, document in documents.items():
            for number, semantic in enumerate(self.scores.get(name, [0.1])):
                scores = {"final": 1.5 - number, "semantic": semantic, "keyword": 1.0}
                metadata = document["document_metadata"]
                yield {
                    "id": f"{name}-{number}",
                    "text": "t",
                    "document_id": name,
                    "metadata": metadata,
                    "scores": scores,
                }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Twin

    def _serve(self):
        twin, address = self.owner, urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        twin.calls.append((self.command, address.path))
        twin.asked.set()
        twin.hanging.wait(30)
        if twin.status is not None:
            self._answer(twin.status, {"detail": "as it was told"})
        elif twin.garbage:
            self._answer(200, ["nothing that a client expects"])
        elif twin.key and address.path not in ("/health", "/version") and not self._has_key():
            self._answer(401, {"detail": "Authentication failed: Invalid API key"})
        else:
            self._answer(*twin.answer(self.command, address.path, parse_qs(address.query), body))

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the names that the library calls

    def _has_key(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {self.owner.key}"

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked has given up

    def log_message(self, *args):
        pass


DISPOSITION = {"skepticism": 3, "literalism": 3, "empathy": 3}
FEATURES = dict.fromkeys(
    ("observations", "mcp", "worker", "bank_config_api", "bank_llm_health", "file_upload_api", "document_export_api",
     "document_import_api", "audit_log", "llm_trace", "store_document_text"),
    False,
)  # fmt: skip
