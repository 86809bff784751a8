"""Run an installation over many hosts, break one part after another, and report what was lost: `make faults`."""

import argparse
import os
import platform
import secrets
import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from faults import fault_list, network, report
from faults.fault_list import FAULTS, NOTHING, Fault
from faults.installation import Extent, Installation, new_key
from faults.measures import Figures, Window, figures_of
from faults.network import Network, NotHere
from faults.recovery import NotRecovered, stored_keys, wait_until_grouped, wait_until_whole
from faults.report import FaultReport
from faults.restoring import restore_elsewhere
from faults.traffic import Rates, Traffic
from onrecall import examples

SMALL = Extent(servers=2, workers=1, consumers=0, replica=False, search_nodes=0, kafka=False)
SMALL_HISTORY = examples.FOLDER / "incidents" / "database.json"


def main() -> int:
    """Return 0 if nothing was lost or doubled; 1 if something was; 2 if it can't run here."""
    chosen = _arguments()
    if reason := network.why_not():
        print(f"can't run here: {reason}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started ends
    folder = Path(tempfile.mkdtemp(prefix="onrecall-faults-", dir=chosen.folder))
    folder.chmod(0o755)
    try:
        measured = Run(chosen, folder).measure()
    except NotHere as error:
        print(f"can't run here: {error}", file=sys.stderr)
        return 2
    finally:
        if not chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)
    report.write(measured, chosen.markdown, chosen.json)
    print(report.as_markdown(measured))
    return 0 if measured.is_clean else 1


class Run:
    """One run: an installation, its clients, and what happened in each window."""

    def __init__(self, chosen: argparse.Namespace, folder: Path) -> None:
        self._chosen, self._folder = chosen, folder
        self._load = os.getloadavg()[0]
        self._mark = secrets.token_hex(4)
        self._key = new_key()
        self._windows: list[Window] = []

    def measure(self) -> FaultReport:
        """Do everything, and end everything that was started."""
        hosts = Network()
        try:
            hosts.host("clients").enter()
            home = Installation(hosts, self._folder / "first", SMALL if self._chosen.small else Extent(), self._key)
            try:
                return self._measure(home)
            finally:
                home.stop()
        finally:
            hosts.close()

    def _measure(self, home: Installation) -> FaultReport:
        self._start(home)
        rates = Rates(self._chosen.notifications, self._chosen.records, self._chosen.questions)
        broker = home.broker.address if home.broker else None
        traffic = Traffic(home.addresses, broker, self._key, rates, self._mark)
        wait_until_whole(home, traffic)
        traffic.start()
        self._break(NOTHING, home, traffic)
        for name in self._chosen.faults:
            self._break(FAULTS[name], home, traffic)
        traffic.stop()
        wait_until_grouped(home)
        stored = stored_keys(home, self._mark)
        figures = tuple(figures_of(window, traffic.outcomes, stored) for window in self._windows)
        restored = None if self._chosen.small else restore_elsewhere(home, self._key, self._folder, self._say)
        return self._report(home, traffic, rates, figures, stored, restored)

    def _start(self, home: Installation) -> None:
        self._say("starting databases, search nodes and broker")
        home.start_engines()
        self._say("importing the example history")
        home.run("import", str(SMALL_HISTORY) if self._chosen.small else "--example")
        self._say("starting servers, workers and consumers")
        home.start()

    def _break(self, fault: Fault, home: Installation, traffic: Traffic) -> None:
        if lack := fault.lack(home):
            home.left_out.append(f"{fault.name}: {lack}")
            return
        self._say(fault.name)
        how = fault_list.describe_slow_disk(self._folder) if fault is FAULTS["slow-disk"] else fault.how
        began = time.monotonic()
        with fault.happens(home):
            self._pause()
        mended = time.monotonic()
        trouble = None
        try:
            wait_until_whole(home, traffic)
        except NotRecovered as error:
            trouble = str(error)
        self._windows.append(Window(fault.name, began, mended, time.monotonic(), how, trouble))
        self._say(trouble or f"whole again {time.monotonic() - mended:.0f} s after it was mended")

    def _pause(self) -> float:
        time.sleep(self._chosen.seconds)
        return time.monotonic()

    def _report(self, home, traffic, rates, figures: tuple[Figures, ...], stored, restored) -> FaultReport:
        acknowledged = traffic.outcomes.acknowledged
        kinds = {
            "servers": home.servers,
            "workers": home.workers,
            "Kafka consumers": home.consumers,
            "OpenSearch nodes": home.search,
        }
        counted = [f"{len(members)} {kind}" for kind, members in kinds.items() if members]
        databases = "PostgreSQL primary and streaming replica" if home.replica else "one PostgreSQL"
        return FaultReport(
            day=f"{datetime.now(UTC):%d %B %Y}",
            machine=f"{platform.machine()} {platform.system()}",
            processors=os.cpu_count() or 1,
            load=(self._load, os.getloadavg()[0]),
            hosts=", ".join([*counted, databases, *(["one Kafka broker"] if home.broker else [])]),
            rates=rates,
            figures=figures,
            left_out=tuple(home.left_out),
            total_sent=len(traffic.outcomes.sent),
            total_acknowledged=len(acknowledged),
            total_lost=len(acknowledged.keys() - set(stored)),
            total_doubled=len(stored) - len(set(stored)),
            restored=restored,
        )

    def _say(self, what: str) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="two servers, a worker, a database and a part of the history; no restore"
    )
    parser.add_argument("--faults", type=_faults, default=list(FAULTS), help=f"some of {','.join(FAULTS)}")
    parser.add_argument("--seconds", type=float, default=15, help="how long each fault lasts")
    parser.add_argument("--notifications", type=float, default=Rates().notifications, help="webhooks a second")
    parser.add_argument("--records", type=float, default=Rates().records, help="records of Kafka a second")
    parser.add_argument("--questions", type=float, default=Rates().questions, help="questions a second")
    parser.add_argument("--markdown", type=Path, help="write the tables into this page")
    parser.add_argument("--json", type=Path, help="write all figures into this file")
    parser.add_argument("--folder", type=Path, help="where to keep data meanwhile; a real disk, no memory")
    parser.add_argument("--keep", action="store_true", help="keep data and logs")
    return parser.parse_args()


def _faults(names: str) -> list[str]:
    chosen = names.split(",")
    if unknown := sorted(set(chosen) - FAULTS.keys()):
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(FAULTS)}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
