"""Scripts written for Hindsight's own client, against OnRecall."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from hindsight.serving import served
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import Situation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.recommendation import step_key
from onrecall.retrieval import Retriever, embeddings
from onrecall.retrieval.local_index import LocalIndex

pytestmark = pytest.mark.model

MODEL = embeddings.load_embedder()
LEASE = {
    "incident_id": "NET-7",
    "title": "Gateway loses its lease",
    "root_cause": "The DHCP pool ran out of addresses",
    "mitigation_steps": "Widen the pool; Restart the relay",
    "status": "resolved",
}
LEASE_TEXT = "Gateway loses its lease\nClients in building four get no address."


@pytest.fixture
def memory(store) -> IncidentService:
    index = LocalIndex(store.passages, MODEL.name if MODEL else None)
    return IncidentService(Dependencies(store, Retriever(store, MODEL, index), lambda: datetime.now(UTC)))


@pytest.fixture
def address(memory) -> Iterator[str]:
    with served(memory) as url:
        yield url


def run(address, script):
    from hindsight_client import Hindsight  # noqa: PLC0415 - only who runs these tests waits for it

    async def whole():
        client = Hindsight(base_url=address, api_key=None, timeout=120)
        try:
            return await script(client)
        finally:
            await client.aclose()

    return asyncio.run(whole())


def test_the_life_of_a_bank(address):
    from hindsight_client_api.exceptions import ApiException  # noqa: PLC0415 - only who runs these tests waits for it

    async def script(client):
        created = await client.acreate_bank(
            "ops", name="Operations", retain_extraction_mode="chunks", enable_observations=False
        )
        assert (created.bank_id, created.name) == ("ops", "Operations")

        retained = await client.aretain(
            "ops", LEASE_TEXT, document_id="lease-7", metadata=LEASE, tags=["net"], context="incident",
            timestamp=datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
        )  # fmt: skip
        assert (retained.success, retained.items_count, retained.var_async) == (True, 1, False)

        many = [
            {
                "content": f"Printer {number} jams on thick paper",
                "document_id": f"printer-{number}",
                "metadata": {"floor": str(number)},
            }
            for number in range(40)
        ]
        assert (await client.aretain_batch("ops", many)).items_count == 40

        recalled = await client.arecall("ops", "clients get no address, the lease is lost")
        best = recalled.results[0]
        assert (best.document_id, best.metadata["incident_id"], best.tags) == ("lease-7", "NET-7", ["net"])
        assert best.text == LEASE_TEXT
        assert 0 < best.scores.semantic <= 1
        assert best.mentioned_at == "2026-02-03T04:05:00+00:00"

        page = await client.alist_memories("ops", limit=10, offset=0)
        assert (len(page.items), page.total) == (10, 41)
        listed = []
        while len(listed) < 41:
            part = await client.documents.list_documents("ops", limit=15, offset=len(listed))
            listed += part.items
        assert len({item.id for item in listed}) == part.total == 41

        document = await client.documents.get_document("ops", "lease-7")
        assert (document.original_text, document.document_metadata) == (LEASE_TEXT, LEASE)
        assert document.retain_params["event_date"] == "2026-02-03T04:05:00+00:00"

        deleted = await client.documents.delete_document("ops", "lease-7")
        assert (deleted.success, deleted.memory_units_deleted) == (True, 1)
        with pytest.raises(ApiException) as again:
            await client.documents.delete_document("ops", "lease-7")
        assert again.value.status == 404
        after = await client.arecall("ops", "clients get no address, the lease is lost")
        assert "lease-7" not in {result.document_id for result in after.results}

        assert (await client.aget_version()).api_version == "1.1.0"
        assert (await client.aget_bank_config("ops"))["config"]["retain_extraction_mode"] == "chunks"
        await client.adelete_bank("ops")
        with pytest.raises(ApiException) as missing:
            await client.alist_memories("ops")
        assert missing.value.status == 404

    run(address, script)


def test_a_text_that_names_an_incident_and_its_cause_is_that_incident_and_earns_no_credit(address, memory):
    run(address, lambda client: client.aretain("ops", LEASE_TEXT, document_id="x", metadata=LEASE))
    lease = memory.store.incidents.get("NET-7")
    assert (lease.title, lease.status, lease.resolution.root_cause) == (LEASE["title"], "resolved", LEASE["root_cause"])
    assert [step.text for step in lease.resolution.steps] == ["Widen the pool", "Restart the relay"]
    assert lease.resolution.provenance == "imported"
    answer = memory.ask(Situation(text="Gateway loses its lease, no address"))
    assert answer.evidence[0].id == "NET-7"
    keys = [step_key(step.text, step.command) for step in lease.resolution.steps]
    assert memory.store.step_executions.track_records(keys) == {}


def test_two_texts_of_one_incident_are_one_incident(address, memory):
    async def script(client):
        await client.aretain("ops", "Queue grows\nWorkers idle", document_id="open", metadata={"incident_id": "Q-1"},
                             timestamp="2026-03-01T08:00:00Z")  # fmt: skip
        assert not memory.store.incidents.page().items
        await client.aretain("ops", "Fixed by hand", document_id="done", timestamp="2026-03-01T09:30:00Z",
                             metadata={"incident_id": "Q-1", "root_cause": "A poisoned message"})  # fmt: skip

    run(address, script)
    (queue,) = memory.store.incidents.page().items
    assert (queue.id, queue.title, queue.resolution.root_cause) == ("Q-1", "Queue grows", "A poisoned message")
    assert (queue.started_at.hour, queue.resolved_at.hour) == (8, 9)
    assert not memory.store.documents.page().items


def test_an_incident_of_ours_is_never_changed_from_outside(address, memory):
    memory.open(Incident(id="OWN-1", title="Ours", started_at=datetime(2026, 1, 1, tzinfo=UTC)))
    metadata = {"incident_id": "OWN-1", "root_cause": "Somebody else's guess", "status": "resolved"}
    run(address, lambda client: client.aretain("ops", "A guess about OWN-1", document_id="g", metadata=metadata))
    assert memory.store.incidents.get("OWN-1").status == "open"
    recalled = run(address, lambda client: client.arecall("ops", "guess about OWN-1"))
    assert recalled.results[0].document_id == "g"


def test_what_somebody_here_resolved_is_not_resolved_anew_from_outside(address, memory):
    run(address, lambda client: client.aretain("ops", LEASE_TEXT, document_id="x", metadata=LEASE))
    memory.resolve("NET-7", Resolution("A loop in the cabling", datetime.now(UTC), by="eve"))
    changed = {**LEASE, "root_cause": "Sunspots"}
    run(address, lambda client: client.aretain("ops", LEASE_TEXT, document_id="x", metadata=changed))
    assert memory.store.incidents.get("NET-7").resolution.root_cause == "A loop in the cabling"


def test_the_same_again_changes_nothing_and_other_text_takes_its_place(address, memory):
    async def script(client):
        await client.aretain("ops", "First wording of the note", document_id="n")
        before = await client.documents.get_document("ops", "n")
        await client.aretain("ops", "First wording of the note", document_id="n")
        assert await client.documents.get_document("ops", "n") == before
        await client.aretain("ops", "Second wording, quite different", document_id="n", metadata={"k": "v"})
        after = await client.documents.get_document("ops", "n")
        assert (after.original_text, after.created_at) == ("Second wording, quite different", before.created_at)
        await client.aretain("ops", "and a third line", document_id="n", update_mode="append")
        appended = await client.documents.get_document("ops", "n")
        assert appended.original_text == "Second wording, quite different\nand a third line"
        assert appended.document_metadata == {"k": "v"}

    run(address, script)
    assert len(memory.store.documents.page().items) == 1


def test_one_document_twice_in_a_batch_keeps_both_texts(address):
    async def script(client):
        await client.aretain_batch("ops", [{"content": "first half"}, {"content": "second half"}], document_id="both")
        assert (await client.documents.get_document("ops", "both")).original_text == "first half\nsecond half"

    run(address, script)


def test_banks_do_not_see_each_other(address):
    async def script(client):
        await client.aretain("red", "The red fan rattles", document_id="fan")
        await client.aretain("blue", "The blue fan rattles", document_id="fan")
        for bank in ("red", "blue"):
            (result,) = (await client.arecall(bank, "fan rattles")).results
            assert result.text == f"The {bank} fan rattles"
        listed = await client.banks.list_banks()
        assert [listed_bank.bank_id for listed_bank in listed.banks] == ["blue", "red"]

    run(address, script)


def test_tags_and_floors_narrow_what_is_recalled(address):
    async def script(client):
        await client.aretain("ops", "Backup job ran late on tape", document_id="a", tags=["tape", "night"])
        await client.aretain("ops", "Backup job ran late on disk", document_id="b", tags=["disk"])
        await client.aretain("ops", "Backup job ran late in the cloud", document_id="c")

        async def found(**how):
            return {
                result.document_id for result in (await client.arecall("ops", "backup job ran late", **how)).results
            }

        assert await found() == {"a", "b", "c"}
        assert await found(tags=["tape"]) == {"a", "c"}
        assert await found(tags=["tape"], tags_match="any_strict") == {"a"}
        assert await found(tags=["tape", "night"], tags_match="exact") == {"a"}
        assert await found(min_scores={"final": 1.1}) == set()
        assert await found(types=["observation"]) == set()

    run(address, script)


@pytest.mark.parametrize("name", ["a/b c", "ü?#&=", "x" * 200, "dots..and%2Fpercent"])
def test_any_document_id_comes_back_as_it_was(address, name):
    async def script(client):
        await client.aretain("ops", "text", document_id=name)
        assert (await client.documents.get_document("ops", name)).id == name
        await client.documents.delete_document("ops", name)

    run(address, script)


def test_secrets_are_taken_out_before_anything_is_kept(address):
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    run(address, lambda client: client.aretain("ops", f"used {key}", document_id="s", metadata={"note": key}))
    document = run(address, lambda client: client.documents.get_document("ops", "s"))
    assert key not in document.to_json()


def test_a_bank_with_a_life_of_its_own_loses_texts_and_not_what_people_learned(address, memory):
    run(address, lambda client: client.aretain("ops", LEASE_TEXT, document_id="x", metadata=LEASE))
    memory.reopen("NET-7", "somebody")
    run(address, lambda client: client.documents.delete_document("ops", "x"))
    assert memory.store.incidents.get("NET-7").status == "open"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": [{"content": "  "}]}, "items.0.content"),
        ({"items": [{"content": "x", "metadata": {"a": 1}}]}, "items.0.metadata.a"),
        ({"items": [{"content": [{"type": "image", "source": {}}]}]}, "items.0.content"),
        ({}, "items"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(address, body, field):
    answer = httpx.post(f"{address}/v1/default/banks/ops/memories", json=body)
    assert answer.status_code == 422
    assert any(problem["field"].startswith(field) for problem in answer.json()["errors"])


def test_an_unknown_bank_is_a_404_everywhere(address):
    bank = f"{address}/v1/default/banks/none"
    assert httpx.post(f"{bank}/memories/recall", json={"query": "x"}).status_code == 404
    for path in ("", "/config", "/stats", "/profile", "/memories/list", "/documents", "/documents/x"):
        assert httpx.get(f"{bank}{path}").status_code == 404, path
