"""The demo: example history, then a live scenario that is answered, resolved and learned from, told as a feed."""

import shutil
import threading
import time
from datetime import UTC, datetime

import uvicorn

from onrecall import examples
from onrecall.doors import importing, printing, serving
from onrecall.doors.wiring import House, house
from onrecall.doors.worker import Worker
from onrecall.errors import OnRecallError
from onrecall.incident import Incident, Outcome, Recommendation, StepVerdict
from onrecall.settings import Settings

ANSWER_SECONDS = 30


def run(settings: Settings, host: str, port: int, *, fast: bool, once: bool) -> None:
    """Play the demo in a store of its own, made anew each time, and serve it."""
    folder = settings.data_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with house(settings.model_copy(update={"database_url": f"sqlite:///{folder / 'onrecall.db'}"})) as home:
        printing.say(("OnRecall demo", "bold"), "  example history first, in a store of its own")
        brought = importing.run(home.memory, importing.Source(example=True))
        printing.say(f"{brought.created} incidents, runbooks and postmortems are in memory\n")

        def ready(server: uvicorn.Server, worker: Worker, address: str) -> None:
            printing.say("open ", (address, "bold"), "  (Ctrl-C ends it)\n")
            Player(home, worker, server, fast=fast, once=once).start()

        serving.serve(home, host, port, ready)


class Player(threading.Thread):
    """Plays the scenario against the memory being served and prints what happens."""

    def __init__(self, home: House, worker: Worker, server: uvicorn.Server, *, fast: bool, once: bool) -> None:
        super().__init__(name="onrecall-demo", daemon=True)
        self._memory = home.memory
        self._worker = worker
        self._server = server
        self._fast = fast
        self._once = once
        self._incidents: dict[str, Incident] = {}
        self._answers: dict[str, Recommendation] = {}

    def run(self) -> None:
        """Play every event in its time; at the end the server stays, unless it was asked to end."""
        started = time.monotonic()
        for event in examples.scenario():
            while not self._fast and not self._server.should_exit and (left := started + event.after_seconds - time.monotonic()) > 0:
                time.sleep(min(left, 0.2))
            if self._server.should_exit:
                return
            try:
                self._play(event)
            except OnRecallError as error:
                printing.complain(f"{error.title}: {error}")
        printing.say(("the scenario is over; ask something on the page, or end with Ctrl-C", "bold"))
        if self._once:
            self._server.should_exit = True

    def _play(self, event: examples.Event) -> None:
        if event.open is not None:
            self._open(event.ref, event.open)
        elif event.resolution is not None:
            self._resolve(event)
        else:
            self._rate(event)

    def _open(self, ref: str, fields: examples.Opening) -> None:
        incident, _ = self._memory.open(
            Incident(
                id="",
                title=fields.title,
                description=fields.description,
                service=fields.service,
                severity=fields.severity,
                labels=fields.labels,
                started_at=self._memory.now(),
            )
        )
        self._incidents[ref] = incident
        self._worker.wake()
        _stamp("opened", "red", f"{incident.id}  {incident.service or '?'}: {incident.title}")
        self._worker.wait(lambda: self._memory.store.newest_recommendation(incident.id) is not None, ANSWER_SECONDS)
        answer = self._memory.store.newest_recommendation(incident.id)
        if answer is None:
            printing.complain(f"{incident.id} was not answered within {ANSWER_SECONDS} seconds")
            return
        self._answers[ref] = answer
        _tell(answer)

    def _resolve(self, event: examples.Event) -> None:
        assert event.resolution is not None
        incident = self._memory.resolve(self._incidents[event.ref].id, event.resolution(self._memory.now()))
        link = "".join(f"; a {link.kind} of {link.incident}" for link in incident.links)
        _stamp("resolved", "green", f"{incident.id}  {event.resolution(self._memory.now()).cause or ''}: remembered from now on{link}")
        printing.say()

    def _rate(self, event: examples.Event) -> None:
        answer = self._answers.get(event.ref)
        if answer is None or event.verdict is None:
            return
        numbers = {step.n for step in answer.steps}
        steps = tuple(StepVerdict(step.n, step.outcome) for step in event.steps if step.n in numbers)
        self._memory.rate(Outcome(answer.id, event.verdict, self._memory.now(), steps, by="on-call"))
        _stamp("outcome", "cyan", f"{answer.incident}  the answer {'helped' if event.verdict == 'helped' else 'did not help'}; it counts from now on")
        printing.say()


def _tell(answer: Recommendation) -> None:
    words, style = printing.VERDICT_WORDS[answer.verdict], printing.VERDICT[answer.verdict]
    best = f"  like {answer.evidence[0].id}" if answer.evidence and answer.verdict != "never_seen" else ""
    printing.say((f"{words:<11}", style), f"{best}  ({answer.latency_ms.total:.0f} ms)", indent=10)
    if answer.cause:
        printing.say((f"{'cause':<11}", "dim"), answer.cause, indent=10)
    for step in answer.steps[:2]:
        printing.say(
            (f"{'step ' + str(step.n):<11}", "dim"),
            step.text,
            (f"  [{step.risk.replace('_', ' ')}]", printing.RISK[step.risk]),
            (f"  ({step.citation.id}, line {step.citation.line})", "dim"),
            indent=10,
        )
    printing.say((f"{'trust':<11}", "dim"), printing.trust(answer.confidence, answer.confidence_reason), indent=10)
    printing.say()


def _stamp(what: str, style: str, message: str) -> None:
    printing.say((datetime.now(UTC).strftime("%H:%M:%S "), "dim"), (f"{what:<9}", style), message)
