"""Records whole answers, as the API gives them."""

from typing import Any

from onrecall.domain.recommendation import Recommendation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.schemas.recommendations import RecommendationOut

from .knowledge import NOW, empty_store, history, recall_of
from .records import read_inputs
from .retrieval_rankings import situation_in

LEFT_OUT = {"id", "inputs_hash", "latency_ms"}
"""Hashes of internal text and measured times: they differ where nothing that people see differs."""


def record_answers() -> dict[str, Any]:
    """Returns the answer to every question."""
    questions = read_inputs("whole_answers")
    answers: dict[str, Any] = {}
    for name in ("examples", "harbour"):
        with empty_store() as store:
            memory = IncidentService(Dependencies(store, recall_of(store), lambda: NOW))
            memory.import_history(history(name))
            for question in questions:
                if question.get("history", "examples") == name:
                    answers[question["name"]] = answer_as_json(memory.ask(situation_in(question)))
    return {question["name"]: answers[question["name"]] for question in questions}


def answer_as_json(answer: Recommendation) -> dict[str, Any]:
    """Returns an answer as JSON; a resolution, which only repeats the history, is shown by its cause."""
    told = RecommendationOut.model_validate(answer).model_dump(mode="json", exclude=LEFT_OUT)
    for piece in told["evidence"]:
        resolution = piece.pop("resolution")
        piece["cause"] = resolution and resolution["cause"]
    return told
