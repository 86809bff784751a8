"""Secrets go, normal lines stay; `pytest tests/redaction -s` prints the figures that docs/redaction.md states."""

import random
import sys
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import load, survivors
from made import VENDORS, leaks
from normal import lines

from example_counts import example_count
from growth import grows_at_most
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.redaction import redact, redact_model, scanner
from onrecall.redaction.base64_text import encoded_texts
from onrecall.redaction.repetitions import repetitions

TOKEN = VENDORS["github classic"](random.Random(3))


PLACES = (
    "places.txt",
    "places_held_out.txt",
    "places_later.txt",
    "places_by_source.txt",
    "places_by_trade.txt",
    "places_field.txt",
    "places_pasted.txt",
    "places_on_duty.txt",
    "places_from_tickets.txt",
    "places_from_consoles.txt",
)
EVERYDAY = (
    "everyday.txt",
    "everyday_held_out.txt",
    "everyday_later.txt",
    "everyday_by_source.txt",
    "everyday_by_trade.txt",
    "everyday_field.txt",
    "everyday_pasted.txt",
    "everyday_on_duty.txt",
    "everyday_from_tickets.txt",
    "everyday_from_consoles.txt",
)


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _is_leaked(leak) -> bool:
    """Whether a telling part of the secret is still there."""
    tail, text = leak.secret[-8:], redact(leak.text).text
    return leak.secret in text or (len(leak.secret) >= 16 and tail in text)


def test_secrets_are_caught():
    generated = list(leaks())
    missed = [leak for leak in generated if _is_leaked(leak)]
    report(
        f"\nsecrets: {len(generated) - len(missed)} of {len(generated)} caught ({1 - len(missed) / len(generated):.1%})"
    )
    report("missed: " + str(Counter(leak.kind for leak in missed)))
    assert len(generated) >= 250
    assert len(missed) <= 0.02 * len(generated), [(leak.kind, leak.text[:80]) for leak in missed]


def test_normal_lines_survive():
    normal = lines()
    touched = [line for line in normal if redact(line).text != line]
    report(f"\nnormal lines: {len(touched)} of {len(normal)} touched ({len(touched) / len(normal):.1%})")
    assert len(normal) >= 1500
    assert len(touched) <= 0.003 * len(normal), touched[:20]


def test_secrets_are_caught_wherever_they_stand():
    labelled = [text for name in PLACES for text in load(name)]
    missed = [text for text in labelled if survivors(text, redact(text.text).text)]
    share = len(missed) / len(labelled)
    report(f"\nplaces: {len(labelled) - len(missed)} of {len(labelled)} caught ({1 - share:.1%})")
    report("missed: " + str([(text.family, text.text[:60]) for text in missed]))
    assert len(labelled) >= 4600
    assert share <= 0.01


def test_everyday_texts_survive():
    everyday = [text.text for name in EVERYDAY for n in range(2) for text in load(name, n)]
    touched = [text for text in everyday if redact(text).text != text]
    report(f"\neveryday texts: {len(touched)} of {len(everyday)} touched ({len(touched) / len(everyday):.2%})")
    assert len(everyday) >= 8000
    assert len(touched) <= 0.003 * len(everyday), touched


@pytest.mark.parametrize("labelled", load("places.txt")[::7], ids=lambda labelled: labelled.family)
def test_any_place_keeps_its_lines_and_redacting_twice_changes_nothing(labelled):
    once = redact(labelled.text)
    assert len(once.text.splitlines()) == len(labelled.text.splitlines())
    assert redact(once.text).text == once.text


@pytest.mark.parametrize("name", [*PLACES[2:], "everyday_later.txt"])
def test_later_texts_keep_their_lines_and_redacting_twice_changes_nothing(name):
    for labelled in load(name):
        once = redact(labelled.text).text
        assert len(once.splitlines()) == len(labelled.text.splitlines()), labelled
        assert redact(once).text == once, labelled


