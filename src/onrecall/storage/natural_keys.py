"""Find the stored incident that an incoming one refers to, by natural keys."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, select

from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.incident import EXAMPLE, Incident
from onrecall.storage.batching import chunk_keys, group_by_first
from onrecall.storage.examples import namespaced
from onrecall.storage.tables import incidents


@dataclass(frozen=True, slots=True)
class IncidentFingerprint:
    """Identifies a stored incident and its content."""

    id: str
    source: str
    source_id: str | None
    hashes: frozenset[str]
    """Hashes of the last input and of the current state."""


class NaturalKeyIndex:
    """The stored incidents that some incoming ones may refer to."""

    def __init__(self, connection: Connection, candidates: Sequence[Incident]) -> None:
        self._ids: dict[str, IncidentFingerprint] = {}
        self._keys: dict[tuple[str, str], IncidentFingerprint] = {}
        columns = incidents.c
        ids = {name for incident in candidates for name in _possible_ids(incident) if name}
        self._read(connection, columns.id, ids)
        for source, names in group_by_first(
            (incident.source, incident.source_id) for incident in candidates if incident.source_id
        ):
            self._read(connection, columns.source_id, names, columns.source == source)

    def _read(
        self, connection: Connection, column: ColumnElement[str], names: Iterable[str], *also: ColumnElement[bool]
    ) -> None:
        columns = [incidents.c[name] for name in ("id", "source", "source_id", "given_hash", "state_hash")]
        for chunk in chunk_keys(sorted(names)):
            for row in connection.execute(select(*columns).where(column.in_(chunk), *also)):
                self.add(
                    IncidentFingerprint(row.id, row.source, row.source_id, frozenset({row.given_hash, row.state_hash}))
                )

    def add(self, identity: IncidentFingerprint) -> None:
        """Add an incident that is stored now."""
        self._ids[identity.id] = identity
        if identity.source_id is not None:
            self._keys[identity.source, identity.source_id] = identity

    def rename(self, old: str, new: str) -> None:
        """Move an entry to a new id."""
        self.add(replace(self._ids.pop(old), id=new))

    def conflicting_examples(self, new_incidents: Iterable[Incident]) -> list[str]:
        """Return ids of example incidents that these incidents (not examples) need."""
        wanted_ids = {
            self.storage_id(incident)
            for incident in new_incidents
            if incident.source != EXAMPLE and (incident.id or incident.source_id)
        }
        return sorted(name for name in wanted_ids if (existing := self._ids.get(name)) and existing.source == EXAMPLE)

    def with_own_links(self, incident: Incident) -> Incident:
        """Return the incident; for an example, with links pointing to the current ids of renamed examples."""
        if incident.source != EXAMPLE or not any(self._is_taken(link.incident) for link in incident.links):
            return incident
        links = (replace(link, incident=self._example_id(link.incident)) for link in incident.links)
        return replace(incident, links=tuple(links))

    def find(self, incident: Incident) -> IncidentFingerprint | None:
        """Return the stored incident that this one refers to. Raises Conflict if two match."""
        if incident.source_id is not None and (identity := self._keys.get((incident.source, incident.source_id))):
            if incident.id not in ("", identity.id) and incident.source != EXAMPLE:
                raise Conflict(
                    f"{incident.source} {incident.source_id} is stored as incident {identity.id}, not {incident.id}"
                )
            return identity
        existing = self._ids.get(self.storage_id(incident))
        if existing is None:
            return None
        if existing.source != incident.source:
            raise Conflict(
                f"incident {existing.id} already exists from {existing.source}; this one is from {incident.source}"
            )
        if None not in (existing.source_id, incident.source_id):
            raise Conflict(
                f"incident {existing.id} is {existing.source} {existing.source_id}; this one is {incident.source_id}"
            )
        return existing

    def storage_id(self, incident: Incident) -> str:
        """Return the id to store it under: its own, or that of its source; none is made up."""
        if incident.id:
            return self._example_id(incident.id) if incident.source == EXAMPLE else incident.id
        if not incident.source_id:
            raise Invalid(
                "the incident has neither an id nor a source_id; give one, so that it is not stored twice", "id"
            )
        existing = self._ids.get(incident.source_id)
        return (
            incident.source_id
            if existing is None or existing.source in (incident.source, EXAMPLE)
            else str(_qualified_id(incident))
        )

    def _example_id(self, name: str) -> str:
        """Return the id for an example incident: its own, unless another incident has it."""
        return namespaced(name) if self._is_taken(name) else name

    def _is_taken(self, name: str) -> bool:
        existing = self._ids.get(name)
        return existing is not None and existing.source != EXAMPLE


def _possible_ids(incident: Incident) -> Iterator[str | None]:
    """Yield ids it may be stored under, or that its id depends on."""
    yield from (incident.id, incident.source_id, _qualified_id(incident))
    if incident.source == EXAMPLE:
        yield namespaced(incident.id)
        yield from (link.incident for link in incident.links)


def _qualified_id(incident: Incident) -> str | None:
    return f"{incident.source}:{incident.source_id}" if incident.source_id else None
