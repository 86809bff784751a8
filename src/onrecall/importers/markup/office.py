"""Convert PDF and DOCX to Markdown with the libraries of the extra `docs-import`."""

import io
import re
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax import SAXException
from zipfile import BadZipFile, ZipFile

from onrecall.domain.optional_packages import missing_extra
from onrecall.importers.markup import html

MOST_PAGES = 500
LARGEST_UNPACKED = 64 * 2**20
_HYPHEN = re.compile(r"(\w)-\n(\w)")
_STYLES = (
    "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => h2:fresh\np[style-name='Code'] => "
    "pre:separator('\\n')\np[style-name='Source Code'] => pre:separator('\\n')"
)


def docx_to_markdown(data: bytes) -> str:
    """Return a Word document as Markdown; raise ValueError if it can't be read."""
    try:
        import mammoth  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
    except ImportError:
        raise ValueError(missing_extra("DOCX", "docs-import")) from None
    _check_size(data)
    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(_no_image)
        )
    except (
        KeyError,
        ValueError,
        OSError,
        AttributeError,
        TypeError,
        IndexError,
        BadZipFile,
        ExpatError,
        SAXException,
    ) as problem:
        raise ValueError(f"the DOCX is damaged: {problem}; save it again") from None
    return html.to_markdown(result.value)


def pdf_to_markdown(data: bytes) -> str:
    """Return the text of a PDF page by page; raise ValueError if it can't be read."""
    try:
        import pypdf  # noqa: PLC0415 - an extra
        from pypdf.errors import PyPdfError  # noqa: PLC0415
    except ImportError:
        raise ValueError(missing_extra("PDF", "docs-import")) from None
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise ValueError("the PDF is encrypted; save it without a password")
        pages = [page.extract_text() for page in reader.pages[:MOST_PAGES]]
    except (PyPdfError, KeyError, OSError, AttributeError, TypeError, IndexError, RecursionError) as problem:
        raise ValueError(f"the PDF is damaged: {problem}; save it again") from None
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text:
        raise ValueError("there is no text in the PDF, only pictures of it; save it with its text")
    return _HYPHEN.sub(r"\1\2", text) + "\n"


def _check_size(data: bytes) -> None:
    """Raise ValueError if the data is not a ZIP, or unpacks to more than `LARGEST_UNPACKED` bytes."""
    try:
        unpacked = sum(entry.file_size for entry in ZipFile(io.BytesIO(data)).infolist())
    except BadZipFile:
        raise ValueError("it is not a DOCX; save it again in that format") from None
    if unpacked > LARGEST_UNPACKED:
        raise ValueError(f"the DOCX unpacks to more than {LARGEST_UNPACKED // 2**20} MB; save it without its pictures")


def _no_image(_image: Any) -> dict[str, str]:
    return {"src": ""}