@pytest.mark.parametrize("labelled", load("places.txt")[3::11], ids=lambda labelled: labelled.family)
def test_findings_stand_where_the_secret_stood(labelled):
    for finding in redact(labelled.text).findings:
        line = labelled.text.split("\n")[finding.line - 1]
        assert labelled.text[finding.start : finding.end].startswith(
            line[finding.column - 1 :][: finding.end - finding.start]
        )
        assert "[redacted:" not in labelled.text[finding.start : finding.end]


def test_normal_lines_survive_as_one_text():
    text = "\n".join(lines(times=1))
    assert redact(text).text == text


@pytest.mark.parametrize("leak", list(leaks())[::5], ids=lambda leak: leak.kind)
def test_lines_stay_and_twice_changes_nothing(leak):
    once = redact(leak.text)
    assert len(once.text.splitlines()) == len(leak.text.splitlines())
    assert redact(once.text).text == once.text
    assert once.findings


PIECES = [
    *["password", "token", "secret", "=", ": ", '"', "'", "\\", "\n", "\r\n", " ", "://", "@", ":", "Bearer ", "Cookie: a=", "\u2028"],
    *["[redacted:password]", "[redacted:", "]", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----", "sid=", "--token ", "é", "İ"],
    *["AccountKey=", "mysql -p", "curl -u a:", "key-", TOKEN, "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "hunter2", "<", ">", "x" * 50],
    *["&quot;", "%22", "%3A", "\x1b[31m", "\x1b[0m", "\u200b", "\u00a0", "\uff1a", "\u201c", "<td>", "</td>", "<b>", "**", "|", "\n|---|\n"],
    *["name: ", "- name: DB_PASSWORD\n  value: ", "kind: Secret\ndata:\n  a: ", "password: |\n  ", "\n  - ", "user,password\n", "a,", "docker login -p "],
    *["$6$abcdefgh$", "{SSHA}", "пароль: ", "密码", "as password", "</value>", "echo x | chpasswd", "insert into t (password) values ('"],
    *["PuTTY-User-Key-File-2: x\nPrivate-Lines: 14\n", "MIIEabc+/=", "+49 170 1234567", "4111 1111 1111 1111", "a@b.de", "&", ";", ","],
]  # fmt: skip
hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=14).map("".join)


@given(hostile, st.booleans())
@settings(max_examples=example_count(150), deadline=None)
def test_any_text_keeps_its_lines_and_redacting_twice_changes_nothing(text, personal):
    once = redact(text, personal)
    assert redact(once.text, personal).text == once.text
    assert once.text.count("\n") == text.count("\n")
    assert len(once.text.splitlines()) == len(text.splitlines())


UNITS = [
    "a", "password=", 'password="', "password='", "://a:", "eyJ", "eyJaaaaaaaa.", "-----BEGIN RSA PRIVATE KEY-----", "curl -u a", "mysql ",
    "token: ", "Cookie: a", "&sig=", "[redacted:", "secret key ", "xoxb-a", "1234 ", "a@", "+1 ", "\n- ", '\\"', " ", "machine a login ",
    "%41", "&quot;", "\x1b[1m", "a%22", "password\n", "user,password\n", "|password|a|\n", "kind: Secret\n", "data:\n", "name: DB_PASSWORD\n",
    "docker login ", "mysql -p", "echo a | ", "$1$", "password: |\n ", "passwords:\n- a1b2\n", "insert into t (password) values ('a'),", "<password>",
    "key: ", "a:b@c ", "('a1b2c3')", '"auth" ', "/hooks/", "as password ", "code 123456 ", "session ", "пароль ", "api key is ", "\\n", "<td>",
    "data:\n data:\n  x: SGVsbG8gd29ybGQh\n", '"random_password" ', "password for https://", "password (x", "@tcp(a:b@tcp(", "password = <<A\n",
    "password for the ", "password is now ", "connect('a','b',", "SGVsbG8gd29ybGQh" * 4, "SGVsbG8gd29ybGQhSGVsbG8g\n", '"a" + ', "=3Dab=\n", "wifi ",
    "stringData:\n a: b\n", "copy t (a, password) from stdin;\n", "recovery codes:\na1b2-c3d4\n", "hook/", "a key ", "ops on ", "echo 'a' | ",
    "password_in", "0/1", "password: Some(", " -p a1B2", " -u a:b", "h=a,u=b,p=", "root:abcd1234\n", "password:\n type: a\n", "user/pw@",
    "\n password a1b2c3d4", "name: password\n # a\n", 'PASSWORDS=("a" ', '("a") # password ', "key for a", "trello a", "12:ab@",
]  # fmt: skip


@pytest.mark.growth
@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear_in_one_long_line(unit):
    """Eight times the text may cost eight times the time, and not sixty-four times."""
    short, long = (unit * (size // len(unit)) for size in (8_000, 64_000))
    assert grows_at_most(25, lambda text: redact(text, personal=True), short, long)


@pytest.mark.growth
@pytest.mark.parametrize("end", [".", "-7d9", "_total", "=x"])
def test_time_is_linear_in_lines_of_letters_whose_last_is_a_name(end):
    short, long = ("deploymentcontrollers\n" * lines + f"deploymentcontrollers{end}" for lines in (500, 4_000))
    assert grows_at_most(25, lambda text: list(encoded_texts(text)), short, long)


@pytest.mark.parametrize(
    "next_line", ["kubernetesdashboardweb-7d9", "deploymentcontroller.apps/x", "certificatesexpiring_total 3"]
)
def test_a_name_in_the_next_line_hides_no_encoded_text(next_line):
    encoded = b64encode(b"DB_PASSWORD=Qm7xTz3LvKw9").decode()
    assert redact(f"{encoded}\n{next_line}").text == f"[redacted:password]\n{next_line}"


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("width", [76, 75, 200_004])
def test_an_encoded_text_is_read_however_its_beginning_is_cut(width, shift):
    encoded = b64encode(b"DB_PASSWORD=Qm7xTz3LvKw9\n" + b"#" * shift + "é".encode() * 76_000).decode()
    lines = "\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))
    assert [text.plain[:12] for text in encoded_texts(lines)] == ["DB_PASSWORD="]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=hunter2 user=app", "password=[redacted:password] user=app"),
        ("postgres://app:s3cr3t@db:5432/app", "postgres://app:[redacted:url-password]@db:5432/app"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [redacted:authorization]"),
        ("Cookie: a=b; c=d", "Cookie: [redacted:cookie]"),
        ("mysql -u root -phunter2 -e 'x'", "mysql -u root -p[redacted:password] -e 'x'"),
        (f"see {TOKEN}.", "see [redacted:github-token]."),
        ("password: ${DB_PASSWORD}", "password: ${DB_PASSWORD}"),
        ("anything -u ops -p h7TqLx2Vb9Zd -v", "anything -u ops -p [redacted:password] -v"),
        ('password: Some("x9Kq2mVtL4"),', 'password: Some("[redacted:password]"),'),
        ('"password": {"S": "x9Kq2mVtL4"}', '"password": {"S": "[redacted:password]"}'),
        (
            "DbPassword:\n  Type: String\n  Default: x9Kq2m",
            "DbPassword:\n  Type: String\n  Default: [redacted:password]",
        ),
        ("password/first-steps.md", "password/first-steps.md"),
        ("cache key: 6f1c0a9e2b7d4c5a8e3f1b2d4c6a8e0f", "cache key: 6f1c0a9e2b7d4c5a8e3f1b2d4c6a8e0f"),
        ("Cookie: theme=dark; lang=de", "Cookie: theme=dark; lang=de"),
        ("api key id: UUE9Z1zAJ4GGA4tdS3TL", "api key id: UUE9Z1zAJ4GGA4tdS3TL"),
        ("$password = Read-Host -AsSecureString", "$password = Read-Host -AsSecureString"),
        ("I set it to river4521 now (db password)", "I set it to [redacted:password] now (db password)"),
        ("password={{ 'x9Kq2mVtL4' }}", "password={{ '[redacted:password]' }}"),
        ("invalid password: authentication failed", "invalid password: authentication failed"),
        ("the svc password on dc02 rotated over night", "the svc password on dc02 rotated over night"),
        ("root password on node17 expired", "root password on node17 expired"),
        ("Passwort auf pg14 abgelaufen", "Passwort auf pg14 abgelaufen"),
        ("the password on pg14 is Winter2025!", "the password on pg14 is [redacted:password]"),
        ("password on db03 set to hunter22", "password on db03 set to [redacted:password]"),
        ("Passwort auf Sommer2024 gesetzt", "Passwort auf [redacted:password] gesetzt"),
        ("password is pg14", "password is [redacted:password]"),
    ],
)
def test_what_stands_around_stays(text, expected):
    assert redact(text).text == expected


PERSONAL = [
    ("mail to anna.berg+oncall@example.org now", "email"),
    ("card 4111 1111 1111 1111 declined", "card"),
    ("iban DE89 3704 0044 0532 0130 00 unknown", "iban"),
    ("call +49 170 123 4567 back", "phone"),
    ("call (415) 555-2671 back", "phone"),
    ("ssn 123-45-6789 given", "national-id"),
    ("call 0170/1234567 back", "phone"),
    ("téléphone : 06 12 34 56 78", "phone"),
    ("tel.: 030 1234567", "phone"),
    ("née le 12/03/1980", "date-of-birth"),
]


@pytest.mark.parametrize(("text", "kind"), PERSONAL)
def test_personal_data_go_by_choice(text, kind):
    assert redact(text).text == text
    assert [finding.kind for finding in redact(text, personal=True).findings] == [kind]


@pytest.mark.parametrize("labelled", load("personal_field.txt"), ids=lambda labelled: labelled.text[:24])
def test_personal_data_of_tickets_logs_and_mails_go(labelled):
    redacted = redact(labelled.text, personal=True).text
    assert "[redacted:" in redacted
    assert not survivors(labelled, redacted)


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112 declined",
        "iban DE89 3704 0044 0532 0130 02",
        "2026-03-12T10:11:12Z 1700000000 10.0.0.1",
        "order 123456789012",
    ],
)
def test_numbers_that_only_look_personal_stay(text):
    assert redact(text, personal=True).text == text


