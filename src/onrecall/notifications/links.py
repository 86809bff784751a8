"""Where an incident is found in the console, for people who read of it elsewhere."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses under the public one; none where no public address is known."""

    public_url: str | None = None

    def incident(self, incident_id: str) -> str | None:
        """The page of an incident."""
        if self.public_url is None:
            return None
        return f"{self.public_url.rstrip('/')}/incidents/{quote(incident_id, safe='')}"
