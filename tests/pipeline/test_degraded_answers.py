"""While the search index is away, every answer says so, and incidents are answered again once it is back."""

from datetime import timedelta

import pytest

from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import make_situation
from onrecall.mcp.results import tool_result
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex

AWAY = "the cluster can't be reached, so words in the database answer"
QUESTION = make_situation("payments queue grows")


class SometimesAway(LocalIndex):
    """A local index that says it answers from less than everything while it is told to."""

    limitation = None


@pytest.fixture
def index(store) -> SometimesAway:
    return SometimesAway(store.passages, None)


@pytest.fixture
def memory(store, clock, index) -> IncidentService:
    return IncidentService(Dependencies(store, Retriever(store, None, index), clock))


def precedent(memory: IncidentService, clock) -> None:
    began = clock() - timedelta(days=3)
    memory.import_history([
        Incident(
            "INC-old", "Payments queue grows", began, status="resolved", resolved_at=began + timedelta(hours=1),
            resolution=Resolution("a consumer hung", began + timedelta(hours=1)),
        )
    ])  # fmt: skip


def test_an_answer_says_why_less_was_searched_and_only_then(memory, index, clock) -> None:
    precedent(memory, clock)
    whole = memory.ask(QUESTION)
    index.limitation = AWAY
    degraded = memory.ask(QUESTION)
    assert (whole.degraded, degraded.degraded, memory.recall_limitation) == (None, AWAY, AWAY)
    assert degraded.verdict_reason == f"{whole.verdict_reason}; {AWAY}"
    assert degraded.id != whole.id
    assert [item.id for item in degraded.evidence] == [item.id for item in whole.evidence] == ["INC-old"]


def test_an_incident_is_answered_again_until_the_answer_is_whole(memory, index, clock) -> None:
    precedent(memory, clock)
    index.limitation = AWAY
    opened, _ = memory.open(Incident("INC-new", "Payments queue grows", clock()))
    clock.forward(minutes=1)
    assert memory.work() == 1
    first = memory.store.recommendations.newest(opened.id)
    assert first.degraded == AWAY
    assert memory.work() == 0
    clock.forward(minutes=2)
    assert memory.work() == 1
    assert memory.store.recommendations.newest(opened.id) == first

    index.limitation = None
    clock.forward(minutes=2)
    assert memory.work() == 1
    assert memory.store.recommendations.newest(opened.id).degraded is None
    clock.forward(minutes=2)
    assert memory.work() == 0


def test_a_tool_of_mcp_says_so_beside_its_data() -> None:
    assert tool_result([], None, AWAY)["degraded"] == AWAY
    assert "degraded" not in tool_result([])
