"""Replace secrets, and optionally personal data, with `[redacted:kind]` before they are stored, logged or sent."""

from onrecall.redaction.engine import Redacted, RedactionFinding, contains_no_secrets, redact
from onrecall.redaction.structures import announces_secret, redact_model

__all__ = ["Redacted", "RedactionFinding", "announces_secret", "contains_no_secrets", "redact", "redact_model"]
