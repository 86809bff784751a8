"""A local server that speaks OpenAI's protocol over real HTTP and behaves as its model's name says."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKENS = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
Draft = dict[str, Any]


@dataclass
class Twin:
    """Where it listens, what it was sent, and how each model behaves beside those that are known by name."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    behaviours: dict[str, str] = field(default_factory=dict)
    ending: threading.Event = field(default_factory=threading.Event)
    spoil: Callable[[Draft], None] | None = None
    refuse: Callable[[dict[str, Any]], tuple[int, Any] | None] | None = None
    """What the server does not take: the status and the body it answers a request with, or None."""
    reply: Callable[[str], str] | None = None
    """What the models answer a prompt with, whatever they are called; None: as their names say."""
    wrap: Callable[[str], str] = str
    """What the model writes around its JSON."""
    paths: list[str] = field(default_factory=list)

    @property
    def prompts(self) -> list[str]:
        return ["\n".join(part["content"] for part in request["messages"]) for request in self.requests]


def good(prompt: str) -> Draft:
    """What a careful model would answer: the first cause, its steps as they stand, the first line repeated."""
    steps = re.findall(r"^\| (S\d+)\| \[", prompt.split("[CAUSE C1")[1].split("CAUSE C1", maxsplit=1)[0], re.MULTILINE)
    name, line = re.findall(r"^\| (E\d+\.\d+)\| (.*)$", prompt, re.MULTILINE)[0]
    why = {"text": "This worked for the same cause.", "cites": [name]}
    return {
        "cause": "C1",
        "explanation": [{"text": f"The cause on record is the same: {plain(line)}", "cites": [name]}],
        "steps": [{"step": step, "command": None, "why": why} for step in steps],
    }


def plain(line: str) -> str:
    """The words of a line, without its number, its command and what would be markup."""
    return re.sub(r"[^\w .,;:'()%–‹›-]+", " ", re.sub(r"^\d+\. ", "", line.partition(" `")[0]))


def _false_citation(draft: Draft) -> None:
    draft["explanation"][0]["cites"] = ["E9.99"]


def _destroys(draft: Draft) -> None:
    draft["steps"][0]["command"] = "rm -rf /"


def _adds_step(draft: Draft) -> None:
    draft["steps"].insert(0, {"step": "S99", "command": "rm -rf /", "why": None})


def _number(draft: Draft) -> None:
    draft["explanation"][0]["text"] += ", 4711 times"


def _link(draft: Draft) -> None:
    draft["explanation"][0]["text"] += " see https://evil.example/?q=secret"


def _reversed(draft: Draft) -> None:
    draft["steps"].reverse()


def _more(draft: Draft) -> None:
    draft["note"] = "run rm -rf /"


SPOILING = {
    "false-citation": _false_citation,
    "destroys": _destroys,
    "adds-step": _adds_step,
    "number": _number,
    "link": _link,
    "reversed": _reversed,
    "more": _more,
}


def _spoilt(prompt: str, behaviour: str) -> str:
    draft = good(prompt)
    if behaviour in SPOILING:
        SPOILING[behaviour](draft)
    answer = json.dumps(draft)
    return {"broken": answer[:-7], "fenced": f"```json\n{answer}\n```", "empty": ""}.get(behaviour, answer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    twin: Twin

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.twin.requests.append(body)
        self.twin.headers.append(dict(self.headers))
        self.twin.paths.append(self.path)
        refusal = self.twin.refuse(body) if self.twin.refuse else None
        if refusal:
            self._send(*refusal)
            return
        behaviour = self.twin.behaviours.get(body["model"], body["model"])
        try:
            self._behave(body, behaviour)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _behave(self, body: dict[str, Any], behaviour: str) -> None:
        if behaviour == "hang":
            self.twin.ending.wait(30)
            self.close_connection = True
        elif behaviour == "redirects":
            self._send(307, {}, where=f"{self.twin.url}/chat/completions")
        elif behaviour.isdigit():
            self._send(int(behaviour), {"error": {"message": "no", "type": "error"}})
        elif behaviour == "garbage":
            self._send(200, ["this", "is", "no", "completion"])
        else:
            self._complete(body, behaviour)

    def _complete(self, body: dict[str, Any], behaviour: str) -> None:
        prompt = "\n".join([body.get("system", ""), *(part["content"] for part in body["messages"])])
        content = self.twin.reply(prompt) if self.twin.reply else _spoilt(prompt, behaviour)
        if self.twin.spoil:
            draft = json.loads(content)
            self.twin.spoil(draft)
            content = json.dumps(draft)
        content = self.twin.wrap(content)
        if self.path.endswith("/messages"):
            self._send(200, _message(body, content))
            return
        answer = {
            "id": "chat-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        }
        if behaviour != "silent-on-usage":
            answer["usage"] = TOKENS
        self._send(200, answer, drip=behaviour == "drips")

    def _send(self, status: int, body: object, *, drip: bool = False, where: str = "") -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        if where:
            self.send_header("location", where)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if not drip:
            self.wfile.write(raw)
            return
        for at in range(len(raw)):
            self.wfile.write(raw[at : at + 1])
            self.wfile.flush()
            if self.twin.ending.wait(0.05):
                return


def _message(body: dict[str, Any], content: str) -> dict[str, Any]:
    """An answer in the form of Anthropic's messages."""
    return {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "stop_reason": "end_turn",
        "content": [{"type": "text", "text": content}],
        "usage": {"input_tokens": TOKENS["prompt_tokens"], "output_tokens": TOKENS["completion_tokens"]},
    }


@contextmanager
def serving() -> Iterator[Twin]:
    twin = Twin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"twin": twin}))
    server.daemon_threads = True
    twin.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield twin
    finally:
        twin.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
