"""What was tried and did not help stands beside what did, in one paragraph, under one label, in several languages."""

import pytest

from importers.reports import report
from onrecall.importers.postmortem.outcomes import detect_outcome, is_attempt_in_vain

PAGE = "# Ticket desk down\n\nStart: 2026-09-08 10:00 UTC\nEnd: 2026-09-08 11:00 UTC\n\n## {heading}\n\n{text}\n"


def steps(text, heading="Resolution"):
    resolution = report("desk.md", PAGE.format(heading=heading, text=text)).incident().resolution
    return [(step.text, step.outcome) for step in resolution.steps] if resolution else []


@pytest.mark.parametrize(
    "text",
    [
        "Tried first: rollback of the deploy. No effect.",
        "Tried first: rollback of the deploy. Did nothing.",
        "We first attempted a rollback of the deploy, to no avail.",
        "Our first idea was a rollback of the deploy. That changed nothing.",
        "Rolling the deploy back did nothing either.",
        "A rollback of the deploy was attempted but had no effect.",
        "First we rolled the deploy back; nope, still red.",
        "Zuerst das Deployment zurückgespielt, ohne Wirkung.",
        "Wir haben versucht, das Deployment zurückzuspielen, das brachte nichts.",
        "On a d'abord essayé de revenir en arrière, sans succès.",
        "Primero volvimos a la versión anterior, no sirvió de nada.",
        "Primeiro voltamos à versão anterior, sem efeito.",
        "Ritorno alla versione precedente: nessun effetto.",
        "Eerst de vorige versie teruggezet, hielp niet.",
        "以前のバージョンに戻したが、効果なし。",
        "回滚到了旧版本，没有效果。",
    ],
)
def test_an_attempt_in_vain_under_resolution_is_no_step_that_worked(text):
    assert [outcome for _, outcome in steps(text)] == ["did_not_help"]


@pytest.mark.parametrize(
    "text",
    ["Se cambió al otro nodo y el disco bueno funcionó.", "Para que os jobs tivessem sucesso, o limite foi aumentado."],
)
def test_the_end_of_a_longer_word_is_no_failure(text):
    assert not is_attempt_in_vain(text)


@pytest.mark.parametrize(
    "text",
    [
        "We rolled the deploy back, which made it worse.",
        "Tried: rollback of the deploy - made it worse.",
        "Das Deployment wurde zurückgerollt, das hat es nur noch schlimmer gemacht. Es wurde verschlechtert.",
        "Reiniciamos el gestor y empeoró.",
        "重启了网关，情况恶化。",
    ],
)
def test_what_made_it_worse_is_told_so(text):
    assert "made_it_worse" in [outcome for _, outcome in steps(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Tried first: rollback of the deploy. No effect. Then restarted the store with `deskctl restart`.",
        "Tried first: rollback of the deploy. No effect.\n\nThen the store was restarted with `deskctl restart`.",
        "Attempted: rollback of the deploy, no effect.\nWorked: restart of the store with `deskctl restart`",
        "We first rolled the deploy back without effect. After that we restarted the store with `deskctl restart`.",
        "Zuerst das Deployment zurückgerollt, ohne Wirkung. Danach der Speicher neu gestartet (`deskctl restart`).",
        "Primeiro voltamos a versão, sem efeito. Depois reiniciamos com `deskctl restart`.",
    ],
)
def test_what_follows_an_attempt_in_vain_may_be_what_helped(text):
    resolution = report("desk.md", PAGE.format(heading="Resolution", text=text)).incident().resolution
    told = [(step.outcome, step.command) for step in resolution.steps]
    assert told == [("did_not_help", None), ("worked", "deskctl restart")]


def test_of_a_list_of_attempts_the_one_that_helped_is_told_by_its_result():
    text = (
        "- restarted the desk\n- raised the limit -> no change\n- cleared the lock: `deskctl unlock` → desk is green\n"
    )
    assert [outcome for _, outcome in steps(text, "What we tried")] == ["did_not_help", "did_not_help", "worked"]


def test_errors_that_went_on_for_a_while_are_no_attempt():
    assert steps("The errors persisted until noon.") == []


def test_a_perfect_tells_what_was_done_and_not_what_had_risen():
    update = "# Exports late\n\nDate: 2026-09-08 10:00 UTC\n\n## Updates\n- 10:00 UTC exports late\n- 10:20 UTC {text}\n- 11:00 UTC resolved\n"

    def worked(text):
        resolution = report("exports.md", update.format(text=text)).incident().resolution
        return [step.text for step in resolution.steps] if resolution else []

    assert worked("We have cancelled the report that blocked them.") == [
        "We have cancelled the report that blocked them."
    ]
    assert worked("We have increased error rates in Europe.") == []


LOG = "# Thumbnails gone\n\n2026-06-12 03:05 UTC paged. 03:20 bounced the worker, nope. 03:50 driver was unloaded. 04:02 `modprobe nvidia` and thumbnails came back.\n"


def test_a_log_in_one_paragraph_is_a_chronology_and_keeps_the_code_of_its_entries():
    incident = report("thumbs.md", LOG).incident()
    assert [(entry.at.hour, entry.at.minute) for entry in incident.timeline] == [(3, 5), (3, 20), (3, 50), (4, 2)]
    assert [(step.command, step.outcome) for step in incident.resolution.steps] == [
        (None, "did_not_help"),
        ("modprobe nvidia", "worked"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "**sev**: 2   **svc**: cart-api / redis-sessions",
        "sev: 2 | svc: cart-api / redis-sessions | owner: @gil",
        "SEV: 2 · SYSTEM AFFECTED: cart-api / redis-sessions",
        "Severity: 2\tService: cart-api / redis-sessions\tAuthor: Gil",
        "Severity: 2\tService: cart-api / redis-sessions",
        "Severity: 2    Service: cart-api / redis-sessions",
    ],
)
def test_each_of_several_labels_on_a_line_is_read(line):
    text = f"# Carts lost\n\n{line}\n\nStart: 2026-09-08 10:00 UTC\nEnd: 2026-09-08 10:40 UTC\n\n## Root cause\nA failover.\n"
    incident = report("carts.md", text).incident()
    assert (incident.severity, incident.service) == ("high", "cart-api")
    assert incident.labels["services"] == "cart-api, redis-sessions"


def test_a_page_without_a_start_begins_when_it_was_detected():
    text = "# Uploads fail\n\n**Detected**: 2026-06-26 16:05 UTC (synthetics)\n**Resolved**: 2026-06-26 17:00 UTC\n\n## Root cause\nA limit.\n"
    incident = report("uploads.md", text).incident()
    assert incident.started_at.isoformat() == "2026-06-26T16:05:00+00:00"
    assert incident.lines["started_at"] == 3


def test_a_time_without_a_zone_in_prose_is_counted_once():
    text = "# Uploads fail\n\nBetween 10:00 and 11:00 on 26 June 2026 uploads failed.\n\n## Root cause\nA limit.\n"
    assert "2 times in postmortems have no zone" in report("uploads.md", text).messages_text


@pytest.mark.parametrize(
    "sentence", ["再起動しましたが変わらず", "再起動したが直らず", "再起動しても効果がなく", "重启后没有改善"]
)
def test_an_outcome_between_letters_of_japanese_or_chinese_is_read(sentence):
    assert detect_outcome(sentence) == "did_not_help"