def test_findings_tell_kind_and_place():
    text = f"one\ntwo {TOKEN}\nthree password=hunter2"
    first, second = redact(text).findings
    assert (first.kind, first.line, first.column) == ("github-token", 2, 5)
    assert (second.kind, second.line, second.column) == ("password", 3, 16)
    assert [text[finding.start : finding.end] for finding in (first, second)] == [TOKEN, "hunter2"]


AT = datetime(2026, 3, 12, tzinfo=UTC)


def test_an_incident_is_redacted_everywhere():
    step = ResolutionStep("rotated it", command="mysql -phunter2 -e 'select 1'", rollback=f"use {TOKEN}")
    resolution = Resolution("the password is hunter2x", at=AT, steps=(step,), summary="password=hunter2")
    incident = Incident(
        "INC-1",
        f"leak {TOKEN}",
        AT,
        "DB_PASSWORD=hunter2",
        labels={"team": "pay", "password": "hunter2"},
        resolution=resolution,
    )
    clean = redact_model(incident)
    assert "hunter2" not in repr(clean)
    assert TOKEN not in repr(clean)
    assert (clean.id, clean.started_at, clean.labels["team"]) == ("INC-1", AT, "pay")


def test_a_document_without_secrets_is_handed_back_as_it_is():
    document = Document("rb-1", "Restart", "# Restart\n\n`kubectl rollout restart deploy/api`\n", labels={"a": "b"})
    assert redact_model(document) is document


