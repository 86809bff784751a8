"""What can go wrong. A docstring is the problem's title; each interface has one table from these to its own errors.

OnRecallError
├── Invalid         the input is wrong and says which field and how to mend it
├── NotFound        no such thing
├── Conflict        it contradicts what is already known
├── Unauthorised    no valid key was given
├── Forbidden       the key may not do this
└── Unavailable     try again later
"""

from dataclasses import dataclass


class OnRecallError(Exception):
    """Something went wrong."""

    retry = False

    @property
    def title(self) -> str:
        """The problem's name in a few words, for people."""
        return (type(self).__doc__ or "").strip().rstrip(".")


class Invalid(OnRecallError):
    """Invalid input."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(OnRecallError):
    """Not found."""


class Conflict(OnRecallError):
    """Conflict with existing data."""


class Unauthorised(OnRecallError):
    """A valid key is required."""


class Forbidden(OnRecallError):
    """This key lacks the permission."""


class Unavailable(OnRecallError):
    """Temporarily unavailable."""

    retry = True

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """One part of an input that was left out: where it stood, which field is wrong, and how to mend it."""

    where: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class RejectedPart:
    """A part of a delivery that could not be read or stored: its place, the wrong field, and how to fix it."""

    where: str
    field: str | None
    message: str
    raw: str
    """The part as JSON, so that it can be kept, listed and tried again."""

    def to_rejected_input(self) -> RejectedInput:
        """Return what the sender is told."""
        return RejectedInput(self.where, self.field, self.message)
