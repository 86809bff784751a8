"""Why a server refused a request: what it names, as OpenAI, Groq, LM Studio, Ollama, vLLM and llama.cpp say it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onrecall.recommendation.llm.request_form import PARAMETERS, Parameter, RequestForm

NAMING_STATUSES = frozenset({400, 404, 405, 415, 422, 500, 501})
"""Statuses with which servers refuse a parameter that they name."""
UNNAMED_STATUSES = frozenset({400, 422, 501})
"""Statuses that tell of a bad request even where they name nothing."""
MAX_MESSAGE_LENGTH = 4_000
"""Characters of a message: what it names stands in front, and what comes later may repeat the prompt."""
_CONTEXT = re.compile(
    r"context.{0,20}(?:length|size|window)|exceed\w*.{0,40}context|too many (?:input )?tokens|prompt is too long"
    r"|(?:input|prompt).{0,30}(?:longer|exceeds?|too long)",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"\bmodel\b.{0,120}?\b(?:not (?:found|loaded|exist|available)|does ?n[o']t exist|decommissioned|unknown)\b"
    r"|\b(?:no|unknown|invalid|find) model\b|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT = re.compile(
    r"response[_ ]format|output[_ ](?:config|format)|json[_ ](?:schema|object|mode)|structured[_ ]output|guided_\w+"
    r"|\bschema\b|\bgrammar\b|\bstrict\b",
    re.IGNORECASE,
)
_STRICT = re.compile(r"\bstrict\b", re.IGNORECASE)
LITERAL_PARAMETERS: tuple[Parameter, ...] = ("max_completion_tokens", "max_tokens", "temperature")
"""Parameters that a server calls as they are called when they are sent."""
_SYSTEM = re.compile(
    r"\b(?:system|developer)\W{0,3}\s*(?:role|message|prompt|instruction)|roles? must alternate", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and what was said with it."""

    status: int
    body: str

    @property
    def reason(self) -> str:
        """Why, in words of ours: a server's own may repeat what it was sent."""
        if self.status in NAMING_STATUSES and _CONTEXT.search(self._message):
            return f"it answered {self.status}: its context is too small for the prompt and the answer"
        if self.status in NAMING_STATUSES and _NO_MODEL.search(self._message):
            return f"it answered {self.status}: its server does not have this model"
        return f"it answered {self.status}"

    @property
    def failed_generation(self) -> str | None:
        """What a model wrote that its server did not take for JSON, as Groq hands it out."""
        error = _member(self._json, "error")
        text = _member(error, "failed_generation")
        return text if isinstance(text, str) and text else None

    def named_parameter(self, form: RequestForm) -> Parameter | None:
        """Which of the parameters that were sent it names."""
        if self.status not in NAMING_STATUSES or self._final:
            return None
        for text in (*self._fields(), self._message):
            if parameter := _first_named_parameter(text, form, self._message):
                return parameter
        return None

    def guessed_parameter(self, form: RequestForm) -> Parameter | None:
        """What to leave out next where it names nothing."""
        if self.status not in UNNAMED_STATUSES or self._final:
            return None
        return next((parameter for parameter in PARAMETERS if parameter in form.sent), None)

    @property
    def _final(self) -> bool:
        return _CONTEXT.search(self._message) is not None or _NO_MODEL.search(self._message) is not None

    @property
    def _json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def _fields(self) -> Iterator[str]:
        """What its form says to be at fault: `param` as OpenAI's servers have it, `loc` as FastAPI's."""
        body = self._json
        for part in (_member(body, "error"), body):
            if isinstance(param := _member(part, "param"), str):
                yield param
        detail = _member(body, "detail")
        for fault in detail if isinstance(detail, list) else ():
            if isinstance(where := _member(fault, "loc"), list):
                yield ".".join(map(str, where))

    @property
    def _message(self) -> str:
        body = self._json
        error, detail = _member(body, "error"), _member(body, "detail")
        for text in (_member(error, "message"), error, _member(body, "message"), detail):
            if isinstance(text, str) and text:
                return text[:MAX_MESSAGE_LENGTH]
        faults = [fault for fault in detail if isinstance(fault, dict)] if isinstance(detail, list) else []
        return (
            "; ".join(str(fault.get("msg", "")) for fault in faults)[:MAX_MESSAGE_LENGTH]
            if faults
            else self.body[:MAX_MESSAGE_LENGTH]
        )


def _member(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, dict) else None


def _first_named_parameter(text: str, form: RequestForm, message: str) -> Parameter | None:
    """The parameter that stands first in a text: a server names what is at fault before what it takes instead."""
    places: dict[int, Parameter] = {}
    for name in form.sent.intersection(LITERAL_PARAMETERS):
        if match := re.search(rf"(?<!\w){name}(?!\w)", text):
            places[match.start()] = name
    if form.system and (match := _SYSTEM.search(text)):
        places[match.start()] = "system"
    if match := _FORMAT.search(text):
        places[match.start()] = _refused_format(form, f"{text} {message}")
    first = places[min(places)] if places else None
    return first if first and form.without(first) != form else None


def _refused_format(form: RequestForm, text: str) -> Parameter:
    """What to ask for no more, where a format was refused: only to keep strictly to a schema, or the schema."""
    if form.answer_format == "strict":
        return "strict" if _STRICT.search(text) else "json_schema"
    return "json_object" if form.answer_format == "text" else form.answer_format
