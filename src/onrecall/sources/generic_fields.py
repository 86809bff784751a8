"""The fields of one alert of plain JSON: where a mapping places them, else by their common names."""

from collections.abc import Iterator
from dataclasses import dataclass

from onrecall.sources.field_aliases import FieldCandidate, FieldCandidates, join_place, normalize_name
from onrecall.sources.mapping import GenericMapping
from onrecall.sources.payload import Fields

_KINDS = ("eventtypename", "eventtype", "eventname", "alerttype", "type", "kind", "event")


@dataclass(frozen=True, slots=True)
class AlertFields:
    """The body of an alert, what its sender's mapping says, and what stands under common names."""

    body: Fields
    mapped: GenericMapping
    candidates: FieldCandidates

    def is_mapped(self, field: str) -> bool:
        """Return whether the mapping places the field."""
        return field in self.mapped.fields

    def of(self, field: str) -> Iterator[FieldCandidate]:
        """Yield candidates for a field: by the mapping, else by its common names."""
        if self.is_mapped(field):
            place = self.place(field)
            return (FieldCandidate(value, normalize_name(place), place) for value in self.mapped.find(field, self.body))
        return self.candidates.of_field(field)

    def place(self, field: str) -> str:
        """Return where the mapping places a field, else its name."""
        return next(iter(self.mapped.fields.get(field, ())), field)

    def kinds(self) -> Iterator[FieldCandidate]:
        """Yield what kind of event the message says it is."""
        for level in self.candidates.levels:
            for name in _KINDS:
                if name in level.bare:
                    yield FieldCandidate(
                        level.values[level.bare[name]], name, join_place(level.place, level.bare[name])
                    )
