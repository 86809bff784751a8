"""Text comes in.
The same text goes out with secrets, and optionally personal data, replaced by `[redacted:kind]`.
"""

from onrecall.redaction.engine import Redacted, RedactionFinding, contains_no_secrets, redact
from onrecall.redaction.structures import announces_secret, redact_model

__all__ = ["Redacted", "RedactionFinding", "announces_secret", "contains_no_secrets", "redact", "redact_model"]
