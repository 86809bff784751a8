"""`onrecall ask` and `onrecall recall`: what is known about something that happens now."""

from typing import Annotated

import typer

from onrecall.cli.arguments import Json
from onrecall.cli.garbage import uncollected
from onrecall.cli.options import AsOf, Labels, Limit, OnlyKind, OnlyService, Service, Text, situation_from
from onrecall.cli.output import print_json


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
    with uncollected():  # what `--help` need not pay for
        from onrecall.bootstrap.question import question_answering  # noqa: PLC0415
        from onrecall.cli import recommendation_page  # noqa: PLC0415

    situation = situation_from(text, service, label, only_kind, only_service, as_of)
    with question_answering(refine=refine) as answering:
        finish_opinion = answering.begin_opinion(situation)
        answer = answering.answer(situation, limit)
        opinion = finish_opinion(answer.evidence)
    if as_json:
        from onrecall.cli import json_output  # noqa: PLC0415 - schemas cost time that lines for people need not pay

        print_json(json_output.recommendation(answer, opinion))
    else:
        recommendation_page.print_recommendation(answer, opinion)


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
    with uncollected():  # what `--help` need not pay for
        from onrecall.bootstrap.question import question_answering  # noqa: PLC0415
        from onrecall.cli import console, recommendation_page  # noqa: PLC0415

    situation = situation_from(text, service, label, only_kind, only_service, as_of)
    with question_answering() as answering:
        finish_opinion = answering.begin_opinion(situation)
        matches = answering.evidence(situation, limit)
        limitation = answering.limitation()
        opinion = finish_opinion(matches)
    if as_json:
        from onrecall.cli import json_output  # noqa: PLC0415 - schemas cost time that lines for people need not pay

        print_json(json_output.evidence(matches, opinion, limitation))
    else:
        recommendation_page.print_evidence(matches)
        if limitation:
            console.print_line((limitation, "yellow"))
