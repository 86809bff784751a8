"""Documents in other markup come in: HTML, AsciiDoc, wiki text, notebooks, Word files.
Markdown goes out, line for line where the format allows it.
"""

from typing import TYPE_CHECKING

from onrecall.domain.lazy_names import loader

if TYPE_CHECKING:
    from onrecall.importers.markup.readers import BINARIES, SUFFIXES, TEXTS

__all__ = ["BINARIES", "SUFFIXES", "TEXTS"]

__getattr__ = loader(__name__, {"readers": __all__})
