"""Tables that people made themselves, and the mapping file."""

from pathlib import Path

import pytest

from importers.reports import report
from onrecall.domain.errors import Invalid
from onrecall.importers import read


def test_common_names_are_known_and_the_rest_is_said_to_be_unused():
    result = report(
        "a.tsv",
        "Ticket #\tSubject\tOpened (UTC)\tClosed\tSystem\tPrio\tRoot Cause\tFix\tManager\n"
        "A-1\tAuth down\t2024-01-31 09:30\t45 min\tauth\tP1\tpool\tRestarted auth.\tAnn\n",
    )
    incident = result.incident()
    assert (incident.id, incident.title, incident.service, incident.severity) == (
        "A-1",
        "Auth down",
        "auth",
        "critical",
    )
    assert incident.resolved_at.isoformat() == "2024-01-31T10:15:00+00:00"
    assert incident.resolution.root_cause == "pool"
    assert "not used: Manager" in result.messages_text
    assert "tab" in result.messages_text
    assert "1 time has no zone and was taken as UTC" in result.messages_text


def test_labels_as_pairs_as_json_and_as_columns():
    rows = 'id,title,date,labels,label.team\nA,x,2024-01-31,region=eu;urgent,ops\nB,x,2024-01-31,"{""k"": 1}",\nC,x,2024-01-31,{,\n'
    result = report("a.csv", rows)
    assert [dict(item.labels) for item in result.incidents] == [
        {"region": "eu", "tags": "urgent", "team": "ops"},
        {"k": "1"},
    ]
    assert result.rejected[0].field == "labels"


def test_several_lines_in_a_cell_and_a_line_that_names_the_delimiter():
    result = report("a.csv", 'sep=;\nid;title;started_at;fix;resolved_at\nA;"one\ntwo";2024-01-31;;\nB;x;nonsense;;\n')
    assert result.incidents[0].title == "one two"
    assert result.rejected[0].where == "a.csv, line 5"


def test_a_fix_without_a_time_is_rejected_with_the_way_to_mend_it():
    rows = "id,title,date,fix\nA,x,2024-01-31,Restarted it.\n"
    (rejected,) = report("a.csv", rows).rejected
    assert rejected.field == "resolved_at"
    assert "mapping file" in rejected.message
    assert report("a.csv", rows, mapping={"resolved_at": "date"}).rejected == []


def test_days_and_months_are_told_apart_by_the_file_or_by_the_mapping():
    rows = "id,title,date\nA,x,03/04/2024\nB,x,05/06/2024\n"
    assert {rejection.field for rejection in report("a.csv", rows).rejected} == {"started_at"}
    assert [incident.started_at.month for incident in report("a.csv", rows + "C,x,31/12/2024\n").incidents] == [
        4,
        6,
        12,
    ]
    assert [
        incident.started_at.month for incident in report("a.csv", rows, mapping={"dates": "month_first"}).incidents
    ] == [3, 5]


def test_a_mapping_file_names_columns_labels_and_zone(tmp_path: Path):
    (tmp_path / "map.yaml").write_text(
        "id: Vorgang\ntitle: Titel\nstarted_at: Beginn\nlabels:\n  region: Gebiet\ntimezone: Europe/Berlin\n"
    )
    (tmp_path / "a.csv").write_text("Vorgang;Titel;Beginn;Gebiet\nA;Ausfall;31.01.2024 10:30;Süd\n")
    items = list(read(tmp_path / "a.csv", mapping=tmp_path / "map.yaml"))
    assert items[1].started_at.isoformat() == "2024-01-31T09:30:00+00:00"
    assert items[1].labels == {"region": "Süd"}
    assert len(items) == 2, "nothing had to be assumed"


def test_a_mapping_works_on_json_too():
    incident = report(
        "a.json", '[{"nr": 7, "was": "down", "wann": "2024-01-31"}]', mapping={"title": "was", "started_at": "wann"}
    ).incident()
    assert (incident.id, incident.title) == ("7", "down")


@pytest.mark.parametrize("text", ["[1, 2", "- a", "id: [[x]]", "id: []", "nonsense: x", "labels: x", "a: &a [*a]"])
def test_a_broken_mapping_is_refused(tmp_path: Path, text):
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(Invalid):
        read(tmp_path, mapping=tmp_path / "map.yaml")


def test_a_column_that_is_not_there_is_named():
    (rejected,) = report("a.csv", "id,title\nA,x\n", mapping={"started_at": "Beginn"}).rejected
    assert "'Beginn'" in rejected.message
    assert "id, title" in rejected.message


@pytest.mark.parametrize(
    "rows",
    [
        "Vorfall-Nr;Titel;Beginn;Ende;Dienst;Schweregrad;Ursache;Maßnahme\nV-4;Waage steht;2026-04-02T06:00:00Z;2026-04-02T07:00:00Z;waage;hoch;Kabelbruch;Kabel ersetzt\n",
        "管理番号,件名,発生日時,復旧日時,サービス,重大度,原因,対応\nV-4,Waage steht,2026-04-02T06:00:00Z,2026-04-02T07:00:00Z,waage,高,Kabelbruch,Kabel ersetzt\n",
        "Incident No,Issue,Date Opened,Date Closed,Application,Priority,Root cause,Fix Applied\nV-4,Waage steht,2026-04-02T06:00:00Z,2026-04-02T07:00:00Z,waage,high,Kabelbruch,Kabel ersetzt\n",
    ],
    ids=["german", "japanese", "english sheet"],
)
def test_headers_in_other_languages_and_of_hand_made_sheets_are_known(rows):
    incident = report("sheet.csv", rows).incident()
    assert (incident.id, incident.title, incident.service, incident.severity) == ("V-4", "Waage steht", "waage", "high")
    assert (incident.started_at.hour, incident.resolved_at.hour) == (6, 7)
    assert (incident.resolution.root_cause, incident.resolution.steps[0].text) == ("Kabelbruch", "Kabel ersetzt")
