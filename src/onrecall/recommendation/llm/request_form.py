"""What a request to a model carries beside its messages, less what its server has refused."""

import threading
from dataclasses import dataclass
from typing import Literal

Parameter = Literal[
    "strict", "json_schema", "json_object", "max_completion_tokens", "max_tokens", "temperature", "system"
]
AnswerFormat = Literal["strict", "json_schema", "json_object", "text"]
TokenLimit = Literal["max_completion_tokens", "max_tokens"]
FORMATS: tuple[Literal["strict", "json_schema", "json_object"], ...] = ("strict", "json_schema", "json_object")
"""What asks for JSON, the firmest first; where none is taken, the JSON is looked for in plain text."""
PARAMETERS: tuple[Parameter, ...] = (
    "temperature",
    "max_completion_tokens",
    "max_tokens",
    *FORMATS,
    "system",
)
"""In the order in which they are left out where a server refuses a request and does not say why."""


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What may be sent to one model."""

    token_limits: tuple[TokenLimit, ...] = ("max_tokens", "max_completion_tokens")
    """Names of the limit of an answer, the one to try first in front."""
    refused: frozenset[Parameter] = frozenset()

    @property
    def answer_format(self) -> AnswerFormat:
        """How JSON is asked for."""
        return next((name for name in FORMATS if name not in self.refused), "text")

    @property
    def token_limit(self) -> TokenLimit | None:
        """The name under which the limit of an answer is sent; None: no limit is."""
        return next((name for name in self.token_limits if name not in self.refused), None)

    @property
    def temperature(self) -> bool:
        """Whether a temperature is sent."""
        return "temperature" not in self.refused

    @property
    def system(self) -> bool:
        """Whether the rules go as a message of their own; else they stand before the data."""
        return "system" not in self.refused

    @property
    def sent(self) -> frozenset[Parameter]:
        """What a server can refuse."""
        parts: set[Parameter] = {
            *((self.answer_format,) if self.answer_format != "text" else ()),
            *((self.token_limit,) if self.token_limit else ()),
            *(("temperature",) if self.temperature else ()),
            *(("system",) if self.system else ()),
        }
        return frozenset(parts)

    def without(self, parameter: Parameter) -> "RequestForm":
        """The form that leaves this out; a schema that is refused is not sent without `strict` either."""
        dropped: set[Parameter] = {parameter, "strict"} if parameter == "json_schema" else {parameter}
        return RequestForm(self.token_limits, self.refused | dropped)


class AcceptedForms:
    """What each model's server takes, learned from its refusals; for as long as the process runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: dict[tuple[str, str], RequestForm] = {}

    def form(self, url: str, model: str, first: RequestForm) -> RequestForm:
        """The form to ask a model with: `first` where nothing was refused yet."""
        with self._lock:
            return self._forms.get((url, model), first)

    def remember(self, url: str, model: str, form: RequestForm) -> None:
        """Ask this model with this form from now on."""
        with self._lock:
            self._forms[url, model] = form
