"""The core path of the product, from an import to what was learned.

Run by test_unplugged.py where there is no network, and by test_watched.py under a tracer.
"""

import fcntl
import json
import os
import socket
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
from mcp import Client, StdioServerParameters
from typer.testing import CliRunner
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))
from processes import COMMAND, begin_cold, served, surroundings

from onrecall.cli import main as cli

ELSEWHERE = ("192.0.2.1", 443)
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
POOL = "auth service returning 503 errors users cant login"
ODD = "Quokka feeder jammed: hopper torque limit exceeded, error QF-77"


def loopback_up() -> None:
    """A namespace begins with its loopback down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", UP_AND_RUNNING))


def refused() -> str:
    """Nobody elsewhere can be called; who says so, the guard or the kernel."""
    try:
        socket.create_connection(ELSEWHERE, timeout=5).close()
    except OSError as error:
        return str(error)
    raise AssertionError("the network is there")


def command(*arguments: str) -> Any:
    ran = CliRunner().invoke(cli.app, [*arguments, "--json"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


def history(file: Path) -> str:
    """Two outages that take turns, a day apart."""
    told = (
        ("Consumer lag grows on orders", "The consumer group rebalanced without end", "Raised max.poll.interval.ms"),
        (
            "Disk full on the primary of users-db",
            "Archived WAL was never removed",
            "Removed the stale replication slot",
        ),
    )
    incidents = []
    for day in range(12):
        title, cause, fix = told[day % 2]
        at = f"2026-03-{day + 1:02}T08:00:00Z"
        resolution = {"root_cause": cause, "cause": cause.split()[0].lower(), "steps": [{"text": fix}]}
        one = {"id": f"OLD-{day}", "title": title, "started_at": at, "resolved_at": at, "resolution": resolution}
        incidents.append(one)
    file.write_text(json.dumps(incidents))
    return str(file)


def from_the_shell(data_dir: Path) -> None:
    brought = command("import", str(Path(cli.__file__).parents[1] / "examples" / "incidents" / "api.json"))
    assert (brought["created"], brought["rejected"]) == (10, [])
    answer = command("ask", POOL)
    assert (answer["verdict"], answer["evidence"][0]["id"]) == ("known", "INC-001")
    assert answer["steps"]
    assert command("recall", POOL)["evidence"][0]["signals"]["meaning"] > 0
    assert command("doctor")["state"] == "ok"
    assert command("backtest", history(data_dir / "history.json"))["answered"] >= 10


def over_http(address: str) -> None:
    with httpx.Client(base_url=f"{address}/api/v1", timeout=60) as api:

        def sent(path: str, **body: Any) -> Any:
            return api.post(path, json=body).raise_for_status().json()

        def answer(incident: str) -> Any:
            return api.get(f"/incidents/{incident}/recommendation", params={"wait": 30}).raise_for_status().json()

        with connect(f"{address.replace('http', 'ws', 1)}/api/v1/live") as live:
            assert json.loads(live.recv(timeout=60))["type"] == "hello"
            first = sent("/incidents", title=ODD, service="feeder")["id"]
            assert json.loads(live.recv(timeout=60))["id"] == first
        assert answer(first)["verdict"] == "never_seen"
        steps = [{"text": "Reset the torque limiter", "command": "kubectl rollout restart deploy/feeder"}]
        sent(f"/incidents/{first}/resolution", root_cause="The hopper's torque limiter had tripped", steps=steps)
        again = answer(sent("/incidents", title=ODD, service="feeder")["id"])
        assert (again["verdict"], again["evidence"][0]["id"]) == ("known", first)
        assert again["steps"][0]["citation"]["id"] == first
        post_alert(api)
        assert answered(api)["evidence"]


def post_alert(api: httpx.Client) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "KafkaConsumerLag", "service": "orders"},
        "annotations": {"summary": "kafka consumer lag keeps growing on orders"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "ab12",
    }
    got = api.post("/alerts/alertmanager", json={"version": "4", "status": "firing", "alerts": [alert]})
    assert (got.status_code, got.json()["accepted"]) == (202, 1)


def answered(api: httpx.Client) -> Any:
    """The answer to what the alert opened."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for one in api.get("/incidents", params={"service": "orders", "status": "open"}).json()["items"]:
            return api.get(f"/incidents/{one['id']}/recommendation", params={"wait": 30}).raise_for_status().json()
        time.sleep(0.1)
    raise AssertionError("the alert opened no incident")


async def over_mcp(data_dir: Path) -> None:
    program = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], "mcp"], env=surroundings(data_dir))
    async with Client(program) as client:
        result = await client.call_tool("ask", {"text": ODD})
        assert json.loads(result.content[0].text)["data"]["verdict"] == "known"


def main(data_dir: Path) -> None:
    if os.environ["UNPLUGGED_BY"] == "namespace":
        loopback_up()
        assert {name for _, name in socket.if_nameindex()} == {"lo"}
    if os.environ["UNPLUGGED_BY"] != "tracer":
        print(f"a call elsewhere is answered: {refused()}")
        Path(os.environ["UNPLUGGED_LOG"]).unlink()  # the guard was seen to work; from here on nobody may call
    os.environ["ONRECALL_DATA_DIR"] = str(data_dir)
    from_the_shell(data_dir)
    with served(data_dir, begin_cold) as address:
        over_http(address)
    anyio.run(over_mcp, data_dir)
    print("core path done")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
