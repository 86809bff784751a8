"""A person or an incident is erased: nothing of it is left in any table, in the files or in answers."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from guarded import Doors, bearer
from sqlalchemy import select, update
from starlette.testclient import TestClient

from onrecall.domain.erasure import PersonPattern, map_words
from onrecall.domain.errors import Invalid
from onrecall.storage import Storage
from onrecall.storage.audit import audit
from onrecall.storage.tables import metadata

NAMES = ["Øyvind.Krag@example.com", "Øyvind Krag"]
FORMS = re.compile("yvind.krag", re.IGNORECASE)


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


@pytest.fixture
def admin(doors: Doors) -> dict[str, str]:
    return bearer(doors.keys.create("root@example.com", "admin").token)


def everything(store: Storage) -> dict[str, str]:
    """What every table says, as text."""
    with store.overview.database.read() as connection:
        return {
            table.name: "\n".join(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


def tell(client: TestClient, headers: dict[str, str], title: str, fix: str) -> str:
    """Open an incident, answer it, and resolve it."""
    incident: str = client.post("/api/v1/incidents", headers=headers, json={"title": title}).json()["id"]
    assert client.get(f"/api/v1/incidents/{incident}/recommendation?wait=30", headers=headers).status_code == 200
    resolution = {"root_cause": fix, "steps": [{"text": fix, "outcome": "worked"}]}
    assert client.post(f"/api/v1/incidents/{incident}/resolution", headers=headers, json=resolution).status_code == 200
    return incident


def seed_person(doors: Doors, client: TestClient, admin: dict[str, str]) -> dict[str, str]:
    person = bearer(doors.keys.create(NAMES[0], "responder").token)
    incident = tell(client, person, "login of øyvind krag hangs", "ask Øyvind Krag for a new token")
    client.post(f"/api/v1/incidents/{incident}/notes", headers=person, json={"text": "ØYVIND KRAG looks"})
    client.put(f"/api/v1/incidents/{incident}/assignee", headers=admin, json={"assignee": NAMES[0]})
    action = {"text": "let Øyvind Krag rotate it", "owner": NAMES[0]}
    assert client.post(f"/api/v1/incidents/{incident}/actions", headers=person, json=action).status_code in (200, 201)
    assert client.get("/api/v1/recurrences", headers=person).status_code == 200
    doors.memory.work(10)
    tell(client, person, "login of øyvind krag hangs again", "as before")
    document = {"title": "Token", "text": "# Token\ncall Øyvind Krag, not øyvind kragsen", "kind": "runbook"}
    client.put("/api/v1/documents/token", headers=admin, json=document)
    client.post("/api/v1/session", headers=person)
    client.cookies.clear()
    return person


def test_no_table_holds_a_person_who_was_erased(doors: Doors, client: TestClient, admin: dict[str, str]) -> None:
    person = seed_person(doors, client, admin)
    before = everything(doors.store)
    holding = {name for name, text in before.items() if FORMS.search(text.replace("kragsen", ""))}
    assert {
        "action_items",
        "api_keys",
        "audit",
        "documents",
        "events",
        "incidents",
        "passages",
        "performed",
        "resolutions",
    } <= holding
    receipt = client.post("/api/v1/erasures/person", headers=admin, json={"names": NAMES}).json()
    after = {name: text.replace("kragsen", "") for name, text in everything(doors.store).items()}
    assert {name for name, text in after.items() if FORMS.search(text)} == set()
    assert "øyvind kragsen" in everything(doors.store)["documents"], "another person's name stays"
    assert set(receipt["rows"]) >= {"api_keys", "audit", "documents", "events", "incidents", "passages", "resolutions"}
    assert receipt["remaining"] == {}
    assert not FORMS.search(str(receipt))
    assert client.get("/api/v1/me", headers=person).status_code == 401
    assert doors.store.audit.verify()[1] == ()
    assert doors.store.health.check() == ()
    found = client.get("/api/v1/search", headers=admin, params={"q": "krag token"}).text
    assert not FORMS.search(found.replace("kragsen", ""))
    assert receipt["about"] in client.get("/api/v1/documents/token", headers=admin).text


def test_a_second_erasure_changes_nothing(doors: Doors, client: TestClient, admin: dict[str, str]) -> None:
    seed_person(doors, client, admin)
    client.post("/api/v1/erasures/person", headers=admin, json={"names": NAMES})
    before = {name: text for name, text in everything(doors.store).items() if name != "api_keys"}
    again = client.post("/api/v1/erasures/person", headers=admin, json={"names": NAMES}).json()
    assert (again["id"], again["rows"]) == (None, {})
    assert {name: text for name, text in everything(doors.store).items() if name != "api_keys"} == before


@pytest.mark.parametrize("name", ["admin", "ab", "resolved"])
def test_a_name_that_is_also_a_word_of_ours_is_refused(client: TestClient, admin: dict[str, str], name: str) -> None:
    refused = client.post("/api/v1/erasures/person", headers=admin, json={"names": [name]})
    assert refused.status_code == 422
    assert client.get("/api/v1/me", headers=admin).status_code == 200


def test_an_incident_goes_with_all_that_is_its_own_and_its_words_elsewhere(
    doors: Doors, client: TestClient, admin: dict[str, str]
) -> None:
    doomed = tell(client, admin, "the kiln of hall seven went cold", "relight the pilot flame of hall seven")
    doors.clock.go(hours=1)
    other = tell(client, admin, "the kiln of hall seven went cold once more", "replaced the thermocouple")
    cited = client.get(f"/api/v1/incidents/{other}/recommendation", headers=admin)
    assert "relight the pilot flame" in cited.text, "the other one's answer repeats it"
    receipt = client.post(f"/api/v1/erasures/incidents/{doomed}", headers=admin).json()
    assert "relight the pilot flame" not in str(everything(doors.store))
    assert client.get(f"/api/v1/incidents/{doomed}", headers=admin).status_code == 404
    assert client.get(f"/api/v1/incidents/{other}", headers=admin).status_code == 200
    assert client.get(f"/api/v1/incidents/{other}/recommendation", headers=admin).status_code == 200
    assert receipt["rows"]["incidents"] == 1
    assert receipt["rows"]["resolutions"] == 1
    assert "relight" not in client.post("/api/v1/ask", headers=admin, json={"text": "the kiln went cold"}).text
    assert doors.store.audit.verify()[1] == ()
    assert doors.store.health.check() == ()
    again = client.post(f"/api/v1/erasures/incidents/{doomed}", headers=admin).json()
    assert (again["id"], again["rows"]) == (None, {})
    assert client.post("/api/v1/erasures/incidents/INC-999", headers=admin).status_code == 404


def test_alerts_of_an_erased_incident_open_no_new_one(doors: Doors, client: TestClient, admin: dict[str, str]) -> None:
    alert = {"status": "firing", "labels": {"alertname": "KilnCold"}, "startsAt": "2026-03-01T11:00:00Z"}
    client.post("/api/v1/alerts/alertmanager", headers=admin, json={"alerts": [alert]})
    doors.memory.work(10)
    (incident,) = client.get("/api/v1/incidents", headers=admin).json()["items"]
    client.post(f"/api/v1/erasures/incidents/{incident['id']}", headers=admin)
    doors.memory.work(10)
    assert client.get("/api/v1/incidents", headers=admin).json()["items"] == []


def test_the_audit_tells_what_was_erased_from_what_was_forged(
    doors: Doors, client: TestClient, admin: dict[str, str]
) -> None:
    seed_person(doors, client, admin)
    client.post("/api/v1/erasures/person", headers=admin, json={"names": NAMES})
    with doors.store.overview.database.write() as connection:
        erased = connection.scalars(select(audit.c.seq).where(audit.c.who.like("erased-%"))).first()
        connection.execute(update(audit).where(audit.c.seq == erased).values(who="somebody else"))
    assert f"row {erased} was changed" in doors.store.audit.verify()[1]


def test_only_an_admin_erases(doors: Doors, client: TestClient, admin: dict[str, str]) -> None:
    for role in ("viewer", "responder"):
        headers = bearer(doors.keys.create(role, role).token)
        assert client.post("/api/v1/erasures/person", headers=headers, json={"names": NAMES}).status_code == 403


def test_the_file_of_sqlite_holds_nothing_of_an_erased_person(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(Storage.open(f"sqlite:///{file}")) as store:
        doors = Doors(store)
        admin = bearer(doors.keys.create("root", "admin").token)
        with doors.client() as client:
            seed_person(doors, client, admin)
            client.post("/api/v1/erasures/person", headers=admin, json={"names": NAMES})
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"yvind.Krag" not in content
    assert b"token" in content


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dora.moon", "@dora.moon please restart"),
        ("José Müller", unicodedata.normalize("NFD", "ask José Müller")),
        ("Ann Example", "Ann  Example or Ann\nExample"),
        ("Strauß", "STRAUSS knows"),
        ("O'Brien", "O\u2019Brien knows"),
        ("dora", "__dora__ and DORA_x"),
        ("田中太郎", "田中太郎さんが再起動した"),
        ("田中", "田中が再起動した"),
    ],
)
def test_a_name_is_found_in_the_forms_in_which_people_write_it(name: str, text: str) -> None:
    changed = PersonPattern((name,), "erased-1").replace(text)
    assert re.fullmatch(r"(?s)(?!.*(?:dora|jos|ann|strauss|brien|田中)).*erased-1.*", changed, re.IGNORECASE)


def test_a_short_name_without_blanks_goes_where_only_something_derived_is_stored() -> None:
    person = PersonPattern(("王伟",), "erased-1")
    assert person.derived(str.casefold)("王伟 restart pool") == "erased-1 restart pool"
    assert PersonPattern(("Dora",), "erased-1").derived(lambda name: name[:2])("do it") == "do it"


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(Invalid, match="at most 320") as caught:
        PersonPattern(("n" * 321,), "erased-1")
    assert caught.value.field == "name"


@pytest.mark.parametrize("text", ["dora.moon@example.com", "the pandora box", "doramoon"])
def test_a_longer_word_or_address_is_another_name(text: str) -> None:
    assert PersonPattern(("dora", "dora.moon"), "erased-1").replace(text) == text


def test_names_of_fields_stay_and_names_of_labels_go() -> None:
    body = {"summary": "Summary of x", "labels": {"summary": "y"}}
    assert map_words(body, PersonPattern(("Summary",), "e").replace) == {"summary": "e of x", "labels": {"e-2": "y"}}


def test_words_that_other_incidents_share_stay(doors: Doors, client: TestClient, admin: dict[str, str]) -> None:
    told = {
        "title": "the kiln of hall seven went cold",
        "service": "payments",
        "labels": {"area": "evidence", "kind": "citations"},
    }
    doomed = client.post("/api/v1/incidents", headers=admin, json=told).json()["id"]
    fix = {"root_cause": "pilot flame out of gas", "steps": [{"text": "Relight it", "outcome": "worked"}]}
    assert client.post(f"/api/v1/incidents/{doomed}/resolution", headers=admin, json=fix).status_code == 200
    doors.clock.go(hours=1)
    later = tell(client, admin, "the kiln of hall seven went cold, payments-worker too", "restarted payments-worker")
    client.post(
        f"/api/v1/incidents/{later}/notes", headers=admin, json={"text": f"as {doomed}: pilot flame out of gas"}
    )
    assert client.post(f"/api/v1/erasures/incidents/{doomed}", headers=admin).status_code == 200
    assert client.get(f"/api/v1/incidents/{later}/recommendation", headers=admin).status_code == 200
    assert client.get(f"/api/v1/incidents/{later}", headers=admin).json()["title"].endswith("payments-worker too")
    assert "pilot flame out of gas" not in str(everything(doors.store))


def test_over_http_the_last_admin_is_not_shut_out(client: TestClient, admin: dict[str, str]) -> None:
    refused = client.post("/api/v1/erasures/person", headers=admin, json={"names": ["root@example.com"]})
    assert refused.status_code == 409
    assert client.get("/api/v1/me", headers=admin).status_code == 200
