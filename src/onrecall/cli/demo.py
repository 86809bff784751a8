"""The demo: example history, then a live scenario that is answered, resolved and learned from, told as a feed."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import uvicorn

from onrecall import examples
from onrecall.backtest.chronology import History
from onrecall.backtest.run import history_of_store
from onrecall.bootstrap.access import check_address, is_loopback
from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import console, recommendation_page
from onrecall.cli import import_history as importing
from onrecall.cli.terminal import print_error
from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import OnRecallError
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.http import server as serving
from onrecall.pipeline.keys import Keys
from onrecall.settings import Settings
from onrecall.sources import WebhookRequest
from onrecall.storage import ALERTS_SOURCE, Storage
from onrecall.storage.folder_faults import make_folder
from onrecall.worker.backtest_runner import BacktestRunner
from onrecall.worker.worker import WorkerHandle

ANSWER_SECONDS = 30
FEED_INDENT = 10


def run_demo(settings: Settings, host: str, port: int, *, fast: bool, once: bool) -> None:
    """Play the demo in a store of its own, made anew each time, and serve it."""
    with _keys(settings, host) as keys:
        _play_demo(settings, host, port, keys, fast=fast, once=once)


@contextmanager
def _keys(settings: Settings, host: str) -> Iterator[Keys | None]:
    """Open the keys of the operator's own store if others can reach the demo; the demo's store has none."""
    if is_loopback(host):
        yield None
        return
    with closing(Storage.open(settings.database)) as own:
        keys = Keys(own, lambda: datetime.now(UTC))
        check_address(host, keys)
        yield keys


def _play_demo(settings: Settings, host: str, port: int, keys: Keys | None, *, fast: bool, once: bool) -> None:
    folder = settings.data_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    own = settings.model_copy(update={"database_url": f"sqlite:///{folder / 'onrecall.db'}"})
    with open_app(own) as context:
        console.print_line(("OnRecall demo", "bold"), "  importing the example history into a separate store")
        brought = importing.import_paths(context.memory, importing.ImportLocation(example=True))
        console.print_line(f"{brought.created} incidents, runbooks and postmortems are in memory\n")
        rehearsals = BacktestRunner(context.memory.store, own, context.memory.now)
        rehearsal = DemoBacktest(rehearsals, history_of_store(context.memory.store))

        def ready(server: uvicorn.Server, worker: WorkerHandle, address: str) -> None:
            console.print_line("open ", (address, "bold"), "  (press Ctrl-C to stop)\n")
            rehearsal.start()
            Player(context, worker, server, fast=fast, once=once).start()

        guarded = replace(context, access=replace(context.access, keys=keys))
        with console.reported_interrupt():
            serving.serve(guarded, host, port, ready, rehearsals)


class DemoBacktest(threading.Thread):
    """Measures trust while the demo plays, and prints when it begins and what it found."""

    def __init__(self, rehearsals: BacktestRunner, history: History) -> None:
        super().__init__(name="onrecall-rehearsal", daemon=True)
        self._runner = rehearsals
        self._history = history

    def run(self) -> None:
        """Start the backtest and wait for its end."""
        openings = len(self._history.incidents)
        count = count_noun(openings, "example")
        console.print_line((f"measuring trust in the background: replaying {count} in chronological order\n", "dim"))
        self._runner.start(history=self._history)
        self._runner.wait()
        ended = self._runner.newest()
        if ended is not None and ended.result is not None:
            right = ended.result["right"]
            counted = (
                f"the cause was right {round((right['value'] or 0) * right['n'])} of {count_noun(right['n'], 'time')}"
            )
            message = f"trust is measured: in a replay of the examples {counted}; from now on answers say so"
            console.print_line((f"{message}\n", "bold"))


class Player(threading.Thread):
    """Plays the scenario against the memory being served and prints what happens."""

    def __init__(
        self, context: AppContext, worker: WorkerHandle, server: uvicorn.Server, *, fast: bool, once: bool
    ) -> None:
        super().__init__(name="onrecall-demo", daemon=True)
        self._memory = context.memory
        self._worker = worker
        self._server = server
        self._fast = fast
        self._once = once
        self._ids: dict[str, str] = {}

    def run(self) -> None:
        """Play every event at its time; afterwards the server keeps running unless told to stop."""
        started = time.monotonic()
        for event in examples.scenario():
            due = started + event.after.total_seconds()
            while not self._fast and not self._server.should_exit and (seconds_left := due - time.monotonic()) > 0:
                time.sleep(min(seconds_left, 0.2))
            if self._server.should_exit:
                return
            try:
                self._play(event)
            except OnRecallError as error:
                print_error(f"{error.title}: {error}")
        console.print_line(("the scenario is finished; ask a question in the console, or press Ctrl-C to stop", "bold"))
        if self._once:
            self._server.should_exit = True

    def _play(self, event: examples.Event) -> None:
        match event:
            case examples.ExampleOpening():
                self._open(event)
            case examples.ExampleClosing():
                self._close(event)
            case examples.ExampleRating():
                self._rate(event)
            case examples.ExampleStorm():
                self._rage(event)
        if event.note:
            console.print_line((event.note, "italic dim"), indent=FEED_INDENT)
        console.print_line()

    def _open(self, opening: examples.ExampleOpening) -> None:
        incident, _ = self._memory.open(opening.incident(self._memory.now()))
        self._ids[opening.ref] = incident.id
        self._worker.wake()
        _print_event("opened", "red", f"{incident.id}  {incident.service}: {incident.title}")
        self._await_answer(opening.ref)

    def _rage(self, storm: examples.ExampleStorm) -> None:
        before = {incident.id for incident in self._of_alerts()}
        self._memory.receive("alertmanager", [WebhookRequest(storm.payload(self._memory.now()))])
        self._worker.wake()
        _print_event("alerts", "red", f"{len(storm.alerts)} alerts, one a second")
        self._worker.wait(
            lambda: any(other_incident.id not in before for other_incident in self._of_alerts()), ANSWER_SECONDS
        )
        for incident in self._of_alerts():
            if incident.id not in before:
                self._ids[storm.ref] = incident.id
                alerts = self._memory.store.alerts.of_incident(incident.id)
                _print_event("opened", "red", f"{incident.id}  {len(alerts)} alerts, one incident: {incident.title}")
                self._await_answer(storm.ref)

    def _of_alerts(self) -> list[Incident]:
        return [
            incident
            for incident in self._memory.store.incidents.page(limit=200).items
            if incident.source == ALERTS_SOURCE
        ]

    def _await_answer(self, ref: str) -> None:
        self._worker.wait(lambda: self._answer(ref) is not None, ANSWER_SECONDS)
        answer = self._answer(ref)
        if answer is None:
            print_error(f"{self._ids[ref]} was not answered within {ANSWER_SECONDS} seconds")
        else:
            _print_answer(answer)

    def _close(self, closing: examples.ExampleClosing) -> None:
        resolution = closing.resolution(self._memory.now())
        incident = self._memory.resolve(self._ids[closing.ref], resolution)
        links = "".join(f"; a {link.kind} of {link.incident}" for link in incident.links)
        _print_event("resolved", "green", f"{incident.id}  cause {closing.cause}; answers use it from now on{links}")

    def _rate(self, rating: examples.ExampleRating) -> None:
        answer = self._answer(rating.ref)
        if answer is None:
            return
        self._memory.rate(rating.outcome(answer.id, len(answer.steps), self._memory.now()))
        helped = "helped" if rating.verdict == "helped" else "did not help"
        _print_event("outcome", "cyan", f"{answer.incident}  the answer {helped}; later answers take it into account")

    def _answer(self, ref: str) -> Recommendation | None:
        return self._memory.store.recommendations.newest(self._ids[ref])


def _print_answer(answer: Recommendation) -> None:
    words, style = recommendation_page.VERDICT_WORDS[answer.verdict], recommendation_page.VERDICT_STYLES[answer.verdict]
    best = f"  like {answer.cause_citation.id}" if answer.cause_citation else ""
    console.print_line((f"{words:<11}", style), f"{best}  ({answer.latency_ms.total:.0f} ms)", indent=FEED_INDENT)
    if answer.cause:
        console.print_line((f"{'cause':<11}", "dim"), answer.cause, indent=FEED_INDENT)
    for step in answer.steps[:2]:
        console.print_line(
            (f"{'step ' + str(step.n):<11}", "dim"),
            step.text,
            (f"  [{step.risk.replace('_', ' ')}]", recommendation_page.RISK_STYLES[step.risk]),
            (f"  ({step.citation.id}, line {step.citation.line})", "dim"),
            indent=FEED_INDENT,
        )
    console.print_line(
        (f"{'trust':<11}", "dim"),
        confidence_sentence(answer),
        indent=FEED_INDENT,
    )


def _print_event(event: str, style: str, message: str) -> None:
    console.print_line((datetime.now(UTC).strftime("%H:%M:%S "), "dim"), (f"{event:<9}", style), message)
