"""Markdown: kinds, dates, ids and titles of documents, and the round trip."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.reports import report
from onrecall.domain.document import Document
from onrecall.importers import markdown
from onrecall.importers.times import Times

RUNBOOK = "# KubePodCrashLooping\n\n## Meaning\nPod is crashing.\n\n## Impact\nx\n\n## Diagnosis\n`kubectl logs`\n\n## Mitigation\nfix\n"
POSTMORTEM = "# Hub 403\n\n## Summary\nx\n\n## Timeline\n### 10:00\ny\n\n## Action items\nz\n"

names = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=20).filter(
    str.isprintable
)
texts = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\0"), min_size=1, max_size=200
).filter(str.strip)
documents = st.builds(
    Document, id=names, title=names, text=texts | texts.map(lambda text: f"---\n{text}"), kind=st.sampled_from(["runbook", "postmortem", "rca"]),
    service=st.none() | names, labels=st.dictionaries(names, names, max_size=3), source=st.none() | names,
    dated=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)  # fmt: skip


@given(documents)
def test_what_is_dumped_is_read_back_the_same(document):
    assert markdown.parse("x.md", markdown.dump(document), "somewhere/x.md", Times()) == document


def document(path, text):
    result = report(path, text)
    assert not result.rejected, result.messages_text
    return result.documents[0]


def test_a_runbook_by_its_headings():
    result = document("runbooks/kubernetes/KubePodCrashLooping.md", RUNBOOK)
    assert (result.id, result.kind, result.title, result.dated) == (
        "runbooks/kubernetes/KubePodCrashLooping",
        "runbook",
        "KubePodCrashLooping",
        None,
    )
    assert result.text == RUNBOOK
    assert result.source == "runbooks/kubernetes/KubePodCrashLooping.md"


@pytest.mark.parametrize(
    ("path", "text", "kind", "dated"),
    [
        ("2018-02-12-launch-fail.md", POSTMORTEM, "postmortem", "2018-02-12"),
        ("a/20180212_x.md", POSTMORTEM, "postmortem", "2018-02-12"),
        ("x.md", POSTMORTEM.replace("# Hub", "# 2018-02-12, Hub"), "postmortem", "2018-02-12"),
        ("x.md", POSTMORTEM + "\n**Date**: 2018-02-12\n", "postmortem", "2018-02-12"),
        ("x.md", f"---\ndate: 2018-02-12\ntitle: t\n---\n{POSTMORTEM}", "postmortem", "2018-02-12"),
        ("2018-13-45.md", POSTMORTEM, "postmortem", None),
        ("postmortems/x.md", "# x\nwe were down", "postmortem", None),
        ("RCA-7.md", "# x\nwe were down", "rca", None),
        ("x.md", "---\nkind: rca\n---\n# x\n", "rca", None),
        ("notes.md", "# x\nsome words", "runbook", None),
        ("2018-02-12-crash.md", RUNBOOK, "runbook", None),
        ("x.md.erb", RUNBOOK, "runbook", None),
    ],
)
def test_kinds_and_dates(path, text, kind, dated):
    result = document(path, text)
    assert (result.kind, result.dated and result.dated.date().isoformat()) == (kind, dated)


def test_front_matter_gives_title_service_and_labels():
    result = document(
        "x.md", "---\ntitle: Disk\nservice: db\nlabels: {region: eu}\ntags: [a, b]\nweight: 20\n---\n\n# Other\ntext\n"
    )
    assert (result.title, result.service, dict(result.labels)) == ("Disk", "db", {"region": "eu", "tags": "a, b"})
    assert result.text == "# Other\ntext\n"


def test_titles_from_any_heading_but_not_from_code():
    assert document("x.md", "```\n# not me\n```\n\nReal title\n==========\n").title == "Real title"
    assert document("disk-full.md", "no heading\n").title == "disk-full"
    assert document("x.md", "# Trailing ##\n").title == "Trailing"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ntitle: [\n---\n# x\n", "front matter"),
        ("---\n- a\n---\n# x\n", "front matter"),
        ("---\na: &x [1]\nb: *x\n---\n# x\n", "aliases"),
        ("---\nkind: novel\n---\n# x\n", "kind"),
        ("---\ndate: 2024-02-30\nkind: rca\n---\n# x\n", "calendar"),
        ("---\nlabels: [a]\n---\n# x\n", "labels"),
        ("---\ntitle: {a: b}\n---\n# x\n", "title"),
        ("---\na: " + "[" * 5000 + "\n---\n# x\n", "front matter"),
        ("---\na: " + "x" * 70_000 + "\n---\n# x\n", "longer"),
        ("# x\n a\0b", "NUL"),
    ],
)
def test_what_is_wrong_is_named(text, expected):
    (rejected,) = report("x.md", text).rejected
    assert expected in rejected.message
    assert rejected.where.startswith("x.md")


def test_a_body_too_long_to_be_a_document_is_refused():
    (rejected,) = report("x.md", b"# x\n" + b"word " * (2 * 2**20)).rejected
    assert "8 MB" in rejected.message


@pytest.mark.parametrize("name", ["index.md", "_index.md", "README.md", "CONTRIBUTING.md", "runbook-template.md"])
def test_what_is_no_document_is_skipped_with_the_reason(name):
    result = report(name, "# About\nwords\n")
    assert not result.documents
    assert "skipped: " in result.messages_text
