"""Other names of the same thing: found, told, and never put above the very words."""

from datetime import UTC, datetime

import pytest

from onrecall.domain.document import Document
from onrecall.domain.situation import Situation
from onrecall.retrieval import Retriever, synonyms, tokenizer
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.query import SYNONYM_WEIGHT, parse_situation
from onrecall.storage import PreparedRecord, Storage

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CLAIM = Document("claim", "Storage", "A persistent volume claim stays pending until its class can provision it.")
MEMORY = Document("memory", "Limits", "The kernel ended the container when it was out of memory.")
OTHERS = [
    Document("quota", "Quota", "A namespace reached its hard limit, nothing new is admitted."),
    Document("routes", "Routes", "The load balancer answers for a pool that has no healthy member."),
]


@pytest.fixture
def recall(store: Storage) -> Retriever:
    """By words alone: a sentence model may know some of these names too."""
    built = Retriever(store, None, LocalIndex(store.passages, None))
    records = [CLAIM, MEMORY, *OTHERS]
    store.records.save([PreparedRecord(*pair) for pair in zip(records, built.prepare(records), strict=True)], NOW)
    return built


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("PVC stuck since noon", "claim"),
        ("KubePvcStuck", "claim"),
        ("worker got OOMKilled twice", "memory"),
        ("LB flapping", "routes"),
        ("load-balancer flapping", "routes"),
    ],
)
def test_a_thing_is_found_by_its_other_name(recall: Retriever, question: str, right: str) -> None:
    assert recall.recall(Situation(question))[0].id == right


def test_the_evidence_tells_which_name_stood_for_which(recall: Retriever) -> None:
    why = recall.recall(Situation("PVC stuck since noon"))[0].why
    assert "synonyms: persistent volume claim for pvc" in why
    (missing,) = [reason for reason in why if reason.startswith("not mentioned: ")]
    assert "PVC" not in missing
    assert not any(reason.startswith("both mention: ") for reason in why), "nobody said what the other name says"


def test_half_a_name_is_no_name(recall: Retriever) -> None:
    reasons_by_id = {item.id: item.why for item in recall.recall(Situation("OOM in the persistent cache"))}
    assert "synonyms: out of memory for oom" in reasons_by_id["memory"]
    assert not any("synonyms" in reason for reason in reasons_by_id.get("claim", ()))


def test_the_very_words_count_more_than_another_name() -> None:
    query = parse_situation(Situation("OOM of the exporter"))
    assert query.weights[tokenizer.term_id("oom")] > query.weights[tokenizer.term_id("memori")] == SYNONYM_WEIGHT
    assert tokenizer.term_id("memori") not in query.spelled
    parsed = parse_situation(Situation("OOM: out of memory"))
    assert parsed.weights[tokenizer.term_id("memori")] == query.weights[tokenizer.term_id("oom")]
    assert "oomkilled" in {synonym.name for synonym in parsed.other_names}
    assert "out of memory" not in {synonym.name for synonym in parsed.other_names}


def test_the_names_stand_next_to_each_other() -> None:
    assert not parse_situation(Situation("the volume is persistent, says the claim")).other_names
    assert [synonym.name for synonym in synonyms.find_synonyms(tokenizer.tokenize("PersistentVolumeClaim"))] == [
        "pvc",
        "pv",
    ]


def test_the_table_is_in_order() -> None:
    lines = [[name.strip() for name in line.split("|")] for line in synonyms.SYNONYM_TABLE.strip().splitlines()]
    assert all(len(names) > 1 and len(set(names)) == len(names) for names in lines)
    for name in (name for names in lines for name in names):
        # A name of several words that came down to one would stand for that word wherever it stands.
        assert name == name.lower()
        assert (len(tokenizer.tokenize(name)) > 1) == (" " in name), name