def test_a_document_is_redacted_by_choice_of_personal_data_too():
    document = Document("rb-1", "Call", "call anna@example.org\n")
    assert redact_model(document) is document
    assert redact_model(document, personal=True).text == "call [redacted:email]\n"


@pytest.mark.parametrize("value", ["New-Yorker", "New-Horizons", "Get-Schwifty", "Read-Dragonfly"])
def test_a_password_that_begins_like_a_cmdlet_is_caught(value):
    assert value not in redact(f"DB_PASSWORD={value}").text
    assert "Read-Host" in redact("password: Read-Host").text


@pytest.mark.parametrize("name", ["Secret name", "password type", "db password version"])
def test_a_password_behind_a_property_of_a_secret_is_caught_and_a_plain_name_stays(name):
    assert "hunter2" not in redact(f"{name}: hunter2Xk9!").text
    assert "prod-db-Xk9Version2" in redact(f"{name}: prod-db-Xk9Version2").text


def test_after_gpg_key_only_a_fingerprint_stays():
    digits = "8f3a9c2e1b7d4f6a8c0e2d4b6f8a1c3e"
    assert digits not in redact(f"gpg key: {digits}").text
    assert digits in redact(f"gpg key: {digits}6a8c0e2d").text


@pytest.mark.parametrize(
    "text",
    [
        "created user app identified by `Xk9#mP2vLq`",
        "password = ^1-abcDEF123xyz",
        "'password' => '1.2.3-S3cretP4ssw0rd'",
        'hmac.new("HUNT2-abc1234-xY9", message)',
        "db.connect(user, pw) // Zx9.Qw3.Kp7Lm",
        'client * "S3cr3tP4ss" ::1',
        'client * "S3cr3tP4ss" -',
        '{"type": "[redacted:password]", "value": "Xk9mP2vLq7"}',
        "INSERT INTO settings (name, key) VALUES ('mail', 'Xk9mP2vLq7AbcDeFg');",
        "paying with sk_test_abcdefghijklmnop",
        'api_token: str = Field(default="q8Zt-Wm2LkP0vXy7")',
        'password: str = secret("q8Zt-Wm2LkP0vXy7")',
    ],
)
def test_a_secret_among_what_resembles_harmless_text_is_caught(text):
    assert redact(text).text != text


