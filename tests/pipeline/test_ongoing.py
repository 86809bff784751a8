"""What is open, or began at the same time or later, is no precedent; it is named as going on. On both databases."""

from datetime import timedelta

import pytest

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.situation import make_situation
from onrecall.pipeline import IncidentService

TITLE = "checkout answers 503, HikariPool-1 Connection is not available"


def opened(memory: IncidentService, name: str, at, title: str = TITLE) -> str:
    return memory.open(Incident(name, title, at))[0].id


def resolve(memory: IncidentService, name: str, at, cause: str = "pool") -> None:
    steps = (ResolutionStep("Raised the pool", "kubectl set env deploy/checkout POOL=50"),)
    memory.resolve(name, Resolution("The pool ran dry", at, cause=cause, steps=steps, by="kim"))


def test_two_incidents_of_the_same_second_never_know_each_other(memory: IncidentService, clock) -> None:
    opened(memory, "A", clock())
    opened(memory, "B", clock())
    clock.forward(minutes=1)
    for name, other in (("A", "B"), ("B", "A")):
        answer = memory.recommend(name)
        assert (answer.verdict, answer.evidence) == ("never_seen", ())
        assert [(one.id, one.status) for one in answer.ongoing] == [(other, "open")]
    resolve(memory, "A", clock())
    clock.forward(minutes=1)
    answer = memory.recommend("B")
    assert (answer.verdict, answer.steps) == ("never_seen", ())
    assert [(one.id, one.status) for one in answer.ongoing] == [("A", "resolved")]


def test_what_began_later_is_no_precedent_even_when_it_is_over(memory: IncidentService, clock) -> None:
    opened(memory, "FIRST", clock())
    opened(memory, "LATER", clock.forward(minutes=20))
    resolve(memory, "LATER", clock.forward(minutes=5))
    answer = memory.recommend("FIRST")
    assert answer.evidence == ()
    assert [one.id for one in answer.ongoing] == ["LATER"]


@pytest.mark.parametrize("title", ["Checkout outage", TITLE])
def test_a_postmortem_of_what_is_not_over_makes_it_no_precedent(memory: IncidentService, clock, title) -> None:
    text = f"# {TITLE}\n\n## Resolution\n\nRaised the pool with `kubectl set env deploy/checkout POOL=50`."
    memory.put_document(Document("PM-1", "Postmortem of checkout", text, "postmortem"))
    memory.open(Incident("OPEN", title, clock(), document="PM-1"))
    clock.forward(minutes=1)
    answer = memory.ask(make_situation(TITLE))
    assert (answer.evidence, answer.steps) == ((), ())
    assert [one.id for one in answer.ongoing] == ["OPEN"]


def test_what_began_earlier_and_is_over_is_one(memory: IncidentService, clock) -> None:
    opened(memory, "EARLIER", clock())
    resolve(memory, "EARLIER", clock.forward(minutes=5))
    opened(memory, "NEXT", clock.forward(days=1))
    answer = memory.recommend("NEXT")
    assert answer.verdict != "never_seen"
    assert ([one.id for one in answer.evidence], answer.ongoing) == (["EARLIER"], ())


def test_a_question_is_told_of_what_goes_on_beside_what_was_seen(memory: IncidentService, clock) -> None:
    opened(memory, "EARLIER", clock())
    resolve(memory, "EARLIER", clock.forward(minutes=5))
    opened(memory, "NOW", clock.forward(days=1))
    clock.forward(minutes=1)
    answer = memory.ask(make_situation(TITLE))
    assert [one.id for one in answer.evidence] == ["EARLIER"]
    assert [(one.id, one.title) for one in answer.ongoing] == [("NOW", TITLE)]


def test_at_an_earlier_time_what_was_open_then_was_going_on_then(memory: IncidentService, clock) -> None:
    opened(memory, "PAST", clock())
    then = clock.forward(minutes=1)
    resolve(memory, "PAST", clock.forward(days=1))
    answer = memory.ask(make_situation(TITLE, as_of=then))
    assert (answer.evidence, [one.id for one in answer.ongoing]) == ((), ["PAST"])


def test_many_open_incidents_do_not_hide_the_one_that_was_solved(memory: IncidentService, clock) -> None:
    opened(memory, "SOLVED", clock())
    resolve(memory, "SOLVED", clock.forward(minutes=5))
    clock.forward(days=1)
    others = [Incident(f"X-{n}", f"disk {n} of archive {n} is full", clock(), status="resolved") for n in range(200)]
    memory.import_history(others)
    for number in range(30):
        opened(memory, f"OPEN-{number}", clock() - timedelta(seconds=number))
    answer = memory.ask(make_situation(TITLE))
    assert answer.evidence[0].id == "SOLVED"
    assert len(answer.ongoing) == 5


@pytest.mark.parametrize("title", ["nothing of the sort: a certificate expired on the mail relay"])
def test_what_is_not_alike_is_not_named(memory: IncidentService, clock, title) -> None:
    opened(memory, "OTHER", clock(), title)
    assert memory.ask(make_situation(TITLE)).ongoing == ()
