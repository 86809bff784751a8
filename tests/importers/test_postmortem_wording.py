"""Headings and scoped labels that teams write in postmortems."""

import pytest

from importers.reports import report

PAGE = """# Postmortem: Kiln controller stops

| Field | Value |
|---|---|
| Start Time (UTC) | 2026-07-03 04:00 |
| Severity | ~severity::2 |
| Service | ~Service::Kiln |

## Root cause
The watchdog was off.

## {heading}
- Power cycle of the kiln

## Resolution
1. Switched the watchdog on
"""


@pytest.mark.parametrize(
    "heading", ["Did not work", "Didn't work", "What did we try first?", "試したが効果がなかったこと"]
)
def test_what_was_tried_in_vain_and_scoped_labels_are_read(heading):
    incident = report("kiln.md", PAGE.format(heading=heading)).incident()
    assert (incident.service, incident.severity) == ("Kiln", "high")
    outcomes = [(step.text, step.outcome) for step in incident.resolution.steps]
    assert ("Power cycle of the kiln", "did_not_help") in outcomes
    assert ("Switched the watchdog on", "worked") in outcomes
