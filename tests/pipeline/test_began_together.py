"""Incidents that began within seconds: one hint, merged or kept apart in one go, and remembered."""

from datetime import timedelta

import pytest
from storming import incidents, later, tell

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid, NotFound

SYMPTOMS = {
    "sluice": "gate stuck", "barge-queue": "nobody moves", "tolls": "coins jam", "lights": "dark", "radio": "hiss",
}  # fmt: skip


def burst(memory, clock, services=SYMPTOMS, apart=3.0, environment=None):
    start = clock()
    clock.forward(seconds=apart * len(services))
    for n, service in enumerate(services):
        at = start + timedelta(seconds=apart * n)
        title = SYMPTOMS[service]
        tell(memory, Alert("zabbix", f"{service} {at}", title, at, service=service, environment=environment))
    later(memory, clock, seconds=1)


def test_five_services_in_seconds_are_one_hint_and_stay_apart(memory, clock):
    burst(memory, clock)
    assert len(incidents(memory)) == 5
    (hint,) = memory.began_together.hints()
    assert [one.service for one in hint.incidents] == list(SYMPTOMS)
    assert hint.span == timedelta(seconds=12)


def test_merged_in_one_go_and_together_the_next_time(memory, clock):
    burst(memory, clock)
    (hint,) = memory.began_together.hints()
    merged = memory.began_together.merge([one.id for one in hint.incidents], "ida")
    assert merged.id == hint.incidents[0].id
    assert len(memory.store.alerts.of_incident(merged.id)) == 5
    assert memory.began_together.hints() == ()
    again = memory.began_together.merge([one.id for one in hint.incidents], "ida")
    assert again.id == merged.id
    later(memory, clock, days=2)
    burst(memory, clock)
    opened = [one for one in incidents(memory) if one.started_at > merged.started_at + timedelta(days=1)]
    assert len([one for one in opened if one.status == "open"]) == 1


def test_kept_apart_and_no_hint_the_next_time(memory, clock):
    burst(memory, clock)
    (hint,) = memory.began_together.hints()
    memory.began_together.keep_apart([one.id for one in hint.incidents])
    assert memory.began_together.hints() == ()
    assert len(incidents(memory)) == 5
    later(memory, clock, days=2)
    burst(memory, clock)
    assert memory.began_together.hints() == ()


@pytest.mark.parametrize("chosen", [{"services": list(SYMPTOMS)[:3]}, {"apart": 25.0}, {"apart": 19.0}])
def test_what_is_no_burst(memory, clock, chosen):
    burst(memory, clock, **chosen)
    assert memory.began_together.hints() == ()


def test_environments_have_bursts_of_their_own(memory, clock):
    burst(memory, clock, list(SYMPTOMS)[:3], environment="prod")
    burst(memory, clock, list(SYMPTOMS)[3:], environment="staging")
    assert memory.began_together.hints() == ()


def test_what_can_be_no_burst_is_refused(memory, clock):
    burst(memory, clock)
    with pytest.raises(Invalid):
        memory.began_together.merge(["INC-1", "INC-1"])
    with pytest.raises(NotFound):
        memory.began_together.merge(["INC-1", "INC-999"])
