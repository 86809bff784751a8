"""A small Slack: a real HTTP server that keeps channels, threads and metadata, and refuses what Slack refuses."""

import hashlib
import hmac
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from . import slack_limits

TOKEN = "xoxb-a-token-of-the-twin"
PATIENCE = 60
"""Seconds: Slack has three; this finds only what hangs, on the slowest machine too."""
SECRET = "a-signing-secret-of-the-twin"
BOT = "B0ONRECALL"
CHANNEL = "C0INCIDENTS"
DIRECT = "D0ANN"
"""The messages between a person and the app."""


@dataclass
class Slack:
    """The workspace. Tests look at it, and press its buttons."""

    address: str = ""
    bot: str = BOT
    token: str = TOKEN
    channels: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {CHANNEL: [], "C0CHECKOUT": [], DIRECT: []}
    )
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    whispers: list[dict[str, Any]] = field(default_factory=list)
    hooked: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    triggers: dict[str, float] = field(default_factory=dict)
    limited: int = 0
    """So many messages are answered with 429 from now on."""
    broken: int = 0
    """So many calls are answered with 503 from now on."""
    hold_after: int | None = None
    """After so many more posted messages the answer is kept back, as if the line went dead."""
    held: threading.Event = field(default_factory=threading.Event)
    freed: threading.Event = field(default_factory=threading.Event)
    scopes: set[str] = field(default_factory=lambda: {"chat:write", "channels:history", "assistant:write"})
    page: int = 200
    lock: threading.RLock = field(default_factory=threading.RLock)
    last: float = 0.0

    def roots(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        with self.lock:
            return [message for message in self.channels[channel] if "thread_ts" not in message]

    def thread(self, ts: str, channel: str = CHANNEL) -> list[dict[str, Any]]:
        with self.lock:
            return [message for message in self.channels[channel] if message.get("thread_ts") == ts]

    def made(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    # what people do

    def press(
        self, app: httpx.Client, message: dict[str, Any], label: str, times: int = 1, **more: Any
    ) -> list[httpx.Response]:
        """Press the button with this label, and have Slack deliver that so many times."""
        button = next(
            element
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["text"]["text"] == label
        )
        stamp = f"{more.pop('at', time.time()):.6f}"
        trigger = f"trigger-{len(self.triggers)}"
        self.triggers[trigger] = time.monotonic()
        payload = {
            "type": "block_actions",
            "user": {"id": "U0ANN", "team_id": "T0"},
            "team": {"id": "T0"},
            "trigger_id": trigger,
            "response_url": f"{self.address}/whisper",
            "channel": {"id": CHANNEL},
            "message": {"ts": message["ts"], **({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {})},
            "actions": [{"action_id": button["action_id"], "value": button.get("value"), "action_ts": stamp}],
        } | more
        return [self.interact(app, payload) for _ in range(times)]

    def submit(
        self, app: httpx.Client, view: dict[str, Any], values: dict[str, Any], times: int = 1
    ) -> list[httpx.Response]:
        """Fill in the window and send it; fields that are not given stay as they are prefilled."""
        state = {}
        for block in view["blocks"]:
            element, name = block["element"], block["block_id"]
            if element["type"] == "checkboxes":
                chosen = values.get(name, [option["value"] for option in element.get("initial_options", ())])
                options = [option for option in element["options"] if option["value"] in chosen]
                state[name] = {"value": {"type": "checkboxes", "selected_options": options}}
            else:
                state[name] = {
                    "value": {"type": element["type"], "value": values.get(name, element.get("initial_value"))}
                }
        sent = {
            "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"],
            "state": {"values": state},
        }
        payload = {
            "type": "view_submission",
            "user": {"id": "U0ANN", "team_id": "T0"},
            "team": {"id": "T0"},
            "view": sent,
        }
        return [self.interact(app, payload) for _ in range(times)]

    def interact(self, app: httpx.Client, payload: dict[str, Any]) -> httpx.Response:
        return self.deliver(app, "/slack/interactions", urlencode({"payload": json.dumps(payload)}).encode())

    def command(self, app: httpx.Client, text: str) -> httpx.Response:
        form = {"command": "/recall", "text": text, "user_id": "U0ANN", "response_url": f"{self.address}/whisper"}
        return self.deliver(app, "/slack/commands", urlencode(form).encode())

    def mention(
        self, app: httpx.Client, text: str, event: str, retry: int = 0, thread: str | None = None
    ) -> httpx.Response:
        ts = thread or self.say(CHANNEL, {"text": text, "user": "U0ANN"})
        payload = {"type": "app_mention", "user": "U0ANN", "text": f"<@U0BOT> {text}", "channel": CHANNEL, "ts": ts}
        return self.send_event(app, payload, event, retry)

    def write_to_app(self, app: httpx.Client, text: str, event: str, retry: int = 0, **more: Any) -> httpx.Response:
        """Write to the app alone; the newest thread of that channel is the conversation."""
        ts = self.roots(DIRECT)[-1]["ts"] if retry else self.say(DIRECT, {"text": text, "user": "U0ANN"})
        payload = {"type": "message", "channel_type": "im", "user": "U0ANN", "text": text, "channel": DIRECT, "ts": ts}
        return self.send_event(app, payload | more, event, retry)

    def open_assistant(self, app: httpx.Client, event: str = "EvA") -> httpx.Response:
        """Open the app beside a channel; Slack starts a thread."""
        thread = {"user_id": "U0ANN", "channel_id": DIRECT, "thread_ts": self.say(DIRECT, {"text": "New conversation"})}
        started = {
            "type": "assistant_thread_started",
            "assistant_thread": thread | {"context": {"channel_id": CHANNEL}},
        }
        return self.send_event(app, started, event)

    def send_event(self, app: httpx.Client, payload: dict[str, Any], event: str, retry: int = 0) -> httpx.Response:
        body = {"type": "event_callback", "team_id": "T0", "event_id": event, "event": payload}
        more = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
        return self.deliver(app, "/slack/events", json.dumps(body).encode(), "application/json", **more)

    def deliver(
        self,
        app: httpx.Client,
        path: str,
        body: bytes,
        media: str = "application/x-www-form-urlencoded",
        *,
        secret: str = SECRET,
        at: float | None = None,
        **more: str,
    ) -> httpx.Response:
        """As Slack does it: signed, and not waiting for what is done after the answer."""
        stamp = str(int(time.time() if at is None else at))
        sign = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {"content-type": media, "x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={sign}"} | more
        began = time.monotonic()
        answer = app.post(path, content=body, headers=headers)
        assert time.monotonic() - began < PATIENCE, "Slack would have given up"
        return answer

    # what the API does

    def say(self, channel: str, message: dict[str, Any]) -> str:
        with self.lock:
            self.last = max(time.time(), self.last + 0.000001)
            ts = f"{self.last:.6f}"
            self.channels[channel].append({**message, "ts": ts})
            return ts

    def answer(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.calls.append((method, arguments))
            response = getattr(self, "_" + method.replace(".", "_"), lambda _: {"error": "unknown_method"})(arguments)
            if "error" in response:
                self.refused.append(f"{method}: {response['error']} {response.get('why', '')}")
                return {"ok": False, **response}
            return {"ok": True, **response}

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"bot_id": self.bot, "user_id": "U0BOT", "team_id": "T0"}

    def _chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        channel = arguments.get("channel")
        if channel not in self.channels:
            return {"error": "channel_not_found"}
        if why := slack_limits.message(arguments):
            return {"error": "invalid_blocks", "why": why}
        if "thread_ts" in arguments and not any(root["ts"] == arguments["thread_ts"] for root in self.roots(channel)):
            return {"error": "thread_not_found"}
        stored = {name: arguments[name] for name in ("text", "blocks", "thread_ts", "metadata") if name in arguments}
        ts = self.say(channel, {**stored, "bot_id": self.bot})
        return {"channel": channel, "ts": ts}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        message = next(
            (
                candidate
                for candidate in self.channels.get(arguments["channel"], ())
                if candidate["ts"] == arguments["ts"]
            ),
            None,
        )
        if message is None:
            return {"error": "message_not_found"}
        if message.get("bot_id") != self.bot:
            return {"error": "cant_update_message"}
        if why := slack_limits.message(arguments):
            return {"error": "invalid_blocks", "why": why}
        message.pop("metadata", None)
        message.update({name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments})
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return {"error": "missing_scope"}
        since = float(arguments.get("oldest", 0))
        messages = [message for message in reversed(self.roots(arguments["channel"])) if float(message["ts"]) > since]
        return self._paged(messages, arguments)

    def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        root = [message for message in self.roots(arguments["channel"]) if message["ts"] == arguments["ts"]]
        return (
            self._paged(root + self.thread(arguments["ts"], arguments["channel"]), arguments)
            if root
            else {"error": "thread_not_found"}
        )

    def _paged(self, messages: list[dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
        at = int(arguments.get("cursor") or 0)
        size = min(int(arguments.get("limit", 100)), self.page)
        plain = [{name: message[name] for name in message if name != "metadata"} for message in messages]
        page = (messages if arguments.get("include_all_metadata") in (True, "1", "true") else plain)[at : at + size]
        more = str(at + size) if at + size < len(messages) else ""
        return {"messages": page, "has_more": bool(more), "response_metadata": {"next_cursor": more}}

    def _assistant_threads_setStatus(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if "assistant:write" not in self.scopes:
            return {"error": "missing_scope"}
        known = any(root["ts"] == arguments["thread_ts"] for root in self.roots(arguments["channel_id"]))
        return {} if known and arguments["status"] else {"error": "invalid_thread_ts"}

    def _assistant_threads_setSuggestedPrompts(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        prompts = arguments["prompts"]
        fits = 1 <= len(prompts) <= 4 and all(prompt["title"] and prompt["message"] for prompt in prompts)
        return {} if fits and "assistant:write" in self.scopes else {"error": "invalid_arguments"}

    def _views_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if time.monotonic() - self.triggers.pop(arguments["trigger_id"], -math.inf) > PATIENCE:
            return {"error": "expired_trigger_id"}
        if why := slack_limits.view(arguments["view"]):
            return {"error": "invalid_arguments", "why": why}
        self.views.append(arguments["view"])
        return {"view": {"id": "V0"}}

    def holds(self, method: str) -> bool:
        """Whether the answer to this is to be kept back."""
        with self.lock:
            if self.hold_after is None or method != "chat.postMessage":
                return False
            self.hold_after -= 1
            if self.hold_after >= 0:
                return False
            self.hold_after = None
            return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        slack: Slack = self.server.slack  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/whisper":
            slack.whispers.append(json.loads(raw))
            return self.give(200, "ok")
        if self.path == "/services/T0/B0/hook":
            arguments = json.loads(raw)
            if slack_limits.message(arguments):
                return self.give(400, "invalid_blocks")
            slack.hooked.append(arguments)
            return self.give(200, "ok")
        if not self.path.startswith("/api/"):
            return self.give(404, "no_team")
        method = self.path.removeprefix("/api/")
        if self.headers.get("authorization") != f"Bearer {slack.token}":
            return self.give(200, {"ok": False, "error": "invalid_auth"})
        with slack.lock:
            if slack.broken:
                slack.broken -= 1
                return self.give(503, "upstream connect error")
            if slack.limited and method in ("chat.postMessage", "chat.update"):
                slack.limited -= 1
                return self.give(429, {"ok": False, "error": "ratelimited"}, {"retry-after": "2"})
        if self.headers.get("content-type", "").startswith("application/json") and raw:
            arguments = json.loads(raw)
        else:
            arguments = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        answer = slack.answer(method, arguments)
        if slack.holds(method):
            slack.held.set()
            slack.freed.wait(30)
            self.close_connection = True
            return None
        return self.give(200, answer)

    def give(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "content-length": str(len(content)),
            "content-type": "application/json",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def workspace() -> Iterator[Slack]:
    slack = Slack()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.slack = slack  # type: ignore[attr-defined]
    slack.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield slack
    finally:
        slack.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()
