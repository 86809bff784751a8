"""The mirror: what happens to incidents reaches a bank, whatever happens to its server."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest

from hindsight.twin import KEY
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.hindsight import HindsightBank
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.mirror import SWEEP_EVERY


@pytest.fixture
def memory(memory_for, bank):
    service = memory_for(bank)
    service.mirrors[0].run_once()  # it mirrors what happens from now on
    return service


def opened(memory, clock, name="FAN-1", **more):
    memory.open(Incident(id=name, title="Fan stands still", started_at=clock(), service="rack-4", **more))


def resolved(memory, clock, name="FAN-1", cause="A cable in the blades"):
    steps = (ResolutionStep("Oiled it", outcome="did_not_help"), ResolutionStep("Moved the cable", "tie --left"))
    memory.resolve(name, Resolution(cause, clock(), steps=steps, by="mia"))


def rounds(memory):
    while memory.mirrors[0].run_once():
        pass


def document(twin, name="FAN-1"):
    return twin.banks["team"][f"inc:{name}"]


def metadata(twin, name="FAN-1"):
    return document(twin, name)["document_metadata"]


def test_a_document_follows_its_incident(memory, clock, twin):
    opened(memory, clock)
    rounds(memory)
    assert metadata(twin)["status"] == "open"
    assert document(twin)["retain_params"]["event_date"] == clock().isoformat()

    clock.forward(minutes=20)
    resolved(memory, clock)
    rounds(memory)
    assert metadata(twin)["root_cause"] == "A cable in the blades"
    assert metadata(twin)["mitigation_steps"] == "Moved the cable"
    assert (metadata(twin)["incident_id"], metadata(twin)["resolution_version"]) == ("FAN-1", "1")
    assert "Oiled it (did not help)" in document(twin)["original_text"]

    resolved(memory, clock, cause="The cable, and a worn bearing")
    rounds(memory)
    assert metadata(twin)["resolution_version"] == "2"
    assert metadata(twin)["root_cause"] == "The cable, and a worn bearing"

    memory.reopen("FAN-1")
    rounds(memory)
    assert metadata(twin)["status"] == "open"
    assert "root_cause" not in metadata(twin)
    assert len(twin.banks["team"]) == 1


def test_what_changes_nothing_in_the_document_is_not_sent(memory, clock, twin):
    opened(memory, clock)
    rounds(memory)
    sent = len(twin.retained_at_once)
    memory.recommend("FAN-1")
    opened(memory, clock)
    rounds(memory)
    assert len(twin.retained_at_once) == sent


def test_imported_incidents_are_mirrored_and_those_that_came_from_the_bank_are_not(memory, clock, twin):
    started = clock()
    memory.import_history([
        Incident(id="OLD-1", title="Old", started_at=started, source="jira", source_id="1"),
        Incident(id="OLD-2", title="From there", started_at=started, source="hindsight", source_id="OLD-2"),
    ])  # fmt: skip
    rounds(memory)
    assert set(twin.banks["team"]) == {"inc:OLD-1"}
    clock.forward(hours=1)
    resolved(memory, clock, "OLD-2")
    rounds(memory)
    assert set(twin.banks["team"]) == {"inc:OLD-1", "inc:OLD-2"}


def test_nothing_is_lost_or_double_while_the_server_is_away(memory, clock, twin):
    opened(memory, clock, "A-1")
    rounds(memory)
    twin.status = 503
    for number in range(2, 30):
        opened(memory, clock, f"A-{number}")
    resolved(memory, clock, "A-1")
    for _ in range(40):  # many more tries than any other channel makes
        rounds(memory)
        clock.forward(hours=1)
    assert set(twin.banks["team"]) == {"inc:A-1"}
    twin.status = None
    rounds(memory)
    assert set(twin.banks["team"]) == {f"inc:A-{number}" for number in range(1, 30)}
    assert metadata(twin, "A-1")["status"] == "resolved"
    backlog = memory.store.outbox.backlog("hindsight:team")
    assert (backlog.pending, backlog.dead) == (0, 0)


def test_a_wrong_key_loses_nothing_either(memory_for, clock, twin):
    with closing(HindsightBank(twin.url, "team", "wrong", timeout=60)) as refused:
        memory = memory_for(refused)
        rounds(memory)
        opened(memory, clock)
        rounds(memory)
        backlog = memory.store.outbox.backlog("hindsight:team")
        assert backlog.pending == 1
        assert "ONRECALL_HINDSIGHT_KEY" in backlog.last_error
        twin.key = "wrong"
        clock.forward(minutes=2)
        rounds(memory)
        assert metadata(twin)["status"] == "open"


def test_a_document_that_the_server_will_never_take_is_given_up_with_the_reason(memory, clock, twin):
    rounds(memory)
    opened(memory, clock)
    twin.status = 422
    rounds(memory)
    assert memory.store.outbox.backlog("hindsight:team").dead == 1
    twin.status = None
    opened(memory, clock, "FAN-2")
    rounds(memory)
    assert set(twin.banks["team"]) == {"inc:FAN-2"}


def test_a_slow_server_delays_no_answer(memory_for, clock, twin):
    with closing(HindsightBank(twin.url, "team", KEY, timeout=20)) as slow:
        memory = memory_for(slow)
        rounds(memory)
        opened(memory, clock)
        twin.hanging.clear()
        twin.asked.clear()
        sending = threading.Thread(target=rounds, args=(memory,), daemon=True)
        sending.start()
        assert twin.asked.wait(60)
        clock.forward(minutes=1)
        opened(memory, clock, "FAN-2")
        resolved(memory, clock, "FAN-2")
        clock.forward(minutes=1)
        opened(memory, clock, "FAN-3")
        assert memory.recommend("FAN-3").evidence[0].id == "FAN-2"
        twin.hanging.set()
        sending.join(20)
    assert "inc:FAN-1" in twin.banks["team"]


def test_the_document_of_a_deleted_incident_goes(memory, clock, twin):
    opened(memory, clock, "GONE-1")
    opened(memory, clock, "STAYS-1")
    rounds(memory)
    memory.store.memory_banks.remove("none", (), ["GONE-1"])
    twin.status = 500
    clock.forward(seconds=SWEEP_EVERY.total_seconds() + 1)
    rounds(memory)
    assert "inc:GONE-1" in twin.banks["team"]
    twin.status = None
    clock.forward(seconds=SWEEP_EVERY.total_seconds() + 1)
    rounds(memory)
    assert set(twin.banks["team"]) == {"inc:STAYS-1"}


def test_an_event_that_was_recorded_days_ago_is_still_mirrored(memory, clock, twin):
    opened(memory, clock)
    clock.forward(seconds=timedelta(days=30).total_seconds())
    rounds(memory)
    assert metadata(twin)["status"] == "open"


def test_two_processes_send_each_document_once(memory_for, bank, clock, twin):
    first, second = memory_for(bank), memory_for(bank)
    rounds(first)
    for number in range(12):
        opened(first, clock, f"P-{number}")
    threads = [threading.Thread(target=rounds, args=(which,)) for which in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rounds(first)
    assert len(twin.banks["team"]) == 12
    assert twin.calls.count(("POST", "/v1/default/banks/team/memories")) == 12


def test_a_long_incident_is_cut_and_says_so(memory, clock, twin):
    opened(memory, clock, description="line of a log\n" * 20_000)
    rounds(memory)
    assert len(document(twin)["original_text"]) < 51_000
    assert "cut here" in document(twin)["original_text"]


def test_another_bank_is_another_channel(twin):
    with closing(HindsightBank(twin.url, "north", KEY)) as bank:
        assert HindsightPeer(bank).channel.name == "hindsight:north"