@pytest.mark.parametrize(
    "text",
    [
        '"minipass": "^4.2.0-beta.1"',
        '"minipass": ">=2024.1.0"',
        '"minipass": "~7"',
        'crypto.sign("RSASSA-PKCS1-v1_5")',
        "x = f(y); // llvm.hexagon.M2.s1",
        "    identified by `foo_bar`",
    ],
)
def test_versions_algorithms_and_names_in_code_survive(text):
    assert redact(text).text == text


REPEATED = (
    "nvapi-x",
    ' * "1',
    "sb_secret__",
    "key-",
    "key=key ",
    "pw: [",
    "login incorrect: [",
    "mysql -pTrUb4dor&3 ",
    "oc ('",
    'az": ',
    "password: hunter2X9!\n",
    "sqlcmd<",
    'ssh h "mysql -pX9!kd82Lq"\n',
)


@pytest.mark.growth
@pytest.mark.parametrize("token", REPEATED)
def test_a_text_that_repeats_a_token_costs_no_more_than_its_length(token):
    short, long = (token * (size // len(token)) for size in (20_000, 160_000))
    assert grows_at_most(12, lambda text: redact(text, personal=True), short, long)


@pytest.mark.parametrize(
    "token", [*REPEATED, "db_password=a1B2c3D4e5 and the token is x\n", "| user | pw |\n| root | Xy7!pq92 |\n"]
)
def test_what_repeats_is_redacted_as_if_each_time_were_the_first(token, monkeypatch):
    text = f"-- begin {token * (21_000 // len(token))} then password=q7!Wx2Lp0\n{token * (19_000 // len(token))}"
    once = redact(text, personal=True)
    monkeypatch.setattr(scanner, "repetitions", lambda _: ())
    assert redact(text, personal=True) == once


def test_a_repeated_text_is_found_with_its_period_wherever_it_ends():
    text = f"{'x' * 5_000}{'key=' * 20_000}password=a"
    assert [(found.end, found.period) for found in repetitions(text)] == [(85_000, 4)]
    assert not list(repetitions("".join(f"{n} key=" for n in range(10_000))))


@pytest.mark.parametrize("start", ["nvapi-", "sb_secret_", "ghp_", "xoxb-", "sk-proj-"])
def test_a_token_longer_than_its_format_goes_to_its_end(start):
    text = f"the agent got {start}{'aB3x' * 400} and failed"
    once = redact(text).text
    assert "aB3x" not in once
    assert redact(once).text == once
    assert once.endswith("] and failed")
