"""Habits of houses with templates of their own: whys in columns, farewells of mails, questions answered on their line."""

import pytest

from importers.reports import report
from onrecall.importers.postmortem.titles import clean_title

HEAD = "# Postmortem: relay down\n\n**Date:** 2026-03-04\n\n"


@pytest.mark.parametrize("name", ["5 Whys", "Five whys", "5 Warum", "Why analysis"])
def test_of_whys_in_a_column_the_last_answer_is_the_cause_and_the_others_contributed(name):
    chain = "1. Why late? No worker ran. 2. Why did none run? The queue was paused. 3. Why? A drill had paused it."
    incident = report(
        "t.csv", f"Key,Summary,Created,Resolved,{name}\nT-1,Mails late,2026-03-04 08:00,2026-03-04 09:00,{chain}\n"
    ).incident()
    assert incident.resolution.root_cause == "A drill had paused it."
    assert incident.contributing_factors == "Why late? No worker ran.\n2. Why did none run? The queue was paused."


def test_a_stated_cause_goes_before_the_whys_of_its_row():
    rows = "Key,Summary,Created,Resolved,Root cause,5 Whys\nT-1,Mails late,2026-03-04 08:00,2026-03-04 09:00,A paused queue,Why late? No worker ran.\n"
    incident = report("t.csv", rows).incident()
    assert (incident.resolution.root_cause, incident.contributing_factors) == (
        "A paused queue",
        "Why late? No worker ran.",
    )


@pytest.mark.parametrize(
    "farewell",
    [
        "Thanks everybody for helping out!\n\nBest regards,\nGreta",
        "Let me know if I forgot something.\n\nCheers\nGreta",
        "Kind regards\n\nGreta Lindqvist\nSite Reliability Engineering",
        "Viele Grüße\nGreta",
        "Cordialement,\nGreta",
        "Sent from my phone",
    ],
)
def test_what_a_mail_ends_with_is_no_action_item(farewell):
    mail = (
        "From: Greta <g@example.org>\nSubject: Postmortem: proxy down on 2026-04-21\nDate: Wed, 22 Apr 2026 09:12:00 +0000\n\n"
        f"Root cause:\nThe list was empty.\n\nAction items:\nWe will check the size of the list.\n\n{farewell}\n"
    )
    assert [item.text for item in report("m.eml", mail).incident().action_items] == [
        "We will check the size of the list."
    ]


@pytest.mark.parametrize("title", ["Post-incident report", "Post-incident review", "Post-incident"])
def test_a_hyphen_within_the_kind_of_a_page_parts_no_title(title):
    assert clean_title(title) == title
    assert clean_title(f"{title}: Tills down") == "Tills down"
    assert clean_title(f"Tills down - {title}") == "Tills down"


def test_a_question_of_a_template_and_its_answer_may_share_a_line():
    page = f"{HEAD}## Root cause\nA full disk.\n\n## Response\nHow did you detect the event? A customer called.\n\nHow did you mitigate the impact? We emptied the disk.\n"
    incident = report("p.md", page).incident()
    assert (incident.detection, [step.text for step in incident.resolution.steps]) == (
        "A customer called.",
        ["We emptied the disk."],
    )


def test_lines_that_only_an_emoji_marks_are_steps_and_action_items():
    page = f"{HEAD}**What we did**\n❌ Reboot of the switch\n✅ New cable\n\n**For next time**\n👉 Spare cables @ania\n👉 Label the ports @wojtek\n"
    incident = report("p.md", page).incident()
    assert [(step.text, step.outcome) for step in incident.resolution.steps] == [
        ("Reboot of the switch", "did_not_help"),
        ("New cable", "worked"),
    ]
    assert [(item.text, item.owner) for item in incident.action_items] == [
        ("Spare cables", "ania"),
        ("Label the ports", "wojtek"),
    ]


def test_a_writer_who_uses_no_capitals_is_read_sentence_by_sentence():
    page = "# relay down (2026-03-04)\n\nrelay gave 502 from 08:00 UTC to 09:00 UTC. we restarted it, no luck. turns out the disk was full. we emptied it with `relayctl purge` and all was fine.\n"
    incident = report("p.md", page).incident()
    assert incident.resolution.root_cause == "turns out the disk was full."
    assert [(step.command, step.outcome) for step in incident.resolution.steps] == [
        (None, "did_not_help"),
        ("relayctl purge", "worked"),
    ]


def test_the_last_update_of_a_status_page_is_no_part_of_the_label_above_it():
    page = (
        "# Webhooks are delivered late\n\n**Affected components:** Webhooks\n**Impact:** Major\n\n**Resolved** - This incident has been resolved.\nAug 14, 2026 - 16:05 UTC\n\n"
        "**Identified** - One customer sends too much.\nAug 14, 2026 - 14:58 UTC\n\n"
        "**Investigating** - Webhooks are late.\nAug 14, 2026 - 14:31 UTC\n"
    )
    incident = report("s.md", page).incident()
    assert (incident.impact, incident.resolved_at.hour, len(incident.timeline)) == ("Major", 16, 3)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("cp1250", "Výpadek brány v Brně, prošlý certifikát nikdo včas neobnovil"),
        ("cp1250", "Awaria bramki płatności, wygasł certyfikat"),
        ("cp1250", "A kiszolgáló nem indult újra, a bővítés elmaradt, hűtés"),
        ("cp1250", "Serverul a căzut, licenţa a expirat"),
        ("cp1252", "Paiement à l’arrêt, le certificat était expiré"),
        ("cp1252", "Größter Ausfall für Händler in Köln"),
        ("cp1252", "Não há conexão, três repetições"),
        ("cp1252", "Nätverket låg nere i Malmö"),
        ("cp1252", "Café Zoë naïve façade Müller"),
    ],
)
def test_letters_of_one_language_tell_central_european_from_western_text(encoding, title):
    text = f"id;title;started_at;service\n1;{title};2026-01-03T10:00:00Z;s\n".encode(encoding)
    result = report("x.csv", text)
    assert result.incident().title == title
    assert ("read as Windows-1250" in result.messages_text) == (encoding == "cp1250")
    assert report("x.md", f"# {title}\n\n2026-01-03\n".encode(encoding)).documents[0].title == title


def test_latin_2_is_refused_as_before():
    text = "id;title;started_at\n1;Prošlý certifikát, klíč už neplatí;2026-01-03T10:00:00Z\n".encode("iso8859_2")
    assert "name the encoding with --encoding" in report("x.csv", text).messages_text
