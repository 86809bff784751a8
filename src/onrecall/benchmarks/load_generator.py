"""Open-loop load generator: each message is sent at its time, whether the previous one was answered or not."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

CONNECTIONS = 50
"""Messages on their way at once. More wait here, where they cost the client nothing; their time runs."""
PATIENCE = 30.0
PAUSE = 0.5
TRIES = 20
SERVICES = 40


@dataclass(frozen=True, slots=True)
class Load:
    """How much is sent."""

    seconds: float = 60
    alerts: int = 1_000
    """A second, in batches."""
    batch: int = 25
    """Alerts per notification."""
    singles: int = 100
    """Events of one alert a second, beside them."""
    held_polls: int = 0
    """Requests that wait for an answer all the while."""
    live_clients: int = 0
    """WebSockets that hear all the while what happens."""


@dataclass(slots=True)
class SendResult:
    """What came of it."""

    batches: list[float] = field(default_factory=list)
    """Seconds from when each was due to be sent until it was acknowledged."""
    singles: list[float] = field(default_factory=list)
    alerts: int = 0
    acknowledged: int = 0
    refused: int = 0
    """Answers other than 202; the message was sent again."""


@dataclass(frozen=True, slots=True)
class _Message:
    at: float
    path: str
    body: bytes
    alerts: int


def send(address: str, load: Load, mark: str) -> SendResult:
    """Send all of it; keys begin with the mark."""
    return asyncio.run(_send(address, load, mark))


async def _send(address: str, load: Load, mark: str) -> SendResult:
    sent = SendResult()
    single_connection = httpx.Limits(
        max_connections=1
    )  # a pool of many is looked through at every message: that costs a processor
    free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
    async with AsyncExitStack() as clients:
        for _ in range(CONNECTIONS):
            client = httpx.AsyncClient(base_url=address, timeout=PATIENCE, limits=single_connection, verify=False)  # noqa: S501 - plain HTTP
            free.put_nowait(await clients.enter_async_context(client))
        began = time.perf_counter()
        running = set()
        for message in _messages(load, mark):
            if (wait := began + message.at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(_deliver(free, message, began + message.at, sent))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
    return sent


async def _deliver(
    free: "asyncio.LifoQueue[httpx.AsyncClient]", message: _Message, due: float, sent: SendResult
) -> None:
    sent.alerts += message.alerts
    for _ in range(TRIES):
        client = await free.get()
        try:
            status = (await client.post(message.path, content=message.body)).status_code
        except httpx.HTTPError:
            status = 0
        finally:
            free.put_nowait(client)
        if status == httpx.codes.ACCEPTED:
            sent.acknowledged += message.alerts
            (sent.singles if message.alerts == 1 else sent.batches).append(time.perf_counter() - due)
            return
        sent.refused += 1
        await asyncio.sleep(PAUSE)


def _messages(load: Load, mark: str) -> Iterator[_Message]:
    """All of them, in the order of their times."""
    apart = [(n * load.batch / load.alerts, True, n) for n in range(round(load.seconds * load.alerts / load.batch))]
    apart += [((n + 0.5) / load.singles, False, n) for n in range(round(load.seconds * load.singles))]
    for at, batched, n in sorted(apart):
        if batched:
            yield _Message(at, "/api/v1/alerts/alertmanager", make_notification(mark, n, load.batch), load.batch)
        else:
            yield _Message(at, "/v2/enqueue", json.dumps(_event(mark, n)).encode(), 1)


def make_notification(mark: str, n: int, batch: int) -> bytes:
    """Return the n-th notification of Alertmanager, with so many alerts; no two have the same key."""
    return json.dumps(_notification(n, [_alert(mark, n * batch + k) for k in range(batch)])).encode()


def _notification(n: int, alerts: list[dict[str, Any]]) -> dict[str, Any]:
    name = alerts[0]["labels"]["alertname"]
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{name}", batch="{n % 50}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "onrecall",
        "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.monitoring:9093",
        "alerts": alerts,
    }


def _alert(mark: str, n: int) -> dict[str, Any]:
    service = f"service-{n % SERVICES}"
    pod = f"{service}-6d5f9c{n % 977:03d}-{n:07d}"
    return {
        "status": "firing",
        "labels": {
            "alertname": "KubePodCrashLooping",
            "cluster": "prod-eu-1",
            "container": "app",
            "environment": "prod",
            "namespace": f"team-{n % 12}",
            "pod": pod,
            "prometheus": "monitoring/k8s",
            "service": service,
            "severity": "critical",
        },
        "annotations": {
            "summary": f"Pod {pod} is crash looping",
            "description": f"Pod {pod} (app) is in waiting state (reason: CrashLoopBackOff), "
            f"restarted {n % 9} times in the last 10 minutes.",
            "runbook_url": "https://runbooks.example.com/kubernetes/kubepodcrashlooping",
        },
        "startsAt": _now(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.monitoring:9090/graph?g0.expr=kube_pod_container_status_waiting_reason",
        "fingerprint": f"{mark}{n:08x}",
    }


def _event(mark: str, n: int) -> dict[str, Any]:
    return {
        "routing_key": "0" * 32,
        "event_action": "trigger",
        "dedup_key": f"{mark}e{n}",
        "payload": {
            "summary": f"Latency of checkout is {n % 900 + 100} ms",
            "source": f"host-{n % 300}",
            "severity": "error",
            "component": "checkout",
            "timestamp": _now(),
            "custom_details": {"current": n % 900 + 100, "threshold": 300},
        },
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
