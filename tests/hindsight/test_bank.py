"""One bank of a server: what is sent, what is read back, and what each failure is called."""

import subprocess
import sys
from contextlib import closing

import pytest

from hindsight.twin import KEY
from onrecall.domain.errors import Invalid, NotFound, Unavailable
from onrecall.hindsight import HindsightBank


def item(name, text="text", **metadata):
    return {"document_id": name, "content": text, "metadata": metadata, "timestamp": "2026-04-01T10:00:00+00:00"}


def test_the_bank_is_made_once_and_keeps_texts_as_they_are(twin, bank):
    assert not bank.check().exists
    bank.retain([item("inc:1")])
    bank.retain([item("inc:2")])
    assert bank.check().mode == "chunks"
    assert twin.calls.count(("PUT", "/v1/default/banks/team")) == 1


def test_a_bank_of_somebody_else_keeps_its_mode(twin, bank):
    twin.banks["team"], twin.modes["team"] = {}, "verbose"
    bank.retain([item("inc:1")])
    assert twin.modes["team"] == "verbose"
    assert not [call for call in twin.calls if call[0] == "PUT"]


def test_of_a_document_that_comes_twice_the_last_is_sent(twin, bank):
    assert bank.retain([item("inc:1", "first", n="1"), item("inc:2"), item("inc:1", "second", n="2")]) == 2
    assert twin.banks["team"]["inc:1"]["original_text"] == "second"
    assert twin.banks["team"]["inc:1"]["document_metadata"] == {"n": "2"}


def test_a_bank_is_read_whole_whatever_its_size(twin, bank):
    for number in range(451):
        twin.store("team", f"d{number}", f"text {number}", {"n": str(number)}, "2026-01-01T00:00:00Z")
    documents = list(bank.documents())
    assert [document.id for document in documents] == [f"d{number}" for number in range(451)]
    assert documents[7].metadata == {"n": "7"}
    assert documents[7].event_date == "2026-01-01T00:00:00Z"
    assert bank.texts(["d7", "gone", "d450"]) == {"d7": "text 7", "d450": "text 450"}


def test_a_bank_that_is_not_there_holds_nothing(bank):
    assert list(bank.documents()) == []


def test_deleting_twice_is_fine(twin, bank):
    twin.store("team", "a/b c", "text")
    assert bank.delete("a/b c")
    assert not bank.delete("a/b c")


def test_matches_are_ordered_by_similarity_and_not_by_what_the_server_puts_first(twin, bank):
    for name in ("nonsense", "right", "word-only", "long"):
        twin.store("team", name, "text")
    twin.scores = {"nonsense": [0.2], "right": [0.1, 0.9, 0.3], "word-only": [None], "long": [None, 0.5]}
    matches = bank.recall("what happened", 3).result(5)
    assert [(match.document_id, match.semantic) for match in matches] == [
        ("right", 0.9),
        ("long", 0.5),
        ("nonsense", 0.2),
    ]


def test_a_long_question_is_cut(twin, bank):
    twin.store("team", "x", "text")
    bank.recall("word " * 50_000, 3).result(5)
    assert len(twin.questions[0]) == 4000


CALLS = [
    lambda bank: bank.check(),
    lambda bank: bank.retain([item("inc:1")]),
    lambda bank: list(bank.documents()),
    lambda bank: bank.texts(["x"]),
    lambda bank: bank.recall("question", 3).result(10),
    lambda bank: bank.delete("inc:1"),
]
NAMES = ["check", "retain", "documents", "texts", "recall", "delete"]


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
class TestFailures:
    def test_a_wrong_key_is_a_sentence_that_names_the_setting(self, twin, call):
        twin.store("team", "x", "text")
        with closing(HindsightBank(twin.url, "team", "wrong", timeout=60)) as bank:
            with pytest.raises(Unavailable, match="ONRECALL_HINDSIGHT_KEY") as refused:
                call(bank)
            assert refused.value.retry_after == 60

    def test_a_server_that_is_down_is_tried_again_soon(self, twin, call):
        with closing(HindsightBank("http://127.0.0.1:1", "team", KEY, timeout=60)) as bank:
            with pytest.raises(Unavailable, match="can't be reached") as down:
                call(bank)
            assert down.value.retry_after == 1

    def test_a_slow_server_costs_no_more_than_the_time_out(self, twin, call):
        twin.hanging.clear()
        silent = pytest.raises(Unavailable, match=r"did not answer within 0\.2 s")  # it answers after 30 seconds
        with closing(HindsightBank(twin.url, "team", KEY, timeout=0.2)) as bank, silent:
            call(bank)

    @pytest.mark.parametrize("status", [500, 503, 429])
    def test_a_server_in_trouble_is_tried_again(self, twin, call, status):
        twin.store("team", "x", "text")
        twin.status = status
        with (
            closing(HindsightBank(twin.url, "team", KEY, timeout=60)) as bank,
            pytest.raises(Unavailable, match=f"answered {status}"),
        ):
            call(bank)

    def test_what_is_refused_for_good_says_why(self, twin, call):
        twin.store("team", "x", "text")
        twin.status = 422
        with (
            closing(HindsightBank(twin.url, "team", KEY, timeout=60)) as bank,
            pytest.raises(Invalid, match="as it was told"),
        ):
            call(bank)

    def test_an_answer_of_something_else_is_no_crash(self, twin, call):
        twin.store("team", "x", "text")
        twin.garbage = True
        with (
            closing(HindsightBank(twin.url, "team", KEY, timeout=60)) as bank,
            pytest.raises((Unavailable, Invalid, NotFound)),
        ):
            call(bank)


def test_closing_gives_up_what_is_on_its_way(twin):
    twin.hanging.clear()
    bank = HindsightBank(twin.url, "team", KEY, timeout=30)
    future = bank.recall("question", 3)
    assert twin.asked.wait(60)
    bank.close()
    assert future.done()
    bank.close()


@pytest.mark.process
def test_nothing_of_the_client_is_imported_before_the_first_call():
    code = "import sys, onrecall.cli.main; sys.exit(any('hindsight_client' in name or name.startswith(('aiohttp', 'chromadb')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
