"""Hosts that are Linux network namespaces on one bridge. The bridge lies in a namespace of its own, so nothing leaves."""

import ctypes
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
NUMBERS = itertools.count(1)


class NotHere(Exception):
    """There can be no such network, for a reason."""


def why_not() -> str | None:
    """Why hosts can't be made here; None: they can."""
    if sys.platform != "linux":
        return "hosts are Linux network namespaces, and this is no Linux"
    if os.geteuid() != 0:
        return "only root may make network namespaces: run it as root"
    if missing := [program for program in ("ip", "nsenter") if shutil.which(program) is None]:
        return f"there is no {' and no '.join(missing)}: install iproute2 and util-linux"
    probe = f"onrecall-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    bridge = ["ip", "-n", probe, "link", "add", "switch", "type", "bridge"]
    bridged = subprocess.run(bridge, capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "delete", probe], check=True)
    return f"no bridge can be made here: {bridged.stderr.strip()}" if bridged.returncode else None


class Host:
    """One machine: a namespace with an address of its own."""

    def __init__(self, name: str, namespace: str, address: str, port: str, switch: str) -> None:
        self.name, self.namespace, self.address = name, namespace, address
        self._port, self._switch = port, switch
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", switch)
        run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", namespace, "link", "set", device, "up")
        run("ip", "-n", switch, "link", "set", port, "master", "switch", "up")

    def popen(
        self, command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], user: tuple[int, int] | None
    ) -> "subprocess.Popen[bytes]":
        """Start a program here, as somebody else if asked."""
        whom = [] if user is None else ["-S", str(user[0]), "-G", str(user[1])]
        enter = ["nsenter", f"--net={NAMESPACES / self.namespace}", *whom, "--", *command]
        return subprocess.Popen(
            enter, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )

    def cut(self) -> None:
        """Take its port at the switch down: it reaches nobody, and nobody hears that connections ended."""
        run("ip", "-n", self._switch, "link", "set", self._port, "down")

    def join(self) -> None:
        """Connect it again."""
        run("ip", "-n", self._switch, "link", "set", self._port, "up")

    def enter(self) -> None:
        """Move this process here; it must not have other threads yet."""
        with (NAMESPACES / self.namespace).open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "this process can't enter the namespace")


class Network:
    """Hosts that reach each other and nobody else, in the range that is set apart for benchmarks (RFC 2544)."""

    def __init__(self) -> None:
        number = next(NUMBERS)
        self._prefix = f"onrecall-{os.getpid()}-{number}"
        self._numbers = itertools.count(1)
        self._switch = f"{self._prefix}-switch"
        self._subnet = f"198.18.{number}"
        run("ip", "netns", "add", self._switch)
        self._made = [self._switch]
        run("ip", "-n", self._switch, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", self._switch, "link", "set", "switch", "up")

    def host(self, name: str) -> Host:
        """A new host."""
        number = next(self._numbers)
        namespace = f"{self._prefix}-{name}"
        self._made.append(namespace)
        return Host(name, namespace, f"{self._subnet}.{number}", f"port{number}", self._switch)

    def close(self) -> None:
        """Remove all namespaces; whoever runs in them goes on without a network."""
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)


def run(*command: str) -> None:
    """Run a program that is expected to succeed."""
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise NotHere(f"`{' '.join(command)}` says: {finished.stderr.strip()}")
