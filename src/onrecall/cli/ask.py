"""`onrecall ask` and `onrecall recall`: what is known about something that happens now."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.options import AsOf, Labels, Limit, OnlyKind, OnlyService, Service, Text, situation_from
from onrecall.cli.output import print_result
from onrecall.schemas.incidents import RecallOut, RecommendationOut


def ask(
    text: Text,
    service: Service = None,
    label: Labels = None,
    only_kind: OnlyKind = None,
    only_service: OnlyService = None,
    as_of: AsOf = None,
    limit: Limit = 5,
    refine: Annotated[bool, typer.Option("--refine", help="Wait for a model to refine it.")] = False,
    as_json: Json = False,
) -> None:
    """Find what broke like this before and what fixed it, with citations. Writes nothing."""
    with open_app() as context:
        situation = situation_from(text, service, label, only_kind, only_service, as_of)
        pending = context.memory.opinions.ask(situation)
        answer = context.memory.ask(situation, limit, refine=refine)
        opinion = pending.result(answer.evidence)
    result = RecommendationOut.model_validate(answer).beside(opinion)
    print_result(result.plain(), as_json, lambda: console.print_recommendation(answer, opinion))


def recall(
    text: Text,
    service: Service = None,
    label: Labels = None,
    only_kind: OnlyKind = None,
    only_service: OnlyService = None,
    as_of: AsOf = None,
    limit: Limit = 5,
    as_json: Json = False,
) -> None:
    """Find the most similar earlier incidents and documents, and why they match. Writes nothing."""
    with open_app() as context:
        situation = situation_from(text, service, label, only_kind, only_service, as_of)
        pending = context.memory.opinions.ask(situation)
        matches = context.memory.recall(situation, limit)
        result = RecallOut.model_validate({"evidence": matches, "second_opinion": pending.result(matches)})
    print_result(result.plain(), as_json, lambda: console.print_evidence(matches))
