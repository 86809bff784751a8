"""Search by the words as they are written: incidents, documents and commands, each with the line that matches.

Recall finds what is *like* a situation; this finds what somebody remembers a piece of: an id, a name, half a command.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from onrecall.domain import markdown
from onrecall.domain import markdown_page as page
from onrecall.domain.commands import CommandLine, read_commands
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Document, Evidence, Filter, Incident, Situation, Status
from onrecall.storage import Storage

MatchKind = Literal["incident", "document", "command"]
PageKind = Literal["incident", "document"]
LONGEST_QUERY = 400
KINDS: Sequence[PageKind] = ("incident", "document")
RECALLED = 20
"""So many incidents, and as many documents, are taken from recall as candidates."""
LISTED = 40
"""So many of the newest incidents that have the words in title or description are candidates."""

Recall = Callable[[Situation, int], Sequence[Evidence]]
Page = Incident | Document


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """An incident, a document, or a command on the page of one, and the line of that page that matches best."""

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
    """Finds pages and commands that hold all words of a query, in any order, also as parts of longer words."""

    def __init__(self, store: Storage, recall: Recall) -> None:
        self._store = store
        self._recall = recall

    def find(self, query: str, limit: int = 8) -> tuple[SearchMatch, ...]:
        """Return at most `limit` matches of each kind, best first: incidents, then documents, then commands.

        Raises:
            Invalid: The query is blank or longer than 400 characters.
        """
        words = _words(query)
        pages = sorted(self._candidates(query, words), key=lambda one: _rank(one, query, words))
        commands = [match for one in pages for match in _command_matches(one, words)]
        matches = [_page_match(one, words) for one in pages if _holds(one, words)]
        kinds: Sequence[MatchKind] = ("incident", "document", "command")
        by_kind = ([match for match in (*matches, *commands) if match.kind == kind] for kind in kinds)
        return tuple(match for some in by_kind for match in some[:limit])

    def _candidates(self, query: str, words: Sequence[str]) -> Iterable[Page]:
        """Pages that may hold the words, each once: by id, by title and description, and by recall."""
        names = dict.fromkeys((query.strip(), query.strip().upper()))
        found = self._store.things([(kind, name) for name in names for kind in KINDS])
        pages: dict[tuple[bool, str], Page] = {}
        listed = self._store.incidents(q=" ".join(words), limit=LISTED).items
        recalled = [one for kind in KINDS for one in self._recalled(query, kind)]
        for one in (*found.values(), *listed, *recalled):
            if isinstance(one, Incident | Document):
                pages.setdefault((isinstance(one, Incident), one.id), one)
        return pages.values()

    def _recalled(self, query: str, kind: PageKind) -> Iterator[Page]:
        family: list[str] = []
        for evidence in self._recall(Situation(text=query, only=Filter(kind=kind)), RECALLED):
            family += evidence.family
            yield from (one for one in (evidence.incident, evidence.document, evidence.report) if one is not None)
        others = self._store.things([("incident", name) for name in dict.fromkeys(family)][:LISTED])
        yield from (one for one in others.values() if isinstance(one, Incident))


def _words(query: str) -> tuple[str, ...]:
    if not query.strip():
        raise Invalid("there is nothing to look for; give a word, an id or a piece of a command", "q")
    if len(query) > LONGEST_QUERY:
        raise Invalid(f"q is {len(query)} characters long; at most {LONGEST_QUERY} are looked for", "q")
    return tuple(dict.fromkeys(query.casefold().split()))


def _holds(one: Page, words: Sequence[str]) -> bool:
    text = "\n".join((one.id, one.service or "", *one.labels.values(), page.text(one))).casefold()
    return all(word in text for word in words)


def _rank(one: Page, query: str, words: Sequence[str]) -> tuple[bool, int]:
    """What sorts best first: the id itself, then how many words the title holds; ties stay as they were found."""
    title = one.title.casefold()
    return one.id.casefold() != query.strip().casefold(), -sum(word in title for word in words)


def _page_match(one: Page, words: Sequence[str]) -> SearchMatch:
    """The first line that holds most of the words."""
    lines = [line for line in page.lines(one) if line.text.strip()] or [page.PageLine(1, one.title, "opening")]
    best = max(lines, key=lambda line: sum(word in line.text.casefold() for word in words))
    if isinstance(one, Incident):
        return SearchMatch("incident", one.id, one.title, best.number, best.text, "incident", one.service, one.status)
    return SearchMatch("document", one.id, one.title, best.number, best.text, "document", one.service)


def _command_matches(one: Page, words: Sequence[str]) -> Iterator[SearchMatch]:
    seen: set[str] = set()
    kind: PageKind = "incident" if isinstance(one, Incident) else "document"
    for command in _commands(one):
        text = command.text.casefold()
        if text not in seen and all(word in text for word in words):
            seen.add(text)
            yield SearchMatch("command", one.id, one.title, command.line, command.text, kind, one.service)


def _commands(one: Page) -> Iterator[CommandLine]:
    if isinstance(one, Document):
        yield from _commands_of_blocks(markdown.parse(one.text))
        return
    steps = one.resolution.steps if one.resolution else ()
    for line in page.lines(one):
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
