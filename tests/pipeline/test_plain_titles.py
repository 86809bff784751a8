"""Titles, causes and steps are shown as plain text, so they are stored without bold marks."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.alert import Alert
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.grouping import ServiceGraph
from onrecall.pipeline.incident_from_alerts import build_incident
from onrecall.storage import StoredAlert

MAY = datetime(2026, 5, 2, 6, tzinfo=UTC)


def test_an_import_strips_bold_marks_and_the_same_again_changes_nothing(memory):
    steps = (ResolutionStep("**Re-lit** the kiln, see `**/kiln.md`", "kiln light", "worked"),)
    resolution = Resolution("**Pilot flame** went out", MAY + timedelta(hours=1), steps=steps)
    history = [
        Incident("KILN-1", "**Postmortem: Kiln cold**", MAY, "**Impact**: no tiles", resolution=resolution),
        Document("kiln", "## **Kiln cold**", "**Re-light** it"),
    ]
    memory.import_history(history)
    stored = memory.store.incidents.get("KILN-1")
    assert (stored.title, stored.resolution.root_cause) == ("Postmortem: Kiln cold", "Pilot flame went out")
    assert stored.resolution.steps[0].text == "Re-lit the kiln, see `**/kiln.md`"
    assert stored.description == "**Impact**: no tiles"
    assert memory.store.documents.get("kiln").title == "Kiln cold"
    assert memory.import_history(history).unchanged == 2


def test_an_opened_incident_and_one_of_alerts_have_plain_titles(memory):
    assert memory.open(Incident("", "**Kiln** is cold again", MAY))[0].title == "Kiln is cold again"
    alert = Alert("chat", "k", "**Kiln** is cold", MAY)
    row = StoredAlert(1, alert, None, MAY, MAY, waiting=False, joined=None, hash="k")
    assert build_incident(None, [row], ServiceGraph()).title == "Kiln is cold"
