"""Tell who is named on a page as taking part: its authors, responders and those who met about it."""

import re
from collections.abc import Iterator, Sequence

from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import normalize_heading
from onrecall.importers.postmortem.word_lists import phrase_list, word_set

LONGEST_LIST = 300
"""Maximum characters of a list of names; a longer value is prose."""
_LABELS = frozenset(phrase_list("people of a page"))
_LABEL = re.compile(r"\W*(?P<label>[^:\uff1a]{2,40}?)\W*[:\uff1a]\W*(?P<value>\S.*)")
_NAME = re.compile(r"@?[A-ZÀ-ÖØ-Þ\u3400-\u9fff\u3040-\u30ff][\w'’.-]*|@[\w.-]+")


def people_of_page(sections: Sequence[LabelledSection]) -> frozenset[str]:
    """Return the words of the names that a page lists, in lower case: those of a first name stand alone later on."""
    named = (name for section in sections for value in _values(section) for name in _NAME.findall(plain_text(value)))
    return frozenset(name.strip("@.").casefold() for name in named)


def nouns_of_page(sections: Sequence[LabelledSection]) -> frozenset[str]:
    """Return the words that a page writes in small letters, or behind `in`: of these, one with a capital is no person.

    `Checkout adds a retry` names nobody where the service is `checkout-api`, nor `Lyon will stay` where it is in Lyon.
    """
    texts = [text for section in sections for row in section.rows for text in (row.text, *row.cells)]
    small = (word for text in texts for word in _SMALL.findall(text))
    places = (place.casefold() for text in texts for place in _PLACE.findall(text))
    return frozenset((*small, *places)) - _NAMES_LIKE_NOUNS


_SMALL = re.compile(r"(?<![\w@./])[a-zß-ÿ]\w+(?![\w@])")
_PLACE = re.compile(r"\b(?:in|at|near|via)\s([A-ZÀ-ÖØ-Þ]\w+)")
_NAMES_LIKE_NOUNS = word_set("names that are words")


def _values(section: LabelledSection) -> Iterator[str]:
    if normalize_heading(section.heading) in _LABELS:
        yield from (row.text for row in section.rows if row.kind in ("text", "item") and len(row.text) <= LONGEST_LIST)
    yield from (value for row in section.rows for label, value in _labelled(row) if normalize_heading(label) in _LABELS)


def _labelled(row: DocumentRow) -> Iterator[tuple[str, str]]:
    if row.kind == "cells" and len(row.cells) == 2:
        yield plain_text(row.cells[0]), row.cells[1][:LONGEST_LIST]
    elif row.kind in ("text", "item") and (match := _LABEL.match(plain_text(row.text))) is not None:
        yield match["label"], match["value"][:LONGEST_LIST]
