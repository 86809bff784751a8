"""What a reading gave, sorted."""

from collections.abc import Iterable

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.importers import ImportNote, ImportedItem, read_bytes


class Report:
    """The items of one reading by their kind."""

    def __init__(self, items: Iterable[ImportedItem]) -> None:
        found = list(items)
        self.incidents = [item for item in found if isinstance(item, Incident)]
        self.documents = [item for item in found if isinstance(item, Document)]
        self.rejected = [item for item in found if isinstance(item, RejectedInput)]
        self.notes = [str(item) for item in found if isinstance(item, ImportNote)]
        assert len(self.incidents) + len(self.documents) + len(self.rejected) + len(self.notes) == len(found)

    @property
    def told(self) -> str:
        """All that was said about the reading."""
        return "\n".join([*self.notes, *(f"{one.where}: {one.field}: {one.message}" for one in self.rejected)])

    def incident(self) -> Incident:
        """The only incident, and nothing rejected."""
        assert not self.rejected, self.told
        (found,) = self.incidents
        return found


def report(name: str, data: str | bytes, **wishes) -> Report:
    """Read a body."""
    return Report(read_bytes(name, data.encode() if isinstance(data, str) else data, **wishes))
