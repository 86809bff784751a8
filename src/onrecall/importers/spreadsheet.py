"""Read the rows of each sheet of a workbook (XLSX, XLS, ODS), cells by column name."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from onrecall.domain.errors import Invalid
from onrecall.importers.record import SourceRow

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
LARGEST = 64 * 2**20
"""Maximum bytes of a workbook."""
LARGEST_UNPACKED = 1024 * 2**20
"""Maximum bytes of an unpacked workbook."""
INSTALL = "workbooks need python-calamine; pip install 'onrecall[docs-import]', or save the sheet as CSV"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, and the rows below its header."""

    title: str
    rows: tuple[SourceRow, ...]


def read_sheets(name: str, stream: BinaryIO, size: int) -> Iterator[Sheet]:
    """Yield the visible sheets that contain a table, in workbook order.

    Args:
        name: What the file is called in messages.
        stream: Its bytes, from the beginning.
        size: How many they are.

    Raises:
        Invalid: it is no workbook that can be read, it is too large, or the extra is not installed.
    """
    if size > LARGEST:
        raise Invalid(f"the workbook is larger than {LARGEST // 2**20} MB; save its sheets as CSV")
    _check_unpacked(stream)
    with _open_workbook(stream) as workbook:
        for metadata in workbook.sheets_metadata:
            if _is_visible(metadata):
                rows = tuple(_rows(name, workbook.get_sheet_by_name(metadata.name)))
                if rows:
                    yield Sheet(metadata.name, rows)


def _is_visible(metadata: "SheetMetadata") -> bool:
    """Return whether the sheet is visible and holds cells rather than a chart."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum  # noqa: PLC0415 - an extra

    return metadata.visible == SheetVisibleEnum.Visible and metadata.typ == SheetTypeEnum.WorkSheet


def is_workbook(sample: bytes, ending: str) -> bool:
    """Return whether a file is a workbook, by its ending and how it begins."""
    return ending in SUFFIXES and sample.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def _check_unpacked(stream: BinaryIO) -> None:
    """Raise Invalid if a ZIP would unpack to too many bytes."""
    if zipfile.is_zipfile(stream):
        stream.seek(0)
        with zipfile.ZipFile(stream) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise Invalid(f"the workbook unpacks to more than {LARGEST_UNPACKED // 2**20} MB; save its sheets as CSV")
    stream.seek(0)


def _open_workbook(stream: BinaryIO) -> "CalamineWorkbook":
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise Invalid(INSTALL, "paths") from error
    try:
        return CalamineWorkbook.from_filelike(stream)
    except (CalamineError, OSError, ValueError) as problem:
        raise Invalid(f"it is not a readable workbook: {problem}; save its sheets as CSV") from None


def _rows(name: str, sheet: "CalamineSheet") -> Iterator[SourceRow]:
    """Yield the non-empty rows below the first row with at least two column names."""
    columns: tuple[str, ...] = ()
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.to_python(), start=first):
        texts = [_cell_text(cell) for cell in cells]
        if not columns:
            if sum(bool(text) for text in texts) > 1:
                columns = tuple(text or f"column {place}" for place, text in enumerate(texts, start=1))
        elif any(texts):
            yield SourceRow(number, _row_values(columns, texts), f"{name}, sheet {sheet.name}, row {number}")


def _row_values(columns: Sequence[str], texts: Sequence[str]) -> dict[str, str | list[str]]:
    """Return the cells by column; a repeated column becomes a list."""
    values: dict[str, str | list[str]] = {}
    for column, text in zip(columns, texts, strict=False):
        earlier = values.get(column)
        if earlier is None:
            values[column] = text
        elif text:
            values[column] = [*(earlier if isinstance(earlier, list) else [earlier]), text]
    return values


def _cell_text(cell: Any) -> str:
    """Return a cell as people would write it; times without a zone stay without one."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
