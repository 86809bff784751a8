"""Why a sign-in was refused: a word that the sign-in page explains, and a sentence for the log."""

from typing import Literal

from onrecall.domain.errors import Forbidden

RefusalReason = Literal["cancelled", "domain", "expired", "provider", "role", "token"]
"""`cancelled` by the person; `expired`: the sign-in is unknown, used or too old; `provider`: it reported an error;
`token`: the answer failed a check; `domain` and `role`: this account may not sign in here."""


class SignInRefused(Forbidden):
    """This sign-in was refused."""

    def __init__(self, reason: RefusalReason, message: str, subject: str | None = None) -> None:
        super().__init__(message)
        self.reason: RefusalReason = reason
        self.subject = subject
        """Who was refused, where the identity provider has proven it."""
