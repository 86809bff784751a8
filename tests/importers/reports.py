"""What a reading gave, sorted."""

from collections.abc import Iterable

from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers import ImportedItem, ImportNote, read_bytes


class Report:
    """The items of one reading by their kind."""

    def __init__(self, items: Iterable[ImportedItem]) -> None:
        listed = list(items)
        self.incidents = [item for item in listed if isinstance(item, Incident)]
        self.documents = [item for item in listed if isinstance(item, Document)]
        self.rejected = [item for item in listed if isinstance(item, RejectedInput)]
        self.notes = [str(item) for item in listed if isinstance(item, ImportNote)]
        assert len(self.incidents) + len(self.documents) + len(self.rejected) + len(self.notes) == len(listed)

    @property
    def messages_text(self) -> str:
        """All that was said about the reading."""
        return "\n".join(
            [
                *self.notes,
                *(f"{rejection.where}: {rejection.field}: {rejection.message}" for rejection in self.rejected),
            ]
        )

    def incident(self) -> Incident:
        """The only incident, and nothing rejected."""
        assert not self.rejected, self.messages_text
        (incident,) = self.incidents
        return incident


def report(name: str, data: str | bytes, **wishes) -> Report:
    """Read a body."""
    return Report(read_bytes(name, data.encode() if isinstance(data, str) else data, **wishes))
