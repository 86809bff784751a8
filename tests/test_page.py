from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep, TimelineEntry

AT = datetime(2026, 3, 1, tzinfo=UTC)


def incident(**changes):
    resolution = Resolution(
        root_cause="The pool leaked.",
        at=AT,
        steps=(
            ResolutionStep("Looked at sessions", "psql -c 'select 1'"),
            ResolutionStep("Restarted a pod", outcome="did_not_help"),
            ResolutionStep("Raised the pool", rollback="set it back to 10"),
        ),
    )
    return Incident(
        **{
            "id": "INC-1",
            "title": "503",
            "started_at": AT,
            "description": "line one\nline two",
            "resolution": resolution,
        }
        | changes
    )


def test_the_page_of_a_resolved_incident():
    assert page.to_markdown(incident()) == (
        "# 503\n\nline one\nline two\n\n## Root cause\nThe pool leaked.\n\n## Steps\n"
        "1. Looked at sessions `psql -c 'select 1'`\n2. Restarted a pod (did not help)\n3. Raised the pool\n"
        "   Rollback: set it back to 10\n"
    )


def test_lines_know_their_part_and_step():
    by_number = {line.number: line for line in page.numbered_lines(incident())}
    assert by_number[3].part == "opening"
    assert by_number[7].part == "resolution"
    assert [line.step for line in by_number.values() if line.step is not None] == [0, 1, 2]


def test_an_open_incident_has_only_its_opening():
    assert {line.part for line in page.numbered_lines(incident(resolution=None))} == {"opening"}


def test_a_document_is_its_own_page():
    document = Document("RB-1", "Restart", "# Restart\n\n1. kubectl rollout restart")
    assert [(line.number, line.text) for line in page.numbered_lines(document)][2] == (3, "1. kubectl rollout restart")


@given(st.text(), st.text(), st.text())
def test_lines_count_from_one_without_gaps_and_never_break(title, description, cause):
    thing = incident(title=title, description=description, resolution=Resolution(cause, AT))
    numbered = page.numbered_lines(thing)
    assert [line.number for line in numbered] == list(range(1, len(numbered) + 1))
    assert all(len(line.text.splitlines()) <= 1 for line in numbered)


def test_lines_that_a_document_reports_have_its_numbers():
    steps = (ResolutionStep("Tried", outcome="did_not_help", line=30), ResolutionStep("Fixed", line=34))
    resolution = Resolution("Dust", AT, steps=steps, summary="Fixed", root_cause_line=21)
    reported = incident(
        resolution=resolution,
        document="lift",
        lines={"title": 1, "description": 7},
        timeline=(TimelineEntry("a", AT, 40),),
    )
    numbers = page.document_lines(reported)
    texts = {numbers[line.number]: line.text for line in page.numbered_lines(reported) if line.number in numbers}
    assert texts == {
        1: "# 503",
        7: "line one",
        21: "Dust",
        30: "1. Tried (did not help)",
        34: "2. Fixed",
        40: "- 2026-03-01 00:00 UTC: a",
    }
    assert page.document_lines(incident()) == {}
