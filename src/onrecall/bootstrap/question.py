"""The wiring of one question: the store, recall and the recommender. It takes no alerts in and notifies nobody."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from onrecall.bootstrap.recall import open_recall, open_store
from onrecall.bootstrap.teams import settings
from onrecall.domain.evidence import Evidence
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.pipeline.observers import Observers
from onrecall.pipeline.recommend import Recommender
from onrecall.settings import Settings
from onrecall.storage.folder_faults import make_folder
from onrecall.storage.read_replica import stale_reads

if TYPE_CHECKING:
    from onrecall.pipeline.second_opinion import SecondOpinion

FinishOpinion = Callable[[tuple[Evidence, ...]], "SecondOpinion | None"]
"""Waits for a second opinion and puts it beside our evidence."""


@dataclass(frozen=True, slots=True)
class QuestionAnswering:
    """What answers a question; nothing is stored."""

    answer: Callable[[Situation, int], Recommendation]
    """The answer with at most so much evidence."""
    evidence: Callable[[Situation, int], tuple[Evidence, ...]]
    limitation: Callable[[], str | None]
    """Why less than the whole memory was searched for this thread's last question; None: it was all searched."""
    begin_opinion: Callable[[Situation], FinishOpinion]
    """Begins to ask for a second opinion, where a source is configured."""


@contextmanager
def question_answering(*, refine: bool = False) -> Iterator[QuestionAnswering]:
    """Open what answers a question: all of OnRecall where a model or a second opinion is asked, else a part of it."""
    chosen = settings()
    if refine or chosen.hindsight_url:
        with _answering_with_everything(chosen, refine=refine) as answering:
            yield answering
        return
    make_folder(chosen.data_dir)
    with closing(open_store(chosen)) as store, open_recall(store, chosen) as recall:
        recommender = Recommender(store, recall.retriever, CalibrationService(store), _now, Observers())
        yield QuestionAnswering(
            stale_reads()(lambda situation, limit: recommender.answer(situation, limit=limit)),
            stale_reads()(recommender.search.evidence),
            lambda: recall.retriever.limitation,
            lambda _situation: lambda _evidence: None,
        )


@contextmanager
def _answering_with_everything(chosen: Settings, *, refine: bool) -> Iterator[QuestionAnswering]:
    from onrecall.bootstrap.app import open_app  # noqa: PLC0415 - what a question alone need not pay for

    with open_app(chosen) as context:
        memory = context.memory
        yield QuestionAnswering(
            lambda situation, limit: memory.ask(situation, limit, refine=refine),
            memory.recall,
            lambda: memory.recall_limitation,
            lambda situation: memory.second_opinions.ask(situation).result,
        )


def _now() -> datetime:
    return datetime.now(UTC)
