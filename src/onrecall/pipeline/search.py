"""Literal text search for incidents, documents and commands, each with the matching line.

Recall finds what is *similar* to a situation; this finds exact fragments: an id, a name, part of a command.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from onrecall.domain import markdown
from onrecall.domain import markdown_page as page
from onrecall.domain.commands import CommandLine, read_commands
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident, Status
from onrecall.domain.situation import Filter, Situation
from onrecall.storage import Storage
from onrecall.storage.read_replica import stale_reads

MatchKind = Literal["incident", "document", "command"]
PageKind = Literal["incident", "document"]
MAX_QUERY_LENGTH = 400
PAGE_KINDS: Sequence[PageKind] = ("incident", "document")
MAX_RECALLED = 20
"""Maximum number of incidents, and of documents, taken from recall as candidates."""
MAX_LISTED = 40
"""Maximum number of newest incidents with the words in title or description taken as candidates."""

Recall = Callable[[Situation, int], Sequence[Evidence]]
Page = Incident | Document


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """A matching incident, document or command, with the best matching line of its page."""

    kind: MatchKind
    id: str
    """The id of the page."""
    title: str
    line: int
    text: str
    """The line, or the whole command."""
    page: PageKind
    service: str | None = None
    status: Status | None = None


class TextSearch:
    """Finds pages and commands that contain all words of a query, in any order, also as parts of longer words."""

    def __init__(self, store: Storage, recall: Recall) -> None:
        self._store = store
        self._recall = recall

    @stale_reads()
    def find(self, query: str, limit: int = 8) -> tuple[SearchMatch, ...]:
        """Return at most `limit` matches of each kind, best first: incidents, then documents, then commands.

        Raises:
            Invalid: The query is blank or longer than 400 characters.
        """
        words = _query_words(query)
        pages = sorted(self._candidates(query, words), key=lambda candidate: _rank_key(candidate, query, words))
        commands = [match for candidate in pages for match in _match_commands(candidate, words)]
        matches = [_match_page(candidate, words) for candidate in pages if _contains_all(candidate, words)]
        kinds: Sequence[MatchKind] = ("incident", "document", "command")
        by_kind = ([match for match in (*matches, *commands) if match.kind == kind] for kind in kinds)
        return tuple(match for kind_matches in by_kind for match in kind_matches[:limit])

    def _candidates(self, query: str, words: Sequence[str]) -> Iterable[Page]:
        """Return candidate pages without duplicates: by id, by title and description, and by recall."""
        names = dict.fromkeys((query.strip(), query.strip().upper()))
        by_id = self._store.records.get([(kind, name) for name in names for kind in PAGE_KINDS])
        pages: dict[tuple[bool, str], Page] = {}
        listed = self._store.incidents.page(q=" ".join(words), limit=MAX_LISTED).items
        recalled = [item for kind in PAGE_KINDS for item in self._recalled(query, kind)]
        for item in (*by_id.values(), *listed, *recalled):
            if isinstance(item, Incident | Document):
                pages.setdefault((isinstance(item, Incident), item.id), item)
        return pages.values()

    def _recalled(self, query: str, kind: PageKind) -> Iterator[Page]:
        family: list[str] = []
        for evidence in self._recall(Situation(text=query, only=Filter(kind=kind)), MAX_RECALLED):
            family += evidence.family
            yield from (item for item in (evidence.incident, evidence.document, evidence.report) if item is not None)
        family_members = self._store.records.get([("incident", name) for name in dict.fromkeys(family)][:MAX_LISTED])
        yield from (item for item in family_members.values() if isinstance(item, Incident))


def _query_words(query: str) -> tuple[str, ...]:
    if not query.strip():
        raise Invalid("the query has nothing to search for; give a word, an id or a part of a command", "q")
    if len(query) > MAX_QUERY_LENGTH:
        raise Invalid(f"q is {len(query)} characters long; at most {MAX_QUERY_LENGTH} are allowed", "q")
    return tuple(dict.fromkeys(query.casefold().split()))


def _contains_all(record: Page, words: Sequence[str]) -> bool:
    text = "\n".join((record.id, record.service or "", *record.labels.values(), page.to_markdown(record))).casefold()
    return all(word in text for word in words)


def _rank_key(record: Page, query: str, words: Sequence[str]) -> tuple[bool, int]:
    """Sort key: exact id first, then the number of query words in the title."""
    title = record.title.casefold()
    return record.id.casefold() != query.strip().casefold(), -sum(word in title for word in words)


def _match_page(record: Page, words: Sequence[str]) -> SearchMatch:
    """Return the first line with the most query words."""
    lines = [line for line in page.numbered_lines(record) if line.text.strip()] or [
        page.PageLine(1, record.title, "opening")
    ]
    best = max(lines, key=lambda line: sum(word in line.text.casefold() for word in words))
    if isinstance(record, Incident):
        return SearchMatch(
            "incident", record.id, record.title, best.number, best.text, "incident", record.service, record.status
        )
    return SearchMatch("document", record.id, record.title, best.number, best.text, "document", record.service)


def _match_commands(record: Page, words: Sequence[str]) -> Iterator[SearchMatch]:
    seen_texts: set[str] = set()
    kind: PageKind = "incident" if isinstance(record, Incident) else "document"
    for command in _commands(record):
        text = command.text.casefold()
        if text not in seen_texts and all(word in text for word in words):
            seen_texts.add(text)
            yield SearchMatch("command", record.id, record.title, command.line, command.text, kind, record.service)


def _commands(record: Page) -> Iterator[CommandLine]:
    if isinstance(record, Document):
        yield from _commands_of_blocks(markdown.parse(record.text))
        return
    steps = record.resolution.steps if record.resolution else ()
    for line in page.numbered_lines(record):
        command = steps[line.step].command if line.step is not None else None
        if command:
            yield CommandLine(command, line.number)


def _commands_of_blocks(blocks: Iterable[markdown.Block]) -> Iterator[CommandLine]:
    for block in blocks:
        if isinstance(block, markdown.CodeBlock):
            yield from read_commands(block.text, block.language, block.line)
        elif isinstance(block, markdown.ItemList):
            for item in block.items:
                yield from _commands_of_blocks(item.blocks)
        elif isinstance(block, markdown.Quote):
            yield from _commands_of_blocks(block.blocks)
