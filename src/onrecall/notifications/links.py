"""Links to incidents in the console."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Builds links under the public URL; None if no public URL is configured."""

    public_url: str | None = None

    def incident(self, incident_id: str) -> str | None:
        """Return the URL of an incident's page."""
        if self.public_url is None:
            return None
        return f"{self.public_url.rstrip('/')}/incidents/{quote(incident_id, safe='')}"
