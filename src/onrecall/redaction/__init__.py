"""What must never be stored, logged or sent becomes `[redacted:kind]`: secrets, and by choice personal data."""

from onrecall.redaction.engine import Redacted, RedactionFinding, harmless, redact
from onrecall.redaction.structures import announces_secret, redact_thing

__all__ = ["Redacted", "RedactionFinding", "announces_secret", "harmless", "redact", "redact_thing"]
