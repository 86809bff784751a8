"""Other forms of text: they become Markdown, line for line where they can, and nothing hostile gets through."""

import io
import json
import zipfile

import pytest

from importers.reports import report
from onrecall.importers.markup import BINARIES, TEXTS
from onrecall.importers.markup.html import to_markdown as from_html

RST = """Ledger closes late
==================

:Date: 2026-03-03
:Service: ``ledger``

Cause
-----

The lock file stayed.

Resolution
----------

#. Removed it::

      rm /var/lock/ledger

#. Ran it:

   .. code-block:: bash

      ledger close --day 2026-03-02

+-------+--------+
| Time  | Event  |
+=======+========+
| 09:00 | Late   |
+-------+--------+
"""
ADOC = """= Ledger closes late
:date: 2026-03-03

== Root cause

The *lock* file stayed, see link:https://example.org[the log].

== Resolution

. Removed it
+
[source,bash]
----
rm /var/lock/ledger
----
. Ran it again

|===
|Time |Event

|09:00
|Late
|===
"""
ORG = """#+TITLE: Ledger closes late
* Root cause                                               :ops:
The *lock* file stayed, see [[https://example.org][the log]].
* Resolution
1. Removed it with ~rm /var/lock/ledger~
#+BEGIN_SRC sh
ledger close
#+END_SRC
| Time | Event |
|------+-------|
| [2026-03-03 Tue 09:00] | Late |
"""


@pytest.mark.parametrize(("ending", "text"), [(".rst", RST), (".adoc", ADOC), (".org", ORG)])
def test_a_text_keeps_its_lines(ending, text):
    read = TEXTS[ending](text)
    rows, was = read.splitlines(), text.splitlines()
    assert len(rows) == len(was)
    for phrase in ("The lock file stayed", "Removed it", "ledger close"):
        places = [n for n, row in enumerate(was) if phrase.casefold() in row.replace("*", "").casefold()]
        assert all(phrase.casefold() in rows[n].replace("*", "").casefold() for n in places)


def test_restructured_text_has_headings_fields_code_and_tables():
    read = TEXTS[".rst"](RST)
    for phrase in (
        "# Ledger closes late",
        "## Cause",
        "**Date:** 2026-03-03",
        "**Service:** `ledger`",
        "```bash",
        "| 09:00 | Late   |",
    ):
        assert phrase in read


def test_asciidoc_has_headings_code_and_tables():
    read = TEXTS[".adoc"](ADOC)
    for phrase in (
        "# Ledger closes late",
        "**date:** 2026-03-03",
        "The **lock** file",
        "[the log](https://example.org)",
        "1. Removed it",
        "```bash",
        "| 09:00 | Late |",
    ):
        assert phrase in read


def test_org_has_headings_code_and_tables():
    read = TEXTS[".org"](ORG)
    for phrase in (
        "# Ledger closes late",
        "## Root cause\n",
        "[the log](https://example.org)",
        "`rm /var/lock/ledger`",
        "```sh",
        "| 2026-03-03 09:00 | Late |",
    ):
        assert phrase in read


def test_a_notebook_is_a_runbook_with_its_commands():
    cells = [
        {"cell_type": "markdown", "source": "# Clear the ledger lock\n\nDo this when the lock is old."},
        {
            "cell_type": "code",
            "source": ["%%bash\n", "rm /var/lock/ledger\n"],
            "metadata": {"name": "Remove it", "description": "Only when old."},
        },
        {"cell_type": "code", "source": "!ledger close", "metadata": {}},
        {"cell_type": "code", "source": "print(1)", "metadata": {}},
    ]
    for name in ("clear.ipynb", "actions/clear.json"):
        text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})
        (document,) = report(name, text).documents
        assert (document.kind, document.title) == ("runbook", "Clear the ledger lock")
        assert "### Remove it\n\nOnly when old.\n\n```bash\nrm /var/lock/ledger\n```" in document.text
        assert "```bash\nledger close\n```" in document.text


def test_html_runs_nothing_and_keeps_code_tables_and_tasks():
    page = """<html><head><title>Ledger</title><script>alert(1)</script></head><body><nav>Home</nav>
    <h2>Root cause</h2><p>The <b>lock</b> stayed.</p><!-- hidden words --><pre><code class="language-bash">rm /var/lock/ledger</code></pre>
    <ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>Alert on it</ac:task-body></ac:task></ac:task-list>
    <table><tr><th>Time</th><th>Event</th></tr><tr><td>09:00</td><td><p>Late</p></td></tr></table></body></html>"""
    read = from_html(page)
    for phrase in (
        "# Ledger",
        "## Root cause",
        "**lock**",
        "```bash\nrm /var/lock/ledger\n```",
        "[x] Alert on it",
        "| 09:00 | Late",
    ):
        assert phrase in read
    for hidden in ("alert(1)", "Home", "hidden words"):
        assert hidden not in read


def test_a_page_nested_beyond_measure_is_refused():
    (rejected,) = report("deep.html", "<div>" * 5_000 + "x").rejected
    assert "nested" in rejected.message


@pytest.mark.parametrize("name", ["x.ipynb", "x.pdf", "x.docx"])
def test_what_is_broken_is_refused_with_the_reason(name):
    (rejected,) = report(name, b"{broken \x00\x01 words").rejected
    assert "can't be read" in rejected.message


def test_a_word_document_is_read():
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in (
            ("Heading1", "Ledger closes late"), ("Normal", "Date: 2026-03-03"),
            ("Heading2", "Root cause"), ("Normal", "The lock file stayed."),
            ("Heading2", "Resolution"), ("Normal", "We removed the lock file."),
        )
    )  # fmt: skip
    names = "http://schemas.openxmlformats.org"
    main = f"{names}/wordprocessingml/2006/main"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{names}/package/2006/content-types"/>')
        relation = (
            f'<Relationship Id="r1" Type="{names}/officeDocument/2006/relationships/officeDocument" '
            f'Target="word/document.xml"/>'
        )
        file.writestr(
            "_rels/.rels", f'<Relationships xmlns="{names}/package/2006/relationships">{relation}</Relationships>'
        )
        file.writestr("word/document.xml", f'<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>')
        styles = "".join(
            f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/></w:style>'
            for n in (1, 2)
        )
        file.writestr("word/styles.xml", f'<w:styles xmlns:w="{main}">{styles}</w:styles>')
    result = report("ledger.docx", packed.getvalue())
    (incident,) = result.incidents
    assert (incident.title, incident.started_at.date().isoformat()) == ("Ledger closes late", "2026-03-03")
    assert incident.resolution.root_cause == "The lock file stayed."
    assert [step.text for step in incident.resolution.steps] == ["We removed the lock file."]


def test_a_pdf_is_read():
    lines = ["Date: 2026-03-03", "Root cause:", "The lock file stayed."]
    content = "BT /F1 12 Tf 50 700 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R "
            ">> >> >>"
        ),
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    written, places = b"%PDF-1.4\n", []
    for number, pdf_object in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{pdf_object}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF"
    read = BINARIES[".pdf"](written + end.encode())
    assert read.split("\n")[:3] == lines
