"""Where a model is asked, and what comes back from there."""

from dataclasses import dataclass, field

from onrecall.recommendation.llm.refusals import Refusal

NO_COMPLETION = "it answered something else than a completion"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model on one server."""

    url: str
    key: str | None = field(repr=False)
    model: str
    answer_tokens: int
    """The most tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a server answered. None: it did not say."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
