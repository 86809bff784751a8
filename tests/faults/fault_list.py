"""The faults, one at a time: each breaks something, and mends it again."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from faults.host_process import HostProcess
from faults.installation import Installation
from faults.network import Host

SKEW = "+10m"
WRITES_A_SECOND = 10
"""What a slow disk still writes; a commit takes several."""
PULSE_SECONDS = 0.5
THROTTLES = Path("/sys/fs/cgroup/blkio")
CLOCK_LIBRARIES = "*-linux-gnu*/faketime/libfaketimeMT.so.1"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks while the context is entered."""

    name: str
    happens: Callable[[Installation], AbstractContextManager[None]]
    lack: Callable[[Installation], str | None] = lambda _: None
    """Why it can't happen here; None: it can."""
    how: str = ""
    """By what it is brought about, where that is not plain."""


@contextmanager
def _killed(process: HostProcess) -> Iterator[None]:
    process.kill()
    yield
    process.start()


@contextmanager
def _cut(*hosts: Host) -> Iterator[None]:
    for host in hosts:
        host.cut()
    try:
        yield
    finally:
        for host in hosts:
            host.join()


@contextmanager
def _primary_restarts(home: Installation) -> Iterator[None]:
    home.primary.kill()
    yield
    home.primary.start()


@contextmanager
def _search_node_killed(home: Installation) -> Iterator[None]:
    """Kill the elected manager, the harder case."""
    manager = next(node for node in home.search if node.is_manager())
    with _killed(manager.process):
        yield


@contextmanager
def _slow_disk(home: Installation) -> Iterator[None]:
    if (device := _throttled_device(home.folder)) is None:
        with _stopped_in_pulses(home.primary.process.pid):
            yield
        return
    group = THROTTLES / f"onrecall-faults-{os.getpid()}"
    group.mkdir()
    try:
        (group / "blkio.throttle.write_iops_device").write_text(f"{device} {WRITES_A_SECOND}")
        for pid in process_group(home.primary.process.pid):
            with suppress(OSError):
                (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (THROTTLES / "cgroup.procs").write_text(pid)
        with suppress(OSError):
            group.rmdir()


def describe_slow_disk(folder: Path) -> str:
    """Return by what the disk is made slow here."""
    if _throttled_device(folder):
        return f"at most {WRITES_A_SECOND} writes a second for all processes of the primary (blkio.throttle.write_iops_device)"
    return "no throttle for block devices here: all processes of the primary are stopped half of the time (SIGSTOP)"


def _throttled_device(folder: Path) -> str | None:
    """Return the number of the disk under a folder if its writes can be throttled."""
    number = folder.stat().st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    can_throttle = (THROTTLES / "cgroup.procs").exists() and (Path("/sys/dev/block") / device).exists()
    return device if can_throttle else None


@contextmanager
def _stopped_in_pulses(leader: int) -> Iterator[None]:
    ending = threading.Event()

    def pulse() -> None:
        while not ending.wait(PULSE_SECONDS):
            _signal(process_group(leader), signal.SIGSTOP)
            ending.wait(PULSE_SECONDS)
            _signal(process_group(leader), signal.SIGCONT)

    thread = threading.Thread(target=pulse)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def process_group(leader: int) -> list[int]:
    """Return the processes of the session that a process leads, such as all of a database server."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(entry.name)) == leader:
                members.append(int(entry.name))
    return members


@contextmanager
def _clock_ahead(home: Installation) -> Iterator[None]:
    """Let a server and a worker live ten minutes in the future."""
    skewed = [home.servers[0], home.workers[0]]
    for process in skewed:
        process.stop()
        process.start(
            {
                "LD_PRELOAD": _clock_library() or "",
                "FAKETIME": SKEW,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        )
    yield
    for process in skewed:
        process.stop()
        process.start()


def _clock_library() -> str | None:
    found = sorted(Path("/usr/lib").glob(CLOCK_LIBRARIES))
    return str(found[0]) if found else None


@contextmanager
def _failover(home: Installation) -> Iterator[None]:
    """Lose the primary's machine for good, and promote the replica, which has every commit that was acknowledged.

    Nobody hears that connections to a lost machine ended.
    """
    assert home.replica
    home.primary.wait_for_commits_of(home.replica)
    home.primary.host.cut()
    home.primary.kill()
    yield
    home.replica.promote()
    home.primary_now = home.replica


def _no_search(home: Installation) -> str | None:
    return None if home.search else "there is no OpenSearch"


def _no_consumer(home: Installation) -> str | None:
    return None if home.consumers else "there is no Kafka"


def _no_replica(home: Installation) -> str | None:
    return None if home.replica else "there is no replica"


def _no_clock(_: Installation) -> str | None:
    return None if _clock_library() else "libfaketime is not installed, and namespaces shift no clock of the day"


NOTHING = Fault("nothing", lambda _: nullcontext(), how="the trial that everything works takes that long by itself")
FAULTS = {
    "serve": Fault("a server is killed", lambda home: _killed(random.choice(home.servers))),
    "worker": Fault("a worker is killed", lambda home: _killed(random.choice(home.workers))),
    "consumer": Fault("a Kafka consumer is killed", lambda home: _killed(random.choice(home.consumers)), _no_consumer),
    "search": Fault("the OpenSearch node that manages the cluster is killed", _search_node_killed, _no_search),
    "primary": Fault("PostgreSQL's primary is killed and restarted", _primary_restarts),
    "partition-serve": Fault("a server is cut from the network", lambda home: _cut(home.servers[-1].host)),
    "partition-primary": Fault("the primary is cut from the network", lambda home: _cut(home.primary.host)),
    "partition-search": Fault(
        "all of OpenSearch is cut from the network",
        lambda home: _cut(*(node.process.host for node in home.search)),
        _no_search,
    ),
    "slow-disk": Fault("the primary's disk is slow", _slow_disk),
    "clock": Fault("a server and a worker are ten minutes ahead", _clock_ahead, _no_clock, "libfaketime"),
    "failover": Fault(
        "the primary's machine is lost, the replica takes over",
        _failover,
        _no_replica,
        "commits wait for the replica (`synchronous_standby_names`); `pg_promote()` at the end of the fault",
    ),
}
