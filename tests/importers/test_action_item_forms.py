"""Owner, due date and state of action items, however people write them beside the task."""

import pytest

from growth import grows_at_most
from importers.reports import report
from onrecall.importers.postmortem.action_facets import split_facets
from onrecall.importers.postmortem.action_item_text import parse_item


def read(text):
    facets = parse_item(text, text)
    return facets.text, facets.owner, facets.due, facets.state


@pytest.mark.parametrize(
    ("written", "task", "owner", "due", "state"),
    [
        ("Cap the spool (@mira, due 2026-11-02)", "Cap the spool", "mira", "2026-11-02", None),
        ("Cap the spool (mira, due 2026-11-02)", "Cap the spool", "mira", "2026-11-02", None),
        ("Cap the spool (due 2026-11-02, mira)", "Cap the spool", "mira", "2026-11-02", None),
        ("cap the spool — mira — 2026-11-02", "cap the spool", "mira", "2026-11-02", None),
        ("cap the spool – 2 Nov 2026 – mira", "cap the spool", "mira", "2026-11-02", None),
        ("cap the spool | mira | in progress | 2026-11-02", "cap the spool", "mira", "2026-11-02", "in progress"),
        ("cap the spool, Mira Holt, 2026-11-02", "cap the spool", "Mira Holt", "2026-11-02", None),
        ("cap the spool; owner Mira; due November 2, 2026", "cap the spool", "Mira", "2026-11-02", None),
        ("Owner: Mira — cap the spool — ETA 2026-11-02", "cap the spool", "Mira", "2026-11-02", None),
        ("cap the spool @Mira Holt 02 Nov 2026", "cap the spool", "Mira Holt", "2026-11-02", None),
        ("Gil: cap the spool", "cap the spool", "Gil", None, None),
        ("Gil & Ute: cap the spool", "cap the spool", "Gil & Ute", None, None),
        ("@gil to cap the spool", "cap the spool", "gil", None, None),
        ("[Gil] cap the spool", "cap the spool", "Gil", None, None),
        ("TODO Gil: cap the spool", "cap the spool", "Gil", None, "open"),
        ("@mail-team: cap the spool", "cap the spool", "mail-team", None, None),
        ("MTA-77: cap the spool (owner: Gil)", "MTA-77: cap the spool", "Gil", None, None),
        ("cap the spool (Gil) [MTA-77] done", "cap the spool [MTA-77]", "Gil", None, "done"),
        ("Spool begrenzen (zuständig: Ute, bis 02.11.2026)", "Spool begrenzen", "Ute", "2026-11-02", None),
        ("Limiter la file (Luc, échéance 1er novembre 2026)", "Limiter la file", "Luc", "2026-11-01", None),
        ("Limitar la cola (Inés, antes del 13/11/2026)", "Limitar la cola", "Inés", "2026-11-13", None),
        ("上限を設定（担当：田中、期限：2026-11-02）", "上限を設定", "田中", "2026-11-02", None),
    ],
)
def test_owner_due_date_and_state_are_taken_out_of_an_item(written, task, owner, due, state):
    assert read(written) == (task, owner, due, state)


@pytest.mark.parametrize(
    "written",
    [
        "tell support by Friday",
        "delete logs written before 2026-03-01",
        "keep the old queue until 2026-12-01",
        "Alerting: page on spool size",
        "Redis: raise the limit",
        "Deploy: canary first",
        "retry - add back-off",
        "Add a panel (Grafana)",
        "cap the spool — before the next launch of the shop",
        "compare 2026-03-01 with today",
    ],
)
def test_what_belongs_to_the_task_stays_in_its_text(written):
    assert read(written) == (written, None, None, None)


def test_a_due_date_that_is_no_whole_day_stays_in_the_text():
    assert read("cap the spool — mira — Q3 2027")[0] == "cap the spool — mira — Q3 2027"
    assert read("cap the spool — owner: mira — due: Q3 2027") == ("cap the spool — due: Q3 2027", "mira", None, None)
    assert read("cap the spool (Mira, by Friday)") == ("cap the spool (by Friday)", "Mira", None, None)


PAGE = "# Spool overflow\n\n**Date:** 2026-10-19 07:00 UTC\n\n## Root cause\nNo limit.\n\n## Action items\n{items}\n"


def items(text):
    incident = report("spool.md", PAGE.format(items=text)).incident()
    return [(item.text, item.owner, item.due, item.state) for item in incident.action_items]


def test_boxes_and_facets_of_a_list_are_read_together():
    text = "- [x] cap the spool (@mira, due 2026-11-02)\n- [ ] page on its size — gil — 2026-11-09\n"
    assert items(text) == [
        ("cap the spool", "mira", "2026-11-02", "done"),
        ("page on its size", "gil", "2026-11-09", "open"),
    ]


def test_nested_details_belong_to_the_item_above():
    text = "- cap the spool\n  - Owner: Mira\n  - Due: 2 November 2026\n  - Status: in progress\n- page on its size\n"
    assert items(text) == [
        ("cap the spool", "Mira", "2026-11-02", "in progress"),
        ("page on its size", None, None, None),
    ]


def test_a_cell_without_a_whole_day_is_kept_behind_the_task():
    text = "| Task | Owner | Due |\n|---|---|---|\n| cap the spool | @mira | Q1 2027 |\n| page on it | gil | 5 novembre 2026 |\n"
    assert items(text) == [
        ("cap the spool (Q1 2027)", "mira", None, None),
        ("page on it", "gil", "2026-11-05", None),
    ]


def test_the_order_of_day_and_month_on_the_page_holds_for_due_dates():
    text = PAGE.format(items="- cap the spool (Mira, due 03/11/2026)\n- page on it (Gil, due 25/11/2026)\n")
    assert [item.due for item in report("spool.md", text).incident().action_items] == ["2026-11-03", "2026-11-25"]


def test_many_names_behind_a_label_are_read_in_bounded_time():
    assert grows_at_most(6, lambda size: split_facets("Owner: " + " and ".join(["aa"] * size) + " !"), 13, 26)


def test_a_long_line_behind_due_is_read_in_bounded_time():
    assert grows_at_most(3, lambda size: parse_item("due " * size, ""), 1500, 3000)


def test_an_item_with_very_many_brackets_is_read():
    assert parse_item("fix it " + "(done) " * 1200, "").state == "done"


def listed(*lines):
    text = (
        "# Mail down\n\nStart: 2026-09-08 10:00 UTC\n\n## Action items\n\n" + "\n".join(f"- {x}" for x in lines) + "\n"
    )
    return [(item.text, item.owner) for item in report("mail.md", text).incident().action_items]


@pytest.mark.parametrize("service", ["Checkout", "Payments", "Cassandra", "London"])
def test_a_service_before_a_colon_owns_no_item(service):
    assert listed(f"{service}: add a retry", "Cap the spool") == [
        (f"{service}: add a retry", None),
        ("Cap the spool", None),
    ]


def test_a_word_before_a_colon_is_a_name_where_the_list_shows_it():
    assert listed("Lou: add a retry", "Gil: cap the spool") == [("add a retry", "Lou"), ("cap the spool", "Gil")]
    assert listed("Lou: add a retry", "Cap the spool (@lou)")[0] == ("add a retry", "Lou")


def test_a_tool_in_brackets_beside_a_state_owns_no_item():
    assert read("Use TLS (Envoy, done)") == ("Use TLS (Envoy)", None, None, "done")
