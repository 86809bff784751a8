"""Columns of tools' tables that were refused, swapped or left out."""

from importers.reports import report


def table(header, row):
    return report("t.csv", f"{header}\n{row}\n").incident()


def test_name_is_the_title_beside_a_summary():
    incident = table("Reference,Name,Reported at,Summary", "R-1,Belt stops,2026-05-02T10:00:00Z,Belt 3 stood still")
    assert (incident.title, incident.description) == ("Belt stops", "Belt 3 stood still")


def test_custom_fields_are_read_by_their_names():
    header = "id,title,started_at,resolved_at,Custom field: Affected service,Custom field (Root cause)"
    incident = table(header, "1,Belt,2026-05-02T10:00:00Z,2026-05-02T11:00:00Z,belt,worn roller")
    assert (incident.service, incident.resolution.root_cause) == ("belt", "worn roller")


def test_a_column_that_says_whether_and_not_when_is_no_time():
    header = "Alert ID,Message,Status,Acknowledged,CreatedAt,Tags"
    incident = table(header, 'a1,Disk full,closed,true,1777712400000,"[service:filer, prod]"')
    assert (incident.title, incident.acknowledged_at, incident.service) == ("Disk full", None, "filer")


def test_what_else_was_done_is_kept_beside_the_fix():
    header = "id,title,started_at,resolved_at,Mitigation Message,Resolution Message,Actions Taken"
    row = "1,Belt,2026-05-02T10:00:00Z,2026-05-02T11:00:00Z,Stopped line 4,Changed the roller,Greased the roller but no effect"
    incident = table(header, row)
    assert [(step.outcome, step.text) for step in incident.resolution.steps][-1] == ("worked", "Changed the roller")
    assert [entry.text for entry in incident.timeline] == ["Stopped line 4", "Greased the roller but no effect"]
    assert incident.resolution.steps[0].outcome == "did_not_help"


def test_participles_before_a_measure_and_grounds_are_read_in_german():
    header = "Vorgangsnr;Kurzbeschreibung;Gemeldet am;Gelöst am;Grund des Ausfalls;{}"
    row = "T-1;Spooler steht;07.01.2026 08:12;07.01.2026 09:00;defekter Auftrag;Auftrag entfernt"
    for done in ("Durchgeführte Maßnahme", "Getroffene Maßnahmen", "Ergriffene Massnahme", "Eingeleitete Maßnahmen"):
        resolution = report("t.csv", f"{header.format(done)}\n{row}\n").incident().resolution
        assert resolution.root_cause == "defekter Auftrag", done
        assert [step.text for step in resolution.steps] == ["Auftrag entfernt"], done


def test_a_short_text_is_the_title():
    incident = table("Ticket,Opened,Short text,System", "T-1,2026-05-02T10:00:00Z,Login spins,auth-web")
    assert (incident.title, incident.id) == ("Login spins", "T-1")
