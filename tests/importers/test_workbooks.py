"""Workbooks: each sheet with columns of an incident is read, all others are named."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from importers.reports import report

pytest.importorskip("python_calamine")

Cell = str | float
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """The smallest XLSX that holds these cells."""
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, start=1)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>',
        **{f"xl/worksheets/sheet{n}.xml": _sheet(rows) for n, rows in zip(numbers, sheets.values(), strict=True)},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return packed.getvalue()


def _sheet(rows: Sequence[Sequence[Cell]]) -> str:
    written = "".join(
        f'<row r="{n}">{"".join(_cell(f"{chr(65 + place)}{n}", cell) for place, cell in enumerate(row))}</row>'
        for n, row in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _cell(place: str, cell: Cell) -> str:
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'


def test_each_sheet_of_incidents_is_read_and_a_days_number_is_a_time() -> None:
    result = report("log.xlsx", workbook({
        "North": [["Outages of the north"], ["ID", "Title", "Start", "End", "Cause"], ["N-1", "Pump stopped", 46114.5, 46114.75, "worn-seal"]],
        "South": [["ID", "Title", "Start"], ["S-1", "Valve stuck", "2026-04-03 08:00"]],
        "Phones": [["Name", "Number"], ["Ann", "12"]],
    }))  # fmt: skip
    assert not result.rejected, result.messages_text
    north, south = result.incidents
    assert (north.started_at, north.resolved_at) == (
        datetime(2026, 4, 2, 12, tzinfo=UTC),
        datetime(2026, 4, 2, 18, tzinfo=UTC),
    )
    assert north.resolution is not None
    assert north.resolution.cause == "worn-seal"
    assert south.id == "S-1"
    assert "skipped: sheet Phones contains no incidents" in result.messages_text


def test_a_broken_workbook_and_one_without_a_table_are_refused() -> None:
    (broken,) = report("log.xlsx", b"PK\x03\x04" + b"nothing of a workbook" * 9).rejected
    assert "save its sheets as CSV" in broken.message
    (empty,) = report("log.xlsx", workbook({"Notes": [["only a word"]]})).rejected
    assert "column names" in empty.message
