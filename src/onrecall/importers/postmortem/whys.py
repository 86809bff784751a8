"""Read a chain of whys: each question with its answer, of which the last is the root cause."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from onrecall.importers.postmortem.prose import ProseStatement, paragraphs
from onrecall.importers.postmortem.rows import DocumentRow, parse_rows, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.vocabulary import names_chain

_WHY = r"(?:why|warum|weshalb|wieso|pourquoi|¿?por qué|por que|porquê|perché|waarom)\b|なぜ|为什么|为何"
_OPENING = re.compile(
    rf"\W*(?:(?:Q|W)?\s*#?\d*\s*[.):–—-]+\s*|Q\s+)?(?:\d+(?:st|nd|rd|th)\s+)?(?:{_WHY})", re.IGNORECASE
)
"""How the line of a question begins."""
_ANSWER_LABEL = re.compile(
    rf"(?:a(?:nswer)?\s*\d*|because|antwort|réponse|respuesta|resposta|risposta|antwoord|回答|(?:{_WHY})\s*#?\d*)"
    r"\s*[:.)\uff1a–—-]\s*",
    re.IGNORECASE,
)
_NEXT_QUESTION = re.compile(
    rf"(?<=[^\d\s][.;!\u3002])\s+(?=(?:\(?\d{{1,2}}\s*[.):–—-]+\s*)?(?:{_WHY})[^.;!]*[?\uff1f])", re.IGNORECASE
)
"""Where a line goes on from an answer to the next question."""
_QUESTION = re.compile(r"[?\uff1f]")
_ARROW = re.compile(r"→|⇒|[-=]>")
_BEFORE_ANSWER = " \t:\uff1a–—→⇒>=-*_|"


@dataclass(frozen=True, slots=True)
class WhyLink:
    """One link of a chain."""

    statement: ProseStatement
    """The question with its answer, as written."""
    answer: ProseStatement | None
    """None: the line only asks."""


def is_chain(section: LabelledSection) -> bool:
    """Return whether a section is a chain, by its heading or because all of its lines ask why."""
    if names_chain(section.heading):
        return True
    statements = [*paragraphs(map(_line_apart, section.rows))]
    return bool(statements) and all(_OPENING.match(statement.text) for statement in statements)


def read_chain(group: Sequence[LabelledSection]) -> list[WhyLink]:
    """Return the links of some sections in order."""
    links: list[WhyLink] = []
    for section in group:
        paragraphs_of_section = paragraphs(map(_line_apart, _without_headers(section.rows)))
        for statement in (part for whole in paragraphs_of_section for part in _questions_apart(whole)):
            answer = _answer_of(statement)
            question = links[-1].statement if links and links[-1].answer is None and answer is not None else None
            if question is not None and _QUESTION.search(statement.text) is None:
                links[-1] = WhyLink(replace(question, text=f"{question.text} {statement.text}"), answer)
            else:
                links.append(WhyLink(statement, answer))
    return links


def chain_in_text(text: str) -> list[WhyLink]:
    """Return the links of a chain that stands in a field of its own, such as a column `5 Whys`."""
    return read_chain([LabelledSection("cause", "Five whys", 0, 1, [*parse_rows(text)])])


def _questions_apart(statement: ProseStatement) -> Iterator[ProseStatement]:
    """Yield each question of a line with what answers it: `Why late? No worker ran. Why? The pool was full.`"""
    for part in _NEXT_QUESTION.split(statement.text):
        yield replace(statement, text=part)


def _answer_of(statement: ProseStatement) -> ProseStatement | None:
    """Return what stands behind the last question mark, or behind the arrow of a question without one.

    Of a line without either, all of it without its label.
    """
    marks = [*_QUESTION.finditer(statement.text)]
    if not marks and _OPENING.match(statement.text):
        marks = [*_ARROW.finditer(statement.text)][:1]
    written = statement.text[marks[-1].end() :] if marks else statement.text
    answer = _ANSWER_LABEL.sub("", written.strip(_BEFORE_ANSWER), count=1).strip(_BEFORE_ANSWER)
    return ProseStatement(answer, statement.line) if answer else None


def _line_apart(row: DocumentRow) -> DocumentRow:
    """Return a line that asks why or is labelled as an answer as an item of its own, so that it is cited itself."""
    written = plain_text(row.text)
    is_own = row.kind == "text" and (_OPENING.match(written) or _ANSWER_LABEL.match(written))
    return replace(row, kind="item") if is_own else row


def _without_headers(rows: Sequence[DocumentRow]) -> Iterator[DocumentRow]:
    """Yield the rows without the headers of tables, which a row without cells follows."""
    for place, row in enumerate(rows):
        below = rows[place + 1] if place + 1 < len(rows) else None
        if not (row.kind == "cells" and row.cells and below is not None and below.kind == "cells" and not below.cells):
            yield row
