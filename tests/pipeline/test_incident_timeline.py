"""What people read of an incident's events."""

from datetime import UTC, datetime

from onrecall.pipeline.incident_timeline import without_repeated_answers
from onrecall.storage import IncidentEvent

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_answer_is_told_once_until_another_one_comes():
    told = [
        ("opened", {}),
        ("recommended", {"verdict": "never_seen"}),
        ("noted", {}),
        ("recommended", {"verdict": "never_seen"}),
        ("recommended", {"verdict": "known"}),
        ("recommended", {"verdict": "never_seen"}),
    ]
    events = [
        IncidentEvent(number, "INC-1", event_type, NOW, NOW, None, detail)
        for number, (event_type, detail) in enumerate(told)
    ]
    assert [event.seq for event in without_repeated_answers(events)] == [0, 1, 2, 4, 5]
