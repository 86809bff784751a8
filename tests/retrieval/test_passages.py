"""Passages: of readable length, overlapping, whole where it matters, and citable by line."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.retrieval.passages import MAX_PASSAGES, OVERLAP_WORDS, PASSAGE_WORDS, embedding_text, split_passages

START = datetime(2024, 5, 1, 3, 0, tzinfo=UTC)
END = datetime(2024, 5, 1, 4, 0, tzinfo=UTC)
INCIDENT = Incident("INC-1", "Checkout answers 503", START, "Pool exhausted.\n\nFATAL: too many clients already")
RESOLVED = INCIDENT.resolve(
    Resolution("A deploy leaked connections.", END, steps=(ResolutionStep("Roll back", "kubectl rollout undo"),))
)


def document(text: str, title: str = "Runbook") -> Document:
    return Document("r", title, text, dated=START)


def words(count: int, start: int = 0) -> str:
    return " ".join(f"w{n}" for n in range(start, start + count))


def test_an_incident_has_an_opening_and_a_resolution() -> None:
    opening, resolution = split_passages(RESOLVED)
    assert (opening.part, opening.line, opening.known_from) == ("opening", 3, START)
    assert opening.text == "Pool exhausted.\n\nFATAL: too many clients already"
    assert (resolution.part, resolution.line, resolution.known_from) == ("resolution", 7, END)
    assert resolution.text.startswith("## Root cause\nA deploy leaked connections.")
    assert "kubectl rollout undo" in resolution.text
    assert {(p.owner, p.kind) for p in (opening, resolution)} == {("INC-1", "incident")}


def test_a_bare_title_is_a_passage() -> None:
    (opening,) = split_passages(replace(INCIDENT, description=" \n"))
    assert (opening.text, opening.line) == ("Checkout answers 503", 1)


def test_what_a_model_wrote_is_not_recalled() -> None:
    assert RESOLVED.resolution
    written = replace(RESOLVED, resolution=replace(RESOLVED.resolution, provenance="model"))
    assert [p.part for p in split_passages(written)] == ["opening"]


def test_a_document_breaks_before_its_headings() -> None:
    text = f"# Runbook\n{words(70)}\n## Meaning\n{words(60)}\n## Mitigation\n{words(20)}"
    passages = split_passages(document(text))
    assert [(p.line, p.heading, p.n) for p in passages] == [(1, "Runbook", 0), (3, "Meaning", 1)]
    assert passages[1].text.endswith(f"## Mitigation\n{words(20)}")
    assert {p.known_from for p in passages} == {START}


def test_front_matter_is_not_matched() -> None:
    (passage,) = split_passages(document("---\nid: r\ntitle: Runbook\n---\n\n# Runbook\n\nRestart it."))
    assert (passage.text, passage.line) == ("# Runbook\n\nRestart it.", 6)
    (rule,) = split_passages(document("---\nno front matter, just a rule"))
    assert rule.line == 1


def test_an_empty_document_is_known_by_its_title() -> None:
    (passage,) = split_passages(document(" \n\n"))
    assert (passage.text, passage.line) == ("Runbook", 1)


def test_long_prose_overlaps() -> None:
    lines = [words(10, 10 * n) for n in range(40)]
    passages = split_passages(document("\n".join(lines)))
    assert len(passages) == 5
    for earlier, later in pairwise(passages):
        assert 0 < len(set(earlier.text.split()) & set(later.text.split())) <= OVERLAP_WORDS


def test_a_long_line_is_cut_within() -> None:
    passages = split_passages(document(f"intro\n{words(400)}"))
    assert {p.line for p in passages} == {1, 2}
    assert passages[0].text.startswith("intro\nw0 w1 ")
    assert all(len(p.text.split()) <= PASSAGE_WORDS for p in passages)
    assert {word for p in passages for word in p.text.split()} == {"intro", *words(400).split()}


def test_a_code_block_stays_with_what_introduces_it() -> None:
    block = "\n".join(["```sh", *(f"kubectl scale {n} # not a heading" for n in range(12)), "```"])
    text = f"{words(100)}\n\nThen scale it:\n\n{block}\n\n{words(50)}"
    holding = [p for p in split_passages(document(text)) if "kubectl scale" in p.text]
    assert len(holding) == 1
    assert "Then scale it:" in holding[0].text
    assert block in holding[0].text


def test_a_block_longer_than_a_passage_is_cut() -> None:
    passages = split_passages(document("```\n" + "ERROR connection refused by host\n" * 300))
    assert all(len(p.text.split()) <= PASSAGE_WORDS for p in passages)
    assert len(passages) >= 300 * 5 // PASSAGE_WORDS


@pytest.mark.parametrize("text", ["x" * 50_000_000, "ab " * 1_000_000, " " * 5_000_000 + "x", "a\n" * 100_000])
def test_megabytes_are_bounded(text: str) -> None:
    passages = split_passages(replace(INCIDENT, description=text))
    assert 1 <= len(passages) <= MAX_PASSAGES
    assert max(len(p.text) for p in passages) < 2_000


def test_the_embedded_text_stands_for_itself() -> None:
    passages = split_passages(document(f"# Runbook\n{words(110)}\n## KubePodDown\n{words(110)}\nand so on {words(40)}"))
    first, second, third = (embedding_text("Runbook", p) for p in passages)
    assert first.startswith("# Runbook\nw0")
    assert second.startswith("Runbook\n## Kube Pod Down\nw0")
    assert third.startswith("Runbook\nKube Pod Down\nw")


LINES = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(["", "  ", "```", "~~~", "# One", "## Two", "---", "```sh"]),
        st.integers(1, 500).map(words),
        st.integers(1, 3000).map(lambda n: "x" * n),
    ),
    max_size=40,
)


@given(LINES)
def test_every_passage_is_part_of_its_page(rows: list[str]) -> None:
    record = document("\n".join(rows))
    lines = {line.number: line.text for line in page.numbered_lines(record)}
    passages = split_passages(record)
    assert passages
    assert [p.n for p in passages] == list(range(len(passages)))
    assert [p.line for p in passages] == sorted(p.line for p in passages)
    for passage in passages:
        assert passage.text.strip()
        assert len(passage.text.split()) <= PASSAGE_WORDS * 2
        assert len(passage.text) <= PASSAGE_WORDS * 20
        assert passage.text == record.title or passage.text.splitlines()[0] in lines[passage.line]


@given(LINES)
def test_nothing_is_left_out(rows: list[str]) -> None:
    record = document("\n".join(["begin", *rows]))
    words = {word for p in split_passages(record) for word in p.text.split()}
    for line in page.numbered_lines(record):
        assert {word for word in line.text.split() if len(word) < 100} <= words
