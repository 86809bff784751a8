"""Which incident is meant: natural keys, and what is already stored under them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, select

from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.incident import EXAMPLE, Incident
from onrecall.storage.batching import keys, seconds
from onrecall.storage.examples import namespaced
from onrecall.storage.tables import incidents


@dataclass(frozen=True, slots=True)
class StoredIdentity:
    """What tells whether an incident is the same, and still says the same."""

    id: str
    source: str
    source_id: str | None
    hashes: frozenset[str]
    """Of what was given last, and of what it is now."""


class NaturalKeyIndex:
    """The stored incidents that some given ones may be."""

    def __init__(self, connection: Connection, given: Sequence[Incident]) -> None:
        self._ids: dict[str, StoredIdentity] = {}
        self._keys: dict[tuple[str, str], StoredIdentity] = {}
        its = incidents.c
        ids = {name for one in given for name in _possible_ids(one) if name}
        self._read(connection, its.id, ids)
        for source, names in seconds((one.source, one.source_id) for one in given if one.source_id):
            self._read(connection, its.source_id, names, its.source == source)

    def _read(
        self, connection: Connection, column: ColumnElement[str], names: Iterable[str], *also: ColumnElement[bool]
    ) -> None:
        columns = [incidents.c[name] for name in ("id", "source", "source_id", "given_hash", "state_hash")]
        for part in keys(sorted(names)):
            for row in connection.execute(select(*columns).where(column.in_(part), *also)):
                self.note(
                    StoredIdentity(row.id, row.source, row.source_id, frozenset({row.given_hash, row.state_hash}))
                )

    def note(self, known: StoredIdentity) -> None:
        """Remember what is stored now."""
        self._ids[known.id] = known
        if known.source_id is not None:
            self._keys[known.source, known.source_id] = known

    def rename(self, old: str, new: str) -> None:
        """What is stored under one id is stored under another from now on."""
        self.note(replace(self._ids.pop(old), id=new))

    def examples_in_the_way(self, given: Iterable[Incident]) -> list[str]:
        """Ids that example incidents have and these incidents want, which are no examples."""
        wanted = {self.name(one) for one in given if one.source != EXAMPLE and (one.id or one.source_id)}
        return sorted(name for name in wanted if (there := self._ids.get(name)) and there.source == EXAMPLE)

    def linked(self, given: Incident) -> Incident:
        """The incident, and where it is an example whose links mean examples that stepped aside, with those links."""
        if given.source != EXAMPLE or not any(self._is_taken(link.incident) for link in given.links):
            return given
        links = (replace(link, incident=self._example_id(link.incident)) for link in given.links)
        return replace(given, links=tuple(links))

    def find(self, given: Incident) -> StoredIdentity | None:
        """The stored incident that is meant; Conflict when two could be."""
        if given.source_id is not None and (known := self._keys.get((given.source, given.source_id))):
            if given.id not in ("", known.id) and given.source != EXAMPLE:
                raise Conflict(f"{given.source} {given.source_id} is stored as incident {known.id}, not {given.id}")
            return known
        there = self._ids.get(self.name(given))
        if there is None:
            return None
        if there.source != given.source:
            raise Conflict(f"incident {there.id} already exists from {there.source}; this one is from {given.source}")
        if None not in (there.source_id, given.source_id):
            raise Conflict(f"incident {there.id} is {there.source} {there.source_id}; this one is {given.source_id}")
        return there

    def name(self, given: Incident) -> str:
        """The id to store it under; nothing is made up: it is the given one, or that of its source."""
        if given.id:
            return self._example_id(given.id) if given.source == EXAMPLE else given.id
        if not given.source_id:
            raise Invalid(
                "the incident has neither an id nor a source_id; give one, so that it is not stored twice", "id"
            )
        there = self._ids.get(given.source_id)
        return given.source_id if there is None or there.source in (given.source, EXAMPLE) else str(_qualified(given))

    def _example_id(self, name: str) -> str:
        """The id of an example incident: its own, unless somebody's own incident has it."""
        return namespaced(name) if self._is_taken(name) else name

    def _is_taken(self, name: str) -> bool:
        there = self._ids.get(name)
        return there is not None and there.source != EXAMPLE


def _possible_ids(given: Incident) -> Iterator[str | None]:
    """Ids under which it may be stored, or that its name depends on."""
    yield from (given.id, given.source_id, _qualified(given))
    if given.source == EXAMPLE:
        yield namespaced(given.id)
        yield from (link.incident for link in given.links)


def _qualified(given: Incident) -> str | None:
    return f"{given.source}:{given.source_id}" if given.source_id else None
